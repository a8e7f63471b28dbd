/**
 * Starts a program of this repository under a Node that can run it: `node deploy/launcher/run.mjs <file> [arguments]`.
 *
 * The code here is TypeScript that runs unbuilt, which needs Node 24.11; the machine may well have an older one. The
 * platform packages of Node come with `npm ci`, but npm before 11 links no `node_modules/.bin/node` when several optional
 * packages offer the same bin. Hence this file, which any Node from 18 on can run, and which therefore stays plain
 * JavaScript without dependencies.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const oldestNode = [24, 11]
const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')

/** @param {string} version as `process.versions.node` has it */
function isNewEnough(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [oldestMajor = 0, oldestMinor = 0] = oldestNode
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)
}

/** The name of the npm package that carries Node for this machine; it need not exist. */
function platformPackage() {
  return `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
}

/** The path of a Node that is new enough, or undefined when there is none. */
function chooseNode() {
  if (isNewEnough(process.versions.node)) return process.execPath
  const binary = process.platform === 'win32' ? 'node.exe' : 'node'
  const candidate = join(root, 'node_modules', platformPackage(), 'bin', binary)
  return existsSync(candidate) ? candidate : undefined
}

/** The environment with `directory` first in PATH, so that whatever the child starts by the name `node` is the same one. */
function withFirstInPath(directory) {
  // Windows writes `Path`; a second spelling beside it would leave open which of the two counts.
  const key = Object.keys(process.env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH'
  const rest = process.env[key]
  return { ...process.env, [key]: rest ? directory + delimiter + rest : directory }
}

/** @param {string} what went wrong, as a sentence */
function refuse(what) {
  const oldest = oldestNode.join('.')
  console.error(
    `${what}\nInstall the dependencies with \`npm ci\` (optional ones included; they bring Node for Linux and Windows),\n` +
      `or install Node ${oldest} or newer from https://nodejs.org/ and put it first in PATH.`,
  )
  process.exitCode = 1
}

/**
 * Signals that are meant for the program. SIGUSR1 stays with Node, which opens the debugger by it, and nobody can pass on
 * SIGKILL: who wants to kill the program hard has to aim at the program itself.
 */
function passOnSignals(child) {
  const sentToOne = ['SIGTERM', 'SIGUSR2', 'SIGBREAK']
  const sentByTerminal = ['SIGINT', 'SIGQUIT', 'SIGHUP']
  // A terminal sends these to every process of the group. Passing them on would make one Ctrl-C count as two.
  const hasTerminal = Boolean(process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY)
  for (const signal of [...sentToOne, ...sentByTerminal]) {
    if (!(signal in constants.signals)) continue
    process.on(signal, () => {
      if (!(hasTerminal && sentByTerminal.includes(signal))) child.kill(signal)
    })
  }
}

/** Ends as the child ended, so that whoever started the launcher sees no difference. */
function endLike(exitCode, signal) {
  if (signal === null) process.exit(exitCode ?? 1)
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
  // Some signals do not end Node (SIGPIPE is ignored). Then the shell's way to say it.
  setTimeout(() => process.exit(128 + (constants.signals[signal] ?? 0)), 200)
}

/** Some failures come later as an event (no such file), others at once as a throw (no memory, too many files, a bad format). */
function start(node) {
  const notStarted = (error) => refuse(`${node} could not be started (${error.message}).`)
  try {
    const child = spawn(node, program, { stdio: 'inherit', env: withFirstInPath(dirname(node)) })
    passOnSignals(child)
    child.on('error', notStarted)
    child.on('exit', endLike)
  } catch (error) {
    notStarted(error)
  }
}

const program = process.argv.slice(2)
const node = chooseNode()
if (program.length === 0) {
  console.error('Usage: node deploy/launcher/run.mjs <file> [arguments]')
  process.exitCode = 1
} else if (node === undefined) {
  refuse(
    `This needs Node ${oldestNode.join('.')} or newer, runs under ${process.versions.node}, ` +
      `and finds no package ${platformPackage()} in node_modules.`,
  )
} else {
  start(node)
}
