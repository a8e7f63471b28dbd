import { type EventBus, type Store, sleep, type Time } from '@samband/kernel'
import { readPosition } from './ingest.ts'

const MEASURE_EVERY_MS = 15_000

/**
 * Measures how much of the log a group has not taken in yet: the log's ends minus the store's positions. While the broker or the store cannot be
 * asked, the last figures stand; that reading stands still is told elsewhere.
 */
export function createUnreadLog(around: {
  readonly bus: EventBus
  readonly store: Store
  readonly time: Time
  readonly group: string
  readonly topics: readonly string[]
}) {
  const { bus, store, time, group, topics } = around
  const counts = new Map<string, number>()
  const stopping = new AbortController()

  async function measure(topic: string): Promise<void> {
    let count = 0
    for (const { partition, endOffset } of await bus.ends(topic))
      count += Math.max(0, endOffset - ((await readPosition(store, group, topic, partition))?.nextOffset ?? 0))
    counts.set(topic, count)
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      for (const topic of topics) await measure(topic).catch(() => {})
      await sleep(time.timers, MEASURE_EVERY_MS, stopping.signal).catch(() => {})
    }
  }

  return {
    /** Events by topic, as last measured. */
    counts: counts as ReadonlyMap<string, number>,
    /** To be called once. */
    start: () => void run(),
    /** A question that is under way is not waited for: nothing rests on its answer. */
    stop: () => stopping.abort(),
  }
}
