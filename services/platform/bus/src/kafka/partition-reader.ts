import { type BusRecord, type BusSubscription, HubError, type Logger, sleep, type Time } from '@samband/kernel'
import type { BrokerDesk } from './broker-desk.ts'
import type { KafkaTuning } from './settings.ts'

/** What a partition of one assignment may ask of the consumer that feeds it. */
export interface Feed {
  /** The next fetch begins at `offset`. */
  goTo(offset: number): void
  pause(): void
}

/** Records as they were fetched, in order. */
export interface Fetched {
  readonly records: readonly (BusRecord & { readonly offset: number })[]
  /** The last offset that was fetched, also where kafkajs withholds what stands there: markers and remains of transactions. */
  readonly lastOffset: number
}

/** One partition during one assignment. */
export interface PartitionReader {
  readonly topic: string
  readonly partition: number
  /** Takes what was fetched. Resolves when it is delivered, or when delivering takes so long that the partition is paused meanwhile. */
  take(fetched: Fetched): Promise<void>
  /** Records were fetched and withheld by kafkajs: markers and remains of transactions. */
  withheld(offset: number): void
  /** No further delivery starts. Resolves when none is under way. */
  end(): Promise<void>
  /** Where it stands, once it reads; `undefined` before and after. */
  standing(): { readonly nextOffset: number; readonly isBusy: boolean; readonly movedAtMs: number } | undefined
  /** The watchdog has seen that there is nothing to read. */
  touch(): void
}

/** What a partition reader works with. */
export interface PartitionReaderOptions {
  readonly topic: string
  readonly partition: number
  readonly subscription: BusSubscription
  readonly desk: BrokerDesk
  readonly feed: Feed
  readonly time: Time
  readonly log: Logger
  readonly tuning: KafkaTuning
  /** Resolves when an earlier assignment has nothing of this partition under way. */
  readonly after: Promise<void>
  /** Told once, when the partition cannot go on by itself. */
  stopped(error: HubError): void
  /** Told of every try that failed, before the next one. */
  failed(error: unknown): void
  /** The owner of the subscription failed to answer: its store cannot be reached, or it cannot take what it is given. */
  unanswered(): void
  /** Records were delivered, or there are none to deliver. */
  worked(): void
}

/**
 * Reads one partition from where the store says (R5). It trusts nothing that kafkajs believes of positions: what arrives must follow
 * directly on what was delivered, or the store is asked again. Whatever cannot be explained stops it; it never jumps.
 */
