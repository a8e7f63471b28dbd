import { expect, test } from 'vitest'
import { defineHandler, readJourney } from '../index.ts'
import { settle, until } from '../testing/index.ts'
import { createPartitionedLog } from './partitioned-log.ts'
import { createWorld, OPERATOR, SendtV1, SkrevetV1, type StartOptions, type World } from './test-world.ts'

const MINUTE = 60_000
const OLD = 0
const NEW = 3

const sent = (world: World) => world.destination.received.map(({ text }) => text)
const texts = (...sequences: number[]) => sequences.map((sequence) => `/test ${sequence}`)

async function reading(options: StartOptions = {}) {
  const world = createWorld()
  const log = createPartitionedLog()
  const start = (more: StartOptions = {}) => world.start({ wrapBus: log.wrapBus, ...options, ...more })
  return { world, log, start, hub: await start() }
}

test('R7: an event in a new partition waits for the older ones of its key that lie unread in the old one', async () => {
  const { world, log } = await reading()
  for (const sequence of [1, 2, 3]) log.write({ partition: OLD, sequence })
  for (const sequence of [4, 5]) log.write({ partition: NEW, sequence })
  await log.read(OLD, 1)
  await log.read(NEW)
  await world.time.advance(MINUTE)
  expect(sent(world)).toEqual(texts(1))
  await log.read(OLD)
  await world.calm()

  expect(sent(world)).toEqual(texts(1, 2, 3, 4, 5))
  expect(world.alarms()).toEqual([])
})

test('R7: a key that is met in the middle first waits until everything older in the log is read', async () => {
  const { world, log } = await reading()
  for (const sequence of [3, 4]) log.write({ partition: OLD, sequence })
  log.write({ partition: NEW, sequence: 5 })
  await log.read(NEW)
  await world.time.advance(MINUTE)
  expect(sent(world)).toEqual([])
  await log.read(OLD)
  await world.time.advance(MINUTE)

  expect(sent(world)).toEqual(texts(3, 4, 5))
  expect(world.alarms()).toEqual([])
})

test('R7: a held key keeps no other one waiting', async () => {
  const { world, log } = await reading()
  log.write({ partition: OLD, sequence: 1 })
  log.write({ partition: NEW, sequence: 2 })
  log.write({ partition: NEW, sequence: 1, sak: 'sak-2', source: '/other' })
  await log.read(NEW)
  await world.time.advance(MINUTE)

  expect(sent(world)).toEqual(['/other 1'])
})

test('R7: what another source wrote about the key behind a held event waits behind it', async () => {
  const { world, log } = await reading()
  log.write({ partition: OLD, sequence: 1 })
  log.write({ partition: NEW, sequence: 2 })
  log.write({ partition: NEW, sequence: 1, source: '/other' })
  await log.read(NEW)
  await world.time.advance(MINUTE)
  expect(sent(world)).toEqual([])
  await log.read(OLD)
  await world.calm()

  expect(sent(world)).toEqual(['/test 1', '/test 2', '/other 1'])
})

test('R7: two growths one after the other: three partitions of a key are taken in the order they were written', async () => {
  const { world, log } = await reading()
  log.write({ partition: OLD, sequence: 1 })
  for (const sequence of [2, 3]) log.write({ partition: NEW, sequence })
  for (const sequence of [4, 5]) log.write({ partition: 7, sequence })
  // A producer that had not noticed the last growth yet.
  log.write({ partition: NEW, sequence: 6 })
  for (const partition of [7, NEW, OLD]) await log.read(partition)
  await world.calm()

  expect(sent(world)).toEqual(texts(1, 2, 3, 4, 5, 6))
})

test('R7: what is held outlives the process, and is taken once however often it is read', async () => {
  const { world, log, hub, start } = await reading()
  log.write({ partition: OLD, sequence: 1 })
  for (const sequence of [2, 3]) log.write({ partition: NEW, sequence })
  await log.read(NEW)
  hub.crash()
  await start({ idSeed: 'two' })
  world.sql('UPDATE bus_offset SET next_offset = 0, counted_to = 0')
  await log.read(NEW)
  await log.read(OLD)
  await world.calm()

  expect(sent(world)).toEqual(texts(1, 2, 3))
})

