import type { Logger, Time } from '@samband/kernel'
import type { Consumer } from 'kafkajs'
import { createClient, PATIENT_RETRY } from './client.ts'
import { within } from './deadline.ts'
import type { Fetched } from './partition-reader.ts'
import { fromMessage } from './records.ts'
import type { KafkaSettings, KafkaTuning } from './settings.ts'

/** Partitions by topic. */
export type Assignment = Readonly<Record<string, readonly number[]>>

/** One consumer of kafkajs, from joining the group until it is thrown away. */
export interface Member {
  /** Resolves with the reason when it has ended by itself or was ended by `fail`; never rejects. */
  readonly ended: Promise<Error>
  /** When it last heard from the group's coordinator, by stopwatch. */
  lastSignMs(): number
  /** The next fetch of the partition begins at `offset`, and it is fetched again if it was paused. */
  goTo(topic: string, partition: number, offset: number): void
  pause(topic: string, partition: number): void
  resume(topic: string, partition: number): void
  /** Shows positions to the broker, for tools that display the lag and for a start that compares them with its store. No position rests on it. */
  show(positions: readonly { topic: string; partition: number; offset: number }[]): Promise<void>
  fail(reason: Error): void
  /** Leaves the group if that is quickly done; cuts the sockets in any case. */
  leave(): Promise<void>
}

/** What a member is made from. */
export interface MemberOptions {
  readonly settings: KafkaSettings
  readonly tuning: KafkaTuning
  readonly time: Time
  readonly log: Logger
  readonly group: string
  readonly topics: readonly string[]
  /** A new assignment; everything of the one before is over. Nothing is fetched until `goTo`. */
  assigned(assignment: Assignment): void
  fetched(topic: string, partition: number, fetched: Fetched): Promise<void>
  /** A fetch from a broker begins, or has ended with everything in it decoded. */
  fetching(node: string, phase: 'begun' | 'fetched'): void
  /** kafkajs withheld what was fetched, up to `offset`: markers and remains of transactions. */
  withheld(topic: string, partition: number, offset: number): void
}

/** Partitions that are delivered side by side. Each is held for a moment only, so a large number costs nothing. */
const SIDE_BY_SIDE = 100

/** Makes a consumer and lets it join. */
export function joinGroup(options: MemberOptions): Member {
  const { settings, tuning, time, log, group } = options
  const client = createClient(settings, log, PATIENT_RETRY)
  const { promise: ended, resolve: end } = Promise.withResolvers<Error>()
  let lastSignMs = time.stopwatch.read()
  let isOver = false
  void ended.then(() => {
    isOver = true
  })

  const consumer: Consumer = client.kafka.consumer({
    groupId: group,
    allowAutoTopicCreation: false,
    sessionTimeout: tuning.sessionMs,
    heartbeatInterval: tuning.heartbeatMs,
    rebalanceTimeout: tuning.rebalanceMs,
    maxWaitTimeInMs: tuning.maxWaitMs,
    metadataMaxAge: tuning.metadataMs,
    // A crashed consumer is not patched up but made anew, by the group reader.
    retry: { ...PATIENT_RETRY, restartOnFailure: async () => false },
  })

  const sign = () => {
    lastSignMs = time.stopwatch.read()
  }
  consumer.on(consumer.events.HEARTBEAT, sign)
  consumer.on(consumer.events.CRASH, ({ payload }) => end(payload.error))
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    sign()
    if (isOver) return
    // Before the first fetch: kafkajs would begin where the broker's commit is.
    const assignment = payload.memberAssignment as Assignment
    consumer.pause(Object.entries(assignment).map(([topic, partitions]) => ({ topic, partitions: [...partitions] })))
    options.assigned(assignment)
  })
  consumer.on(consumer.events.FETCH_START, ({ payload }) => options.fetching(String(payload.nodeId), 'begun'))
  consumer.on(consumer.events.FETCH, ({ payload }) => options.fetching(String(payload.nodeId), 'fetched'))
  consumer.on(consumer.events.START_BATCH_PROCESS, ({ payload: { topic, partition, batchSize, lastOffset } }) => {
    if (batchSize === 0 && !isOver) options.withheld(topic, partition, Number(lastOffset))
  })

  async function run(): Promise<void> {
    await consumer.connect()
    // From the beginning: where kafkajs falls back to a default of its own, it must never be the newest.
    await consumer.subscribe({ topics: [...options.topics], fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      partitionsConsumedConcurrently: SIDE_BY_SIDE,
      eachBatch: async ({ batch }) => {
        if (isOver) return
        const records = batch.messages.map((message) => fromMessage(batch.topic, message))
        await options.fetched(batch.topic, batch.partition, { records, lastOffset: Number(batch.lastOffset()) })
      },
    })
  }
  run().catch((error: unknown) => end(error instanceof Error ? error : new Error(String(error))))

  return {
    ended,
    lastSignMs: () => lastSignMs,
    goTo(topic, partition, offset) {
      if (isOver) return
      consumer.seek({ topic, partition, offset: String(offset) })
      consumer.resume([{ topic, partitions: [partition] }])
    },
    pause(topic, partition) {
      if (!isOver) consumer.pause([{ topic, partitions: [partition] }])
    },
    resume(topic, partition) {
      if (!isOver) consumer.resume([{ topic, partitions: [partition] }])
    },
    show: (positions) =>
      consumer.commitOffsets(positions.map(({ offset, ...place }) => ({ ...place, offset: String(offset) }))),
    fail: end,
    async leave() {
      end(new Error('The consumer was told to leave.'))
      isOver = true
      await within(time.timers, tuning.goodbyeMs, 'No goodbye.', consumer.disconnect()).catch(() => {})
      client.discard()
    },
  }
}
