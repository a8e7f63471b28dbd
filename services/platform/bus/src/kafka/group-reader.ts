import { type BusConsumer, type BusSubscription, HubError, type Logger, sleep, type Time } from '@samband/kernel'
import type { BrokerDesk } from './broker-desk.ts'
import { within } from './deadline.ts'
import { isUndecodable, toBusError } from './errors.ts'
import { type Assignment, joinGroup, type Member, type MemberOptions } from './member.ts'
import { createOneAtATime, type OneAtATime } from './one-at-a-time.ts'
import { createPartitionReader, type PartitionReader } from './partition-reader.ts'
import type { KafkaSettings, KafkaTuning } from './settings.ts'

/** What a group reader works with. */
export interface GroupReaderOptions {
  readonly settings: KafkaSettings
  readonly tuning: KafkaTuning
  readonly subscription: BusSubscription
  readonly desk: BrokerDesk
  readonly time: Time
  readonly log: Logger
  /** Makes the consumer; another one in tests. */
  readonly join?: (options: MemberOptions) => Member
}

/**
 * Reads for a group until stopped. A consumer of kafkajs that crashes, falls silent or stands still is thrown away with its sockets
 * and made anew; since positions are the store's, nothing hangs on the old one.
 */
export function startGroupReader(options: GroupReaderOptions): BusConsumer {
  const { settings, tuning, subscription, desk, time, join: makeMember = joinGroup } = options
  const { group, topics } = subscription
  const log = options.log.with({ group })
  const stopping = new AbortController()
  const readers = new Map<string, PartitionReader>()
  /** What earlier assignments still have under way, by partition. */
  const underWay = new Map<string, Promise<void>>()
  /** Partitions that cannot go on by themselves; they wait for a person, over all assignments. */
  const stopped = new Set<string>()
  /** What failed and has not worked since: partitions, and topics as a whole. */
  const failing = new Map<string, { readonly topic: string; readonly partition: number | undefined }>()
  /** Since when the owner of the subscription has answered nothing, by stopwatch. */
  let unansweredSinceMs: number | undefined
  let hasJoined = false
  /** Partitions are fetched one at a time, until each has been tried. */
  let isCareful = false
  let gate: OneAtATime | undefined

  const placeOf = (topic: string, partition: number | undefined) => `${topic} ${partition ?? ''}`

  function endReaders(): void {
    for (const [place, reader] of readers) underWay.set(place, reader.end())
    readers.clear()
  }

  function stop(topic: string, partition: number, error: HubError): void {
    const place = placeOf(topic, partition)
    stopped.add(place)
    gate?.leave(place)
    log.error('a partition is stopped until a person decides', { topic, partition, code: error.code })
    subscription.stopped(topic, partition, error)
  }

  function failed(topic: string, partition: number | undefined, error: unknown): void {
    failing.set(placeOf(topic, partition), { topic, partition })
    subscription.round?.(topic, partition, error)
  }

  /** `place` works, or all do; and with it what failed and is not ours to read any more. */
  function worked(place?: string): void {
    unansweredSinceMs = undefined
    for (const [one, { topic, partition }] of failing) {
      if (place !== undefined && one !== place && readers.has(one)) continue
      failing.delete(one)
      subscription.round?.(topic, partition)
    }
  }

  /** A member that cannot hand over what it reads keeps it from those that could. */
  function unanswered(member: Member): void {
    const now = time.stopwatch.read()
    unansweredSinceMs ??= now
    if (now - unansweredSinceMs >= tuning.leaveMs) member.fail(new OwnerAway())
  }

  function assign(member: Member, assignment: Assignment): void {
    hasJoined = true
    unansweredSinceMs = undefined
    endReaders()
    if (stopping.signal.aborted) return
    const places = Object.entries(assignment)
      .flatMap(([topic, partitions]) =>
        partitions.map((partition) => ({ topic, partition, place: placeOf(topic, partition) })),
      )
      .filter(({ place }) => !stopped.has(place))
    log.info('the consumer has its partitions', { count: places.length })
    gate = isCareful ? careful(places.map(({ place }) => place)) : undefined
    for (const { topic, partition, place } of places) {
      const pause = () => member.pause(topic, partition)
      const goTo = (offset: number) => {
        const go = () => member.goTo(topic, partition, offset)
        if (gate === undefined) go()
        else gate.enter(place, { go, hold: pause, resume: () => member.resume(topic, partition) })
      }
      const after = underWay.get(place) ?? Promise.resolve()
      const reader = createPartitionReader({
        ...{ topic, partition, subscription, desk, time, log, tuning, after },
        feed: { goTo, pause },
        stopped: (error) => stop(topic, partition, error),
        failed: (error) => failed(topic, partition, error),
        unanswered: () => unanswered(member),
        worked: () => worked(place),
      })
      readers.set(place, reader)
    }
  }

  function careful(places: readonly string[]): OneAtATime {
    return createOneAtATime(places, () => {
      isCareful = false
      gate = undefined
    })
  }

  /** The consumer met bytes that it cannot decode: the next one reads carefully, and a partition that ended it alone is stopped. */
  function blame(reason: Error): void {
    const place = gate?.onTrial()
    isCareful = true
    const reader = place === undefined ? undefined : readers.get(place)
    if (reader === undefined) return
    const { topic, partition } = reader
    stop(
      topic,
      partition,
      new HubError(
        'BUS_KAN_IKKE_LESES',
        'permanent',
        `Group ${group} cannot decode what stands in partition ${partition} of ${topic} from offset ${reader.standing()?.nextOffset} on ` +
          `(${reason.name}): somebody else wrote it, or it is damaged.`,
        { cause: reason },
      ),
    )
  }

  function join(): Member {
    hasJoined = false
    const member: Member = makeMember({
      settings,
      tuning,
      time,
      log,
      group,
      topics,
      assigned: (assignment) => assign(member, assignment),
      fetched: async (topic, partition, fetched) => readers.get(placeOf(topic, partition))?.take(fetched),
      fetching: (node, phase) => gate?.[phase](node),
      withheld: (topic, partition, offset) => readers.get(placeOf(topic, partition))?.withheld(offset),
    })
    return member
  }

  /** Looks at the consumer now and then, until it has ended. */
  async function watch(member: Member, over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      await sleep(time.timers, tuning.watchMs, over).catch(() => {})
      if (over.aborted) return
      const now = time.stopwatch.read()
      if (now - member.lastSignMs() > tuning.silentMs) return member.fail(new Error('no heartbeat for too long'))
      const stalled = await findStalled(now).catch(() => undefined)
      if (stalled !== undefined && !over.aborted) return member.fail(new Error('lag but no progress'))
      if (failing.size > 0 && (await isAtTheEnd().catch(() => false)) && !over.aborted) worked()
      await show(member)
    }
  }

  /** A partition that is read, has more to read, and has not moved for long. One whose delivery takes long is not kafkajs's fault. */
  async function findStalled(now: number): Promise<PartitionReader | undefined> {
    for (const reader of readers.values()) {
      const standing = reader.standing()
      if (standing === undefined || standing.isBusy || now - standing.movedAtMs <= tuning.stalledMs) continue
      const range = (await desk.ranges(reader.topic)).find(({ partition }) => partition === reader.partition)
      if (range !== undefined && (range.endOffset > standing.nextOffset || range.lowOffset > standing.nextOffset))
        return reader
      reader.touch()
    }
    return undefined
  }

  /** Everything that this member is to read has been read. */
  async function isAtTheEnd(): Promise<boolean> {
    if (!hasJoined) return false
    for (const [place, reader] of readers) {
      if (stopped.has(place)) continue
      const range = (await desk.ranges(reader.topic)).find(({ partition }) => partition === reader.partition)
      if (range === undefined || reader.standing()?.nextOffset !== range.endOffset) return false
    }
    return true
  }

  /** Resolves when the owner of the subscription answers: until then others of the group read. */
  async function untilAnswered(): Promise<void> {
    const [topic = ''] = topics
    while (!stopping.signal.aborted) {
      try {
        await subscription.position(topic, 0)
        return
      } catch (error) {
        if (error instanceof HubError && error.disposition === 'permanent') return
        failed(topic, undefined, error)
        await sleep(time.timers, tuning.remakeMostMs, stopping.signal).catch(() => {})
      }
    }
  }

  async function show(member: Member, shown: Iterable<PartitionReader> = readers.values()): Promise<void> {
    const positions = [...shown].flatMap(({ topic, partition, standing }) => {
      const offset = standing()?.nextOffset
      return offset === undefined ? [] : [{ topic, partition, offset }]
    })
    if (positions.length === 0) return
    await within(time.timers, tuning.goodbyeMs, 'No answer.', member.show(positions)).catch(() => {
      log.debug('positions could not be shown to the broker')
    })
  }

  async function run(): Promise<void> {
    let delayMs = tuning.remakeMs
    while (!stopping.signal.aborted) {
      const member = join()
      const over = new AbortController()
      const watching = watch(member, over.signal)
      const stop = () => over.abort()
      stopping.signal.addEventListener('abort', stop, { once: true })
      const reason = await Promise.race([member.ended, aborted(over.signal)])
      over.abort()
      stopping.signal.removeEventListener('abort', stop)
      await watching
      if (reason !== undefined && isUndecodable(reason)) blame(reason)
      gate = undefined
      const last = [...readers.values()]
      endReaders()
      if (reason === undefined) {
        await Promise.all(underWay.values())
        await show(member, last)
        await member.leave()
        return
      }
      await member.leave()
      const isAway = reason instanceof OwnerAway
      if (hasJoined && !isAway) delayMs = tuning.remakeMs
      const error = toBusError(reason, 'reading the log')
      log.error('the consumer ended and is made anew', { code: error.code, reason: reason.message, delayMs })
      if (!isAway) for (const topic of topics) failed(topic, undefined, error)
      await sleep(time.timers, delayMs, stopping.signal).catch(() => {})
      if (isAway) await untilAnswered()
      delayMs = Math.min(delayMs * 2, tuning.remakeMostMs)
    }
    await Promise.all(underWay.values())
  }

  const running = run()
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}

/** Why a member leaves that cannot hand over what it reads. */
class OwnerAway extends Error {
  constructor() {
    super('the store has answered nothing for too long')
  }
}

/** Resolves when `signal` is aborted. */
function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined)
    else signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
}
