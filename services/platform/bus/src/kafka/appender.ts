import { type BusRecord, HubError, type Logger, type Time } from '@samband/kernel'
import { Partitioners, type Producer, type RecordMetadata, type TopicMessages } from 'kafkajs'
import type { BrokerDesk } from './broker-desk.ts'
import { createClient, type KafkaClient, QUICK_RETRY } from './client.ts'
import { within } from './deadline.ts'
import { isTooLarge, toBusError } from './errors.ts'
import { toMessage } from './records.ts'
import type { KafkaSettings, KafkaTuning } from './settings.ts'

/** Writes to the log. */
export interface Appender {
  /** Resolves when every record is acknowledged by all replicas in sync. Appends wait for each other. */
  append(records: readonly BusRecord[]): Promise<void>
  close(): Promise<void>
}

interface Connected {
  readonly client: KafkaClient
  readonly producer: Producer
}

/** The bytes a record takes beside key, value and headers; a generous guess. */
const RECORD_OVERHEAD_BYTES = 64

/**
 * The producing half of the bus: idempotent, acknowledged by all replicas in sync, one request at a time. After any failure the
 * producer is thrown away: kafkajs takes back the sequence numbers of a batch that failed, and if the broker has that batch after all,
 * it would take the next one with these numbers for a repetition and acknowledge it without writing it.
 *
 * The partition is chosen here, by Kafka's own default for keys (murmur2, as Java clients do), so that a retry inside kafkajs cannot
 * send a record elsewhere and the acknowledgements can be checked against what was sent: kafkajs leaves out a partition whose leader it
 * does not know, or whose leader moves to a broker that has answered already, and reports success.
 */
export function createAppender(
  settings: KafkaSettings,
  tuning: KafkaTuning,
  desk: BrokerDesk,
  time: Time,
  log: Logger,
): Appender {
  const choose = Partitioners.DefaultPartitioner()
  const partitionCounts = new Map<string, { readonly count: number; readonly readAtMs: number }>()
  let connected: Promise<Connected> | undefined
  let turn: Promise<unknown> = Promise.resolve()
  let isClosed = false

  async function connect(): Promise<Connected> {
    const client = createClient(settings, log)
    try {
      const producer = client.kafka.producer({
        idempotent: true,
        maxInFlightRequests: 1,
        allowAutoTopicCreation: false,
        metadataMaxAge: tuning.metadataMs,
        createPartitioner: Partitioners.DefaultPartitioner,
        retry: QUICK_RETRY,
      })
      await producer.connect()
      return { client, producer }
    } catch (error) {
      client.discard()
      throw error
    }
  }

  function throwAway(): void {
    const old = connected
    connected = undefined
    partitionCounts.clear()
    void old?.then(({ client }) => client.discard()).catch(() => {})
  }

  async function partitionCount(topic: string): Promise<number> {
    const known = partitionCounts.get(topic)
    if (known !== undefined && time.stopwatch.read() - known.readAtMs < tuning.metadataMs) return known.count
    const count = (await desk.topic(topic)).partitions.length
    partitionCounts.set(topic, { count, readAtMs: time.stopwatch.read() })
    return count
  }

  function partitionOf(record: BusRecord, count: number): number {
    const partitionMetadata = Array.from({ length: count }, (_, partitionId) => ({
      partitionId,
      partitionErrorCode: 0,
      leader: 0,
      replicas: [],
      isr: [],
    }))
    const message = { key: Buffer.from(record.key), value: null }
    return choose({ topic: record.topic, partitionMetadata, message })
  }

  async function send(records: readonly BusRecord[]): Promise<void> {
    const byTopic = new Map<string, Required<Pick<TopicMessages, 'messages'>>['messages']>()
    const expected = new Set<string>()
    // One count for the whole request: else a key could lie in two partitions of it, of which only the later one is written.
    const counts = new Map<string, number>()
    for (const { topic } of records) if (!counts.has(topic)) counts.set(topic, await partitionCount(topic))
    for (const record of records) {
      const partition = partitionOf(record, counts.get(record.topic) ?? 1)
      expected.add(`${record.topic} ${partition}`)
      byTopic.set(record.topic, [...(byTopic.get(record.topic) ?? []), toMessage(record, partition)])
    }
    const topicMessages = [...byTopic].map(([topic, messages]) => ({ topic, messages }))
    connected ??= connect()
    const { producer } = await connected
    checkAnswers(expected, await producer.sendBatch({ acks: -1, timeout: tuning.appendMs, topicMessages }))
  }

  async function sendOrThrowAway(records: readonly BusRecord[]): Promise<void> {
    try {
      await within(time.timers, tuning.appendMs, 'Kafka gave no answer to an append.', send(records))
    } catch (error) {
      throwAway()
      if (!isTooLarge(error)) throw toBusError(error, 'appending to the log')
      const [first, second] = records
      if (first === undefined || second !== undefined) return sendOneByOne(records)
      throw tooLarge(first, error)
    }
  }

  /** Together they were too large: the one that is so alone is named, and what stands before it is in the log. */
  async function sendOneByOne(records: readonly BusRecord[]): Promise<void> {
    for (const record of records) await sendOrThrowAway([record])
  }

  async function appendNow(records: readonly BusRecord[]): Promise<void> {
    if (isClosed) throw new HubError('BUS_UTILGJENGELIG', 'transient', 'The bus is closed.')
    for (const part of requestsOf(records, tuning)) await sendOrThrowAway(part)
  }

  return {
    append(records) {
      const mine = turn.then(() => appendNow(records))
      turn = mine.catch(() => {})
      return mine
    },
    async close() {
      isClosed = true
      await turn
      const last = await connected?.catch(() => undefined)
      connected = undefined
      if (last === undefined) return
      await within(time.timers, tuning.goodbyeMs, 'no goodbye', last.producer.disconnect()).catch(() => {})
      last.client.discard()
    },
  }
}

