import { HubError } from '@samband/kernel'
import { expect, test } from 'vitest'
import { defineHandler, type Handler } from '../index.ts'
import { createVirtualTime, settle, until } from '../testing/index.ts'
import { createWorld, OTHER_TENANT, SkrevetV1, sendHandler, type World } from './test-world.ts'

const LEASE_MS = 60_000
const MINUTE = 60_000

/** Two workers on one store, each with a stopwatch of its own, so that one can stand still while the other goes on. */
async function twoWorkers(world: World, handlers: readonly Handler[] = [sendHandler(world.destination)]) {
  const times = { one: createVirtualTime(), other: createVirtualTime() }
  const one = await world.start({
    handlers,
    name: 'worker-1',
    idSeed: 'one',
    time: times.one,
    limits: { leaseMs: LEASE_MS },
  })
  const other = await world.start({
    handlers,
    name: 'worker-2',
    idSeed: 'two',
    time: times.other,
    limits: { leaseMs: LEASE_MS },
  })
  // Both have looked at what there is, and rest: from here on only those move whose time is moved.
  await settle()
  /** Moves both, in small steps, as two clocks on one wall would. */
  const advanceBoth = async (ms: number, stepMs = 100) => {
    for (let moved = 0; moved < ms; moved += stepMs) {
      await times.one.advance(stepMs)
      await times.other.advance(stepMs)
      await world.time.advance(stepMs)
    }
  }
  return { one, other, times, advanceBoth }
}

test('two workers share the letters, and each goes out once, in the order of its sak', async () => {
  const world = createWorld({ shared: true })
  const { one, other, advanceBoth } = await twoWorkers(world)
  for (let number = 0; number < 10; number++) {
    await Promise.all([one.accept({ referanse: `a-${number}`, sak: 'sak-a', text: `${number}` }), advanceBoth(100)])
    await Promise.all([other.accept({ referanse: `b-${number}`, sak: `sak-b-${number}` }), advanceBoth(100)])
  }
  await advanceBoth(20_000)

  expect(world.destination.received).toHaveLength(20)
  const inOrder = world.destination.received.map((letter) => letter.text).filter((text) => text !== 'text')
  expect(inOrder).toEqual(Array.from({ length: 10 }, (_, number) => `${number}`))
})

test('R8: the letter of a worker that froze before its intent is taken over by stopwatch, and the frozen one’s late intent is refused', async () => {
  const world = createWorld({ shared: true })
  const { one, other, times } = await twoWorkers(world)
  const hold = one.holdBefore('runtime.intent')
  void one.accept({ referanse: 'sak-1' })
  await until('the first worker is about to write its intent', hold.reached, { time: times.one })
  expect(world.rows()[0]?.lease_token).toBe(1)
  // The first one's time stands still from here.
  await times.other.advance(LEASE_MS - 10_000)
  expect(world.destination.requests).toEqual([])
  await until('the second worker sends it', () => world.destination.received.length === 1, {
    time: times.other,
    withinMs: 3 * LEASE_MS,
  })
  hold.release()
  await times.one.advance(5_000)
  await times.other.advance(5_000)

  expect(world.destination.requests).toHaveLength(1)
  expect(world.attempts()).toHaveLength(1)
  expect(world.rows()[0]?.state).toBe('done')
  expect(other.log.lines.some((line) => line.sentence.startsWith('a lease lapsed'))).toBe(true)
})

test('R10, R11: a worker that wakes up between intent and first byte, after its letter was taken over, sends nothing', async () => {
  const world = createWorld({ shared: true })
  const frozen = Promise.withResolvers<void>()
  let first = true
  let reached = false
  world.destination.beforeFirstByte = async () => {
    if (!first) return
    first = false
    reached = true
    await frozen.promise
  }
  const { one, times } = await twoWorkers(world)
  void one.accept({ referanse: 'sak-1' })
  await until('the first worker is before its first byte', () => reached, { time: times.one })
  // The machine of the first worker stands still; the second one asks, waits, believes, and sends.
  await until('the second worker sent it', () => world.destination.received.length === 1, {
    time: times.other,
    withinMs: 60 * MINUTE,
  })
  // It wakes up: its stopwatch shows how long it was away, and its own attempt is given up.
  await times.one.advance(30 * MINUTE)
  frozen.resolve()
  await times.one.advance(MINUTE)

  expect(world.destination.received).toHaveLength(1)
  expect(world.destination.requests).toHaveLength(1)
  expect(world.rows()[0]?.state).toBe('done')
})

test('R8: a worker that lives shows it, so a slow letter is not taken from it', async () => {
  const world = createWorld({ shared: true })
  world.destination.nextFaults.push('hang')
  const { one, advanceBoth } = await twoWorkers(world)
  void one.accept({ referanse: 'sak-1' })
  await advanceBoth(2_000)
  await advanceBoth(5 * LEASE_MS, 5_000)

  expect(world.rows()[0]).toMatchObject({ state: 'running', lease_token: 1 })
  expect(world.destination.lookUps).toEqual([])
})

