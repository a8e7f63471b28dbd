import { setTimeout as sleep } from 'node:timers/promises'
import { HubError } from '@samband/kernel'
import kafkajs, { CompressionTypes } from 'kafkajs'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { findKafka } from '../../support/servers/kafka.ts'
import { withServer } from '../../support/servers/missing.ts'
import { createInbox, type KafkaWorld, openKafkaWorld, quiet, record, until } from './kafka-world.ts'

withServer('reading from Kafka', await findKafka(), (kafka) => {
  afterAll(() => kafka.release())

  let world: KafkaWorld
  let topic: string
  beforeEach(async () => {
    world = await openKafkaWorld(kafka.address)
    topic = world.topic()
  })
  /** Releases deliveries that a test held, also when it failed: closing a bus waits for them. */
  let releases: (() => void)[] = []
  afterEach(async () => {
    for (const release of releases) release()
    releases = []
    await world.dispose()
  })

  function hold() {
    const { promise, resolve } = Promise.withResolvers<void>()
    releases.push(resolve)
    return { promise, resolve }
  }

  /** As retention does. kafkajs needs an admin that has just looked the topic up. */
  async function deleteBefore(offset: number): Promise<void> {
    const admin = world.foreign.admin()
    await admin.connect()
    await admin.fetchTopicOffsets(topic)
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(offset) }] })
    await admin.disconnect()
  }

  const numbered = (count: number, from = 0) =>
    Array.from({ length: count }, (_, at) => record(topic, `r-${from + at}`, `key-${(from + at) % 7}`))
  const texts = (count: number) => Array.from({ length: count }, (_, at) => `r-${at}`).sort()

  describe('several partitions and members', () => {
    test('every partition is read, and records with equal key lie in one of them, where a Java client would put them', async () => {
      const bus = world.bus({ partitions: 5 })
      await bus.ensureTopics([topic])
      const inbox = createInbox([topic])
      await bus.consume(inbox.subscription('group'))
      await bus.append(numbered(70))
      await until('all came', () => inbox.texts.length === 70)

      expect([...inbox.texts].sort()).toEqual(texts(70))
      const partitionOf = new Map<string, number>()
      for (const { partition, records } of inbox.batches)
        for (const { key } of records)
          expect(partitionOf.set(key, partitionOf.get(key) ?? partition).get(key)).toBe(partition)
      expect(new Set(partitionOf.values()).size).toBeGreaterThan(1)
      const producer = await world.producer()
      const [foreign] = await producer.send({ topic, messages: [{ key: 'key-3', value: 'foreign' }] })
      expect(foreign?.partition).toBe(partitionOf.get('key-3'))
    })

    test('members that join and leave under traffic lose nothing, and no position is taken twice', async () => {
      const buses = [world.bus({ partitions: 6 }), world.bus(), world.bus(), world.bus()] as const
      await buses[0].ensureTopics([topic])
      const inbox = createInbox([topic])
      let sent = 0
      let isOver = false
      const traffic = (async () => {
        while (!isOver) {
          await buses[0].append(numbered(10, sent))
          sent += 10
          await sleep(10)
        }
      })()
      const first = await buses[1].consume(inbox.subscription('group'))
      await until('the first member reads', () => inbox.texts.length > 50)
      const second = await buses[2].consume(inbox.subscription('group'))
      await sleep(1_500)
      await first.stop()
      const third = await buses[3].consume(inbox.subscription('group'))
      await sleep(1_500)
      await second.stop()
      await sleep(500)
      isOver = true
      await traffic
      await until('all came', () => inbox.texts.length >= sent)
      await quiet()
      await third.stop()

      expect(inbox.texts.length).toBe(sent)
      expect([...inbox.texts].sort()).toEqual(texts(sent))
      expect(inbox.stopped).toEqual([])
    })

    test('a partition whose delivery takes long does not hold up the others', async () => {
      const bus = world.bus({ partitions: 4 })
      await bus.ensureTopics([topic])
      const inbox = createInbox([topic])
      const held = hold()
      let heldPartition: number | undefined
      inbox.onDeliver = async ({ partition }) => {
        heldPartition ??= partition
        if (partition === heldPartition) await held.promise
      }
      await bus.consume(inbox.subscription('group'))
      await bus.append(numbered(28))
      await until('one is held', () => heldPartition !== undefined)
      await sleep(500)
      await bus.append(numbered(28, 28))
      await until('the others go on', () => inbox.batches.length >= 4)

      expect(inbox.batches.some(({ partition }) => partition === heldPartition)).toBe(false)
      held.resolve()
      await until('all came', () => inbox.texts.length === 56)
      expect([...inbox.texts].sort()).toEqual(texts(56))
    })

    test('a permanent error stops its partition only', async () => {
      const bus = world.bus({ partitions: 4 })
      await bus.ensureTopics([topic])
      const inbox = createInbox([topic])
      inbox.onDeliver = async ({ records }) => {
        if (records.some(({ key }) => key === 'key-3')) throw new HubError('X_NEVER', 'permanent', 'No.')
      }
      await bus.consume(inbox.subscription('group'))
      await bus.append([record(topic, 'r-0', 'key-3')])
      await until('it stopped', () => inbox.stopped.length > 0)
      await bus.append(numbered(70))
      const stoppedPartition = inbox.stopped[0]?.partition
      await until('the others came', async () => {
        const ends = await bus.ends(topic)
        const others = ends.filter(({ partition }) => partition !== stoppedPartition)
        return inbox.texts.length === others.reduce((sum, { endOffset }) => sum + endOffset, 0)
      })

      expect(inbox.stopped).toMatchObject([{ code: 'X_NEVER' }])
      expect(inbox.batches.every(({ partition }) => partition !== stoppedPartition)).toBe(true)
    })

    test('a topic that gets more partitions is written to and read in all of them, without a restart', async () => {
      const bus = world.bus({ partitions: 1 })
      await bus.ensureTopics([topic])
      const inbox = createInbox([topic])
      await bus.consume(inbox.subscription('group'))
      await bus.append(numbered(14))
      await until('the first came', () => inbox.texts.length === 14)
      await world.admin.createPartitions({ topicPartitions: [{ topic, count: 4 }] })
      let sent = 14
      await until('a record came from a new partition', async () => {
        await bus.append(numbered(14, sent))
        sent += 14
        await sleep(100)
        return inbox.batches.some(({ partition }) => partition > 0)
      })
      await until('all came', () => inbox.texts.length === sent)

      expect([...inbox.texts].sort()).toEqual(texts(sent))
      expect(inbox.stopped).toEqual([])
    })
  })

  describe('positions', () => {
    test('the broker is shown where the group stands, for tools that display the lag', async () => {
      const bus = world.bus()
      await bus.ensureTopics([topic])
      const inbox = createInbox([topic])
      const group = world.topic('group')
      const consumer = await bus.consume(inbox.subscription(group))
      await bus.append(numbered(10))
      const shown = async () =>
        (await world.admin.fetchOffsets({ groupId: group, topics: [topic] }))[0]?.partitions[0]?.offset
      await until('the position is shown', async () => (await shown()) === '10')
      await bus.append(numbered(5, 10))
      await until('the rest came', () => inbox.texts.length === 15)
      await consumer.stop()

      expect(await shown()).toBe('15')
    })

    test('a group whose records were deleted by retention is stopped, not handed what comes after the gap', async () => {
      const bus = world.bus()
      await bus.ensureTopics([topic])
      await bus.append(numbered(10))
      await deleteBefore(4)
      const inbox = createInbox([topic])
      await bus.consume(inbox.subscription('group'))
      await until('it stopped', () => inbox.stopped.length > 0)
      await quiet()

      expect(inbox.stopped).toMatchObject([{ code: 'BUS_HULL_I_LOGGEN' }])
      expect(inbox.texts).toEqual([])
    })

    test('a group that retention overtakes while it waits for its store is stopped when it goes on', async () => {
      const bus = world.bus({ tuning: { batchSize: 2, stalledMs: 1_000 } })
      await bus.ensureTopics([topic])
      const inbox = createInbox([topic])
      const held = hold()
      inbox.onDeliver = () => held.promise
      await bus.consume(inbox.subscription('group'))
      await bus.append(numbered(2))
      await until('it is taken', async () => (await bus.ends(topic))[0]?.endOffset === 2)
      await sleep(500)
      await bus.append(numbered(6, 2))
      await deleteBefore(8)
      held.resolve()
      await until('it stopped', () => inbox.stopped.length > 0)
      await quiet()

      expect(inbox.stopped).toMatchObject([{ code: 'BUS_HULL_I_LOGGEN' }])
      expect(inbox.texts.length).toBeLessThan(3)
    })

    test('a topic that is deleted and made anew under a running consumer stops it, also where the new log is longer', async () => {
      const bus = world.bus()
      await bus.ensureTopics([topic])
      const inbox = createInbox([topic])
      await bus.consume(inbox.subscription('group'))
      await bus.append(numbered(5))
      await until('the old came', () => inbox.texts.length === 5)
      await world.remakeTopic(topic)
      await until('the new topic can be written to', () =>
        bus.append(numbered(20, 100)).then(
          () => true,
          () => false,
        ),
      )
      await until('it stopped', () => inbox.stopped.length > 0)
      await quiet()

      expect(inbox.stopped).toMatchObject([{ code: 'BUS_ANNEN_TOPIC' }])
      expect([...inbox.texts].sort()).toEqual(texts(5))
    })

    test('the identity of a topic is the one that Kafka itself has', async () => {
      const bus = world.bus({ partitions: 3 })
      await bus.ensureTopics([topic])
      const [first, ...others] = await bus.ends(topic)
      await world.remakeTopic(topic, 3)
      const identities = () => bus.ends(topic).then((ends) => ends.map(({ topicIdentity }) => topicIdentity))
      await until('the new one is served', async () => (await identities().catch(() => [])).length > 0)
      const [anew] = await identities()

      expect(first?.topicIdentity).toMatch(/^[A-Za-z0-9_-]{22}$/)
      expect(others.map(({ topicIdentity }) => topicIdentity)).toEqual([first?.topicIdentity, first?.topicIdentity])
      expect(anew).not.toBe(first?.topicIdentity)
    })
  })

  describe('records of a foreign producer', () => {
    test('come through whatever they are: null, empty, repeated, not text', async () => {
      const bus = world.bus()
      await bus.ensureTopics([topic])
      const producer = await world.producer()
      const notText = Buffer.from([0xff, 0xfe, 0x41])
      await producer.send({
        topic,
        messages: [
          { key: null, value: null },
          { key: notText, value: notText, headers: { ce_id: notText } },
          { key: 'k', value: 'v', headers: { ce_id: ['one', 'two'], constructor: 'x', empty: '' } },
        ],
      })
      await bus.append([record(topic, 'ours')])
      const inbox = createInbox([topic])
      await bus.consume(inbox.subscription('group'))
      await until('all came', () => inbox.texts.length === 4)
      const records = inbox.batches.flatMap((batch) => batch.records)

      expect(records[0]).toMatchObject({ key: '', headers: {}, offset: 0 })
      expect(records[0]?.value).toEqual(new Uint8Array())
      expect(records[1]).toMatchObject({ key: '\u001abase64://5B', headers: { ce_id: '\u001abase64://5B' } })
      expect(records[1]?.value).toEqual(new Uint8Array(notText))
      expect(records[2]).toMatchObject({ headers: { ce_id: 'one\ntwo', constructor: 'x', empty: '' } })
      expect(records[3]).toMatchObject({ headers: { ce_id: 'ours' } })
    })

    test('what a transaction leaves in the log stops the group rather than being skipped', async () => {
      const bus = world.bus()
      await bus.ensureTopics([topic])
      const producer = world.foreign.producer({
        transactionalId: world.topic('tx'),
        idempotent: true,
        maxInFlightRequests: 1,
      })
      await producer.connect()
      const transaction = await producer.transaction()
      await transaction.send({ topic, messages: [{ key: 'k', value: 'r-0' }] })
      await transaction.commit()
      await producer.disconnect()
      const inbox = createInbox([topic])
      await bus.consume(inbox.subscription('group'))
      await until('it stopped', () => inbox.stopped.length > 0)

      expect(inbox.texts).toEqual(['r-0'])
      expect(inbox.stopped).toMatchObject([{ code: 'BUS_HULL_I_LOGGEN' }])
    })

    test('a record that cannot be decoded stops its partition by name; the others are read on', async () => {
      const bus = world.bus({ partitions: 3 })
      await bus.ensureTopics([topic])
      const inbox = createInbox([topic])
      const codecs = (kafkajs as unknown as { CompressionCodecs: Record<number, unknown> }).CompressionCodecs
      codecs[CompressionTypes.Snappy] = () => ({ compress: async ({ buffer }: { buffer: Buffer }) => asSnappy(buffer) })
      const producer = await world.producer()
      await producer.send({
        topic,
        compression: CompressionTypes.Snappy,
        messages: [{ partition: 1, key: 'k', value: 'packed' }],
      })
      codecs[CompressionTypes.Snappy] = () => {
        throw Object.assign(new Error('Snappy compression not implemented'), { name: 'KafkaJSNotImplemented' })
      }
      await bus.consume(inbox.subscription('group'))
      await until('it stopped', () => inbox.stopped.length > 0)
      await bus.append(numbered(70))
      const others = async () =>
        (await bus.ends(topic))
          .filter(({ partition }) => partition !== 1)
          .reduce((sum, { endOffset }) => sum + endOffset, 0)
      await until('the others came', async () => inbox.texts.length === (await others()))

      expect(inbox.stopped).toMatchObject([{ code: 'BUS_KAN_IKKE_LESES', partition: 1 }])
      expect(inbox.batches.every(({ partition }) => partition !== 1)).toBe(true)
    })
  })
})

/** Snappy's format with everything as literals. */
function asSnappy(bytes: Buffer): Buffer {
  if (bytes.length > 60) throw new RangeError('one short literal only')
  return Buffer.concat([Buffer.from([bytes.length, (bytes.length - 1) << 2]), bytes])
}
