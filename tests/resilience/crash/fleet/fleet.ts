import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { allListening, Replica, SERVICES, type ServiceName } from '../../../../deploy/local/installation/replica.ts'
import type { Random } from '../../../histories/random.ts'
import type { HubAddress } from '../clients.ts'

/** A replica that has not been heard of for so long loses what it had taken. */
export const LEASE_MS = 4_000
const DRAIN_MS = 3_000
const STOP_WITHIN_MS = DRAIN_MS * 4

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
  whole(): Promise<void> {
    return allListening(this.#replicas)
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

  /** Kills one replica with -9; it is started again at once. */
  async killOne(): Promise<void> {
    const replica = this.#random.pick(this.#replicas.filter((one) => one.isRunning))
    await replica.kill()
    replica.start()
  }

  /** Stops the process of one replica for a while, then lets it go on. */
  async freezeOne(forMs: number, service?: ServiceName): Promise<void> {
    const able = this.#replicas.filter((one) => one.isRunning && (service === undefined || one.service === service))
    const replica = this.#random.pick(able)
    replica.signal('SIGSTOP')
    await new Promise((resolve) => setTimeout(resolve, forMs))
    replica.signal('SIGCONT')
  }

  /** SIGTERM to all. @returns what did not stop in good order */
  async stop(): Promise<string[]> {
    clearInterval(this.#watching)
    const ends = await Promise.all(this.#replicas.map((replica) => replica.stop(STOP_WITHIN_MS)))
    return this.#replicas
      .filter((_, place) => ends[place] !== undefined && ends[place].code !== 0)
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
