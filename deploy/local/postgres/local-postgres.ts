import { execFile, execFileSync, spawn } from 'node:child_process'
import {
  chownSync,
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'

const PACKAGES = '/usr/lib/postgresql'
const ACCOUNT = 'postgres'
const START_WITHIN_MS = 60_000
const LOOK_EVERY_MS = 20

/** The folder of PostgreSQL's own programs, or `undefined` where the distribution's package is not installed. */
export function findPrograms(named?: string): string | undefined {
  const folders =
    named !== undefined
      ? [named]
      : existsSync(PACKAGES)
        ? readdirSync(PACKAGES)
            .sort((a, b) => Number(b) - Number(a))
            .map((version) => join(PACKAGES, version, 'bin'))
        : []
  return folders.find((folder) => existsSync(join(folder, 'postgres')) && existsSync(join(folder, 'initdb')))
}

/**
 * One PostgreSQL server on 127.0.0.1 from the distribution's packages, its data in a folder of one's choice. It trusts every local
 * user: for development and tests, never for data that matters.
 */
export class LocalPostgres {
  readonly #folder: string
  readonly #bin: string
  /** PostgreSQL refuses to run as root: root becomes the packages' own account. */
  readonly #account: { readonly uid: number; readonly gid: number } | undefined

  /** @throws Error when PostgreSQL is not installed */
  constructor(folder: string, bin?: string) {
    const programs = findPrograms(bin)
    if (programs === undefined)
      throw new Error(
        `no PostgreSQL in ${bin ?? PACKAGES}: install the package postgresql, or name the folder of its programs`,
      )
    this.#folder = folder
    this.#bin = programs
    this.#account = process.getuid?.() === 0 ? accountOf(ACCOUNT) : undefined
  }

  get url(): string {
    return `postgresql://samband@127.0.0.1:${this.#port()}/samband`
  }

  /** The server's process, if it runs. A file left behind by a killed server names a process that is no PostgreSQL any more. */
  runningPid(): number | undefined {
    const file = join(this.#folder, 'data', 'postmaster.pid')
    const pid = existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) : Number.NaN
    return Number.isInteger(pid) && isPostgres(pid) ? pid : undefined
  }

  /** Starts the server, on the port it had before if it had one. Resolves with its URL once it answers a query. */
  async start(options: { readonly port?: number; readonly settings?: readonly string[] } = {}): Promise<string> {
    if (this.runningPid() !== undefined) return this.url
    const port = options.port ?? this.#port() ?? (await freePort())
    writeFileSync(join(this.#folder, 'port'), String(port))
    const log = openSync(join(this.#folder, 'postgres.log'), 'a')
    if (this.#account !== undefined) chownSync(this.#folder, this.#account.uid, this.#account.gid)
    if (!existsSync(join(this.#folder, 'data', 'PG_VERSION'))) this.#initialise()
    const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', ...(options.settings ?? [])]
    const child = spawn(
      join(this.#bin, 'postgres'),
      ['-D', join(this.#folder, 'data'), '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
      { cwd: this.#folder, detached: true, stdio: ['ignore', log, log], ...this.#account },
    )
    closeSync(log)
    child.unref()
    await this.#untilItAnswers(() => child.exitCode === null && child.signalCode === null)
    return this.url
  }

  /** Fast shutdown: open transactions are rolled back. Resolves when every process is gone. */
  async stop(): Promise<void> {
    await this.#end('SIGINT', false)
  }

  /** As a power cut for its processes; the page cache of the kernel stays. Resolves when every process is gone. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL', true)
  }

  /** Takes a copy of the running server with all it has committed by then, kept under `name`. @throws Error when there is one already */
  async backup(name: string): Promise<void> {
    const arguments_ = ['-D', this.#copy(name), '-d', this.url, '-X', 'stream', '-c', 'fast', '-N']
    await promisify(execFile)(join(this.#bin, 'pg_basebackup'), arguments_, { cwd: this.#folder, ...this.#account })
  }

  /**
   * Puts a copy in the place of the data, whether the server runs or not, and starts it there. What was committed after the copy is gone; the
   * server goes on in a timeline of its own, as after every recovery. The copy is used up.
   */
  async restore(name: string): Promise<void> {
    await this.stop()
    const data = join(this.#folder, 'data')
    rmSync(data, { recursive: true })
    renameSync(this.#copy(name), data)
    writeFileSync(join(data, 'recovery.signal'), '')
    // No archive: everything up to the end of the copy lies in it.
    await this.start({ settings: ['restore_command=false'] })
    await this.#untilPromoted(join(data, 'recovery.signal'))
  }

  #copy(name: string): string {
    return join(this.#folder, `copy-${name}`)
  }

  /** A server that recovers answers already, but takes no writes. */
  async #untilPromoted(signalFile: string): Promise<void> {
    for (let waitedMs = 0; existsSync(signalFile); waitedMs += LOOK_EVERY_MS) {
      if (waitedMs > START_WITHIN_MS) throw new Error('PostgreSQL did not end its recovery')
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
    }
  }

  #port(): number | undefined {
    const file = join(this.#folder, 'port')
    return existsSync(file) ? Number(readFileSync(file, 'utf8')) : undefined
  }

  #initialise(): void {
    const arguments_ = [
      '-D',
      join(this.#folder, 'data'),
      '-U',
      'samband',
      '-A',
      'trust',
      '-E',
      'UTF8',
      '--locale=C',
      '-N',
    ]
    execFileSync(join(this.#bin, 'initdb'), arguments_, { cwd: this.#folder, stdio: 'pipe', ...this.#account })
  }

  #answers(database: string): boolean {
    try {
      const url = `postgresql://samband@127.0.0.1:${this.#port()}/${database}?connect_timeout=5`
      execFileSync(join(this.#bin, 'psql'), ['-qAtX', url, '-c', 'SELECT 1'], { cwd: this.#folder, stdio: 'ignore' })
      return true
    } catch {
      return false
    }
  }

  async #untilItAnswers(isRunning: () => boolean): Promise<void> {
    const log = join(this.#folder, 'postgres.log')
    for (let waitedMs = 0; !this.#answers('postgres'); waitedMs += LOOK_EVERY_MS) {
      if (!isRunning() || waitedMs > START_WITHIN_MS) {
        const end = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-5).join('\n')
        throw new Error(`PostgreSQL did not start; the end of ${log}:\n${end}`)
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
    }
    if (this.#answers('samband')) return
    const arguments_ = ['-h', '127.0.0.1', '-p', String(this.#port()), '-U', 'samband', 'samband']
    execFileSync(join(this.#bin, 'createdb'), arguments_, { cwd: this.#folder, stdio: 'pipe' })
  }

  async #end(signal: NodeJS.Signals, andChildren: boolean): Promise<void> {
    const pid = this.runningPid()
    if (pid === undefined) return
    const children = childrenOf(pid)
    process.kill(pid, signal)
    // A busy child outlives a killed server for a moment, and could still write.
    if (andChildren) for (const child of children) sendTo(child, signal)
    for (const one of [pid, ...children]) await untilGone(one)
  }
}

function isPostgres(pid: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/exe`).endsWith('/postgres')
  } catch {
    return false
  }
}

/** PostgreSQL takes a process that has ended, but was not reaped yet, for a running server. */
async function untilGone(pid: number): Promise<void> {
  for (let waitedMs = 0; existsSync(`/proc/${pid}`) && waitedMs < START_WITHIN_MS; waitedMs += LOOK_EVERY_MS)
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
}

function sendTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // Gone meanwhile.
  }
}

function accountOf(name: string): { uid: number; gid: number } {
  const id = (option: string) => Number(execFileSync('id', [option, name], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(address !== null && typeof address === 'object' ? address.port : 0))
    })
  })
}
