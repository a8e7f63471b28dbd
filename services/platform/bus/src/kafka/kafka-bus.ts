import type { BusConsumer, EventBus, Logger, Time } from '@samband/kernel'
import { createAppender } from './appender.ts'
import { createBrokerDesk } from './broker-desk.ts'
import { startGroupReader } from './group-reader.ts'
import { DEFAULT_TUNING, type KafkaSettings, type KafkaTuning } from './settings.ts'

/** What the Kafka bus is built from. */
export interface KafkaBusOptions {
  readonly settings: KafkaSettings
  readonly time: Time
  readonly log: Logger
  /** How `ensureTopics` makes a topic that is missing; -1 leaves it to the broker. In production the command for topics has made them. */
  readonly newTopics?: { readonly partitions: number; readonly replicas: number }
  readonly tuning?: Partial<KafkaTuning>
}

/** The durable log on Apache Kafka. It connects when it is first used, and again for as long as it takes. */
export function createKafkaBus({ settings, time, log, newTopics, ...rest }: KafkaBusOptions): EventBus {
  const tuning: KafkaTuning = { ...DEFAULT_TUNING, ...rest.tuning }
  const desk = createBrokerDesk(settings, time, log)
  const appender = createAppender(settings, tuning, desk, time, log)
  const consumers = new Set<BusConsumer>()
  let isClosed = false

  return {
    async ensureTopics(topics) {
      const known = await desk.topics(topics)
      const { partitions = -1, replicas = -1 } = newTopics ?? {}
      const missing = topics.filter((topic) => !known.has(topic))
      if (missing.length === 0) return
      await desk.create(missing.map((topic) => ({ topic, numPartitions: partitions, replicationFactor: replicas })))
    },
    append: (records) => appender.append(records),
    async consume(subscription) {
      const consumer = startGroupReader({ settings, tuning, subscription, desk, time, log })
      consumers.add(consumer)
      return consumer
    },
    async ends(topic) {
      const { identity } = await desk.topic(topic)
      const ranges = await desk.ranges(topic)
      return ranges.map(({ partition, endOffset }) => ({ partition, topicIdentity: identity, endOffset }))
    },
    outside: {
      identities: async (topics) =>
        new Map([...(await desk.topics(topics))].map(([topic, { identity }]) => [topic, identity])),
      shown: (group, topic) => desk.shown(group, topic),
    },
    async close() {
      if (isClosed) return
      isClosed = true
      await Promise.all([...consumers].map((consumer) => consumer.stop()))
      await appender.close()
      await desk.close()
    },
  }
}
