import type { Tx } from '@samband/kernel'

/** The counter that an event is counted by: one per group, topic, source and key. */
export interface Counter {
  readonly consumer_group: string
  readonly topic: string
  readonly source: string
  readonly record_key: string
}

/** An event with its number, as it is counted and as it is kept while it waits for the one before it. */
export interface NumberedEvent extends Counter {
  readonly event_id: string
  readonly part: number
  readonly sequence: number
  readonly tenant: string
  readonly accepted_id: string
  /** JSON. */
  readonly headers: string
  readonly value: Uint8Array
}

/** An event that waits outside the inbox. `place` is its order of arrival. */
export interface HeldEvent extends NumberedEvent {
  readonly place: number
  /** Wall milliseconds. */
  readonly held_at: number
}

const COUNTER = 'consumer_group = ? AND topic = ? AND source = ? AND record_key = ?'
const columnsOf = (counter: Counter) => [counter.consumer_group, counter.topic, counter.source, counter.record_key]

/** The number of the last event taken in; `undefined` while the key has not been counted. */
export async function lastTaken(tx: Tx, counter: Counter): Promise<number | undefined> {
  return (await tx.one<{ last: number }>(`SELECT last FROM sequence_read WHERE ${COUNTER}`, ...columnsOf(counter)))
    ?.last
}

/** Sets what counts as taken in: where counting begins in the middle, or goes on after a gap. */
export async function countFrom(tx: Tx, counter: Counter, last: number): Promise<void> {
  await tx.run(
    `INSERT INTO sequence_read (consumer_group, topic, source, record_key, last) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (consumer_group, topic, source, record_key) DO UPDATE SET last = excluded.last`,
    ...columnsOf(counter),
    last,
  )
}

/**
 * Whether it is the event's turn: nothing before it is missing. Then it counts as taken in. One statement for an event in its order; what came
 * before, such as a duplicate, is let through to the inbox, which knows it by its id. 0 is the number of a producer that does not count.
 */
export async function isNext(tx: Tx, event: NumberedEvent): Promise<boolean> {
  const { sequence } = event
  if (sequence === 0) return true
  if (sequence === 1) {
    await tx.run(
      `INSERT INTO sequence_read (consumer_group, topic, source, record_key, last) VALUES (?, ?, ?, ?, 1)
       ON CONFLICT (consumer_group, topic, source, record_key) DO NOTHING`,
      ...columnsOf(event),
    )
    return true
  }
  const counted = await tx.run(
    `UPDATE sequence_read SET last = ? WHERE ${COUNTER} AND last = ?`,
    sequence,
    ...columnsOf(event),
    sequence - 1,
  )
  return counted === 1 || sequence <= ((await lastTaken(tx, event)) ?? 0)
}

/** Nobody knows any more what was taken in: the offset has moved without counting. Every key is counted anew from where it is met. */
export async function forgetCounts(tx: Tx, group: string, topic: string): Promise<void> {
  await tx.run('DELETE FROM sequence_read WHERE consumer_group = ? AND topic = ?', group, topic)
}

/** Whether anything of a topic waits at all; nearly always it does not. */
export async function isAnyHeld(tx: Tx, group: string, topic: string): Promise<boolean> {
  const found = await tx.one(
    'SELECT 1 AS found FROM held_event WHERE consumer_group = ? AND topic = ? LIMIT 1',
    group,
    topic,
  )
  return found !== undefined
}

/** Whether an event of the same key and partition waits: then what comes after it, of whatever source, waits behind it. */
export async function isBehindHeld(tx: Tx, event: NumberedEvent): Promise<boolean> {
  const found = await tx.one(
    'SELECT 1 AS found FROM held_event WHERE consumer_group = ? AND topic = ? AND record_key = ? AND part = ? LIMIT 1',
    event.consumer_group,
    event.topic,
    event.record_key,
    event.part,
  )
  return found !== undefined
}

/** Keeps an event until it is its turn. Safe to repeat: an event that waits already is left where it is. */
export async function hold(tx: Tx, event: NumberedEvent, now: number): Promise<void> {
  await tx.run(
    `INSERT INTO held_event (consumer_group, event_id, place, topic, part, source, record_key, sequence, tenant, accepted_id, headers, value, held_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (consumer_group, event_id) DO NOTHING`,
    event.consumer_group,
    event.event_id,
    await tx.next('inbox_place'),
    event.topic,
    event.part,
    event.source,
    event.record_key,
    event.sequence,
    event.tenant,
    event.accepted_id,
    event.headers,
    event.value,
    now,
  )
}

/** One event that waits, or `undefined` when it does not any more. */
export async function readHeld(tx: Tx, group: string, eventId: string): Promise<HeldEvent | undefined> {
  return tx.one<HeldEvent>('SELECT * FROM held_event WHERE consumer_group = ? AND event_id = ?', group, eventId)
}

/** Takes an event out of those that wait. */
export async function letGo(tx: Tx, event: NumberedEvent): Promise<void> {
  await tx.run('DELETE FROM held_event WHERE consumer_group = ? AND event_id = ?', event.consumer_group, event.event_id)
}

/**
 * Lets every event of a key go whose turn it is, the first of each partition first, and hands each to `take`. Events of one partition never
 * overtake each other, whatever their sources.
 */
export async function letFollow(
  tx: Tx,
  { consumer_group, topic, record_key }: Omit<Counter, 'source'>,
  take: (event: HeldEvent) => Promise<void>,
): Promise<void> {
  const waiting = await tx.all<Pick<HeldEvent, 'event_id' | 'part'>>(
    'SELECT event_id, part FROM held_event WHERE consumer_group = ? AND topic = ? AND record_key = ? ORDER BY place',
    consumer_group,
    topic,
    record_key,
  )
  const queues = new Map<number, string[]>()
  for (const { event_id, part } of waiting) queues.set(part, [...(queues.get(part) ?? []), event_id])
  let hasMoved = true
  while (hasMoved) {
    hasMoved = false
    for (const queue of queues.values()) {
      for (let first = queue[0]; first !== undefined; first = queue[0]) {
        const event = await readHeld(tx, consumer_group, first)
        if (event !== undefined && !(await isNext(tx, event))) break
        queue.shift()
        hasMoved = true
        if (event === undefined) continue
        await letGo(tx, event)
        await take(event)
      }
    }
  }
}
