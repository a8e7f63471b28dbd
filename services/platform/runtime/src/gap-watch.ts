import type { EventBus, Logger, Store, Time, Tx } from '@samband/kernel'
import { type Alarm, raiseAlarm } from './alarms.ts'
import type { Handler } from './define-handler.ts'
import { countFrom, type HeldEvent, lastTaken, letFollow, letGo, readHeld } from './event-order.ts'
import { admit } from './ingest.ts'
import type { NewRow } from './rows.ts'
import type { Standstills } from './standstills.ts'

/** What the watch over held events is built from. */
export interface GapWatchOptions {
  readonly store: Store
  readonly bus: EventBus
  readonly time: Time
  readonly log: Logger
  readonly standstills: Standstills
  readonly group: string
  readonly handlers: readonly Handler[]
  /** Rows were added to the inbox. */
  readonly added: (rows: readonly Pick<NewRow, 'handler' | 'tenant'>[]) => void
}

/** How often held events are looked at, and how often it is looked for those that another replica left behind, where there are others. */
const LOOK_MS = 1_000
const IDLE_MS = 30_000
const IDLE_ALONE_MS = 60 * 60_000
/** A gap that has not closed after this is an alarm. */
const PATIENCE_MS = 5 * 60_000
/** Most heads of queues in one look, the oldest first. */
const MOST = 1_000

/** The first held event of a key in a partition, as this process has seen it. */
interface Sighting {
  readonly topic: string
  /** The ends of the topic's partitions when it was first seen: whatever was written before it lies below them. */
  readonly ends: readonly { readonly partition: number; readonly endOffset: number }[]
  /** By stopwatch. */
  readonly sinceMs: number
  /** Everything below the ends has been read, and events are missing. */
  isGap: boolean
}

/** What became of a held event that nothing older can come before any more. */
type Settled = 'not yet' | 'gap' | { readonly added: readonly NewRow[]; readonly alarm?: Alarm }

/**
 * Watches what ingestion holds (R7). An event is written only after the log has acknowledged the one before, so once everything that stood in the
 * log when it came has been read, what is missing before it will not come. Where the group has counted its key, that is a gap: after five minutes
 * the event is put into the inbox parked, where it holds its lanes, with an alarm. Where nobody counted (the key is met in the middle: older
 * events were read by a release that did not count, or are gone by retention), counting begins with it.
 */
