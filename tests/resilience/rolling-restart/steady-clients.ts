import { setTimeout as sleep } from 'node:timers/promises'
import { HubClient } from '../../support/hub-client.ts'
import { testTenant } from '../../support/tenant-files.ts'
import { operator } from '../crash/clients.ts'
import type { Letter, LetterMaker } from '../crash/letters.ts'

const ANSWER_WITHIN_MS = 20_000
/** Enough to meet every moment of a stop, and little enough to leave the machine something to stop with. */
const BETWEEN_MS = { post: 250, read: 60, look: 100 }

/** Clients that call all the time and repeat nothing: letters are posted, read, and looked at by an operator. */
export class SteadyClients {
  /** Everything that was not answered as it should be, one sentence each. */
  readonly failures: string[] = []
  /** Requests that were. */
  answered = 0
  readonly #url: string
  readonly #maker: LetterMaker
  readonly #callers: ReadonlyMap<string, HubClient>
  readonly #operator = operator()
  readonly #accepted: Letter[] = []
  readonly #stop = new AbortController()
  #running: Promise<void>[] = []

  constructor(url: string, maker: LetterMaker, tenants: readonly string[]) {
    this.#url = url
    this.#maker = maker
    this.#callers = new Map(
      tenants.map((orgnr) => [orgnr, new HubClient(testTenant(orgnr).klientId, testTenant(orgnr).klientSecret)]),
    )
  }

  start(): void {
    this.#running = [
      this.#repeat(BETWEEN_MS.post, () => this.#post()),
      this.#repeat(BETWEEN_MS.post, () => this.#post()),
      this.#repeat(BETWEEN_MS.read, () => this.#read()),
      this.#repeat(BETWEEN_MS.read, () => this.#read()),
      this.#repeat(BETWEEN_MS.look, () => this.#look()),
    ]
  }

  /** Resolves when so many more requests have been answered. */
  async answers(count: number): Promise<void> {
    const wanted = this.answered + count
    while (this.answered < wanted && this.failures.length === 0) await sleep(20)
  }

  /** @returns the letters that were accepted */
  async finish(): Promise<readonly Letter[]> {
    this.#stop.abort()
    await Promise.all(this.#running)
    return this.#accepted
  }

  async #repeat(betweenMs: number, call: () => Promise<void>): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        await call()
        this.answered += 1
      } catch (error) {
        const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : ''
        this.failures.push(`${error instanceof Error ? error.message : String(error)}${cause}`)
      }
      await sleep(betweenMs)
    }
  }

  async #post(): Promise<void> {
    const letter = this.#maker.next()
    const { status, text } = await this.#callerOf(letter).send(this.#url, letter.form, this.#within())
    if (status !== 202) throw new Error(`POST: ${status} ${text}`)
    letter.forsendelseId = (JSON.parse(text) as { id: string }).id
    this.#accepted.push(letter)
  }

  async #read(): Promise<void> {
    const letter = this.#accepted.at(-1)
    if (letter === undefined) return
    await this.#callerOf(letter).get(this.#url, `/api/v1/forsendelser/${letter.forsendelseId}`, this.#within())
  }

  async #look(): Promise<void> {
    await this.#operator.get(this.#url, '/api/v1/drift/feil', this.#within())
  }

  #callerOf({ tenant }: Letter): HubClient {
    const caller = this.#callers.get(tenant)
    if (caller === undefined) throw new Error(`no client of ${tenant}`)
    return caller
  }

  #within(): AbortSignal {
    return AbortSignal.timeout(ANSWER_WITHIN_MS)
  }
}
