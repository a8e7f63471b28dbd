import { HubError } from '@samband/kernel'
import { expect, test } from 'vitest'
import { TEST_WAIT_MS, until } from '../testing/index.ts'
import { createWorld, OPERATOR, OTHER_TENANT, sendHandler, TENANT, type World } from './test-world.ts'

const SECOND = 1_000
const MINUTE = 60_000

/** Holds every letter before its first byte; counts how many are there at once, in all and per municipality. */
function holdAll(world: World) {
  const gate = Promise.withResolvers<void>()
  const seen = { now: 0, most: 0 }
  world.destination.beforePrepare = async () => {
    seen.now += 1
    seen.most = Math.max(seen.most, seen.now)
    await gate.promise
    seen.now -= 1
  }
  return { seen, release: () => gate.resolve() }
}

const running = (world: World, tenant = TENANT) => world.rows(`state = 'running' AND tenant = '${tenant}'`).length

test('refused credentials open the circuit: letters wait without spending attempts, one tries at a time, and the first that gets through closes it', async () => {
  const world = createWorld()
  world.destination.prepareError = new HubError('FAKE_AVVIST_TILGANG', 'paused', 'The credentials are refused.')
  let tries = 0
  world.destination.beforePrepare = async () => {
    tries += 1
  }
  const hub = await world.start()
  await hub.accept({ referanse: 'sak-0' })
  await world.time.advance(SECOND)
  expect(hub.runtime.openCircuits()).toEqual([{ tenant: TENANT, system: 'fake', code: 'FAKE_AVVIST_TILGANG' }])
  for (let number = 1; number <= 10; number++) await hub.accept({ referanse: `sak-${number}` })
  tries = 0
  await world.time.advance(5 * MINUTE)
  // 5, 10, 20, 40, 60, 60 … seconds between two trials
  expect(tries).toBeGreaterThanOrEqual(5)
  expect(tries).toBeLessThanOrEqual(9)
  expect(world.rows().every((row) => row.state === 'waiting' && row.runs === 0)).toBe(true)
  world.destination.prepareError = undefined
  await until('all are sent', () => world.destination.received.length === 11, {
    time: world.time,
    withinMs: 3 * MINUTE,
  })

  expect(hub.runtime.openCircuits()).toEqual([])
})

test('one municipality’s refused credentials do not touch another one', async () => {
  const world = createWorld()
  world.destination.nextFaults.push('refuse-credentials')
  const hub = await world.start()
  await hub.accept({ referanse: 'sak-1' })
  await world.time.advance(SECOND)
  await hub.accept({ referanse: 'sak-1', tenant: OTHER_TENANT })
  await world.time.advance(SECOND)

  expect(world.destination.received).toHaveLength(1)
  expect(world.rows().map((row) => row.state)).toEqual(['waiting', 'done'])
})

test('a municipality that is not set up waits as if its destination were down, and goes on when it is', async () => {
  const world = createWorld()
  world.config.unconfigured = true
  const hub = await world.start()
  await hub.accept({ referanse: 'sak-1' })
  await world.time.advance(60 * MINUTE)
  expect(world.rows()[0]).toMatchObject({ state: 'waiting', runs: 0 })
  world.config.unconfigured = false
  await until('it is sent', () => world.destination.received.length === 1, { time: world.time, withinMs: 3 * MINUTE })
})

test('a destination that refuses connections is left alone after five in a row', async () => {
  const world = createWorld()
  world.destination.nextFaults.push(...Array.from({ length: 200 }, () => 'refuse-connection' as const))
  const hub = await world.start({ limits: { mostRunning: 1 } })
  for (let number = 0; number < 20; number++) await hub.accept({ referanse: `sak-${number}` })
  await world.time.advance(SECOND)
  const used = 200 - world.destination.nextFaults.length

  expect(used).toBe(5)
  expect(hub.runtime.openCircuits()).toMatchObject([{ code: 'FAKE_UTILGJENGELIG' }])
})

test('an open circuit with nothing left to try does not keep the hub busy', async () => {
  const world = createWorld()
  world.destination.nextFaults.push('refuse-credentials')
  const hub = await world.start()
  await hub.accept({ referanse: 'sak-1' })
  await world.time.advance(SECOND)
  await hub.runtime.verbs.discard(world.rows()[0]?.row_id ?? 0, OPERATOR, 'no')
  await world.time.advance(10 * MINUTE)
  let steps = 0
  for (let movedMs = 0; movedMs < MINUTE; steps++) {
    const nextMs = world.time.nextTimerMs() ?? 0
    movedMs += nextMs
    await world.time.advance(nextMs)
  }

  // What looks by itself (log, outbox, questions, leases) wakes up once a second or less often.
  expect(steps).toBeLessThan(120)
})

