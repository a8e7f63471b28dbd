import {
  type BusBatch,
  type BusConsumer,
  type BusRecord,
  type BusSubscription,
  type EventBus,
  HubError,
  type IdSource,
  type Store,
  sleep,
  type Time,
  type Tx,
} from '@samband/kernel'

/** What the embedded bus is built from. */
export interface EmbeddedBusOptions {
  readonly store: Store
  readonly time: Time
  readonly ids: IdSource
  /** How often a consumer looks by itself; appends of this process wake it at once. */
  readonly pollMs?: number
  /** Most records in one batch. */
  readonly batchSize?: number
}

interface TopicRow {
  identity: string
  end_offset: number
}

interface LogRow {
  log_offset: number
  record_key: string
  headers: string
  value: Uint8Array
}

/** The embedded log has one partition per topic. */
const ONLY_PARTITION = 0
const RETRY_MS = 500

/**
 * The durable log of the embedded mode, in tables of the store. An append is acknowledged by the commit that holds it.
 * Consumers read in order from the position their own store gives; several groups are independent.
 */
export function createEmbeddedBus({ store, time, ids, pollMs = 1000, batchSize = 200 }: EmbeddedBusOptions): EventBus {
  const sleepers = new Set<() => void>()
  const consumers = new Set<BusConsumer>()

  function wakeConsumers(): void {
    for (const wake of [...sleepers]) wake()
  }

  async function topicRow(tx: Tx, topic: string): Promise<TopicRow> {
    const row = await tx.one<TopicRow>('SELECT identity, end_offset FROM bus_topic WHERE topic = ?', topic)
    if (row === undefined) {
      throw new HubError(
        'BUS_TOPIC_FINNES_IKKE',
        'permanent',
        `There is no topic ${topic}: call ensureTopics at start.`,
      )
    }
    return row
  }

  async function append(records: readonly BusRecord[]): Promise<void> {
    if (records.length === 0) return
    await store.transaction('bus.append', async (tx) => {
      const ends = new Map<string, number>()
      for (const record of records) {
        const end = ends.get(record.topic) ?? (await topicRow(tx, record.topic)).end_offset
        await tx.run(
          'INSERT INTO bus_log (topic, log_offset, record_key, headers, value) VALUES (?, ?, ?, ?, ?)',
          record.topic,
          end,
          record.key,
          JSON.stringify(record.headers),
          record.value,
        )
        ends.set(record.topic, end + 1)
      }
      for (const [topic, end] of ends) await tx.run('UPDATE bus_topic SET end_offset = ? WHERE topic = ?', end, topic)
    })
    wakeConsumers()
  }

  /** The next batch after the group's position, or `undefined` at the end of the log. Throws what must stop the consumer. */
  async function nextBatch(subscription: BusSubscription, topic: string): Promise<BusBatch | undefined> {
    const position = await subscription.position(topic, ONLY_PARTITION)
    return store.read('bus.read', async (tx) => {
      const { identity, end_offset } = await topicRow(tx, topic)
      if (position !== undefined && position.topicIdentity !== identity) {
        throw new HubError(
          'BUS_ANNEN_TOPIC',
          'permanent',
          `Topic ${topic} was made anew since group ${subscription.group} read it: decide by hand where to go on.`,
        )
      }
      const from = position?.nextOffset ?? 0
      if (from > end_offset) {
        throw new HubError(
          'BUS_FORBI_SLUTTEN',
          'permanent',
          `Group ${subscription.group} is at offset ${from} of ${topic}, whose log ends at ${end_offset}: part of the log is missing.`,
        )
      }
      if (from === end_offset) return undefined
      const rows = await tx.all<LogRow>(
        'SELECT log_offset, record_key, headers, value FROM bus_log WHERE topic = ? AND log_offset >= ? ORDER BY log_offset LIMIT ?',
        topic,
        from,
        batchSize,
      )
      if (rows[0]?.log_offset !== from) {
        throw new HubError(
          'BUS_HULL_I_LOGGEN',
          'permanent',
          `Group ${subscription.group} is at offset ${from} of ${topic}, which is no longer in the log: records are missing in between.`,
        )
      }
      const records = rows.map((row) => ({
        topic,
        key: row.record_key,
        headers: headersOf(topic, row),
        value: row.value,
        offset: row.log_offset,
      }))
      return {
        topic,
        partition: ONLY_PARTITION,
        topicIdentity: identity,
        records,
        nextOffset: (rows.at(-1)?.log_offset ?? from - 1) + 1,
      }
    })
  }

  /** Reads one topic until stopped. */
  async function follow(subscription: BusSubscription, topic: string, signal: AbortSignal): Promise<void> {
    let missedWake = false
    const wakeUp = () => {
      missedWake = true
    }
    sleepers.add(wakeUp)
    try {
      while (!signal.aborted) {
        missedWake = false
        let batch: BusBatch | undefined
        try {
          batch = await nextBatch(subscription, topic)
          if (batch !== undefined && !signal.aborted) await subscription.deliver(batch)
          subscription.round?.(topic, ONLY_PARTITION)
        } catch (error) {
          if (error instanceof HubError && error.disposition === 'permanent') {
            subscription.stopped(topic, ONLY_PARTITION, error)
            return
          }
          subscription.round?.(topic, ONLY_PARTITION, error)
          await sleep(time.timers, RETRY_MS, signal).catch(() => {})
          continue
        }
        if (batch === undefined && !missedWake && !signal.aborted) await waitForAppend(signal)
      }
    } finally {
      sleepers.delete(wakeUp)
    }
  }

  function waitForAppend(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        sleepers.delete(done)
        signal.removeEventListener('abort', done)
        cancel()
        resolve()
      }
      const cancel = time.timers.after(pollMs, done)
      sleepers.add(done)
      signal.addEventListener('abort', done, { once: true })
    })
  }

  return {
    async ensureTopics(topics) {
      const missing = await store.read('bus.topics', async (tx) => {
        const known = new Set((await tx.all<{ topic: string }>('SELECT topic FROM bus_topic')).map((row) => row.topic))
        return topics.filter((topic) => !known.has(topic))
      })
      if (missing.length === 0) return
      await store.transaction('bus.create-topics', async (tx) => {
        for (const topic of missing) {
          await tx.run(
            'INSERT INTO bus_topic (topic, identity, end_offset) VALUES (?, ?, 0) ON CONFLICT (topic) DO NOTHING',
            topic,
            ids.uuid(),
          )
        }
      })
    },
    append,
    async consume(subscription) {
      const stopping = new AbortController()
      const loops = subscription.topics.map((topic) => follow(subscription, topic, stopping.signal))
      const consumer: BusConsumer = {
        async stop() {
          stopping.abort()
          await Promise.all(loops)
          consumers.delete(consumer)
        },
      }
      consumers.add(consumer)
      return consumer
    },
    ends: (topic) =>
      store.read('bus.ends', async (tx) => {
        const { identity, end_offset } = await topicRow(tx, topic)
        return [{ partition: ONLY_PARTITION, topicIdentity: identity, endOffset: end_offset }]
      }),
    async close() {
      await Promise.all([...consumers].map((consumer) => consumer.stop()))
    },
  }
}

/** What cannot be read today cannot be read tomorrow: a damaged row stops the reading instead of being tried for ever. */
function headersOf(topic: string, row: LogRow): Record<string, string> {
  try {
    return JSON.parse(row.headers)
  } catch (error) {
    throw damaged(topic, row.log_offset, error)
  }
}

function damaged(topic: string, offset: number, cause: unknown): HubError {
  const message = `The record at offset ${offset} of ${topic} is damaged: stop, keep the file, and restore the newest backup.`
  return new HubError('BUS_ODELAGT_RAD', 'permanent', message, { cause })
}
