import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { temporaryFolder } from '../../support/temporary-folder.ts'

/** How a command ended, with both of its outputs in the order they came. */
export interface Ran {
  readonly code: number
  readonly text: string
}

/** A server to install on. */
export interface Machine {
  /** Where `sambandctl` puts things on it. */
  readonly roots: { readonly opt: string; readonly etc: string; readonly data: string; readonly backups: string }
  /** Runs a command there, as whoever administers it. */
  run(command: string, ...args: readonly string[]): Promise<Ran>
  /** Ends all that runs there. */
  close(): Promise<void>
}

const COMMAND_LIMIT_MS = 240_000

function runIn(env: NodeJS.ProcessEnv, command: string, args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: COMMAND_LIMIT_MS })
    let text = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (piece) => {
        text += piece
      })
    }
    child.on('error', (error) => resolve({ code: -1, text: error.message }))
    // A hub that was started keeps its own outputs; 'exit' does not wait for them.
    child.on('exit', (code) => setImmediate(() => resolve({ code: code ?? -1, text })))
  })
}

/** A folder with a stand-in for systemctl, which starts and stops the service by its unit file. Needs neither root nor systemd. */
export function folderMachine(readyS = 120): Machine {
  const folder = temporaryFolder('one-server')
  const at = (name: string) => join(folder.path, name)
  const bin = at('bin')
  mkdirSync(bin)
  const program = join(import.meta.dirname, 'stand-in-systemctl.ts')
  writeFileSync(join(bin, 'systemctl'), `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`)
  chmodSync(join(bin, 'systemctl'), 0o755)
  const roots = { opt: at('opt'), etc: at('etc'), data: at('data'), backups: at('backups') }
  const env = {
    PATH: `${bin}:${process.env['PATH']}`,
    SAMBAND_OPT: roots.opt,
    SAMBAND_ETC: roots.etc,
    SAMBAND_DATA: roots.data,
    SAMBAND_BACKUPS: roots.backups,
    SAMBAND_UNITS: at('units'),
    SAMBAND_USER: userInfo().username,
    SAMBAND_READY_S: String(readyS),
  }
  return {
    roots,
    run: (command, ...args) => runIn(env, command, args),
    async close() {
      await runIn(env, 'systemctl', ['stop', 'samband.service'])
      folder.remove()
    },
  }
}

const SYSTEMD = '/lib/systemd/systemd'
const PROGRAM = join(import.meta.dirname, 'systemd-in-a-namespace.sh')
const START_MS = 20_000

/** Where control groups of version 2 are mounted. */
function controlGroups(): string | undefined {
  return /^\S+ (\S+) cgroup2 /m.exec(readFileSync('/proc/self/mounts', 'utf8'))?.[1]
}

/** Why there can be no systemd of its own here; `undefined` when there can. */
export function whyNoSystemd(): string | undefined {
  if (process.platform !== 'linux') return 'this is not Linux'
  if (process.getuid?.() !== 0) return 'namespaces with a systemd in them need root'
  if (!existsSync(SYSTEMD)) return `there is no ${SYSTEMD}`
  return controlGroups() === undefined ? 'no control groups of version 2 are mounted' : undefined
}

/** A systemd of its own in namespaces, with the folders of a real server. The network is this machine's. */
export async function systemdMachine(): Promise<Machine> {
  const folder = temporaryFolder('systemd')
  const group = join(controlGroups() ?? '', `samband-${folder.path.replaceAll(/\W/g, '')}`)
  mkdirSync(group)
  const namespaces = ['--pid', '--mount', '--uts', '--ipc', '--cgroup', '--fork', '--mount-proc', '--kill-child']
  const script = 'echo $$ >"$0/cgroup.procs"; exec unshare "$@"'
  const child = spawn('sh', ['-c', script, group, ...namespaces, '--', 'bash', PROGRAM, folder.path], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (piece) => {
    said += piece
  })
  const deadline = performance.now() + START_MS
  let enter: string[] = []
  for (;;) {
    const pid = firstProcess(child)
    enter = ['--target', String(pid), '--all', '--wd=/']
    if (
      pid !== undefined &&
      (await runIn(process.env, 'nsenter', [...enter, 'systemctl', 'is-active', 'basic.target'])).code === 0
    )
      break
    if (child.exitCode !== null || performance.now() > deadline) throw new Error(`no systemd in namespaces: ${said}`)
    await sleep(50)
  }
  return {
    roots: { opt: '/opt/samband', etc: '/etc/samband', data: '/var/lib/samband', backups: '/var/backups/samband' },
    run: (command, ...args) => runIn(process.env, 'nsenter', [...enter, command, ...args]),
    async close() {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGKILL')
      await ended
      await removeGroup(group)
      folder.remove()
    },
  }
}

/** The process in the namespaces; its parent is `unshare`, outside. */
function firstProcess(unshare: ChildProcess): number | undefined {
  const file = `/proc/${unshare.pid}/task/${unshare.pid}/children`
  const pid = existsSync(file) ? Number(readFileSync(file, 'utf8').split(' ')[0]) : 0
  return pid > 0 && readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith(SYSTEMD) ? pid : undefined
}

async function removeGroup(group: string): Promise<void> {
  const groups = readdirSync(group, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
  const deepestFirst = [...groups, group].sort((one, other) => other.length - one.length)
  const deadline = performance.now() + START_MS
  for (const one of deepestFirst) {
    for (;;) {
      const failed = await new Promise((resolve) => execFile('rmdir', [one], (error) => resolve(error)))
      if (failed === null || performance.now() > deadline) break
      await sleep(50)
    }
  }
}

/** Writes a file on this machine, with its folder. */
export function put(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  rmSync(path, { force: true })
  writeFileSync(path, text)
}

/** A port nobody listens on at the moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      const bound = server.address()
      server.close(() => resolve(typeof bound === 'object' && bound !== null ? bound.port : 0))
    })
  })
}