test('a letter that fails is tried again after 1, 2, 4 … seconds, with jitter, and never later than 15 minutes', async () => {
  const world = createWorld()
  const tries: number[] = []
  world.destination.beforePrepare = async () => {
    tries.push(world.time.stopwatch.read())
    throw new HubError('TEST_SENERE', 'transient', 'Again.')
  }
  const hub = await world.start()
  await hub.accept({ referanse: 'sak-1' })
  await world.time.advance(120 * MINUTE)
  const gaps = tries.slice(1).map((at, index) => at - (tries[index] ?? 0))

  for (const [index, gap] of gaps.entries()) {
    const full = Math.min(15 * MINUTE, SECOND * 2 ** index)
    expect(gap).toBeGreaterThanOrEqual(full / 2)
    expect(gap).toBeLessThanOrEqual(full + 1)
  }
  expect(gaps.length).toBeGreaterThan(12)
})

test('a destination that asks to wait a minute is not tried before', async () => {
  const world = createWorld()
  world.destination.nextFaults.push('ask-to-wait')
  const hub = await world.start()
  await hub.accept({ referanse: 'sak-1' })
  await world.time.advance(MINUTE - SECOND)
  expect(world.destination.requests).toHaveLength(1)
  await world.time.advance(2 * SECOND)
  expect(world.destination.received).toHaveLength(1)
  expect(hub.runtime.openCircuits()).toEqual([])
})

test('a letter that has failed for as long as its destination’s limit is parked', async () => {
  const world = createWorld()
  world.config.giveUpAfterMs = 60 * MINUTE
  world.destination.beforePrepare = async () => {
    throw new HubError('TEST_SENERE', 'transient', 'Again.')
  }
  const hub = await world.start()
  await hub.accept({ referanse: 'sak-1' })
  await world.time.advance(55 * MINUTE)
  expect(world.rows()[0]?.state).toBe('waiting')
  await world.time.advance(30 * MINUTE)
  expect(world.rows()[0]).toMatchObject({ state: 'parked', last_code: 'TEST_SENERE' })
})

test('an error that cannot succeed is parked at once', async () => {
  const world = createWorld()
  world.destination.nextFaults.push('refuse-content')
  const hub = await world.start()
  await hub.accept({ referanse: 'sak-1' })
  await world.time.advance(SECOND)

  expect(world.rows()[0]).toMatchObject({ state: 'parked', runs: 1, last_code: 'FAKE_UGYLDIG' })
})

test('one municipality’s mass mailing does not delay another one’s letter', async () => {
  const world = createWorld()
  world.config.ceiling = 100
  const { release } = holdAll(world)
  const hub = await world.start({ limits: { mostRunning: 8, mostRunningPerTenant: 6 } })
  for (let number = 0; number < 40; number++) await hub.accept({ referanse: `sak-${number}` })
  await world.time.advance(SECOND)
  await hub.accept({ referanse: 'urgent', tenant: OTHER_TENANT })
  await world.time.advance(SECOND)

  expect([running(world), running(world, OTHER_TENANT)]).toEqual([6, 1])
  release()
  await world.calm()
})

test('no more rows run than the ceilings allow, for the whole hub, per municipality and per destination', async () => {
  const world = createWorld()
  const tenants = [TENANT, OTHER_TENANT, '315058384']
  const { seen, release } = holdAll(world)
  const other = sendHandler(world.destination, {
    name: 'test.other',
    effect: world.destination.effect({ name: 'fake.other' }),
  })
  world.config.ceiling = 3
  const hub = await world.start({
    handlers: [sendHandler(world.destination), other],
    limits: { mostRunning: 7, mostRunningPerTenant: 4 },
  })
  const hold = hub.holdBefore('runtime.take')
  for (const tenant of tenants)
    for (let number = 0; number < 10; number++) await hub.accept({ referanse: `sak-${number}`, tenant })
  hold.release()
  await world.time.advance(SECOND)
  const per = tenants.map((tenant) => running(world, tenant))
  release()
  await world.calm()

  expect(Math.max(...per)).toBeLessThanOrEqual(3)
  expect(per.reduce((sum, count) => sum + count, 0)).toBe(7)
  expect(seen.most).toBeLessThanOrEqual(7)
})

