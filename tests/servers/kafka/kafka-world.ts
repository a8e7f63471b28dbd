import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { createKafkaBus, type KafkaSettings, type KafkaTuning } from '@samband/bus/kafka'
import type { BusBatch, BusPosition, BusRecord, BusSubscription, EventBus } from '@samband/kernel'
import { realTime } from '@samband/process'
import { createKeptLog } from '@samband/runtime/testing'
import { type Admin, Kafka, logLevel, Partitioners, type Producer } from 'kafkajs'

/** Waits short enough for tests. */
export const QUICK: Partial<KafkaTuning> = {
  retryMs: 100,
  holdMs: 200,
  remakeMs: 100,
  remakeMostMs: 500,
  sessionMs: 6_000,
  heartbeatMs: 300,
  watchMs: 500,
  metadataMs: 1_000,
  goodbyeMs: 2_000,
}

const ANSWER_WITHIN_MS = 60_000
/** Longer than a round of fetching, retrying and watching with the waits above. */
const QUIET_MS = 1_200

/** Resolves when `condition` holds. Rejects, naming `what`, after a minute or the time that is given. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  withinMs = ANSWER_WITHIN_MS,
): Promise<void> {
  const deadline = performance.now() + withinMs
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`never came true: ${what}`)
    await sleep(20)
  }
}

/** Time for everything that is going to happen by itself. */
export const quiet = () => sleep(QUIET_MS)

/** Buses on a real broker, and a foreign client beside them. */
export async function openKafkaWorld(address: string) {
  const settings: KafkaSettings = { brokers: [address], clientId: 'samband-test' }
  const foreign = new Kafka({
    brokers: [address],
    clientId: 'foreign',
    logLevel: logLevel.NOTHING,
    retry: { retries: 20 },
  })
  const admin: Admin = foreign.admin()
  await admin.connect()
  const producers: Producer[] = []
  const buses: EventBus[] = []
  const log = createKeptLog()

  async function createTopic(topic: string, numPartitions: number): Promise<void> {
    // A topic that was just deleted is still being cleaned up for a moment.
    for (;;) {
      const wasMade = await admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: false })
      if (wasMade) break
      await sleep(50)
    }
    await until('the topic has leaders', async () => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] }).catch(() => ({ topics: [] }))
      return topics[0]?.partitions.length === numPartitions && topics[0].partitions.every(({ leader }) => leader >= 0)
    })
  }

  return {
    settings,
    log,
    foreign,
    admin,
    createTopic,
    bus(
      changes: { settings?: Partial<KafkaSettings>; tuning?: Partial<KafkaTuning>; partitions?: number } = {},
    ): EventBus {
      const bus = createKafkaBus({
        settings: { ...settings, ...changes.settings },
        time: realTime(),
        log,
        newTopics: { partitions: changes.partitions ?? 1, replicas: 1 },
        tuning: { ...QUICK, ...changes.tuning },
      })
      buses.push(bus)
      return bus
    },
    async producer(): Promise<Producer> {
      const producer = foreign.producer({ createPartitioner: Partitioners.DefaultPartitioner })
      await producer.connect()
      producers.push(producer)
      return producer
    },
    async remakeTopic(topic: string, numPartitions = 1): Promise<void> {
      await admin.deleteTopics({ topics: [topic] })
      await createTopic(topic, numPartitions)
    },
    topic: (name = 'topic') => `${name}-${randomUUID()}`,
    async dispose(): Promise<void> {
      await Promise.all(buses.map((bus) => bus.close()))
      await Promise.all([admin, ...producers].map((one) => one.disconnect()))
    },
  }
}

export type KafkaWorld = Awaited<ReturnType<typeof openKafkaWorld>>

/** What an inbox keeps, for any number of partitions and members: each record once per offset, and the position beside it. */
export function createInbox(topics: readonly string[]) {
  const positions = new Map<string, BusPosition>()
  const texts: string[] = []
  const batches: BusBatch[] = []
  const stopped: { topic: string; partition: number; code: string; message: string }[] = []
  const place = (topic: string, partition: number) => `${topic} ${partition}`
  let onDeliver: (batch: BusBatch) => Promise<void> = async () => {}

  return {
    positions,
    /** In order of arrival, without what had been taken before. */
    texts,
    batches,
    stopped,
    place,
    set onDeliver(hook: typeof onDeliver) {
      onDeliver = hook
    },
    subscription: (group: string): BusSubscription => ({
      group,
      topics,
      position: async (topic, partition) => positions.get(place(topic, partition)),
      deliver: async (batch) => {
        await onDeliver(batch)
        batches.push(batch)
        const at = place(batch.topic, batch.partition)
        const standing = positions.get(at)?.nextOffset ?? 0
        const [first] = batch.records
        if (first === undefined || first.offset > standing) throw new Error(`a gap: ${first?.offset} after ${standing}`)
        for (const record of batch.records)
          if (record.offset >= standing) texts.push(new TextDecoder().decode(record.value))
        positions.set(at, {
          topicIdentity: batch.topicIdentity,
          nextOffset: Math.max(standing, batch.nextOffset),
        })
      },
      stopped: (topic, partition, error) =>
        void stopped.push({
          topic,
          partition,
          code: (error as { code?: string }).code ?? error.name,
          message: error.message,
        }),
    }),
  }
}

/** A record of ours. */
export const record = (topic: string, value: string, key = value): BusRecord => ({
  topic,
  key,
  headers: { ce_id: value },
  value: new TextEncoder().encode(value),
})
