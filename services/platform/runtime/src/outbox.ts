import { causeId, HubError, isoInstant, type Tx } from '@samband/kernel'
import { type EventDefinition, toHeaders, toSequence } from '@samband/messages'

/** An event on its way into the outbox. */
export interface OutgoingEvent {
  readonly id: string
  readonly definition: EventDefinition<unknown, never>
  readonly data: unknown
  readonly source: string
  readonly subject: string
  readonly tenant: string
  readonly correlationId: string
  readonly causationId: string | undefined
  readonly traceparent: string | undefined
  /** Wall milliseconds. */
  readonly time: number
}

/** Most bytes of data in one event: below what a Kafka broker takes by default. */
const MOST_BYTES = 900_000

/**
 * Writes an event into the outbox, in the transaction of what it tells (R2). An event whose id stands there already is the same
 * one, told again by a re-run: nothing is written (R4). The place is given under a lock of the topic's key that is held until the commit,
 * so that per key the order of places, in which the relay publishes, is the order of commits (R3).
 */
export async function writeEvent(tx: Tx, event: OutgoingEvent): Promise<void> {
  const known = await tx.one('SELECT 1 AS found FROM outbox WHERE event_id = ?', event.id)
  if (known !== undefined) return
  const data = event.definition.write(event.data as never)
  const key = event.definition.partitionKey(data as never)
  const value = Buffer.from(JSON.stringify(data))
  if (value.length > MOST_BYTES) {
    throw new HubError(
      'EVENT_FOR_STOR',
      'permanent',
      `An event of type ${event.definition.type} has ${value.length} bytes; at most ${MOST_BYTES} are allowed.`,
    )
  }
  await tx.lock(`key:${event.definition.topic}:${key}`)
  const sequence = await tx.one<{ last: number }>(
    `INSERT INTO event_sequence (source, record_key, last) VALUES (?, ?, 1)
     ON CONFLICT (source, record_key) DO UPDATE SET last = event_sequence.last + 1 RETURNING last`,
    event.source,
    key,
  )
  const headers = toHeaders({
    specversion: '1.0',
    id: event.id,
    type: event.definition.type,
    source: event.source,
    subject: event.subject,
    time: isoInstant(event.time),
    datacontenttype: 'application/json',
    tenant: event.tenant,
    partitionkey: key,
    sequence: toSequence(sequence?.last ?? 1),
    correlationid: event.correlationId,
    causationid: event.causationId,
    traceparent: event.traceparent,
  })
  await tx.run(
    "INSERT INTO outbox (event_id, topic, record_key, headers, value, accepted_id, state, recorded_at) VALUES (?, ?, ?, ?, ?, ?, 'pending', ?)",
    event.id,
    event.definition.topic,
    key,
    JSON.stringify(headers),
    value,
    event.correlationId,
    event.time,
  )
}

/** The id of an event that a handler publishes: from the causing event, the handler and a name, never per run (R4). */
export function publishedEventId(causeEventId: string, handler: string, name: string): string {
  return causeId('event', causeEventId, handler, name)
}