export function createGapWatch({ store, bus, time, log, standstills, group, handlers, added }: GapWatchOptions) {
  const seen = new Map<string, Sighting>()
  /** Topics whose overdue events have been told of. */
  const told = new Set<string>()
  let loop: Promise<void> | undefined
  let stopping = false
  let missedWake = false
  let wakeUp: (() => void) | undefined

  async function look(): Promise<'idle' | 'busy'> {
    const heads = await store.read('runtime.held', (tx) =>
      tx.all<Pick<HeldEvent, 'event_id' | 'topic'>>(
        `SELECT event_id, topic FROM held_event WHERE consumer_group = ?
           AND place IN (SELECT MIN(place) FROM held_event WHERE consumer_group = ? GROUP BY topic, record_key, part) ORDER BY place LIMIT ${MOST}`,
        group,
        group,
      ),
    )
    const standing = new Set(heads.map(({ event_id }) => event_id))
    for (const eventId of [...seen.keys()]) if (!standing.has(eventId)) seen.delete(eventId)
    if (heads.length === 0) {
      told.clear()
      return 'idle'
    }
    await sight(heads)
    const positions = await readPositions()
    for (const [eventId, sighting] of seen) await judge(eventId, sighting, positions)
    await tellOverdue(positions)
    return 'busy'
  }

  async function sight(heads: readonly Pick<HeldEvent, 'event_id' | 'topic'>[]): Promise<void> {
    const fresh = heads.filter(({ event_id }) => !seen.has(event_id))
    for (const topic of new Set(fresh.map((head) => head.topic))) {
      const ends = await bus.ends(topic)
      const sinceMs = time.stopwatch.read()
      for (const head of fresh)
        if (head.topic === topic) seen.set(head.event_id, { topic, ends, sinceMs, isGap: false })
    }
  }

  async function readPositions(): Promise<ReadonlyMap<string, number>> {
    const rows = await store.read('runtime.positions', (tx) =>
      tx.all<{ topic: string; part: number; next_offset: number }>(
        'SELECT topic, part, next_offset FROM bus_offset WHERE consumer_group = ?',
        group,
      ),
    )
    return new Map(rows.map(({ topic, part, next_offset }) => [`${topic} ${part}`, next_offset]))
  }

  const isRead = ({ topic, ends }: Sighting, positions: ReadonlyMap<string, number>) =>
    ends.every(({ partition, endOffset }) => (positions.get(`${topic} ${partition}`) ?? 0) >= endOffset)
  const isOverdue = ({ sinceMs }: Sighting) => time.stopwatch.read() - sinceMs >= PATIENCE_MS

  async function judge(eventId: string, sighting: Sighting, positions: ReadonlyMap<string, number>): Promise<void> {
    if (!isRead(sighting, positions) || (sighting.isGap && !isOverdue(sighting))) return
    const settled = await store.transaction('runtime.gap', (tx) => settle(tx, eventId, isOverdue(sighting)))
    if (settled === 'not yet') return
    if (settled === 'gap') {
      sighting.isGap = true
      return
    }
    seen.delete(eventId)
    if (settled.alarm !== undefined) log.error('a gap in the numbers of a key: a person has to look', { eventId })
    added(settled.added)
    wake()
  }

  async function settle(tx: Tx, eventId: string, isLate: boolean): Promise<Settled> {
    const event = await readHeld(tx, group, eventId)
    if (event === undefined) return { added: [] }
    if (await hasEarlierHeld(tx, event)) return 'not yet'
    const now = time.clock.now()
    const last = await lastTaken(tx, event)
    const isGap = last !== undefined && event.sequence > last + 1 && !(await isUncounted(tx, event.topic))
    if (isGap && !isLate) return 'gap'
    const rows: NewRow[] = []
    let alarm: Alarm | undefined
    if (!isGap) await countFrom(tx, event, Math.max(event.sequence - 1, last ?? 0))
    else {
      alarm = gapAlarm(event, last, now)
      await raiseAlarm(tx, alarm)
      await letGo(tx, event)
      await countFrom(tx, event, event.sequence)
      rows.push(...(await admit(tx, handlers, event, now, { code: 'RUNTIME_HULL_I_REKKEN', message: alarm.sentence })))
    }
    await letFollow(tx, event, async (next) => void rows.push(...(await admit(tx, handlers, next, now))))
    return { added: rows, ...(alarm === undefined ? {} : { alarm }) }
  }

  /** One with a smaller number of the same counter waits as well, in another partition: that one is settled first. */
  async function hasEarlierHeld(tx: Tx, event: HeldEvent): Promise<boolean> {
    const found = await tx.one(
      'SELECT 1 AS found FROM held_event WHERE consumer_group = ? AND topic = ? AND record_key = ? AND source = ? AND sequence < ? LIMIT 1',
      group,
      event.topic,
      event.record_key,
      event.source,
      event.sequence,
    )
    return found !== undefined
  }

  /** A release that does not count has a partition of this topic, or had it last: what it took in is in no counter. */
  async function isUncounted(tx: Tx, topic: string): Promise<boolean> {
    const found = await tx.one(
      'SELECT 1 AS found FROM bus_offset WHERE consumer_group = ? AND topic = ? AND next_offset <> COALESCE(counted_to, -1) LIMIT 1',
      group,
      topic,
    )
    return found !== undefined
  }

  /** What waits for long because partitions are not read is told once per topic, not per key. */
  async function tellOverdue(positions: ReadonlyMap<string, number>): Promise<void> {
    const overdue = [...seen.values()].filter((one) => isOverdue(one) && !isRead(one, positions))
    for (const topic of new Set(overdue.map((one) => one.topic))) {
      if (told.has(topic)) continue
      const sentence =
        `Messages of topic ${topic} have waited for over five minutes: older ones lie in partitions that group ${group} has not read to where they ended then. ` +
        'They go on by themselves when it has; see whether its reading has stopped.'
      await store.transaction('runtime.alarm', (tx) =>
        raiseAlarm(tx, { kind: 'sequence-gap', at: time.clock.now(), sentence }),
      )
      log.warn('messages wait for older ones in partitions that are not read', { topic, count: overdue.length })
      told.add(topic)
    }
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

  function wake(): void {
    missedWake = true
    wakeUp?.()
  }

  async function run(): Promise<void> {
    while (!stopping) {
      missedWake = false
      let napMs = LOOK_MS
      try {
        if ((await look()) === 'idle') napMs = store.exclusive ? IDLE_ALONE_MS : IDLE_MS
        standstills.worked('letting held messages go')
      } catch (error) {
        standstills.failed('letting held messages go', error)
        await rest(LOOK_MS)
        continue
      }
      if (!missedWake && !stopping) await rest(napMs)
    }
  }

  return {
    start(): void {
      loop ??= run()
    },
    /** Something was held: it is looked at at once. */
    wake,
    /** Resolves when nothing is under way. What is held stays held. */
    async stop(): Promise<void> {
      stopping = true
      wakeUp?.()
      await loop
    },
  }
}

function gapAlarm(event: HeldEvent, last: number, at: number): Alarm {
  const missing = event.sequence === last + 2 ? `Number ${last + 1}` : `Numbers ${last + 1} to ${event.sequence - 1}`
  return {
    kind: 'sequence-gap',
    at,
    tenant: event.tenant,
    acceptedId: event.accepted_id,
    sentence:
      `${missing} of source ${event.source} did not come before number ${event.sequence} of the same key, though all that stood in topic ${event.topic} was read. ` +
      'Find out what became of it. A replay lets this message go on without it, a discard gives it up.',
  }
}
