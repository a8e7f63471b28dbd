import { spawn, spawnSync } from 'node:child_process'
import { accessSync, constants, cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryTree } from './temporary-tree.ts'

const root = join(import.meta.dirname, '..', '..')
const isPosix = process.platform !== 'win32'

/** A Node in PATH that is too old for this code and new enough for the launcher, if the machine has one. */
function oldNode(): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, isPosix ? 'node' : 'node.exe'))
    .filter((path) => existsSync(path))
    .find((path) => {
      const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' })
      const [major = 0, minor = 0] = stdout.replace('v', '').split('.').map(Number)
      return major >= 18 && (major < 24 || (major === 24 && minor < 11))
    })
}

/** A repository with the launcher, a program, and Node's platform package when `withPackage`. */
function repository(program: string, withPackage = true): { readonly launcher: string; readonly program: string } {
  const tree = temporaryTree({ 'program.ts': program })
  const launcher = join(tree, 'deploy', 'launcher', 'run.mjs')
  cpSync(join(root, 'deploy', 'launcher'), dirname(launcher), { recursive: true })
  if (withPackage) {
    const bin = join(tree, 'node_modules', `node-${isPosix ? process.platform : 'win'}-${process.arch}`, 'bin')
    mkdirSync(bin, { recursive: true })
    symlinkSync(process.execPath, join(bin, isPosix ? 'node' : 'node.exe'))
  }
  return { launcher, program: join(tree, 'program.ts') }
}

interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly output: string
}

/** Runs the launcher under `node`; once the program says "ready", `signal` is sent to the launcher. */
function launch(node: string, args: readonly string[], signal?: NodeJS.Signals): Promise<Ending> {
  return new Promise((resolve, reject) => {
    const child = spawn(node, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    let isSent = signal === undefined
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
        if (isSent || !output.includes('ready')) return
        isSent = true
        child.kill(signal)
      })
    }
    child.on('error', reject)
    child.on('close', (code, endedBy) => resolve({ code, signal: endedBy, output }))
  })
}

const tellWhatRuns = `
  const version: string = process.versions.node
  console.log(JSON.stringify({ version, args: process.argv.slice(2), path: process.env.PATH, execPath: process.execPath }))
  process.exitCode = 7
`

/** The same for each Node that may start the launcher. */
function behavesUnder(node: string): void {
  test('the program runs under a Node that can run it, with its arguments, and its exit code comes back', async () => {
    const { launcher, program } = repository(tellWhatRuns)
    const ending = await launch(node, [launcher, program, '--', '--count', 'two words'])
    const told = JSON.parse(ending.output) as { version: string; args: string[]; path: string; execPath: string }

    expect(ending.code).toBe(7)
    expect(told.version).toBe(process.versions.node)
    expect(told.args).toEqual(['--', '--count', 'two words'])
  })

  test.runIf(isPosix)('what the program starts by the name node is the same Node', async () => {
    const { launcher, program } = repository(
      "import { execFileSync } from 'node:child_process'\nconsole.log(execFileSync('node', ['--version'], { encoding: 'utf8' }))",
    )
    expect((await launch(node, [launcher, program])).output.trim()).toBe(process.version)
  })

  test.runIf(isPosix).each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'] as const)(
    'the program gets %s once and decides how it ends',
    async (signal) => {
      const { launcher, program } = repository(`
        let count = 0
        process.on('${signal}', () => {
          count += 1
          setImmediate(() => { console.log('got ${signal}', count); process.exit(3) })
        })
        setInterval(() => {}, 1000)
        console.log('ready')
      `)
      const ending = await launch(node, [launcher, program], signal)
      expect(ending).toMatchObject({ code: 3, output: `ready\ngot ${signal} 1\n` })
    },
  )

  test.runIf(isPosix).each(['SIGTERM', 'SIGKILL'] as const)(
    'when %s ends the program, it ends the launcher',
    async (signal) => {
      const { launcher, program } = repository(`process.kill(process.pid, '${signal}'); setInterval(() => {}, 1000)`)
      expect(await launch(node, [launcher, program])).toMatchObject({ code: null, signal })
    },
  )
}

describe('under the Node of this run', () => {
  behavesUnder(process.execPath)

  test('says so when the system refuses to start anything at all', async () => {
    const { launcher, program } = repository(tellWhatRuns)
    const refusing =
      'import processes from "node:child_process"; import { syncBuiltinESMExports } from "node:module";' +
      'processes.spawn = () => { throw new Error("spawn ENOMEM") }; syncBuiltinESMExports()'
    const preload = `data:text/javascript,${encodeURIComponent(refusing)}`
    const ending = await launch(process.execPath, ['--import', preload, launcher, program])
    expect(ending).toMatchObject({ code: 1, output: expect.stringContaining('could not be started (spawn ENOMEM)') })
    expect(ending.output).not.toContain('at ')
  })

  test('needs no platform package', async () => {
    const { launcher, program } = repository(tellWhatRuns, false)
    expect((await launch(process.execPath, [launcher, program])).code).toBe(7)
  })
})

const older = oldNode()
describe.runIf(older !== undefined)('under an older Node found in PATH', () => {
  const node = older ?? ''
  behavesUnder(node)

  test('says what to install when the platform package is not there', async () => {
    const { launcher, program } = repository(tellWhatRuns, false)
    const ending = await launch(node, [launcher, program])
    expect(ending.code).toBe(1)
    expect(ending.output).toMatch(/needs Node 24\.11 or newer.*finds no package node-[\s\S]*npm ci[\s\S]*nodejs\.org/)
  })

  test.runIf(isPosix)('says so when the platform package cannot be run on this machine', async () => {
    const { launcher, program } = repository(tellWhatRuns)
    const bin = join(dirname(program), 'node_modules', `node-${process.platform}-${process.arch}`, 'bin')
    cpSync(program, join(bin, 'node'), { force: true, dereference: true })
    const ending = await launch(node, [launcher, program])
    expect(ending).toMatchObject({ code: 1, output: expect.stringContaining('could not be started') })
  })
})
describe.runIf(older === undefined)('under an older Node', () => {
  test.skip('left out: PATH holds no Node from 18 up to 24.10', () => {})
})

test('every script of the root package.json starts through the launcher', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }
  for (const [verb, command] of Object.entries(scripts))
    expect(command, verb).toMatch(/^node deploy\/launcher\/run\.mjs \S+/)
})

test.runIf(isPosix)('the script that checks everything on a clean machine can be executed', () => {
  expect(() => accessSync(join(root, '.ci', 'run'), constants.X_OK)).not.toThrow()
})
