import { type BusRecord, type EventBus, HubError } from '@samband/kernel'
import { expect, test } from 'vitest'
import { until } from '../testing/index.ts'
import { createWorld, OPERATOR, type World } from './test-world.ts'

const MINUTE = 60_000

/** A service that sends, and the operators' service beside it, as two processes on one store. */
async function twoServices(world: World) {
  const sender = await world.start({ name: 'dispatcher', idSeed: 'one', takesOrders: true })
  const operations = await world.start({ name: 'operations', idSeed: 'two', handlers: [], ordersOfOthers: true })
  return { sender, operations }
}

async function parked(world: World) {
  const services = await twoServices(world)
  world.destination.nextFaults.push('refuse-content')
  const acceptedId = await services.sender.accept({ referanse: 'sak-1' })
  await until('it is parked', () => world.rows("state = 'parked'").length === 1, { time: world.time })
  return { ...services, acceptedId, rowId: world.rows()[0]?.row_id ?? 0 }
}

/** Waits for what takes polling: time moves until it is there. */
async function whileTimeMoves<T>(world: World, promise: Promise<T>): Promise<T> {
  let settled = false
  const watched = promise.finally(() => {
    settled = true
  })
  watched.catch(() => {})
  while (!settled) await world.time.advance(100)
  return watched
}

test('a service leaves the rows of another one on the same store alone when it starts', async () => {
  const world = createWorld({ shared: true })
  world.destination.nextFaults.push('refuse-connection')
  const sender = await world.start({ name: 'dispatcher', idSeed: 'one' })
  await sender.accept({ referanse: 'sak-1' })
  await until('it waits', () => world.rows("state = 'waiting' AND runs = 1").length === 1, { time: world.time })
  await sender.stop()
  await world.start({ name: 'archiver', idSeed: 'two', handlers: [] })
  expect(world.rows()[0]).toMatchObject({ state: 'waiting' })
  await world.start({ name: 'dispatcher', idSeed: 'three' })
  await world.time.advance(10 * MINUTE)

  expect(world.rows()[0]).toMatchObject({ state: 'done' })
})

test('a discard that is ordered of the service that has the handler is carried out once, with the person in the audit', async () => {
  const world = createWorld({ shared: true })
  const { operations, rowId } = await parked(world)
  const told = await whileTimeMoves(world, operations.runtime.verbs.discard(rowId, OPERATOR, 'sent on paper'))

  expect(told).toMatchObject({ rowId, state: 'discarded' })
  expect(world.rows()[0]).toMatchObject({ state: 'discarded' })
  expect(world.sql('SELECT person, verb FROM audit')).toEqual([{ person: OPERATOR.person, verb: 'discard' }])
})

test('what the owner refuses comes back as it was refused, and nothing is written', async () => {
  const world = createWorld({ shared: true })
  const { operations, rowId } = await parked(world)
  const undo = whileTimeMoves(world, operations.runtime.verbs.undo(rowId, OPERATOR, 'a mistake'))

  await expect(undo).rejects.toMatchObject({ code: 'DRIFT_FEIL_TILSTAND', details: { path: 'rowId' } })
  expect(world.sql('SELECT * FROM audit')).toEqual([])
})

test('an order is withdrawn when its owner does not answer, and is not carried out afterwards', async () => {
  const world = createWorld({ shared: true })
  const { sender, operations, rowId } = await parked(world)
  await sender.stop()
  const discard = whileTimeMoves(world, operations.runtime.verbs.discard(rowId, OPERATOR, 'sent on paper'))

  await expect(discard).rejects.toMatchObject({ code: 'DRIFT_TJENESTEN_SVARER_IKKE', disposition: 'transient' })
  await world.start({ name: 'dispatcher', idSeed: 'three', takesOrders: true })
  await world.time.advance(MINUTE)
  expect(world.rows()[0]).toMatchObject({ state: 'parked' })
})

test('an order whose giver has died is not carried out on a row that was replayed meanwhile', async () => {
  const world = createWorld({ shared: true })
  const { sender, operations, rowId } = await parked(world)
  await sender.stop()
  void operations.runtime.verbs.discard(rowId, OPERATOR, 'sent on paper').catch(() => {})
  await until('it is ordered', () => world.sql('SELECT * FROM operator_order').length === 1)
  operations.crash()
  world.sql("UPDATE inbox SET state = 'waiting', lease_token = lease_token + 1 WHERE state = 'parked'")
  await world.start({ name: 'dispatcher', idSeed: 'three', takesOrders: true })
  await world.time.advance(MINUTE)

  expect(world.rows()[0]).toMatchObject({ state: 'done' })
  expect(world.sql('SELECT * FROM audit')).toEqual([])
})

test('while the store cannot be asked, nobody is told that nothing was done', async () => {
  const world = createWorld({ shared: true })
  const { sender, operations, rowId } = await parked(world)
  await sender.stop()
  const { store } = operations
  const away = async () => {
    throw new HubError('STORE_UTILGJENGELIG', 'transient', 'The database is away.')
  }
  const discard = operations.runtime.verbs.discard(rowId, OPERATOR, 'sent on paper')
  await until('it is ordered', () => world.sql('SELECT * FROM operator_order').length === 1)
  Object.assign(store, { read: away, transaction: away })

  await expect(whileTimeMoves(world, discard)).rejects.toMatchObject({ code: 'DRIFT_ORDRE_UAVKLART' })
})

