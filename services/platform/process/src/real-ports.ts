import { randomBytes, randomUUID } from 'node:crypto'
import type { IdSource, Time } from '@samband/kernel'

/** The machine's own clock, stopwatch and timers. */
export function realTime(): Time {
  return {
    clock: { now: () => Date.now() },
    stopwatch: { read: () => performance.now() },
    timers: {
      after(delayMs, callback) {
        const timer = setTimeout(callback, Math.min(delayMs, LONGEST_TIMER_MS))
        return () => clearTimeout(timer)
      },
    },
  }
}

/** Longer delays overflow and would fire at once. Whoever waits longer looks again anyway. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** The machine's own randomness. */
export function realIds(): IdSource {
  return {
    uuid: () => randomUUID(),
    bytes: (count) => new Uint8Array(randomBytes(count)),
    fraction: () => Math.random(),
  }
}
