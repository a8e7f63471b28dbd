import type { Random } from '../../histories/random.ts'

/** Where the process is to kill itself: at the n-th hit of a place, counted from 1. */
export type Orders = Readonly<Record<string, number>>

const LATEST_HIT = 8
/** What has not come up again by then comes up only at the first start. */
const SURE_AFTER_LIVES = 4

/** Remembers which places there are, how often they come up, and where the process has died. */
export class PlaceBook {
  /** The most hits of each place in one life. */
  readonly #most = new Map<string, number>()
  readonly #usual = new Set<string>()
  readonly #afterFirst = new Set<string>()
  readonly #deaths = new Set<string>()
  readonly #tried = new Set<string>()
  #now = new Map<string, number>()
  #lives = 0

  /** A new process begins. The first one is not killed: what comes up in it is usual. */
  nextLife(): void {
    this.#lives += 1
    this.#now = new Map()
  }

  /** The process has come to a place. */
  seen(place: string): void {
    const hits = (this.#now.get(place) ?? 0) + 1
    this.#now.set(place, hits)
    this.#most.set(place, Math.max(hits, this.#most.get(place) ?? 0))
    if (this.#lives === 1) this.#usual.add(place)
    else this.#afterFirst.add(place)
  }

  /** The process has killed itself there. */
  died(place: string): void {
    this.#deaths.add(place)
  }

  /** Every place there is, in order of name. */
  places(): string[] {
    return [...this.#most.keys()].sort()
  }

  /** Places where the process has never died. */
  missing(): string[] {
    return this.places().filter((place) => !this.#deaths.has(place))
  }

  /** Places where the process has never died and never can again: they come up only where it starts for the first time. */
  onlyAtFirst(): string[] {
    return this.missing().filter((place) => !this.#afterFirst.has(place))
  }

  /** Places where the process has died at least once. */
  hit(): string[] {
    return this.places().filter((place) => this.#deaths.has(place))
  }

  /**
   * Orders for the next life: every place where the process has never died and that comes up only after a fault, the first time it does;
   * and, in `target`, one of the others as well. Whichever is first. Empty when every place has been hit.
   */
  orders(random: Random): { readonly orders: Orders; readonly target: string | undefined } {
    const missing = this.missing()
    const orders: Record<string, number> = {}
    for (const place of missing) if (!this.#usual.has(place)) orders[place] = 1
    const usual = missing.filter(
      (place) => this.#usual.has(place) && (this.#lives <= SURE_AFTER_LIVES || this.#afterFirst.has(place)),
    )
    if (usual.length === 0) return { orders, target: undefined }
    const target = random.pick(usual)
    // A late hit that did not come is not waited for again.
    orders[target] = this.#tried.has(target) ? 1 : this.#someHit(target, random)
    this.#tried.add(target)
    return { orders, target }
  }

  /** Some hit of some place, however often the process has died there before. */
  anyOrder(random: Random): Orders {
    const place = random.pick(this.places())
    return { [place]: this.#someHit(place, random) }
  }

  #someHit(place: string, random: Random): number {
    return random.between(1, Math.min(LATEST_HIT, this.#most.get(place) ?? 1))
  }
}
