import { type Logger, type Store, sleep, type Time, type Tx } from '@samband/kernel'
import type { Standstills } from './standstills.ts'

/** No wait of ours is longer than this; what is due later was written by a clock that was ahead. */
const LONGEST_DUE_MS = 48 * 60 * 60_000
/** A clock that went back by less between two looks was corrected as clocks are. */
const A_JUMP_MS = 60_000
const LOOK_EVERY_MS = 30_000

/** After a start: what a clock that was ahead has put off, the process before this one began at `lastStart` by that clock. */
export async function correctAtStart(tx: Tx, lastStart: number, now: number): Promise<void> {
  await makeEarlier(tx, Math.max(0, lastStart - now), now)
}

/**
 * The clock was put back by so much: what is due comes earlier by as much, at the earliest now. Some of it was put off by the right clock, and comes
 * too early: nothing rests on a due time but patience.
 */
async function makeEarlier(tx: Tx, byMs: number, now: number): Promise<void> {
  const latest = now + LONGEST_DUE_MS
  for (const [table, column, only] of [
    ['inbox', 'due_at', "state = 'waiting' AND "],
    ['effect', 'look_again_at', ''],
    ['document', 'due_at', ''],
  ] as const) {
    await tx.run(
      `UPDATE ${table} SET ${column} = CASE WHEN ${column} - ? > ? THEN ? WHEN ${column} - ? > ? THEN ${column} - ? ELSE ? END
       WHERE ${only}${column} > ?`,
      byMs,
      latest,
      latest,
      byMs,
      now,
      byMs,
      now,
      byMs > 0 ? now : latest,
    )
  }
  await tx.run("UPDATE inbox SET failing_since = ? WHERE state = 'waiting' AND failing_since > ?", now, now)
}

/** Notices while the process runs that the wall clock was put back, by the stopwatch, and lets come earlier what the clock had put off. */
export function createClockWatch(options: {
  readonly store: Store
  readonly time: Time
  readonly log: Logger
  readonly standstills: Standstills
}) {
  const { store, time, log } = options
  const stopping = new AbortController()
  const ahead = () => time.clock.now() - time.stopwatch.read()
  let known = ahead()
  let loop: Promise<void> | undefined

  async function look(): Promise<void> {
    const backMs = Math.round(known - ahead())
    if (backMs >= A_JUMP_MS) {
      await store.transaction('runtime.clock', (tx) => makeEarlier(tx, backMs, time.clock.now()))
      log.warn('the clock was put back: what it had put off comes earlier', { ms: backMs })
    }
    known = ahead()
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await sleep(time.timers, LOOK_EVERY_MS, stopping.signal).catch(() => {})
      if (stopping.signal.aborted) return
      try {
        await look()
        options.standstills.worked('watching the clock')
      } catch (error) {
        options.standstills.failed('watching the clock', error)
      }
    }
  }

  return {
    start(): void {
      loop ??= run()
    },
    async stop(): Promise<void> {
      stopping.abort(new Error('the process is stopping'))
      await loop
    },
  }
}
