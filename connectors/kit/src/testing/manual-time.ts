import type { Time } from '@samband/kernel'

/** A time that stands still until a test moves it. */
export interface ManualTime extends Time {
  /** Moves clock and stopwatch, and calls the timers that fall due, in order. */
  advance(ms: number): void
  /** Timers that are set and not yet due. */
  pending(): number
}

/** For tests: starts at `startMs` since 1970-01-01 UTC, by default 2 March 2026 at 08:00. */
export function manualTime(startMs: number = Date.UTC(2026, 2, 2, 8)): ManualTime {
  let elapsedMs = 0
  const timers = new Set<{ readonly dueMs: number; readonly callback: () => void }>()
  const nextDue = (untilMs: number) =>
    [...timers].filter((timer) => timer.dueMs <= untilMs).sort((a, b) => a.dueMs - b.dueMs)[0]
  return {
    clock: { now: () => startMs + elapsedMs },
    stopwatch: { read: () => elapsedMs },
    timers: {
      after(delayMs, callback) {
        const timer = { dueMs: elapsedMs + delayMs, callback }
        timers.add(timer)
        return () => timers.delete(timer)
      },
    },
    advance(ms) {
      const untilMs = elapsedMs + ms
      for (let timer = nextDue(untilMs); timer; timer = nextDue(untilMs)) {
        timers.delete(timer)
        elapsedMs = Math.max(elapsedMs, timer.dueMs)
        timer.callback()
      }
      elapsedMs = untilMs
    },
    pending: () => timers.size,
  }
}
