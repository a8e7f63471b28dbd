import { type BusBatch, type BusPosition, causeId, HubError, type Store, type Tx } from '@samband/kernel'
import { type Envelope, fromHeaders } from '@samband/messages'
import type { Handler } from './define-handler.ts'
import { toHubError } from './failures.ts'
import { insertRow, laneLock, type NewRow } from './rows.ts'

/** Where a group stands, from the store and nowhere else (R5). */
export async function readPosition(
  store: Store,
  group: string,
  topic: string,
  partition: number,
): Promise<BusPosition | undefined> {
  return store.read('runtime.position', async (tx) => {
    const row = await tx.one<{ topic_identity: string; next_offset: number }>(
      'SELECT topic_identity, next_offset FROM bus_offset WHERE consumer_group = ? AND topic = ? AND part = ?',
      group,
      topic,
      partition,
    )
    return row === undefined ? undefined : { topicIdentity: row.topic_identity, nextOffset: row.next_offset }
  })
}

/**
 * Takes a batch into the inbox: rows and offset in one transaction (R5), and nothing else, so that one slow handler or one bad message
 * never blocks a partition. Returns the rows that are new.
 */
export async function ingestBatch(
  store: Store,
  group: string,
  handlers: readonly Handler[],
  batch: BusBatch,
  now: number,
): Promise<readonly Pick<NewRow, 'handler' | 'tenant'>[]> {
  const rows = batch.records.flatMap((record) => rowsOf(handlers, batch, record, now))
  return store.transaction('runtime.ingest', async (tx) => {
    await tx.lock(...rows.map(laneLock))
    await advance(tx, group, batch)
    const added: NewRow[] = []
    for (const row of rows) if (await insertRow(tx, row)) added.push(row)
    return added
  })
}

/** Moves the group's offset; never backwards, never over a gap. */
async function advance(tx: Tx, group: string, batch: BusBatch): Promise<void> {
  const first = batch.records[0]?.offset ?? batch.nextOffset
  const standing = await tx.one<{ next_offset: number }>(
    'SELECT next_offset FROM bus_offset WHERE consumer_group = ? AND topic = ? AND part = ?',
    group,
    batch.topic,
    batch.partition,
  )
  if (first > (standing?.next_offset ?? 0)) {
    throw new HubError(
      'BUS_HULL_I_LOGGEN',
      'permanent',
      `Group ${group} was handed offset ${first} of ${batch.topic} but stands at ${standing?.next_offset ?? 0}: records are missing in between.`,
    )
  }
  await tx.run(
    `INSERT INTO bus_offset (consumer_group, topic, part, topic_identity, next_offset) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (consumer_group, topic, part) DO UPDATE SET topic_identity = excluded.topic_identity,
       next_offset = CASE WHEN excluded.next_offset > bus_offset.next_offset THEN excluded.next_offset ELSE bus_offset.next_offset END`,
    group,
    batch.topic,
    batch.partition,
    batch.topicIdentity,
    batch.nextOffset,
  )
}

/** Two municipalities never wait for each other, also where their keys happen to be equal. */
function laneOf(envelope: Envelope, key: string): string {
  return `${envelope.tenant} ${key}`
}

/** The rows a record makes: one per handler that consumes it. A record that nobody can read makes one that is born parked. */
function rowsOf(
  handlers: readonly Handler[],
  batch: BusBatch,
  record: BusBatch['records'][number],
  now: number,
): NewRow[] {
  const headers = JSON.stringify(record.headers)
  const base = { topic: batch.topic, headers, value: record.value, now }
  let envelope: Envelope
  try {
    envelope = fromHeaders(record.headers)
  } catch (thrown) {
    const { error } = toHubError(thrown)
    const eventId = causeId(
      'unreadable',
      batch.topic,
      batch.topicIdentity,
      String(batch.partition),
      String(record.offset),
    )
    return [
      {
        ...base,
        handler: `inbox.${batch.topic}`,
        eventId,
        eventType: 'unreadable',
        lane: eventId,
        tenant: 'ukjent',
        acceptedId: undefined,
        unreadable: { code: error.code, message: error.message },
      },
    ]
  }
  return handlers
    .filter((handler) => handler.consumes.type === envelope.type)
    .flatMap((handler) => {
      const row = {
        ...base,
        handler: handler.name,
        eventId: envelope.id,
        eventType: envelope.type,
        lane: laneOf(envelope, envelope.partitionkey),
        tenant: envelope.tenant,
        acceptedId: envelope.correlationid,
      }
      try {
        const data = handler.consumes.parse(JSON.parse(new TextDecoder().decode(record.value)))
        return handler.accepts(data) ? [{ ...row, lane: laneOf(envelope, handler.lane(data) ?? envelope.id) }] : []
      } catch (thrown) {
        const error =
          thrown instanceof SyntaxError
            ? new HubError('EVENT_UGYLDIG_JSON', 'permanent', 'The data of the event is not JSON.')
            : toHubError(thrown).error
        return [{ ...row, unreadable: { code: error.code, message: error.message } }]
      }
    })
}
