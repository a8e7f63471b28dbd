import type { Random } from '../../histories/random.ts'

/** Where the process is to kill itself: at the n-th hit of a place, counted from 1. */
export type Orders = Readonly<Record<string, number>>

/** A place that is seen in fewer of the lives than this is hit whenever it comes up. */
const RARE_BELOW = 0.25
const LATEST_HIT = 8

/** Remembers which places there are, how often they come up, and where the process has died. */
export class PlaceBook {
  readonly #seenInLives = new Map<string, number>()
  readonly #deaths = new Map<string, number>()
  #seenNow = new Map<string, number>()
  #seenBefore = new Map<string, number>()
  #lives = 0

  /** A new process begins. */
  nextLife(): void {
    this.#lives += 1
    this.#seenBefore = this.#seenNow
    this.#seenNow = new Map()
  }

  /** The process has come to a place. */
  seen(place: string): void {
    const before = this.#seenNow.get(place) ?? 0
    this.#seenNow.set(place, before + 1)
    if (before === 0) this.#seenInLives.set(place, (this.#seenInLives.get(place) ?? 0) + 1)
  }

  /** The process has killed itself there. */
  died(place: string): void {
    this.#deaths.set(place, (this.#deaths.get(place) ?? 0) + 1)
  }

  /** Every place there is, in order of name. */
  places(): string[] {
    return [...this.#seenInLives.keys()].sort()
  }

  /** Places where the process has never died. */
  missing(): string[] {
    return this.places().filter((place) => !this.#deaths.has(place))
  }

  /** Places where the process has died at least once. */
  hit(): string[] {
    return this.places().filter((place) => this.#deaths.has(place))
  }

  /**
   * Orders for the next life: one place where the process has never died, and besides it the rare ones, whichever comes first. Empty when
   * every place has been hit.
   */
  orders(random: Random): Orders {
    const missing = this.missing()
    if (missing.length === 0) return {}
    const orders: Record<string, number> = {}
    for (const place of missing) if (this.#isRare(place)) orders[place] = 1
    const target = random.pick(missing)
    orders[target] = this.#isRare(target) ? 1 : random.between(1, Math.max(1, Math.min(LATEST_HIT, this.#seenBefore.get(target) ?? 1)))
    return orders
  }

  /** Some hit of some place that came up in the life before, however late. */
  anyOrder(random: Random): Orders {
    const lately = [...this.#seenBefore.keys()].sort()
    if (lately.length === 0) return {}
    const place = random.pick(lately)
    return { [place]: random.between(1, Math.max(1, this.#seenBefore.get(place) ?? 1)) }
  }

  #isRare(place: string): boolean {
    return (this.#seenInLives.get(place) ?? 0) < this.#lives * RARE_BELOW
  }
}
