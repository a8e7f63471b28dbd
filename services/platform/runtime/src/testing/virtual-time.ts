import type { Time } from '@samband/kernel'

/** Time that stands still until a test moves it. */
export interface VirtualTime extends Time {
  /** Moves stopwatch and wall clock by `ms`; timers that fall due on the way run in order, with everything they set off in between. */
  advance(ms: number): Promise<void>
  /** Lets the wall clock jump by `ms`, in either direction. Stopwatch and timers do not notice. */
  jump(ms: number): void
  /** Milliseconds until the next timer; `undefined` when none is set. */
  nextTimerMs(): number | undefined
}

interface Timer {
  readonly dueMs: number
  readonly number: number
  readonly callback: () => void
}

/** Most turns of the event loop before work counts as endless. */
const MOST_TURNS = 100_000

/** Answers that come from outside of this process. */
const awaited = new Set<Promise<unknown>>()

/** Lets virtual time stand still until `answer`, of a real server, is there. */
export function standStillFor(answer: Promise<unknown>): void {
  const settled = answer.then(
    () => {},
    () => {},
  )
  awaited.add(settled)
  void settled.then(() => awaited.delete(settled))
}

/**
 * Resolves when nothing of this process is ready to run any more: whatever is left waits for a timer or for the test. Only work that
 * goes on by promises and `setImmediate` is waited for, which is all there is in a history, and what `standStillFor` was told of.
 */
export async function settle(): Promise<void> {
  for (let turn = 0, quiet = 0; turn < MOST_TURNS; turn++) {
    await new Promise((resolve) => setImmediate(resolve))
    quiet = awaited.size > 0 ? 0 : quiet + 1
    await Promise.race(awaited.size > 0 ? awaited : [undefined])
    if (quiet > 2 && !process.getActiveResourcesInfo().includes('Immediate')) return
  }
  throw new Error(`work goes on without an end: ${MOST_TURNS} turns of the event loop were not enough`)
}

/** Virtual time whose wall clock begins at `startAt` and whose stopwatch begins at 0. Several processes of one history share it or have their own. */
export function createVirtualTime(startAt = Date.UTC(2026, 2, 2, 9)): VirtualTime {
  const timers = new Set<Timer>()
  let elapsedMs = 0
  let jumpedMs = 0
  let count = 0

  function nextTimer(): Timer | undefined {
    let next: Timer | undefined
    for (const timer of timers) {
      if (next === undefined || timer.dueMs < next.dueMs || (timer.dueMs === next.dueMs && timer.number < next.number))
        next = timer
    }
    return next
  }

  return {
    clock: { now: () => startAt + elapsedMs + jumpedMs },
    stopwatch: { read: () => elapsedMs },
    timers: {
      after(delayMs, callback) {
        count += 1
        const timer = { dueMs: elapsedMs + Math.max(0, delayMs), number: count, callback }
        timers.add(timer)
        return () => void timers.delete(timer)
      },
    },
    async advance(ms) {
      const until = elapsedMs + ms
      await settle()
      for (let next = nextTimer(); next !== undefined && next.dueMs <= until; next = nextTimer()) {
        elapsedMs = Math.max(elapsedMs, next.dueMs)
        timers.delete(next)
        next.callback()
        await settle()
      }
      elapsedMs = until
    },
    jump(ms) {
      jumpedMs += ms
    },
    nextTimerMs() {
      const next = nextTimer()
      return next === undefined ? undefined : next.dueMs - elapsedMs
    },
  }
}

/**
 * Turns the event loop until `condition` holds. Virtual time moves only when `time` is given: then from timer to timer, for at most
 * `withinMs` (default 10 minutes) of virtual time.
 * @throws Error naming `what` when that was not enough
 */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  moving?: { readonly time: VirtualTime; readonly withinMs?: number },
): Promise<void> {
  let leftMs = moving?.withinMs ?? 600_000
  for (;;) {
    if (await condition()) return
    await settle()
    if (await condition()) return
    const stepMs = moving?.time.nextTimerMs()
    if (moving === undefined || stepMs === undefined || stepMs > leftMs) throw new Error(`never came true: ${what}`)
    leftMs -= stepMs
    await moving.time.advance(stepMs)
  }
}
