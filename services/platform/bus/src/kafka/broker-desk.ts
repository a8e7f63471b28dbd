import { HubError, type Logger, sleep, type Time } from '@samband/kernel'
import type { Admin, ITopicConfig } from 'kafkajs'
import { createClient, type KafkaClient, QUICK_RETRY } from './client.ts'
import { toBusError } from './errors.ts'
import type { KafkaSettings } from './settings.ts'
import { createMetadataSource, type MetadataSource, type TopicFacts } from './topic-metadata.ts'

/** First and next offset of a partition's log. */
export interface LogRange {
  readonly partition: number
  readonly lowOffset: number
  readonly endOffset: number
}

interface Connected {
  readonly client: KafkaClient
  readonly admin: Admin
  readonly metadata: MetadataSource
}

const SERVED_WAIT_MS = 50
const SERVED_TRIES = 200
const SHOWN_WAIT_MS = 500
const SHOWN_TRIES = 10

/**
 * Questions to the cluster, and the making of topics. After any failure its client is thrown away, since an admin of kafkajs that has
 * once asked for a topic keeps failing when that topic is deleted. Everything it throws is a HubError.
 */
export interface BrokerDesk {
  /** Facts by topic; a topic that does not exist is absent. */
  topics(names: readonly string[]): Promise<ReadonlyMap<string, TopicFacts>>
  /** @throws HubError BUS_TOPIC_FINNES_IKKE (permanent) */
  topic(name: string): Promise<TopicFacts>
  ranges(topic: string): Promise<readonly LogRange[]>
  /** The offsets that a group has shown, by partition. A cluster that has just been made takes some seconds to have a place for them. */
  shown(group: string, topic: string): Promise<ReadonlyMap<number, number>>
  /** Makes topics and returns when each partition is served. One that exists already is left as it is. */
  create(topics: readonly ITopicConfig[]): Promise<void>
  /** Something else that kafkajs's admin can do. */
  ask<Answer>(doing: string, question: (admin: Admin) => Promise<Answer>): Promise<Answer>
  close(): Promise<void>
}

/** Makes a desk. It connects when it is first asked. */
export function createBrokerDesk(settings: KafkaSettings, time: Time, log: Logger): BrokerDesk {
  let connected: Promise<Connected> | undefined

  async function connect(): Promise<Connected> {
    const client = createClient(settings, log)
    try {
      const admin = client.kafka.admin({ retry: QUICK_RETRY })
      await admin.connect()
      return { client, admin, metadata: createMetadataSource(client.kafka) }
    } catch (error) {
      client.discard()
      throw error
    }
  }

  async function use<Answer>(doing: string, work: (one: Connected) => Promise<Answer>): Promise<Answer> {
    connected ??= connect()
    const mine = connected
    try {
      return await work(await mine)
    } catch (error) {
      if (connected === mine) connected = undefined
      void mine.then(({ client }) => client.discard()).catch(() => {})
      throw toBusError(error, doing)
    }
  }

  const topics = (names: readonly string[]) => use('looking up topics', ({ metadata }) => metadata.topics(names))

  async function ranges(topic: string): Promise<readonly LogRange[]> {
    const offsets = await use(`reading the ends of ${topic}`, ({ admin }) => admin.fetchTopicOffsets(topic))
    return offsets
      .map(({ partition, low, high }) => ({ partition, lowOffset: Number(low), endOffset: Number(high) }))
      .sort((a, b) => a.partition - b.partition)
  }

  /** A leader that is named may itself not know of it yet, so its log is asked for as well. */
  async function isServed(topic: string): Promise<boolean> {
    const facts = (await topics([topic])).get(topic)
    if (facts === undefined || !facts.partitions.every(({ hasLeader }) => hasLeader)) return false
    return ranges(topic).then(
      (found) => found.length === facts.partitions.length,
      () => false,
    )
  }

  async function waitUntilServed(topic: string): Promise<void> {
    for (let left = SERVED_TRIES; left > 0; left--) {
      if (await isServed(topic)) return
      await sleep(time.timers, SERVED_WAIT_MS)
    }
    throw new HubError('BUS_UTILGJENGELIG', 'transient', `Topic ${topic} was made but is not served yet.`)
  }

  return {
    topics,
    async topic(name) {
      const facts = (await topics([name])).get(name)
      if (facts === undefined)
        throw new HubError(
          'BUS_TOPIC_FINNES_IKKE',
          'permanent',
          `There is no topic ${name}: call ensureTopics at start, or make it with the command for topics.`,
        )
      return facts
    },
    ranges,
    async shown(group, topic) {
      for (let left = SHOWN_TRIES; ; left--) {
        try {
          const answers = await use(`reading what group ${group} has shown`, ({ admin }) =>
            admin.fetchOffsets({ groupId: group, topics: [topic] }),
          )
          const partitions = answers.flatMap((answer) => answer.partitions)
          return new Map(
            partitions.flatMap(({ partition, offset }) => (Number(offset) < 0 ? [] : [[partition, Number(offset)]])),
          )
        } catch (error) {
          if (left === 0 || !(error instanceof HubError) || error.disposition !== 'transient') throw error
          await sleep(time.timers, SHOWN_WAIT_MS)
        }
      }
    },
    async create(wanted) {
      // One by one: kafkajs reports a topic that exists as an error for all of them.
      for (const topic of wanted)
        await use(`making topic ${topic.topic}`, ({ admin }) =>
          // Waiting for leaders is done here: that of kafkajs fails now and then on a topic which was made.
          admin.createTopics({ topics: [topic], waitForLeaders: false }),
        )
      for (const { topic } of wanted) await waitUntilServed(topic)
    },
    ask: (doing, question) => use(doing, ({ admin }) => question(admin)),
    async close() {
      const last = await connected?.catch(() => undefined)
      connected = undefined
      if (last === undefined) return
      await Promise.allSettled([last.admin.disconnect(), last.metadata.disconnect()])
      last.client.discard()
    },
  }
}