test('R16: evidence that comes while the other worker prepares to act again is gone by, and nothing is sent again', async () => {
  const world = createWorld({ shared: true })
  const effect = world.destination.effect({ guarantee: 'unique' })
  const { one, other, times } = await twoWorkers(world, [sendHandler(world.destination, { effect })])
  const hold = one.holdBefore('runtime.evidence')
  void one.accept({ referanse: 'sak-1' })
  await until('the first worker has the answer', hold.reached, { time: times.one })
  world.destination.lookUpLagMs = 60 * MINUTE
  const preparing = Promise.withResolvers<void>()
  let reached = false
  world.destination.beforePrepare = () => {
    reached = true
    return preparing.promise
  }
  await until('the other one prepares to act again', () => reached, { time: times.other, withinMs: 30 * MINUTE })
  hold.release()
  await settle()
  preparing.resolve()
  await times.other.advance(5_000)

  expect(world.rows()[0]).toMatchObject({ state: 'done', runs: 0 })
  expect(world.destination.requests).toHaveLength(1)
  expect(other.log.lines.filter((line) => line.sentence.includes('defect'))).toEqual([])
})

test('R16: the answer of a worker that lost its letter meanwhile is kept, and the other worker goes by it', async () => {
  const world = createWorld({ shared: true })
  const { one, times } = await twoWorkers(world)
  const hold = one.holdBefore('runtime.evidence')
  void one.accept({ referanse: 'sak-1' })
  await until('the first worker has the answer', hold.reached, { time: times.one })
  world.destination.probeFault = 'error'
  await times.other.advance(3 * LEASE_MS)
  expect(world.rows()[0]).toMatchObject({ last_code: 'EFFECT_UTFALL_UKJENT' })
  hold.release()
  await settle()
  await times.other.advance(10 * MINUTE)

  expect(world.rows()[0]?.state).toBe('done')
  expect(world.destination.requests).toHaveLength(1)
})

test('a worker that dies leaves its municipalities to the other one, also those that one has never heard of', async () => {
  const world = createWorld({ shared: true })
  const { one, times } = await twoWorkers(world)
  world.destination.prepareError = new TypeError('not yet')
  void one.accept({ referanse: 'sak-1', tenant: OTHER_TENANT })
  await until('the first worker tried', () => world.rows('runs = 1').length === 1, { time: times.one })
  one.crash()
  world.destination.prepareError = undefined
  world.sql('UPDATE inbox SET due_at = 0')
  await until('the second worker sends it', () => world.destination.received.length === 1, {
    time: times.other,
    withinMs: 3 * LEASE_MS,
  })
})

test('R20: a worker that takes a letter over keeps to what the former one fixed at the last moment', async () => {
  const world = createWorld({ shared: true })
  world.destination.nextFaults.push('lost')
  const effect = world.destination.effect()
  const printing = defineHandler({
    name: 'test.send',
    consumes: SkrevetV1,
    system: 'fake',
    effects: [effect],
    async handle({ letterId, recipient }, context) {
      const printedAt = await context.once('printedAt', () => context.now())
      await context.effect(effect, { letterId, recipient, text: `printed at ${printedAt}` })
    },
  })
  const { one, other, times } = await twoWorkers(world, [printing])
  const once = one.holdBefore('runtime.once')
  void one.accept({ referanse: 'sak-1' })
  await until('the first worker is about to fix the time', once.reached, { time: times.one })
  const takeOver = other.holdBefore('runtime.take-over')
  await until('the second worker is about to take over', takeOver.reached, { time: times.other })
  const frozen = one.holdBefore('runtime.wait')
  once.release()
  await until('the first worker sent it, and it was lost', () => world.destination.requests.length === 1)
  takeOver.release()
  await until('it is sent', () => world.destination.received.length === 1, {
    time: times.other,
    withinMs: 60 * MINUTE,
  })
  frozen.release()

  expect(world.alarms()).toEqual([])
  expect(world.destination.received.map((letter) => letter.text)).toEqual([`printed at ${Date.UTC(2026, 2, 2, 9)}`])
})

test('R8: an outage of the store takes no row from a worker that lives: nobody could show it meanwhile', async () => {
  const world = createWorld({ shared: true })
  world.destination.nextFaults.push('hang')
  const { one, other, times } = await twoWorkers(world)
  void one.accept({ referanse: 'sak-1' })
  await until('it is sent', () => world.destination.requests.length === 1, { time: times.one })
  await times.other.advance(LEASE_MS / 2)
  const read = other.store.read
  const away = new HubError('STORE_UTILGJENGELIG', 'transient', 'The database is away.')
  Object.assign(other.store, { read: () => Promise.reject(away) })
  await times.other.advance(2 * LEASE_MS)
  Object.assign(other.store, { read })
  await times.other.advance(LEASE_MS / 2)

  expect(world.rows()[0]).toMatchObject({ state: 'running', lease_token: 1 })
})