test('R7: a number that is nowhere in the log holds its key: after five minutes it is an alarm, and a person lets it go on', async () => {
  const { world, log, hub } = await reading()
  for (const sequence of [1, 3, 4]) log.write({ partition: OLD, sequence })
  await log.read(OLD)
  await world.time.advance(4 * MINUTE)
  expect(sent(world)).toEqual(texts(1))
  expect(world.alarms()).toEqual([])
  await world.time.advance(2 * MINUTE)
  expect(world.rows("state <> 'done'")).toMatchObject([
    { state: 'parked', last_code: 'RUNTIME_HULL_I_REKKEN' },
    { state: 'waiting' },
  ])
  expect(world.alarms()).toEqual(['sequence-gap'])
  const { jobId } = await hub.runtime.replays.plan({ tenants: 'alle' }, OPERATOR, 'number 2 was withdrawn')
  await hub.runtime.replays.run(jobId, OPERATOR, 'number 2 was withdrawn')
  await world.calm()

  expect(sent(world)).toEqual(texts(1, 3, 4))
})

test('R7: while an event is held, its journey says for which one it waits, and the account has it', async () => {
  const { world, log, hub } = await reading()
  const acceptedId = await hub.accept({ referanse: 'sak-1' })
  await settle()
  for (const sequence of [1, 3]) log.write({ partition: OLD, sequence })
  await log.read(OLD)
  world.sql('UPDATE held_event SET accepted_id = ?', acceptedId)
  const complete = async () => new Map()
  const [line] = await hub.runtime.account({ tenants: 'alle' }, complete)

  expect((await readJourney(hub.store, acceptedId))?.held).toMatchObject([
    { group: 'test-hub', sequence: 3, lastTaken: 1 },
  ])
  expect(line?.classes.waiting).toEqual([acceptedId])
})

test('R7: where somebody moved the offset without counting, by hand or by an older release, no key is held for it', async () => {
  const { world, log } = await reading()
  for (const sequence of [1, 2, 3, 4]) log.write({ partition: OLD, sequence })
  await log.read(OLD, 1)
  await world.calm()
  world.sql('UPDATE bus_offset SET next_offset = 2')
  await log.read(OLD)
  await world.time.advance(MINUTE)

  expect(sent(world)).toEqual(texts(1, 3, 4))
  expect(world.alarms()).toEqual([])
})

test('R7: what waits since a partition is not read is an alarm once, and goes on by itself when it is', async () => {
  const { world, log } = await reading()
  for (const sak of ['sak-1', 'sak-2']) {
    log.write({ partition: OLD, sequence: 1, sak })
    log.write({ partition: NEW, sequence: 2, sak })
  }
  await log.read(NEW)
  await world.time.advance(20 * MINUTE)
  expect(world.alarms()).toEqual(['sequence-gap'])
  expect(world.rows()).toEqual([])
  await log.read(OLD)
  await world.calm()

  expect(sent(world).sort()).toEqual(texts(1, 1, 2, 2))
})

test('R7: a producer that does not count is taken as it comes', async () => {
  const { world, log } = await reading()
  log.write({ partition: OLD, sequence: 0 })
  await log.read(OLD)
  await until('it is sent', () => sent(world).length === 1, { time: world.time })

  expect(sent(world)).toEqual(texts(0))
})

test('R7: a handler that publishes into two topics is stopped: readers of one would miss the numbers of the other', async () => {
  const elsewhere = { ...SendtV1, topic: 'another' } as typeof SendtV1
  const handler = defineHandler({
    name: 'test.tell',
    consumes: SkrevetV1,
    async handle({ letterId, sak }, { publish }) {
      publish(SendtV1, { letterId, sak, svarId: 's' })
      publish(elsewhere, { letterId, sak, svarId: 's' }, 'elsewhere')
    },
  })
  const world = createWorld()
  const hub = await world.start({ handlers: [handler] })
  await hub.accept({ referanse: 'sak-1' })
  await world.calm()

  expect(world.rows()).toMatchObject([{ state: 'parked' }])
  expect(world.sql("SELECT 1 FROM outbox WHERE topic = 'another'")).toEqual([])
})
