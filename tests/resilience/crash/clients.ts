import type { Random } from '../../histories/random.ts'
import { HubClient } from '../../support/hub-client.ts'
import { SHARED, testTenant } from '../../support/tenant-files.ts'
import type { Letter, LetterMaker } from './letters.ts'

const ANSWER_WITHIN_MS = 8_000
const CLIENTS = 8
/** More letters than this under way would only wait for each other. */
const MOST_UNFINISHED = 60

/** Where the clients find the hub at this moment. */
export interface HubAddress {
  /** Resolves when a hub listens. */
  now(): Promise<string>
}

/** The systems that hand in letters: each repeats until it has a 2xx, and some once more. */
export class Clients {
  readonly accepted: Letter[] = []
  /** Answers that no client of a sound hub gets. */
  readonly faults: string[] = []
  /** Requests with a letter that the hub has not answered yet. */
  underWay = 0
  repeated = 0
  readonly #hub: HubAddress
  readonly #random: Random
  readonly #maker: LetterMaker
  readonly #callers: ReadonlyMap<string, HubClient>
  readonly #stop = new AbortController()
  #unfinished = () => 0
  #running: Promise<void>[] = []

  constructor(hub: HubAddress, random: Random, maker: LetterMaker, tenants: readonly string[]) {
    this.#hub = hub
    this.#random = random
    this.#maker = maker
    this.#callers = new Map(
      tenants.map((orgnr) => [orgnr, new HubClient(testTenant(orgnr).klientId, testTenant(orgnr).klientSecret)]),
    )
  }

  /** @param unfinished how many accepted letters have not come all the way */
  start(unfinished: () => number): void {
    this.#unfinished = unfinished
    this.#running = Array.from({ length: CLIENTS }, () => this.#run())
  }

  /** No new letters; resolves when every letter that was begun has its 2xx. */
  async finish(): Promise<void> {
    this.#stop.abort()
    await Promise.all(this.#running)
  }

  /** Hands in again what was accepted from the given number on: whoever runs the hub has said that it was put back (A5). */
  async repeatFrom(number: number): Promise<void> {
    await Promise.all(this.accepted.slice(number).map((letter) => this.#handIn(letter)))
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      if (this.#unfinished() < MOST_UNFINISHED) {
        const letter = this.#maker.next()
        await this.#handIn(letter)
        if (this.#random.chance(0.2)) await this.#handIn(letter)
      }
      await this.#rest(this.#random.between(200, 1_400))
    }
  }

  async #handIn(letter: Letter): Promise<void> {
    while (!(await this.#tryOnce(letter))) await this.#rest(this.#random.between(20, 300))
  }

  /** One request; true for a 2xx. */
  async #tryOnce(letter: Letter): Promise<boolean> {
    const hub = await this.#hub.now()
    const caller = this.#callers.get(letter.tenant)
    if (caller === undefined) throw new Error(`no client of ${letter.tenant}`)
    this.underWay += 1
    try {
      const { status, text } = await caller.send(hub, letter.form, AbortSignal.timeout(ANSWER_WITHIN_MS))
      if (status === 200 || status === 202) {
        this.#note(letter, (JSON.parse(text) as { id: string }).id)
        return true
      }
      if (status < 500) this.faults.push(`${letter.eksternReferanse} was refused with ${status}: ${text}`)
      return false
    } catch {
      return false
    } finally {
      this.underWay -= 1
    }
  }

  #note(letter: Letter, forsendelseId: string): void {
    if (letter.forsendelseId === undefined) {
      letter.forsendelseId = forsendelseId
      this.accepted.push(letter)
      return
    }
    this.repeated += 1
    if (letter.forsendelseId !== forsendelseId)
      this.faults.push(`${letter.eksternReferanse} has two ids: ${letter.forsendelseId} and ${forsendelseId}`)
  }

  async #rest(ms: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, ms))
  }
}

/** Somebody who may read the account. */
export function operator(): HubClient {
  return new HubClient(SHARED.operatorKlientId, SHARED.operatorSecret)
}
