import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** How a program of this repository is started. */
export interface ProgramOptions {
  /** The file to run, or a whole command line in front of it (`strace …`). */
  readonly file: string
  readonly before?: readonly string[]
  readonly args?: readonly string[]
  /** All of its environment but PATH. */
  readonly env?: Readonly<Record<string, string>>
  /** Open file that takes what it writes to standard error; left out: this process's own. */
  readonly errorsTo?: number
  /** Told of every line the program writes to its file descriptor 3. */
  readonly onNote?: (line: string) => void
}

/** How a program ended. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A running program. */
export interface ChildProgram {
  readonly pid: number
  /** The first line of standard output, which is JSON; rejects when the program ends before it. */
  readonly ready: Promise<unknown>
  /** Resolves when the program has ended and all it wrote has been read. */
  readonly ended: Promise<Ended>
  isRunning(): boolean
  /** Sends over the IPC channel; nothing happens when the program is gone. */
  tell(message: object): void
  /** Sends a signal to this very process. Nothing happens when it has ended. */
  signal(signal: NodeJS.Signals): void
  /** SIGTERM, and SIGKILL when that has not helped within `graceMs`. Safe to repeat. */
  stop(graceMs: number): Promise<Ended>
}

/** Starts a program under the Node of this process. It gets an IPC channel, whose end tells it that its parent is gone. */
export function startProgram(options: ProgramOptions): ChildProgram {
  const [command = process.execPath, ...rest] = [
    ...(options.before ?? []),
    process.execPath,
    options.file,
    ...(options.args ?? []),
  ]
  const child = spawn(command, rest, {
    env: { PATH: process.env['PATH'], ...options.env },
    stdio: ['ignore', 'pipe', options.errorsTo ?? 'inherit', 'pipe', 'ipc'],
  })
  if (child.pid === undefined) throw new Error(`${options.file} could not be started`)
  const ended = new Promise<Ended>((resolve) => child.once('close', (code, signal) => resolve({ code, signal })))
  const ready = firstLine(child)
  // Whoever only waits for the end has no use for the line.
  ready.catch(() => {})
  const notes = child.stdio[3]
  if (notes && 'read' in notes) createInterface({ input: notes }).on('line', (line) => options.onNote?.(line))
  const isRunning = () => child.exitCode === null && child.signalCode === null
  const signal = (name: NodeJS.Signals) => void (isRunning() && child.kill(name))
  return {
    pid: child.pid,
    ready,
    ended,
    isRunning,
    signal,
    tell: (message) => void (child.connected && child.send(message, () => {})),
    async stop(graceMs) {
      signal('SIGTERM')
      const timer = setTimeout(() => signal('SIGKILL'), graceMs)
      const end = await ended
      clearTimeout(timer)
      return end
    },
  }
}

function firstLine(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) =>
      reject(new Error(`the program ended with ${signal ?? code} before it was ready`)),
    )
    if (child.stdout === null) return
    const lines = createInterface({ input: child.stdout })
    lines.once('line', (line) => {
      try {
        resolve(JSON.parse(line))
      } catch (error) {
        reject(new Error('the first line of the program is not JSON', { cause: error }))
      }
    })
  })
}
