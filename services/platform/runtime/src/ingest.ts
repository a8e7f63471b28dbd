import { type BusBatch, type BusPosition, causeId, HubError, type Store, type Tx } from '@samband/kernel'
import { type Envelope, fromHeaders, fromSequence } from '@samband/messages'
import type { Handler } from './define-handler.ts'
import { forgetCounts, hold, isAnyHeld, isBehindHeld, isNext, letFollow, type NumberedEvent } from './event-order.ts'
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

/** What came of a batch. */
export interface Ingested {
  /** The rows that are new. */
  readonly added: readonly Pick<NewRow, 'handler' | 'tenant'>[]
  /** How many events wait for the one before them. */
  readonly held: number
}

/**
 * Takes a batch into the inbox: rows and offset in one transaction (R5), and nothing else, so that one slow handler or one bad message
 * never blocks a partition. An event whose predecessor has not been taken in yet is accepted with the others, and held (R7).
 */
export async function ingestBatch(
  store: Store,
  group: string,
  handlers: readonly Handler[],
  batch: BusBatch,
  now: number,
): Promise<Ingested> {
  const arrivals = batch.records.map((record) => arrivalOf(group, handlers, batch, record, now))
  return store.transaction('runtime.ingest', async (tx) => {
    await tx.lock(...arrivals.flatMap(({ rows }) => rows.map(laneLock)))
    await advance(tx, group, batch)
    const added: NewRow[] = []
    const keys = new Set<string>()
    let anyHeld = await isAnyHeld(tx, group, batch.topic)
    let held = 0
    for (const { rows, event } of arrivals) {
      const waits = event !== undefined && ((anyHeld && (await isBehindHeld(tx, event))) || !(await isNext(tx, event)))
      if (event !== undefined) keys.add(event.record_key)
      if (waits) {
        await hold(tx, event, now)
        anyHeld = true
        held += 1
      } else added.push(...(await insertRows(tx, rows)))
    }
    if (anyHeld) {
      for (const record_key of keys)
        await letFollow(tx, { consumer_group: group, topic: batch.topic, record_key }, async (event) => {
          added.push(...(await admit(tx, handlers, event, now)))
        })
    }
    return { added, held }
  })
}

/** Makes the rows of an event that has waited. Returns those that are new. */
export async function admit(
  tx: Tx,
  handlers: readonly Handler[],
  event: NumberedEvent,
  now: number,
  parked?: NewRow['parked'],
): Promise<readonly NewRow[]> {
  const envelope = fromHeaders(JSON.parse(event.headers) as Record<string, string>)
  const rows = rowsOf(handlers, envelope, { topic: event.topic, headers: event.headers, value: event.value, now })
  await tx.lock(...rows.map(laneLock))
  return insertRows(tx, parked === undefined ? rows : rows.map((row) => ({ parked, ...row })))
}

async function insertRows(tx: Tx, rows: readonly NewRow[]): Promise<readonly NewRow[]> {
  const added: NewRow[] = []
  for (const row of rows) if (await insertRow(tx, row)) added.push(row)
  return added
}

/** Moves the group's offset; never backwards, never over a gap. What others have moved uncounted is not counted on. */
async function advance(tx: Tx, group: string, batch: BusBatch): Promise<void> {
  const first = batch.records[0]?.offset ?? batch.nextOffset
  const standing = await tx.one<{ next_offset: number; counted_to: number | null }>(
    'SELECT next_offset, counted_to FROM bus_offset WHERE consumer_group = ? AND topic = ? AND part = ?',
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
  if (standing !== undefined && standing.counted_to !== standing.next_offset) await forgetCounts(tx, group, batch.topic)
  const nextOffset = Math.max(batch.nextOffset, standing?.next_offset ?? 0)
  await tx.run(
    `INSERT INTO bus_offset (consumer_group, topic, part, topic_identity, next_offset, counted_to) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (consumer_group, topic, part) DO UPDATE SET topic_identity = excluded.topic_identity,
       next_offset = excluded.next_offset, counted_to = excluded.counted_to`,
    group,
    batch.topic,
    batch.partition,
    batch.topicIdentity,
    nextOffset,
    nextOffset,
  )
}

/** Two municipalities never wait for each other, also where their keys happen to be equal. */
function laneOf(envelope: Envelope, key: string): string {
  return `${envelope.tenant} ${key}`
}

/** What a record leads to. Without `event` nobody can read it, and it has no number. */
interface Arrival {
  readonly rows: readonly NewRow[]
  readonly event?: NumberedEvent
}

function arrivalOf(
  group: string,
  handlers: readonly Handler[],
  batch: BusBatch,
  record: BusBatch['records'][number],
  now: number,
): Arrival {
  const base = { topic: batch.topic, headers: JSON.stringify(record.headers), value: record.value, now }
  let envelope: Envelope
  try {
    envelope = fromHeaders(record.headers)
  } catch (thrown) {
    return { rows: [unreadable(base, batch, record.offset, thrown)] }
  }
  const event = {
    consumer_group: group,
    topic: batch.topic,
    source: envelope.source,
    record_key: envelope.partitionkey,
    event_id: envelope.id,
    part: batch.partition,
    sequence: fromSequence(envelope.sequence),
    tenant: envelope.tenant,
    accepted_id: envelope.correlationid,
    headers: base.headers,
    value: record.value,
  }
  return { rows: rowsOf(handlers, envelope, base), event }
}

type RowBase = Pick<NewRow, 'topic' | 'headers' | 'value' | 'now'>

/** The row of a record that nobody can read: born parked. */
function unreadable(base: RowBase, batch: BusBatch, offset: number, thrown: unknown): NewRow {
  const { error } = toHubError(thrown)
  const eventId = causeId('unreadable', batch.topic, batch.topicIdentity, String(batch.partition), String(offset))
  return {
    ...base,
    handler: `inbox.${batch.topic}`,
    eventId,
    eventType: 'unreadable',
    lane: eventId,
    tenant: 'ukjent',
    acceptedId: undefined,
    parked: { code: error.code, message: error.message },
  }
}

/** The rows an event makes: one per handler that consumes it. */
function rowsOf(handlers: readonly Handler[], envelope: Envelope, base: RowBase): NewRow[] {
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
        const data = handler.consumes.parse(JSON.parse(new TextDecoder().decode(base.value)))
        return handler.accepts(data) ? [{ ...row, lane: laneOf(envelope, handler.lane(data) ?? envelope.id) }] : []
      } catch (thrown) {
        const error =
          thrown instanceof SyntaxError
            ? new HubError('EVENT_UGYLDIG_JSON', 'permanent', 'The data of the event is not JSON.')
            : toHubError(thrown).error
        return [{ ...row, parked: { code: error.code, message: error.message } }]
      }
    })
}
