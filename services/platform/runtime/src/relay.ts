import type { BusRecord, EventBus, Store, Time } from '@samband/kernel'
import type { Standstills } from './standstills.ts'

interface PendingRow {
  place: number
  topic: string
  record_key: string
  headers: string
  value: Uint8Array
}

/** What the relay is built from. */
export interface RelayOptions {
  readonly store: Store
  readonly bus: EventBus
  readonly time: Time
  readonly standstills: Standstills
  /** How often the relay looks by itself, milliseconds; commits of this process wake it at once. */
  readonly pollMs: number
  /** Where other processes share the store: whose turn it is. */
  readonly lease?: { held(): Promise<boolean>; release(): Promise<void> } | undefined
}

const BATCH = 200
const RETRY_MS = 500

/**
 * Feeds the log from the outbox. Rows are found by "pending", in order of place; the next batch is sent only after the log has
 * acknowledged the one before, so no key's later event overtakes an earlier one, and a failed publish stops what follows (R3).
 * Publishing twice is harmless: ids come from the cause.
 */
export function createRelay({ store, bus, time, standstills, pollMs, lease }: RelayOptions) {
  let stopping = false
  let wakeUp: (() => void) | undefined
  let missedWake = false
  let loop: Promise<void> | undefined

  async function publishBatch(): Promise<boolean> {
    if (lease !== undefined && !(await lease.held())) return false
    const rows = await store.read('runtime.outbox', (tx) =>
      tx.all<PendingRow>(
        "SELECT place, topic, record_key, headers, value FROM outbox WHERE state = 'pending' ORDER BY place LIMIT ?",
        BATCH,
      ),
    )
    if (rows.length === 0) return false
    const records: BusRecord[] = rows.map((row) => ({
      topic: row.topic,
      key: row.record_key,
      headers: JSON.parse(row.headers),
      value: row.value,
    }))
    await bus.append(records)
    const now = time.clock.now()
    await store.transaction(
      'runtime.published',
      async (tx) => {
        for (const row of rows)
          await tx.run("UPDATE outbox SET state = 'published', published_at = ? WHERE place = ?", now, row.place)
      },
      { serial: false },
    )
    return true
  }

  function rest(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        wakeUp = undefined
        cancel()
        resolve()
      }
      const cancel = time.timers.after(delayMs, done)
      wakeUp = done
    })
  }

  async function run(): Promise<void> {
    while (!stopping) {
      missedWake = false
      try {
        const published = await publishBatch()
        standstills.worked('publishing the outbox')
        if (published) continue
      } catch (error) {
        standstills.failed('publishing the outbox', error)
        await rest(RETRY_MS)
        continue
      }
      if (!missedWake && !stopping) await rest(pollMs)
    }
  }

  return {
    start(): void {
      loop ??= run()
    },
    /** Something was committed to the outbox. */
    wake(): void {
      missedWake = true
      wakeUp?.()
    },
    /** Resolves when nothing is under way. What is pending stays pending. */
    async stop(): Promise<void> {
      stopping = true
      wakeUp?.()
      await loop
      await lease?.release().catch(() => {})
    },
  }
}
