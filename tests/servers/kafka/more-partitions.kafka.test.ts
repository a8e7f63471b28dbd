import { causeId, type EventBus } from '@samband/kernel'
import { ForsendelseStatusEndretV1 } from '@samband/messages'
import { realTime } from '@samband/process'
import { acceptedIdOf, createRuntime, defineHandler, type Handler, type Runtime } from '@samband/runtime'
import { createKeptLog, createTestIds } from '@samband/runtime/testing'
import { openInstallation } from '@samband/store'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { findKafka } from '../../support/servers/kafka.ts'
import { withServer } from '../../support/servers/missing.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { type KafkaWorld, openKafkaWorld, until } from './kafka-world.ts'

const TENANT = '314758625'
const KEYS = Array.from({ length: 8 }, (_, at) => causeId('forsendelse', String(at)))
const OLD_PARTITIONS = 3
const PARTITIONS = 6
/** Written before the topic grows, and after. */
const OLDER = [1, 2, 3, 4]
const NEWER = [5, 6, 7, 8]

withServer('a topic that gets more partitions', await findKafka(), (kafka) => {
  afterAll(() => kafka.release())

  async function openStore() {
    const folder = temporaryFolder('more-partitions')
    const time = realTime()
    const { store } = await openInstallation({ folder: folder.path, ...time, log: createKeptLog() })
    onTestFinished(async () => {
      await store.close()
      folder.remove()
    })
    return store
  }

  async function start(
    bus: EventBus,
    options: {
      readonly store: Awaited<ReturnType<typeof openStore>>
      readonly name: string
      readonly topics: readonly string[]
      readonly handlers: readonly Handler[]
    },
  ): Promise<Runtime> {
    const runtime = createRuntime({
      bus,
      time: realTime(),
      ids: createTestIds(options.name),
      log: createKeptLog(),
      findDestination() {
        throw new Error('nothing is sent here')
      },
      ...options,
    })
    await runtime.start()
    onTestFinished(() => runtime.stop(0))
    return runtime
  }

  /** Delivers nothing of an old partition before everything in the new ones has been delivered. */
  function newestFirst(bus: EventBus, topic: string): EventBus {
    const nextOffsets = new Map<number, number>()
    const newOnesAreRead = async () =>
      (await bus.ends(topic)).every(
        ({ partition, endOffset }) => partition < OLD_PARTITIONS || (nextOffsets.get(partition) ?? 0) >= endOffset,
      )
    return {
      ...bus,
      consume: (subscription) =>
        bus.consume({
          ...subscription,
          async deliver(batch) {
            if (batch.partition < OLD_PARTITIONS) await until('the new partitions are read', newOnesAreRead)
            await subscription.deliver(batch)
            nextOffsets.set(batch.partition, batch.nextOffset)
          },
        }),
    }
  }

  async function open(): Promise<KafkaWorld> {
    const world = await openKafkaWorld(kafka.address)
    onTestFinished(() => world.dispose())
    return world
  }

  test('R7: events of a key that lie unread in its old partition are handled before the newer ones in its new partition', async () => {
    const world = await open()
    const topic = world.topic()
    const event = { ...ForsendelseStatusEndretV1, topic }
    await world.createTopic(topic, OLD_PARTITIONS)
    const store = await openStore()
    async function write(numbers: readonly number[]): Promise<void> {
      const writer = await start(world.bus(), { store, name: 'writer', topics: [], handlers: [] })
      for (const number of numbers) {
        for (const forsendelseId of KEYS) {
          const eksternReferanse = `${forsendelseId} ${number}`
          await writer.accept({
            tenant: TENANT,
            acceptedId: acceptedIdOf(TENANT, eksternReferanse),
            eksternReferanse,
            klientId: 'sak',
            contentDigest: '',
            definition: event as never,
            data: {
              forsendelseId,
              eksternReferanse,
              svarUtId: causeId('svarut', forsendelseId),
              status: `NUMBER_${number}`,
              endretTidspunkt: '2026-03-02T09:00:00.000Z',
            },
            source: '/writer',
            traceparent: undefined,
            documents: [],
            now: Date.now(),
          })
        }
      }
      await until('all is in the log', async () => {
        const pending = await store.read('test', (tx) => tx.all("SELECT 1 FROM outbox WHERE state = 'pending'"))
        return pending.length === 0
      })
      await writer.stop(0)
    }
    await write(OLDER)
    await world.admin.createPartitions({ topicPartitions: [{ topic, count: PARTITIONS }] })
    await write(NEWER)

    const handled = new Map<string, string[]>(KEYS.map((key) => [key, []]))
    const handler = defineHandler({
      name: 'test.read',
      consumes: event,
      async handle({ forsendelseId, status }) {
        handled.get(forsendelseId)?.push(status)
      },
    })
    const bus = world.bus()
    const moved = (await bus.ends(topic)).filter(({ partition }) => partition >= OLD_PARTITIONS)
    expect(moved.reduce((sum, { endOffset }) => sum + endOffset, 0)).toBeGreaterThan(0)
    await start(newestFirst(bus, topic), {
      store,
      name: world.topic('reader'),
      topics: [topic],
      handlers: [handler as Handler],
    })
    const count = KEYS.length * (OLDER.length + NEWER.length)
    await until('all is handled', () => [...handled.values()].flat().length === count)

    const inOrder = [...OLDER, ...NEWER].map((number) => `NUMBER_${number}`)
    expect(Object.fromEntries(handled)).toEqual(Object.fromEntries(KEYS.map((key) => [key, inOrder])))
  })
})
