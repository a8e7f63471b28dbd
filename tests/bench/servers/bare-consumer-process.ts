import kafkajs from 'kafkajs'
import { variable } from './process-of-a-course.ts'

/**
 * The least that a consumer can do: reads a topic from its beginning, looks at nothing and commits once per batch. Says how many records
 * a second that were, from the first batch on, and ends.
 */
const count = Number(variable('BENCH_COUNT'))
const topic = variable('BENCH_FROM')
const { Kafka, logLevel } = kafkajs
const kafka = new Kafka({ clientId: 'bench', brokers: [variable('BENCH_KAFKA')], logLevel: logLevel.NOTHING })
const consumer = kafka.consumer({ groupId: variable('BENCH_GROUP'), allowAutoTopicCreation: false })
const all = Promise.withResolvers<void>()
let startedMs: number | undefined
let read = 0

consumer.on(consumer.events.FETCH_START, () => {
  startedMs ??= performance.now()
})
consumer.on(consumer.events.CRASH, ({ payload }) => all.reject(payload.error))
await consumer.connect()
await consumer.subscribe({ topics: [topic], fromBeginning: true })
await consumer.run({
  autoCommit: false,
  eachBatch: async ({ batch }) => {
    const offset = String(Number(batch.lastOffset()) + 1)
    await consumer.commitOffsets([{ topic, partition: batch.partition, offset }])
    read += batch.messages.length
    if (read >= count) all.resolve()
  },
})
await all.promise
const seconds = (performance.now() - (startedMs ?? 0)) / 1000
process.stdout.write(`${JSON.stringify({ perSecond: read / seconds })}\n`)
await consumer.disconnect()
process.disconnect?.()