test('two handlers of one system together make one trial while its circuit is open', async () => {
  const world = createWorld()
  const other = sendHandler(world.destination, {
    name: 'test.other',
    effect: world.destination.effect({ name: 'fake.other' }),
  })
  const hub = await world.start({ handlers: [sendHandler(world.destination), other] })
  world.destination.prepareError = new HubError('FAKE_AVVIST_TILGANG', 'paused', 'Refused.')
  await hub.accept({ referanse: 'sak-0' })
  await world.time.advance(SECOND)
  let now = 0
  let most = 0
  world.destination.beforePrepare = async () => {
    now += 1
    most = Math.max(most, now)
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve))
    now -= 1
  }
  for (let number = 1; number < 5; number++) await hub.accept({ referanse: `sak-${number}` })
  await world.time.advance(2 * MINUTE)

  expect(most).toBe(1)
})

test('what has priority runs first', async () => {
  const world = createWorld()
  const order: string[] = []
  const handlerOf = (name: string, priority: number) => {
    const handler = sendHandler(world.destination, {
      name,
      priority,
      effect: world.destination.effect({ name: `fake.${name}` }),
    })
    return { ...handler, handle: async () => void order.push(name) }
  }
  const hub = await world.start({
    handlers: [handlerOf('test.letter', 0), handlerOf('test.health', 10)],
    limits: { mostRunning: 1 },
  })
  const hold = hub.holdBefore('runtime.take')
  for (let number = 0; number < 3; number++) await hub.accept({ referanse: `sak-${number}` })
  await until('all are in the inbox', () => world.rows().length === 6)
  hold.release()
  await world.calm()

  expect(order.slice(-5)).toEqual([
    ...order.filter((name) => name === 'test.health').slice(-(5 - 3)),
    'test.letter',
    'test.letter',
    'test.letter',
  ])
})

test('draining lets what is under way end, takes nothing new, and leaves the rest for the next start', async () => {
  const world = createWorld()
  const { release } = holdAll(world)
  const hub = await world.start({ limits: { mostRunning: 1 } })
  for (let number = 0; number < 3; number++) await hub.accept({ referanse: `sak-${number}` })
  await until('one is under way', () => world.rows("state = 'running'").length === 1)
  const stopping = hub.stop(10 * SECOND)
  release()
  await stopping
  expect(world.rows().map((row) => row.state)).toEqual(['done', 'waiting', 'waiting'])
  await world.start()
  await world.calm()

  expect(world.destination.received).toHaveLength(3)
})

test('what does not end in time while draining is given up; its question stays open, and the next start asks', async () => {
  const world = createWorld()
  world.destination.nextFaults.push({ acceptAfterMs: MINUTE })
  const hub = await world.start()
  await hub.accept({ referanse: 'sak-1' })
  await until('it is under way', () => world.destination.requests.length === 1)
  await hub.stop(10 * SECOND)
  expect(world.rows()[0]).toMatchObject({ state: 'waiting', runs: 0 })
  expect(world.attempts()).toEqual([{ number: 1, state: 'open', closed_as: null }])
  await world.start()
  await world.calm()

  expect(world.destination.received).toHaveLength(1)
  expect(world.time.stopwatch.read()).toBeLessThan(TEST_WAIT_MS)
})

test('nothing leaves any more once the drain has been given up: an intent that is late is closed unused', async () => {
  const world = createWorld()
  const hub = await world.start()
  const hold = hub.holdBefore('runtime.intent')
  await hub.accept({ referanse: 'sak-1' })
  await until('its intent is about to be written', hold.reached)
  let stopped = false
  void hub.runtime.stop(SECOND).then(() => {
    stopped = true
  })
  await world.time.advance(2 * SECOND)
  hold.release()
  await until('it has stopped', () => stopped)

  expect(world.destination.requests).toHaveLength(0)
  expect(world.attempts()).toMatchObject([{ number: 1, state: 'closed', closed_as: 'nothing happened' }])
  expect(world.rows()[0]?.state).toBe('waiting')
})

test('a defect is logged with its place and without its message, which may hold anything', async () => {
  const world = createWorld()
  world.destination.beforePrepare = async () => {
    JSON.parse('{"navn":\n"Syntetisk Person" oops')
  }
  const hub = await world.start()
  await hub.accept({ referanse: 'sak-1' })
  await until('the defect is logged', () => hub.log.lines.some((line) => line.fields['defect'] !== undefined))
  const [line] = hub.log.lines.filter(({ fields }) => fields['defect'] !== undefined)

  expect(String(line?.fields['defect'])).toMatch(/^SyntaxError at /)
  expect(JSON.stringify(hub.log.lines)).not.toContain('Syntetisk')
})

test('a hub that is not started, and one that is stopped, says that it is not ready', async () => {
  const world = createWorld()
  const hub = await world.start()
  const while1 = hub.runtime.unready()
  await hub.stop()

  expect(while1).toEqual([])
  expect(hub.runtime.unready()).toEqual(['the runtime is stopped'])
})