test('an order that breaks the program keeps none of the others waiting', async () => {
  const world = createWorld({ shared: true })
  const { operations, rowId } = await parked(world)
  world.sql(
    "INSERT INTO operator_order (order_id, runtime, verb, given_at, state) VALUES ('a', 'dispatcher', '{\"verb\":\"answer\",\"effectKey\":7}', 0, 'given')",
  )
  const discard = whileTimeMoves(world, operations.runtime.verbs.discard(rowId, OPERATOR, 'sent on paper'))

  expect(await discard).toMatchObject({ state: 'discarded' })
})

test('a record that nobody could read belongs to no service, and is discarded all the same', async () => {
  const world = createWorld({ shared: true })
  const { sender, operations } = await twoServices(world)
  await sender.bus.append([{ topic: 'test', key: 'k', headers: {}, value: new Uint8Array([1]) }])
  await until('it is parked', () => world.rows("state = 'parked'").length === 1, { time: world.time })
  const rowId = world.rows()[0]?.row_id ?? 0

  expect(await operations.runtime.verbs.discard(rowId, OPERATOR, 'not ours')).toMatchObject({ state: 'discarded' })
})

test('two replicas of the owner carry an order out once', async () => {
  const world = createWorld({ shared: true })
  const { operations, rowId } = await parked(world)
  await world.start({ name: 'dispatcher', idSeed: 'three', takesOrders: true })
  await whileTimeMoves(world, operations.runtime.verbs.discard(rowId, OPERATOR, 'sent on paper'))
  await world.time.advance(MINUTE)

  expect(world.sql('SELECT verb FROM audit')).toEqual([{ verb: 'discard' }])
})

test('one relay publishes at a time, and another takes over when that one has gone without a word', async () => {
  const world = createWorld({ shared: true })
  const one = await world.start({ name: 'worker-1', idSeed: 'one' })
  const other = await world.start({ name: 'worker-2', idSeed: 'two' })
  await one.accept({ referanse: 'sak-1' })
  await world.time.advance(10_000)
  one.crash()
  await other.accept({ referanse: 'sak-2' })
  await world.time.advance(4_000)
  expect(world.sql('SELECT event_id FROM outbox')).toHaveLength(3)
  expect(world.sql("SELECT event_id FROM outbox WHERE state = 'pending'")).toHaveLength(1)
  await world.time.advance(10_000)

  expect(world.sql("SELECT event_id FROM outbox WHERE state = 'pending'")).toEqual([])
  expect(world.destination.received).toHaveLength(2)
})

/** A log that answers this process as `append` says, and others as ever. */
const answering =
  (append: (records: readonly BusRecord[], bus: EventBus) => Promise<void>) =>
  (bus: EventBus): EventBus => ({ ...bus, append: (records) => append(records, bus) })

test('a process that cannot reach the log lets another publish', async () => {
  const world = createWorld({ shared: true })
  const refused = answering(async () => {
    throw new HubError('BUS_INNLOGGING_AVVIST', 'paused', 'refused')
  })
  await world.start({ name: 'intake', idSeed: 'one', handlers: [], wrapBus: refused })
  await world.time.advance(2_000)
  const healthy = await world.start({ name: 'dispatcher', idSeed: 'two' })
  await healthy.accept({ referanse: 'sak-1' })
  await healthy.accept({ referanse: 'sak-2' })
  await world.time.advance(MINUTE)

  expect(world.sql("SELECT 1 FROM outbox WHERE state = 'pending'")).toEqual([])
  expect(world.destination.received).toHaveLength(2)
})

test('an event that the log refuses holds its key and nothing else, is not a flood, and goes when it may', async () => {
  const world = createWorld()
  let isAway = true
  let largest = 3_000
  const appended: string[] = []
  const small = answering(async (records, bus) => {
    if (isAway) throw new HubError('BUS_UTILGJENGELIG', 'transient', 'away')
    for (const one of records) {
      if (one.value.byteLength > largest) throw new HubError('BUS_MELDING_FOR_STOR', 'permanent', 'too large')
      appended.push(one.key)
      await bus.append([one])
    }
  })
  const hub = await world.start({ wrapBus: small })
  await hub.accept({ referanse: 'before' })
  await hub.accept({ referanse: 'large', text: 'x'.repeat(4_000) })
  await hub.accept({ referanse: 'after' })
  isAway = false
  await world.time.advance(10 * MINUTE)

  expect(world.destination.received).toHaveLength(2)
  expect(appended.length).toBeLessThan(10)
  expect(hub.runtime.unready().join()).toContain('publishing an event that the log refuses')
  expect(hub.log.lines).toContainEqual({
    level: 'error',
    sentence: 'the log refuses an event: what follows under its key waits',
    fields: expect.objectContaining({
      topic: 'test',
      eventId: world.sql<{ event_id: string }>("SELECT event_id FROM outbox WHERE state = 'pending'")[0]?.event_id,
      code: 'BUS_MELDING_FOR_STOR',
    }),
  })
  largest = 10_000
  await world.time.advance(MINUTE)
  expect(world.destination.received).toHaveLength(3)
  expect(hub.runtime.unready()).toEqual([])
})
