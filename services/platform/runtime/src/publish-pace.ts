import { asHubError } from '@samband/kernel'

/** A key of a topic whose next event the log would not take. */
export interface HeldKey {
  readonly topic: string
  readonly key: string
}

/** What is to be published next. */
export type NextPublish =
  /** The first `size` events of all keys but these. */
  | { readonly size: number; readonly without: readonly HeldKey[] }
  /** The first event of a key that has waited long enough, alone. */
  | { readonly again: HeldKey }

const MOST_TOGETHER = 200
/** So many keys are looked past. */
const MOST_HELD = 200
/** How long a key waits whose event was not taken alone: twice as long each time. */
const SHORTEST_HOLD_MS = 500
const LONGEST_HOLD_MS = 30_000
/** After so many single failures in a row the log counts as away. */
const FAILURES_UNTIL_AWAY = 3
const SHORTEST_REST_MS = 500
const LONGEST_REST_MS = 10_000

interface Held extends HeldKey {
  readonly holdMs: number
  readonly untilMs: number
  /** For what it brings, and not because the log is away. */
  readonly isRefused: boolean
}

/**
 * How much the relay tries at a time. After a failure it goes event by event, so that nothing is appended again and again beside the one that cannot be written; an event
 * that is not taken alone holds its key, and the others go on (R3). While nothing goes, one event is tried, ever more rarely.
 */
export class PublishPace {
  readonly #held = new Map<string, Held>()
  #size = MOST_TOGETHER
  #failures = 0
  #restMs = SHORTEST_REST_MS
  /** Held keys and the others take turns. */
  #wasAgain = false

  /** Whether keys are held that the log has refused for what they bring, or others. */
  holds(what: 'refused' | 'waiting'): boolean {
    return [...this.#held.values()].some(({ isRefused }) => isRefused === (what === 'refused'))
  }

  /** How long until the next held key is to be tried, milliseconds. */
  dueInMs(nowMs: number): number {
    return Math.max(0, Math.min(...[...this.#held.values()].map(({ untilMs }) => untilMs - nowMs)))
  }

  /** @param nowMs stopwatch */
  next(nowMs: number): NextPublish {
    const due = this.#wasAgain ? undefined : [...this.#held.values()].find(({ untilMs }) => untilMs <= nowMs)
    this.#wasAgain = due !== undefined
    if (due !== undefined) return { again: { topic: due.topic, key: due.key } }
    return { size: this.#size, without: [...this.#held.values()] }
  }

  /** The log has acknowledged these, or a held key had nothing left. */
  published(rows: readonly HeldKey[]): void {
    for (const row of rows) this.#held.delete(nameOf(row))
    if (this.#isAway()) for (const [name, { isRefused }] of this.#held) if (!isRefused) this.#held.delete(name)
    this.#failures = 0
    this.#restMs = SHORTEST_REST_MS
    this.#size = Math.min(MOST_TOGETHER, this.#size * 2)
  }

  /**
   * The log has not acknowledged these.
   * @returns for how long to rest, milliseconds, and whether the log seems to be away altogether
   */
  failed(
    rows: readonly HeldKey[],
    error: unknown,
    nowMs: number,
  ): { readonly restMs: number; readonly isAway: boolean } {
    this.#size = 1
    const [row, another] = rows
    if (row === undefined || another !== undefined) return { restMs: SHORTEST_REST_MS, isAway: false }
    const isRefused = asHubError(error)?.disposition === 'permanent'
    const isFull = this.#held.size >= MOST_HELD && !this.#held.has(nameOf(row))
    const holdMs = Math.min(LONGEST_HOLD_MS, (this.#held.get(nameOf(row))?.holdMs ?? SHORTEST_HOLD_MS / 2) * 2)
    if (!isFull) this.#held.set(nameOf(row), { ...row, holdMs, untilMs: nowMs + holdMs, isRefused })
    this.#failures = isRefused && !isFull ? 0 : this.#failures + 1
    if (!this.#isAway() && !isFull) return { restMs: 0, isAway: false }
    const restMs = this.#restMs
    this.#restMs = Math.min(LONGEST_REST_MS, restMs * 2)
    return { restMs, isAway: true }
  }

  #isAway(): boolean {
    return this.#failures >= FAILURES_UNTIL_AWAY
  }
}

const nameOf = ({ topic, key }: HeldKey): string => `${topic} ${key}`
