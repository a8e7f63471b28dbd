import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import { ownKafka } from '../../support/servers/kafka.ts'
import { withServer } from '../../support/servers/missing.ts'
import { createInbox, type KafkaWorld, openKafkaWorld, quiet, record, until } from './kafka-world.ts'

withServer('Kafka that goes down', await ownKafka(), (kafka) => {
  afterAll(() => kafka.release())

  let world: KafkaWorld
  let topic: string
  beforeEach(async () => {
    world = await openKafkaWorld(kafka.address)
    topic = world.topic()
  })
  afterEach(() => world.dispose())

  test('what was acknowledged arrives although the broker is killed under traffic, three times', async () => {
    const bus = world.bus({ partitions: 3 })
    await bus.ensureTopics([topic])
    const inbox = createInbox([topic])
    await bus.consume(inbox.subscription('group'))
    const acknowledged: string[] = []
    const refusals: unknown[] = []
    let isOver = false
    const traffic = (async () => {
      for (let number = 0; !isOver; number++) {
        const texts = [`r-${number}-a`, `r-${number}-b`]
        // As the relay does: the same again until it is acknowledged.
        for (;;) {
          try {
            await bus.append(texts.map((text) => record(topic, text, `key-${number % 5}`)))
            break
          } catch (error) {
            refusals.push(error)
            await sleep(100)
          }
        }
        acknowledged.push(...texts)
        await sleep(3)
      }
    })()
    for (let round = 0; round < 3; round++) {
      await sleep(800)
      await kafka.kill()
      await sleep(round * 2_000)
      await kafka.start()
      const before = acknowledged.length
      await until('it goes on', () => acknowledged.length > before + 20)
    }
    isOver = true
    await traffic
    const seen = () => new Set(inbox.texts)
    await until('all that was acknowledged came', () => acknowledged.every((text) => seen().has(text)))

    expect(acknowledged.length).toBeGreaterThan(100)
    expect(refusals.every((error) => (error as { code?: string }).code === 'BUS_UTILGJENGELIG')).toBe(true)
    expect(inbox.stopped).toEqual([])
    for (let key = 0; key < 5; key++) {
      const firsts = [...seen()]
        .filter((text) => Number(text.split('-')[1]) % 5 === key)
        .map((text) => Number(text.split('-')[1]))
      expect(firsts).toEqual([...firsts].sort((a, b) => a - b))
    }
  }, 180_000)

  test('an outage is transient, whatever kafkajs calls it, and nothing has to be restarted after it', async () => {
    const bus = world.bus()
    await bus.ensureTopics([topic])
    const inbox = createInbox([topic])
    await bus.consume(inbox.subscription('group'))
    await bus.append([record(topic, 'r-0')])
    await until('the first came', () => inbox.texts.length === 1)
    await kafka.kill()
    const refused = [bus.append([record(topic, 'lost?')]), bus.ends(topic), bus.ensureTopics([topic])]
    for (const outcome of await Promise.allSettled(refused))
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: { code: 'BUS_UTILGJENGELIG', disposition: 'transient' },
      })
    await kafka.start()
    await until('it can be written', () =>
      bus.append([record(topic, 'r-1')]).then(
        () => true,
        () => false,
      ),
    )
    await until('it came', () => inbox.texts.includes('r-1'))

    expect(inbox.stopped).toEqual([])
    expect(world.log.lines.filter(({ level, fields }) => level === 'error' && fields['system'] === 'kafkajs')).toEqual(
      [],
    )
  })

  test('a bus that is made while the broker is down begins to read when it is there', async () => {
    const early = world.bus()
    await early.ensureTopics([topic])
    await early.append([record(topic, 'r-0')])
    await kafka.kill()
    const bus = world.bus()
    const inbox = createInbox([topic])
    await bus.consume(inbox.subscription('group'))
    await quiet()
    await kafka.start()
    await until('it came', () => inbox.texts.length === 1)

    expect(inbox.texts).toEqual(['r-0'])
  })

  test('two members come back after an outage, and when one leaves the other has all partitions', async () => {
    const bus = world.bus({ partitions: 2 })
    const other = world.bus()
    await bus.ensureTopics([topic])
    const inbox = createInbox([topic])
    await bus.consume(inbox.subscription('group'))
    await bus.append(Array.from({ length: 10 }, (_, number) => record(topic, `r-${number}`)))
    await until('the first came', () => inbox.texts.length === 10)
    const consumer = await other.consume(inbox.subscription('group'))
    await bus.append(Array.from({ length: 10 }, (_, number) => record(topic, `s-${number}`)))
    await until('both are read', () => inbox.texts.length === 20)
    await kafka.kill()
    await kafka.start()
    await until('it can be written', () =>
      bus.append(Array.from({ length: 10 }, (_, number) => record(topic, `t-${number}`))).then(
        () => true,
        () => false,
      ),
    )
    await consumer.stop()
    await until('all came', () => new Set(inbox.texts).size === 30)

    expect(inbox.stopped).toEqual([])
  })
})
