import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Random } from '../../../histories/random.ts'
import { type ChildProgram, startProgram } from '../../../support/child-program.ts'
import type { HubAddress } from '../clients.ts'

/** The services of an installation, each in processes of its own. */
export const SERVICES = ['forsendelse-intake', 'journal-archiver', 'forsendelse-dispatcher', 'operations'] as const
export type ServiceName = (typeof SERVICES)[number]

/** A replica that has not been heard of for so long loses what it had taken. */
export const LEASE_MS = 4_000
const DRAIN_MS = 3_000
const START_WITHIN_MS = 60_000

/** One replica of a service: one process after the other. */
class Replica {
  readonly service: ServiceName
  readonly #env: Readonly<Record<string, string>>
  readonly #errorsTo: number
  #program: ChildProgram | undefined
  #up = Promise.withResolvers<string>()
  address: string | undefined

  constructor(service: ServiceName, env: Readonly<Record<string, string>>, errorsTo: number) {
    this.service = service
    this.#env = env
    this.#errorsTo = errorsTo
  }

  start(): void {
    const program = startProgram({
      file: fileURLToPath(new URL(`../../../../services/${this.service}/src/main.ts`, import.meta.url)),
      env: this.#env,
      errorsTo: this.#errorsTo,
    })
    this.#program = program
    program.ready.then(
      (line) => {
        this.address = (line as { listening: string }).listening
        this.#up.resolve(this.address)
      },
      () => {},
    )
    void program.ended.then(() => {
      if (this.#program !== program) return
      this.address = undefined
      this.#up = Promise.withResolvers()
    })
  }

  /** Resolves when it listens. */
  listening(): Promise<string> {
    return this.#up.promise
  }

  get isRunning(): boolean {
    return this.#program?.isRunning() === true
  }

  async kill(): Promise<void> {
    this.#program?.signal('SIGKILL')
    await this.#program?.ended
  }

  signal(name: NodeJS.Signals): void {
    this.#program?.signal(name)
  }

  /** @returns whether it drained and ended in good order */
  async stop(): Promise<boolean> {
    const ended = await this.#program?.stop(DRAIN_MS * 4)
    return ended === undefined || ended.code === 0
  }
}

/** Replicas of each service, two unless told otherwise. Replicas that end by themselves are started again, as a supervisor would. */
export class Fleet implements HubAddress {
  readonly #replicas: Replica[]
  readonly #logFile: string
  readonly #errorsTo: number
  readonly #random: Random
  #watching: NodeJS.Timeout | undefined
  /** How often a replica ended by itself and had to be started again. */
  ownEnds = 0

  constructor(folder: string, env: Readonly<Record<string, string>>, random: Random, replicas = 2) {
    this.#logFile = join(folder, 'fleet.log')
    this.#errorsTo = openSync(this.#logFile, 'a')
    this.#random = random
    this.#replicas = SERVICES.flatMap((service) =>
      Array.from(
        { length: replicas },
        () =>
          new Replica(
            service,
            {
              ...env,
              SAMBAND_PORT: '0',
              SAMBAND_LOG_LEVEL: 'warn',
              SAMBAND_DRAIN_MS: String(DRAIN_MS),
              SAMBAND_LEASE_MS: String(LEASE_MS),
              SAMBAND_STATUS_ROUND_MS: '400',
              SAMBAND_POSTGRES_POOL: '6',
            },
            this.#errorsTo,
          ),
      ),
    )
  }

  async start(): Promise<void> {
    for (const replica of this.#replicas) replica.start()
    await this.whole()
    this.#watching = setInterval(() => {
      for (const replica of this.#replicas) {
        if (replica.isRunning) continue
        this.ownEnds += 1
        replica.start()
      }
    }, 500)
  }

  /** Resolves when every replica listens. */
  async whole(): Promise<void> {
    const late = AbortSignal.timeout(START_WITHIN_MS)
    const tooLate = new Promise<never>((_, reject) =>
      late.addEventListener('abort', () => reject(new Error('a service was not up in time')), { once: true }),
    )
    await Promise.race([Promise.all(this.#replicas.map((replica) => replica.listening())), tooLate])
  }

  /** An intake that listens. */
  async now(): Promise<string> {
    return this.#oneOf('forsendelse-intake')
  }

  /** The operators' service. */
  operations(): Promise<string> {
    return this.#oneOf('operations')
  }

  #oneOf(service: ServiceName): Promise<string> {
    const replicas = this.#replicas.filter((one) => one.service === service)
    const up = replicas.filter((one) => one.address !== undefined)
    if (up.length > 0) return Promise.resolve(this.#random.pick(up).address ?? '')
    return Promise.race(replicas.map((one) => one.listening()))
  }

  /** Kills one replica with -9; it is started again at once. Returns the service. */
  async killOne(): Promise<ServiceName> {
    const replica = this.#random.pick(this.#replicas.filter((one) => one.isRunning))
    await replica.kill()
    replica.start()
    return replica.service
  }

  /** Stops one replica's process for longer than its lease, then lets it go on. */
  async freezeOne(): Promise<ServiceName> {
    const replica = this.#random.pick(this.#replicas.filter((one) => one.isRunning))
    replica.signal('SIGSTOP')
    await new Promise((resolve) => setTimeout(resolve, LEASE_MS + this.#random.between(1_500, 4_000)))
    replica.signal('SIGCONT')
    return replica.service
  }

  /** SIGTERM to all. @returns what did not stop in good order */
  async stop(): Promise<string[]> {
    clearInterval(this.#watching)
    const orderly = await Promise.all(this.#replicas.map((replica) => replica.stop()))
    return this.#replicas
      .filter((_, place) => orderly[place] === false)
      .map(({ service }) => `${service} did not stop in good order`)
  }

  /** Ends whatever runs. */
  async close(): Promise<void> {
    clearInterval(this.#watching)
    await Promise.all(this.#replicas.map((replica) => replica.kill()))
    closeSync(this.#errorsTo)
  }

  /** Defects that services have logged, each with how often: no history of crashes excuses one. */
  defects(): string[] {
    const counts = new Map<string, number>()
    for (const line of readFileSync(this.#logFile, 'utf8').split('\n')) {
      if (!/"defect":"/.test(line)) continue
      const entry = JSON.parse(line) as { msg?: string; service?: string; code?: string; defect: string }
      const name = `${entry.service}: ${entry.msg ?? ''} ${entry.code ?? ''} ${entry.defect}`
      counts.set(name, (counts.get(name) ?? 0) + 1)
    }
    return [...counts].map(([name, count]) => `${count} times: ${name}`)
  }

  /** The last lines that services wrote to standard error. */
  lastLog(lines: number): string {
    return readFileSync(this.#logFile, 'utf8').split('\n').slice(-lines).join('\n')
  }
}
