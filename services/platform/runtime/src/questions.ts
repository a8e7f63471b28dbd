import type { Timing } from '@samband/kernel'

/**
 * How long this process has known the newest attempt of each open question. The wait before not-there is believed counts from there,
 * by stopwatch (R14, R15): a restart starts it anew, a jump of the wall clock does not touch it.
 */
export class OpenQuestions {
  readonly #firstSeen = new Map<string, { attempt: number; atMs: number }>()
  readonly #read: () => number
  /** Stopwatch reading when this process began: nothing that a restored store has forgotten is younger (R27). */
  readonly startedAtMs: number

  constructor(read: () => number) {
    this.#read = read
    this.startedAtMs = read()
  }

  /** Notes an attempt. `atMs` is earlier than now where this process made it: the reading before its intent was asked for (R11). */
  see(key: string, attempt: number, atMs = this.#read()): void {
    const known = this.#firstSeen.get(key)
    if (known === undefined || attempt > known.attempt) this.#firstSeen.set(key, { attempt, atMs })
  }

  /** Milliseconds until not-there may be believed; 0 when it may be now. */
  remainingMs(key: string, attempt: number, timing: Timing): number {
    const since = this.#seenAt(key, attempt)
    const waitMs = timing.startWithinMs + timing.inFlightMs + timing.lookUpLagMs
    return Math.max(0, since + waitMs - this.#read())
  }

  #seenAt(key: string, attempt: number): number {
    this.see(key, attempt)
    return this.#firstSeen.get(key)?.atMs ?? this.#read()
  }

  /** The question is answered. */
  forget(key: string): void {
    this.#firstSeen.delete(key)
  }
}