/**
 * Every partition that was sent to, as `topic partition`, has answered without an error.
 * @throws Error that names those that have not
 */
export function checkAnswers(expected: ReadonlySet<string>, answers: readonly RecordMetadata[]): void {
  const answered = new Set(
    answers.filter(({ errorCode }) => errorCode === 0).map(({ topicName, partition }) => `${topicName} ${partition}`),
  )
  const missing = [...expected].filter((one) => !answered.has(one))
  if (missing.length > 0) throw new Error(`No acknowledgement came for: ${missing.join(', ')}.`)
}

/** The records in their order, in parts that fit into one request. */
export function requestsOf(
  records: readonly BusRecord[],
  { batchSize, requestBytes }: Pick<KafkaTuning, 'batchSize' | 'requestBytes'>,
): readonly (readonly BusRecord[])[] {
  const parts: BusRecord[][] = []
  let bytes = 0
  for (const record of records) {
    const size = sizeOf(record)
    const last = parts.at(-1)
    if (last === undefined || last.length >= batchSize || bytes + size > requestBytes) {
      parts.push([record])
      bytes = size
    } else {
      last.push(record)
      bytes += size
    }
  }
  return parts
}

function sizeOf({ key, headers, value }: BusRecord): number {
  const texts = [key, ...Object.entries(headers).flat()].reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  return value.byteLength + texts + RECORD_OVERHEAD_BYTES
}

function tooLarge(record: BusRecord, cause: unknown): HubError {
  const { topic, key, headers, value } = record
  return new HubError(
    'BUS_MELDING_FOR_STOR',
    'permanent',
    `The record ${headers['ce_id'] ?? 'without ce_id'} with key ${key} is too large for topic ${topic}: ${value.byteLength} bytes. ` +
      'Raise max.message.bytes of the topic, or find out what made the event so large.',
    { cause },
  )
}
