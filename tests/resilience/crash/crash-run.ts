import { join } from 'node:path'
import { Random } from '../../histories/random.ts'
import type { Simulators } from '../../support/simulators.ts'
import { openSurroundings } from '../../support/surroundings.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { TEST_ORGNR } from '../../support/tenant-files.ts'
import { Clients, operator } from './clients.ts'
import { HubLives } from './hub-lives.ts'
import { type Findings, judge, unfinished } from './judge.ts'
import { type Letter, LetterMaker } from './letters.ts'
import { PlaceBook } from './place-book.ts'
import { settle } from './settle.ts'
import { orderTrouble } from './trouble.ts'

/** D, W and G of both destinations. */
const TIMING = { startWithinMs: 1_000, inFlightMs: 2_500, lookUpLagMs: 500 }

/** What a run ends with. */
export interface Outcome {
  readonly kills: number
  /** Names of the places where the hub has died. */
  readonly places: readonly string[]
  /** Places that came up and where it has not died. */
  readonly missed: readonly string[]
  readonly accepted: number
  readonly findings: Findings
  /** What else is wrong. */
  readonly faults: readonly string[]
}

/** How a run is ordered. */
export interface RunOptions {
  readonly kills: number
  readonly seed: string
  readonly tell: (line: string) => void
  /** Aborts when somebody wants it to end: everything that was started is stopped. */
  readonly signal: AbortSignal
}

/** Kills a hub under load again and again, then compares what clients were told with what arrived. */
export async function runCrashes(options: RunOptions): Promise<Outcome> {
  const folder = temporaryFolder('crash')
  const closers: (() => unknown)[] = [folder.remove]
  const interrupted = new Promise<never>((_, reject) =>
    options.signal.addEventListener('abort', () => reject(new Error('interrupted')), { once: true }),
  )
  try {
    const { simulators, tenantsFolder, secrets, close } = await openSurroundings(folder.path, TIMING)
    closers.unshift(close)
    const systems = Object.fromEntries(Object.entries(simulators.urls).map(([name, url]) => [url, name]))
    const book = new PlaceBook()
    const livesIn = (name: string): HubLives => {
      const lives = new HubLives({ folder: join(folder.path, name), tenantsFolder, secrets, systems }, book)
      closers.unshift(() => lives.close())
      return lives
    }
    const lives = livesIn('hub')
    const run = new CrashRun(options, simulators, lives, livesIn, book)
    return await Promise.race([run.play(), interrupted]).catch((error: unknown) => {
      options.tell(lives.lastLog(30))
      throw error
    })
  } finally {
    for (const close of closers) await close()
  }
}

/** Letters of the life without kills. */
const REHEARSAL_LETTERS = 12
const PROGRESS_EVERY = 10
/** Long enough for an open question to be answered (D + W + G). */
const LONGEST_LIFE_MS = 6_500
const LONGEST_RANDOM_LIFE_MS = 4_000

class CrashRun {
  readonly #options: RunOptions
  readonly #simulators: Simulators
  readonly #lives: HubLives
  readonly #livesIn: (name: string) => HubLives
  readonly #book: PlaceBook
  readonly #random: Random
  readonly #clients: Clients
  readonly #faults: string[] = []
  #unfinished: Letter[] = []
  #kills = 0

