import { asHubError, type BusRecord, type EventBus, type Logger, type Store, type Time, type Tx } from '@samband/kernel'
import { type NextPublish, PublishPace } from './publish-pace.ts'
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
  readonly log: Logger
  readonly standstills: Standstills
  /** How often the relay looks by itself, milliseconds; commits of this process wake it at once. */
  readonly pollMs: number
  /** Where other processes share the store: whose turn it is. */
  readonly lease?: { held(): Promise<boolean>; stepAside(): Promise<void>; release(): Promise<void> } | undefined
}

const RETRY_MS = 500
const PUBLISHING = 'publishing the outbox'
const REFUSED = 'publishing an event that the log refuses'

/**
 * Feeds the log from the outbox. Rows are found by "pending", in order of place; the next batch is sent only after the log has
 * acknowledged the one before, so no key's later event overtakes an earlier one, and a failed publish stops its key (R3).
 * Publishing twice is harmless: ids come from the cause.
 */
export function createRelay({ store, bus, time, log, standstills, pollMs, lease }: RelayOptions) {
  const pace = new PublishPace()
  let stopping = false
  let wakeUp: (() => void) | undefined
  let missedWake = false
  let loop: Promise<void> | undefined

  /** How a look at the outbox ended: with events published, with nothing to do, with another relay's turn, or with a rest that no new event shortens. */
  type Look = 'published' | 'idle' | 'not ours' | { readonly restMs: number }

  async function publishBatch(): Promise<Look> {
    if (lease !== undefined && !(await lease.held())) return 'not ours'
    const next = pace.next(time.stopwatch.read())
    const rows = await store.read('runtime.outbox', (tx) => pendingRows(tx, next))
    const keys = rows.map(({ topic, record_key }) => ({ topic, key: record_key }))
    if (rows.length === 0) {
      if (!('again' in next)) return 'idle'
      pace.published([next.again])
      return 'published'
    }
    const records: BusRecord[] = rows.map((row) => ({
      topic: row.topic,
      key: row.record_key,
      headers: JSON.parse(row.headers),
      value: row.value,
    }))
    try {
      await bus.append(records)
    } catch (error) {
      return notPublished(pace.failed(keys, error, time.stopwatch.read()), records, error)
    }
    const now = time.clock.now()
    await store.transaction(
      'runtime.published',
      async (tx) => {
        for (const row of rows)
          await tx.run("UPDATE outbox SET state = 'published', published_at = ? WHERE place = ?", now, row.place)
      },
      { serial: false },
    )
    pace.published(keys)
    return 'published'
  }

  async function notPublished(
    { restMs, isAway }: ReturnType<PublishPace['failed']>,
    records: readonly BusRecord[],
    error: unknown,
  ): Promise<Look> {
    const [record, another] = records
    const known = asHubError(error)
    if (record !== undefined && another === undefined && known?.disposition === 'permanent') {
      const { topic, headers, value } = record
      const fields = { code: known.code, topic, eventId: headers['ce_id'], bytes: value.byteLength }
      log.error('the log refuses an event: what follows under its key waits', fields)
      standstills.failed(REFUSED, error)
    } else standstills.failed(PUBLISHING, error)
    // Another process may reach the log where this one does not.
    if (isAway) await lease?.stepAside()
    return { restMs }
  }

  function rest(delayMs: number, isShortened: () => boolean): Promise<void> {
    if (isShortened()) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        wakeUp = undefined
        cancel()
        resolve()
      }
      const cancel = time.timers.after(delayMs, done)
      wakeUp = () => isShortened() && done()
    })
  }

  async function look(): Promise<Look> {
    try {
      const ended = await publishBatch()
      if (typeof ended === 'string') {
        if (!pace.holds('waiting')) standstills.worked(PUBLISHING)
        if (!pace.holds('refused')) standstills.worked(REFUSED)
      }
      return ended
    } catch (error) {
      standstills.failed(PUBLISHING, error)
      return { restMs: RETRY_MS }
    }
  }

  async function run(): Promise<void> {
    while (!stopping) {
      missedWake = false
      const ended = await look()
      if (ended === 'idle' || ended === 'not ours') {
        const dueInMs = ended === 'idle' ? pace.dueInMs(time.stopwatch.read()) : pollMs
        await rest(Math.min(pollMs, dueInMs), () => stopping || missedWake)
      } else if (ended !== 'published') await rest(ended.restMs, () => stopping)
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

/** The rows that are next, in order of place. */
function pendingRows(tx: Tx, next: NextPublish): Promise<PendingRow[]> {
  const columns = 'place, topic, record_key, headers, value'
  if ('again' in next) {
    const { topic, key } = next.again
    return tx.all<PendingRow>(
      `SELECT ${columns} FROM outbox WHERE state = 'pending' AND topic = ? AND record_key = ? ORDER BY place LIMIT 1`,
      topic,
      key,
    )
  }
  const others = next.without.map(() => ' AND NOT (topic = ? AND record_key = ?)').join('')
  return tx.all<PendingRow>(
    `SELECT ${columns} FROM outbox WHERE state = 'pending'${others} ORDER BY place LIMIT ?`,
    ...next.without.flatMap(({ topic, key }) => [topic, key]),
    next.size,
  )
}
