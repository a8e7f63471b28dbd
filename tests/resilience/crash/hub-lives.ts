import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ChildProgram, type Ended, startProgram } from '../../../deploy/local/installation/program.ts'
import type { HubAddress } from './clients.ts'
import type { Orders, PlaceBook } from './place-book.ts'

/** What every life of the hub is given. */
export interface HubSettings {
  readonly folder: string
  readonly tenantsFolder: string
  readonly secrets: Readonly<Record<string, string>>
  /** Name of each system by the origin of its address. */
  readonly systems: Readonly<Record<string, string>>
}

/** How a life ended. */
export interface Death {
  readonly ended: Ended
  /** The place where it killed itself. */
  readonly place: string | undefined
}

const START_WITHIN_MS = 30_000
const DRAIN_MS = 3_000

/** One hub after the other on the same folder, each in a process of its own. */
export class HubLives implements HubAddress {
  readonly #settings: HubSettings
  readonly #book: PlaceBook
  readonly #errorsTo: number
  #program: ChildProgram | undefined
  #place: string | undefined
  #closed = false
  #up = Promise.withResolvers<string>()

  constructor(settings: HubSettings, book: PlaceBook) {
    this.#settings = settings
    this.#book = book
    mkdirSync(settings.folder, { recursive: true })
    this.#errorsTo = openSync(this.#logFile, 'a')
  }

  get #logFile(): string {
    return join(this.#settings.folder, 'hub.log')
  }

  now(): Promise<string> {
    return this.#up.promise
  }

  /** Starts the next one. Its end comes out of `death`. */
  start(orders: Orders): void {
    if (this.#closed) throw new Error('the run is over')
    const { folder, tenantsFolder, secrets, systems } = this.#settings
    this.#place = undefined
    this.#book.nextLife()
    const program = startProgram({
      file: fileURLToPath(new URL('hub-process.ts', import.meta.url)),
      env: {
        ...secrets,
        SAMBAND_DATA: join(folder, 'data'),
        SAMBAND_TENANTS: tenantsFolder,
        SAMBAND_PORT: '0',
        SAMBAND_TOKEN_KEY: Buffer.alloc(32, 3).toString('base64'),
        SAMBAND_DRAIN_MS: String(DRAIN_MS),
        SAMBAND_STATUS_ROUND_MS: '400',
        CRASH_ORDERS: JSON.stringify(orders),
        CRASH_SYSTEMS: JSON.stringify(systems),
      },
      errorsTo: this.#errorsTo,
      onNote: (line) => this.#note(line),
    })
    this.#program = program
    program.ready.then(
      (line) => {
        this.#up.resolve((line as { listening: string }).listening)
        // Who waits for a hub that dies before it listens goes on waiting for the next one.
        void program.ended.then(() => {
          this.#up = Promise.withResolvers()
        })
      },
      () => {},
    )
  }

  /** Resolves with the address, or with undefined when the process died before it listened. */
  async listening(): Promise<string | undefined> {
    const program = this.#living()
    const late = AbortSignal.timeout(START_WITHIN_MS)
    const tooLate = new Promise<undefined>((resolve) =>
      late.addEventListener('abort', () => resolve(undefined), { once: true }),
    )
    const up = await Promise.race([program.ready, program.ended.then(() => undefined), tooLate]).catch(() => undefined)
    if (late.aborted) throw new Error('the hub was not up in time')
    return (up as { listening: string } | undefined)?.listening
  }

  /** Resolves when the process has died; after `orElseMs` it is killed from here. */
  async death(orElseMs: number): Promise<Death> {
    const program = this.#living()
    const timer = setTimeout(() => program.signal('SIGKILL'), orElseMs)
    const ended = await program.ended
    clearTimeout(timer)
    if (ended.signal !== 'SIGKILL') throw new Error(`the hub ended by itself with ${ended.signal ?? ended.code}`)
    return { ended, place: this.#place }
  }

  /** SIGTERM; rejects when the hub does not drain and stop properly. */
  async stop(): Promise<void> {
    const ended = await this.#living().stop(DRAIN_MS * 3)
    if (ended.code !== 0) throw new Error(`the hub did not stop in good order: ${ended.signal ?? ended.code}`)
  }

  /** Ends whatever runs. */
  async close(): Promise<void> {
    this.#closed = true
    this.#program?.signal('SIGKILL')
    await this.#program?.ended
    closeSync(this.#errorsTo)
  }

  /** Defects that hubs have logged, each with how often: no history of crashes excuses one. */
  defects(): string[] {
    const counts = new Map<string, number>()
    for (const line of readFileSync(this.#logFile, 'utf8').split('\n')) {
      const entry = /"defect":"/.test(line)
        ? (JSON.parse(line) as { sentence: string; code?: string; defect: string })
        : undefined
      if (entry === undefined) continue
      const name = `${entry.sentence}: ${entry.code ?? ''} ${entry.defect}`
      counts.set(name, (counts.get(name) ?? 0) + 1)
    }
    return [...counts].map(([name, count]) => `${count} times: ${name}`)
  }

  /** The last lines that hubs wrote to standard error. */
  lastLog(lines: number): string {
    return readFileSync(this.#logFile, 'utf8').split('\n').slice(-lines).join('\n')
  }

  #living(): ChildProgram {
    if (this.#program === undefined) throw new Error('no hub was started')
    return this.#program
  }

  #note(line: string): void {
    const space = line.indexOf(' ')
    const place = line.slice(space + 1)
    this.#book.seen(place)
    if (line.slice(0, space) !== 'dies') return
    this.#book.died(place)
    this.#place = place
  }
}