  constructor(
    options: RunOptions,
    simulators: Simulators,
    lives: HubLives,
    livesIn: (name: string) => HubLives,
    book: PlaceBook,
  ) {
    this.#options = options
    this.#simulators = simulators
    this.#lives = lives
    this.#livesIn = livesIn
    this.#book = book
    this.#random = new Random(options.seed)
    this.#clients = new Clients(
      lives,
      new Random(`${options.seed} clients`),
      new LetterMaker(new Random(`${options.seed} letters`), TEST_ORGNR),
      TEST_ORGNR,
    )
  }

  async play(): Promise<Outcome> {
    const clients = this.#clients
    await this.#rehearse()
    for (let lives = 0; this.#kills < this.#options.kills; lives++) {
      if (lives > this.#options.kills * 2 + 20)
        throw new Error(`only ${this.#kills} of ${lives} kills met a letter in flight`)
      await this.#live()
    }
    this.#options.tell(
      `${this.#kills} kills done, ${clients.accepted.length} letters accepted; now everything has to arrive`,
    )
    await this.#simulators.clearFaults()
    this.#lives.start({})
    const hub = await this.#lives.listening()
    if (hub === undefined) throw new Error('the hub does not start any more')
    await clients.finish()
    this.#faults.push(...(await settle(operator(), hub, clients.accepted.length)))
    await this.#lives.stop()
    await this.#firstStarts()
    const findings = judge(clients.accepted, await this.#simulators.letters(), await this.#simulators.archive())
    const missed = this.#book.missing()
    return {
      kills: this.#kills,
      places: this.#book.hit(),
      missed,
      accepted: clients.accepted.length,
      findings,
      faults: [...this.#faults, ...clients.faults, ...this.#lives.defects()],
    }
  }

  /** A life without kills, which shows the places there are. */
  async #rehearse(): Promise<void> {
    this.#lives.start({})
    await this.#lives.listening()
    this.#clients.start(() => this.#openCount())
    const untilMs = Date.now() + 60_000
    while (this.#clients.accepted.length < REHEARSAL_LETTERS || (await this.#look()) > REHEARSAL_LETTERS / 2) {
      if (Date.now() > untilMs) throw new Error('the first letters do not arrive')
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    await this.#lives.stop()
    this.#options.tell(`${this.#book.places().length} places seen without a kill`)
  }

  /** Dies where only a new installation comes by, then starts again in the same folder. No letter is in flight: none of it counts. */
  async #firstStarts(): Promise<void> {
    for (const [number, place] of this.#book.onlyAtFirst().entries()) {
      const lives = this.#livesIn(`first-start-${number}`)
      lives.start({ [place]: 1 })
      await lives.death(LONGEST_LIFE_MS)
      lives.start({})
      if ((await lives.listening()) === undefined) this.#faults.push(`no start after a first one that died at ${place}`)
      await lives.stop()
    }
  }

  async #live(): Promise<void> {
    const random = this.#random
    await orderTrouble(this.#simulators, random)
    const { orders, target } = this.#book.orders(random)
    const more = target === undefined && random.chance(0.3) ? this.#book.anyOrder(random) : {}
    const wholeLife = target !== undefined || Object.keys(more).length > 0 || random.chance(0.25)
    this.#lives.start({ ...more, ...orders })
    const { place } = await this.#lives.death(wholeLife ? LONGEST_LIFE_MS : random.between(50, LONGEST_RANDOM_LIFE_MS))
    // Requests whose client has not heard yet that the connection is gone; others are left out of the count.
    const requests = this.#clients.underWay
    const open = await this.#look()
    if (requests + open === 0) return
    this.#kills += 1
    if (this.#kills % PROGRESS_EVERY === 0) {
      const letters = `${this.#clients.accepted.length} letters accepted, ${open} under way`
      this.#options.tell(
        `${this.#kills} kills, the last one ${place ?? 'at random'}; ${letters}; ${this.#book.missing().length} places left`,
      )
    }
  }

  /** How many accepted letters have not come all the way, by the newest look at the destinations. */
  #openCount(): number {
    const looked = new Set(this.#lookedAt)
    return this.#unfinished.length + this.#clients.accepted.filter((letter) => !looked.has(letter)).length
  }

  #lookedAt: readonly Letter[] = []

  async #look(): Promise<number> {
    const accepted = [...this.#clients.accepted]
    this.#unfinished = unfinished(accepted, await this.#simulators.letters(), await this.#simulators.archive())
    this.#lookedAt = accepted
    return this.#unfinished.length
  }
}
