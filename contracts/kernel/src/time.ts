/** The wall clock. For stamps and due times; never for measuring a wait that safety rests on (protocol rule R15). */
export interface Clock {
  /** Milliseconds since 1970-01-01 UTC. May jump in both directions. */
  now(): number
}

/** A monotonic stopwatch of this process. It never runs backwards and knows nothing of wall time. */
export interface Stopwatch {
  /** Milliseconds since some fixed moment of this process. Readings of two processes must never be compared. */
  read(): number
}

/** Calls back later. The only source of waiting in the hub, so that virtual time can drive it. */
export interface Timers {
  /** Runs `callback` once, no earlier than `delayMs` from now by the stopwatch. Returns what cancels it; cancelling twice is harmless. */
  after(delayMs: number, callback: () => void): () => void
}

/** Clock, stopwatch and timers of one process, handed over together. */
export interface Time {
  readonly clock: Clock
  readonly stopwatch: Stopwatch
  readonly timers: Timers
}

/** Waits `delayMs`; an abort of `signal` ends the wait with the signal's reason. */
export function sleep(timers: Timers, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason)
      return
    }
    const onAbort = () => {
      cancel()
      reject(signal?.reason)
    }
    const cancel = timers.after(delayMs, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/** An instant as contracts carry it: ISO 8601 in UTC with milliseconds. */
export function isoInstant(epochMs: number): string {
  return new Date(epochMs).toISOString()
}
