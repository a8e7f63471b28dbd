import { fileURLToPath } from 'node:url'
import { type ChildProgram, type Ended, startProgram } from './program.ts'

/** The services of an installation, each in processes of its own. */
export const SERVICES = ['forsendelse-intake', 'journal-archiver', 'forsendelse-dispatcher', 'operations'] as const
export type ServiceName = (typeof SERVICES)[number]

const START_WITHIN_MS = 180_000

/** One replica of a service: one process after the other, each on a port of its own. */
export class Replica {
  readonly service: ServiceName
  readonly #env: Readonly<Record<string, string>>
  readonly #errorsTo: number
  #program: ChildProgram | undefined
  #up = Promise.withResolvers<string>()
  /** Where the process listens that runs now. */
  address: string | undefined

  /** @param errorsTo open file that takes its log */
  constructor(service: ServiceName, env: Readonly<Record<string, string>>, errorsTo: number) {
    this.service = service
    this.#env = env
    this.#errorsTo = errorsTo
  }

  start(): void {
    const program = startProgram({
      file: fileURLToPath(new URL(`../../../services/${this.service}/src/main.ts`, import.meta.url)),
      env: { ...this.#env, SAMBAND_PORT: '0' },
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

  /** SIGTERM, and SIGKILL after `graceMs`. @returns how it ended; `undefined` when it was never started */
  async stop(graceMs: number): Promise<Ended | undefined> {
    return this.#program?.stop(graceMs)
  }
}

/** Resolves when every replica listens. @throws Error when one of them does not within three minutes */
export async function allListening(replicas: readonly Replica[]): Promise<void> {
  const late = AbortSignal.timeout(START_WITHIN_MS)
  const tooLate = new Promise<never>((_, reject) =>
    late.addEventListener(
      'abort',
      () => {
        const missing = replicas.filter(({ address }) => address === undefined).map(({ service }) => service)
        reject(new Error(`not up within ${START_WITHIN_MS / 1000} s: ${missing.join(', ')}`))
      },
      { once: true },
    ),
  )
  await Promise.race([Promise.all(replicas.map((replica) => replica.listening())), tooLate])
}