export function createPartitionReader(options: PartitionReaderOptions): PartitionReader {
  const { topic, partition, subscription, desk, feed, time, log, tuning } = options
  const ending = new AbortController()
  let state: 'starting' | 'reading' | 'stopped' = 'starting'
  let identity = ''
  let nextOffset = 0
  let movedAtMs = time.stopwatch.read()
  let work: Promise<void> = options.after
  let isBusy = false
  /** A gap was seen and the fetch sent back once: the next gap is real. */
  let sentBack = false

  function stop(error: HubError): void {
    state = 'stopped'
    feed.pause()
    options.stopped(error)
  }

  /** Does `step` until it succeeds, the assignment ends, or it says "never". */
  async function persist(doing: string, step: () => Promise<void>): Promise<void> {
    while (!ending.signal.aborted) {
      try {
        return await step()
      } catch (error) {
        if (ending.signal.aborted) return
        if (error instanceof Never) return stop(error.reason)
        const { code, defect } = describe(error)
        log.warn('a partition waits and tries again', { topic, partition, reason: doing, code, defect })
        options.failed(error)
        await sleep(time.timers, tuning.retryMs, ending.signal).catch(() => {})
      }
    }
  }

  /** Asks the store where to go on, and checks that the log still has it. */
  async function settle(): Promise<void> {
    const position = await ask(() => subscription.position(topic, partition))
    const facts = await desk.topic(topic)
    const range = (await desk.ranges(topic)).find((one) => one.partition === partition)
    if (range === undefined)
      throw new HubError('BUS_UTILGJENGELIG', 'transient', `Partition ${partition} has no offsets.`)
    if (position !== undefined && position.topicIdentity !== facts.identity) throw new Never(anotherTopic())
    const from = position?.nextOffset ?? 0
    if (from > range.endOffset) throw new Never(beyondTheEnd(from, range.endOffset))
    if (from < range.lowOffset) throw new Never(hole(from, range.lowOffset))
    if (ending.signal.aborted) return
    identity = facts.identity
    nextOffset = from
    movedAtMs = time.stopwatch.read()
    state = 'reading'
    if (from === range.endOffset) options.worked()
    feed.goTo(from)
  }

  function restart(): void {
    feed.pause()
    state = 'starting'
    work = work.then(() => persist('finding its position', settle))
  }

  /** The topic is the one the assignment began with. Asked after the fetch, so what was fetched is of that topic too: ids never come back. */
  async function checkIdentity(): Promise<void> {
    const facts = await desk.topic(topic)
    if (facts.identity !== identity) throw new Never(anotherTopic())
  }

  /** What the owner of the subscription answers; its permanent errors mean "never". */
  async function ask<Answer>(question: () => Promise<Answer>): Promise<Answer> {
    try {
      return await question()
    } catch (error) {
      if (error instanceof HubError && error.disposition === 'permanent') throw new Never(error, { cause: error })
      if (!ending.signal.aborted) options.unanswered()
      throw error
    }
  }

  async function deliverAll(records: Fetched['records']): Promise<void> {
    for (let at = 0; at < records.length && state === 'reading' && !ending.signal.aborted; at += tuning.batchSize) {
      const part = records.slice(at, at + tuning.batchSize)
      const after = nextOffset + part.length
      await persist('delivering', async () => {
        await checkIdentity()
        if (ending.signal.aborted) return
        await ask(() =>
          subscription.deliver({ topic, partition, topicIdentity: identity, records: part, nextOffset: after }),
        )
        nextOffset = after
        movedAtMs = time.stopwatch.read()
        options.worked()
      })
    }
  }

  async function isDoneWithin(ms: number, job: Promise<void>): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const cancel = time.timers.after(ms, () => resolve(false))
    void job.then(() => resolve(true))
    return promise.finally(cancel)
  }

  const name = `Group ${subscription.group}`
  const where = `partition ${partition} of ${topic}`

  function anotherTopic(): HubError {
    return new HubError(
      'BUS_ANNEN_TOPIC',
      'permanent',
      `Topic ${topic} was made anew since group ${subscription.group} read it: decide by hand where to go on.`,
    )
  }

  function beyondTheEnd(from: number, end: number): HubError {
    return new HubError(
      'BUS_FORBI_SLUTTEN',
      'permanent',
      `${name} is at offset ${from} of ${where}, whose log ends at ${end}: part of the log is missing.`,
    )
  }

  function hole(from: number, next: number): HubError {
    return new HubError(
      'BUS_HULL_I_LOGGEN',
      'permanent',
      `${name} is at offset ${from} of ${where}, where the next record is ${next}: what stands between was deleted by retention or ` +
        'compaction, or belongs to a transaction. Decide by hand where to go on.',
    )
  }

  restart()

  return {
    topic,
    partition,
    async take({ records, lastOffset }) {
      if (state !== 'reading' || isBusy || ending.signal.aborted) return
      const fresh = records.filter(({ offset }) => offset >= nextOffset)
      const gapAt = fresh.findIndex(({ offset }, at) => offset !== nextOffset + at)
      const whole = gapAt === -1 ? fresh : fresh.slice(0, gapAt)
      if (whole.length === 0) {
        if (gapAt === 0 && sentBack) return stop(hole(nextOffset, fresh[0]?.offset ?? lastOffset))
        sentBack = gapAt === 0
        return restart()
      }
      sentBack = false
      isBusy = true
      work = deliverAll(whole).finally(() => {
        isBusy = false
      })
      const isQuick = await isDoneWithin(tuning.holdMs, work)
      const isTrailed = gapAt === -1 && lastOffset >= (whole.at(-1)?.offset ?? lastOffset) + 1
      if (isQuick && gapAt === -1 && !isTrailed) return
      feed.pause()
      work = work.then(() => {
        if (state !== 'reading' || ending.signal.aborted) return
        if (isTrailed) stop(hole(nextOffset, lastOffset + 1))
        else feed.goTo(nextOffset)
      })
    },
    withheld(offset) {
      if (state === 'reading' && !isBusy && offset >= nextOffset) stop(hole(nextOffset, offset + 1))
    },
    async end() {
      ending.abort()
      await work
    },
    standing: () => (state === 'reading' ? { nextOffset, isBusy, movedAtMs } : undefined),
    touch() {
      movedAtMs = time.stopwatch.read()
    },
  }
}

/** Ends a partition, where any other error is a reason to try again. */
class Never extends Error {
  readonly reason: HubError
  constructor(reason: HubError, options?: ErrorOptions) {
    super(reason.message, options)
    this.reason = reason
  }
}

function describe(error: unknown): { readonly code: string; readonly defect: boolean } {
  if (error instanceof HubError) return { code: error.code, defect: false }
  return { code: error instanceof Error ? error.name : 'unknown', defect: true }
}
