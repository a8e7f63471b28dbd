import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import { findKafka } from '../../support/servers/kafka.ts'
import { withServer } from '../../support/servers/missing.ts'
import { createInbox, type KafkaWorld, openKafkaWorld, record, until } from './kafka-world.ts'

withServer('writing to Kafka', await findKafka(), (kafka) => {
  afterAll(() => kafka.release())

  let world: KafkaWorld
  let topic: string
  beforeEach(async () => {
    world = await openKafkaWorld(kafka.address)
    topic = world.topic()
  })
  afterEach(() => world.dispose())

  const ofSize = (value: string, bytes: number) => ({ ...record(topic, value, 'key'), value: new Uint8Array(bytes) })

  test('a record that is too large alone is refused for good and by name; what stands before it is in the log', async () => {
    const bus = world.bus()
    await bus.ensureTopics([topic])
    const refused = await bus
      .append([ofSize('small-1', 10), ofSize('huge', 2_000_000), ofSize('small-2', 10)])
      .catch((error: unknown) => error)

    expect(refused).toMatchObject({ code: 'BUS_MELDING_FOR_STOR', disposition: 'permanent' })
    expect(String(refused)).toContain('huge')
    expect(await bus.ends(topic)).toMatchObject([{ endOffset: 1 }])
    await bus.append([ofSize('small-3', 10)])
    expect(await bus.ends(topic)).toMatchObject([{ endOffset: 2 }])
  })

  test('records that are too large only together are all written, in order', async () => {
    await world.admin.createTopics({
      topics: [{ topic, numPartitions: 1, configEntries: [{ name: 'max.message.bytes', value: '20000' }] }],
    })
    const bus = world.bus()
    await bus.ensureTopics([topic])
    await bus.append(Array.from({ length: 10 }, (_, number) => ofSize(`r-${number}`, 9_000)))
    const inbox = createInbox([topic])
    await bus.consume(inbox.subscription('group'))
    await until('all came', () => inbox.texts.length >= 10)
    const ids = inbox.batches.flatMap(({ records }) => records.map(({ headers }) => headers['ce_id']))

    expect(ids).toEqual(Array.from({ length: 10 }, (_, number) => `r-${number}`))
  })

  test('appends that are asked for at once wait for each other, and each keeps its order', async () => {
    const bus = world.bus({ partitions: 3 })
    await bus.ensureTopics([topic])
    const inbox = createInbox([topic])
    await bus.consume(inbox.subscription('group'))
    await Promise.all(
      Array.from({ length: 30 }, (_, number) =>
        bus.append([record(topic, `${number}-a`, 'key'), record(topic, `${number}-b`, 'key')]),
      ),
    )
    await until('all came', () => inbox.texts.length === 60)

    expect(inbox.texts).toEqual(Array.from({ length: 30 }, (_, number) => [`${number}-a`, `${number}-b`]).flat())
  })

  test('an append to a topic nobody made is refused as a mistake of ours', async () => {
    const bus = world.bus()
    await bus.ensureTopics([topic])

    await expect(bus.append([record('nobody-made-this', 'r-1')])).rejects.toMatchObject({
      code: 'BUS_TOPIC_FINNES_IKKE',
    })
  })

  test('several topics and many records go into one append', async () => {
    const other = world.topic('other')
    const bus = world.bus({ partitions: 2 })
    await bus.ensureTopics([topic, other])
    await bus.append(
      Array.from({ length: 1_500 }, (_, number) => record(number % 2 === 0 ? topic : other, `r-${number}`)),
    )
    const total = async (one: string) => (await bus.ends(one)).reduce((sum, { endOffset }) => sum + endOffset, 0)

    expect(await total(topic)).toBe(750)
    expect(await total(other)).toBe(750)
  })
})
