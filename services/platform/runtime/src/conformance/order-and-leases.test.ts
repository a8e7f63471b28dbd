import { expect, test } from 'vitest'
import { TEST_WAIT_MS, until } from '../testing/index.ts'
import { createWorld, OPERATOR, sendHandler } from './test-world.ts'

const MINUTE = 60_000

test('R7: letters of one sak go out one after the other, in the order they came', async () => {
  const world = createWorld()
  let under = 0
  let most = 0
  world.destination.beforePrepare = async () => {
    under += 1
    most = Math.max(most, under)
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
    under -= 1
  }
  const hub = await world.start()
  const texts = Array.from({ length: 8 }, (_, number) => `text-${number}`)
  for (const text of texts) await hub.accept({ referanse: `brev-${text}`, sak: 'sak-1', text })
  await world.calm()

  expect(world.destination.received.map((letter) => letter.text)).toEqual(texts)
  expect(most).toBe(1)
})

test('R7: letters of different sakene do not wait for each other', async () => {
  const world = createWorld()
  world.destination.nextFaults.push('hang')
  const hub = await world.start()
  await hub.accept({ referanse: 'brev-1', sak: 'sak-1' })
  await until('the first hangs', () => world.destination.requests.length === 1)
  await hub.accept({ referanse: 'brev-2', sak: 'sak-2' })
  await until('the second is sent', () => world.destination.received.length === 1)
})

test('R7: a letter whose outcome is not known holds the ones behind it', async () => {
  const world = createWorld()
  world.destination.nextFaults.push('lost')
  const hub = await world.start()
  await hub.accept({ referanse: 'brev-1', sak: 'sak-1', text: 'first' })
  await hub.accept({ referanse: 'brev-2', sak: 'sak-1', text: 'second' })
  await world.time.advance(TEST_WAIT_MS - MINUTE)
  expect(world.destination.received).toEqual([])
  await world.calm()

  expect(world.destination.received.map((letter) => letter.text)).toEqual(['first', 'second'])
})

test('R7: a parked letter holds the ones behind it, and they go on in order when it is replayed', async () => {
  const world = createWorld()
  world.destination.nextFaults.push('refuse-content')
  const hub = await world.start()
  await hub.accept({ referanse: 'brev-1', sak: 'sak-1', text: 'first' })
  await hub.accept({ referanse: 'brev-2', sak: 'sak-1', text: 'second' })
  await world.time.advance(60 * MINUTE)
  expect(world.rows().map((row) => [row.state, row.head])).toEqual([
    ['parked', 1],
    ['waiting', 0],
  ])
  const plan = await hub.runtime.replays.plan({ tenants: 'alle' }, OPERATOR, 'corrected')
  await hub.runtime.replays.run(plan.jobId, OPERATOR, 'corrected')
  await world.calm()

  expect(world.destination.received.map((letter) => letter.text)).toEqual(['first', 'second'])
})

test('R7: a letter that is being discarded holds the ones behind it until its question is answered', async () => {
  const world = createWorld()
  world.destination.nextFaults.push('lost')
  const hub = await world.start()
  await hub.accept({ referanse: 'brev-1', sak: 'sak-1', text: 'first' })
  await hub.accept({ referanse: 'brev-2', sak: 'sak-1', text: 'second' })
  await world.time.advance(5_000)
  const [first] = world.rows()
  await hub.runtime.verbs.discard(first?.row_id ?? 0, OPERATOR, 'sent by hand')
  await world.time.advance(TEST_WAIT_MS - MINUTE)
  const early = world.destination.received.length
  await until('the second is sent', () => world.destination.received.length === 1, {
    time: world.time,
    withinMs: 10 * MINUTE,
  })

  expect(early).toBe(0)
  expect(world.rows()[0]?.state).toBe('discarded')
})

test('R7: a discarded letter lets the next one go at once', async () => {
  const world = createWorld()
  world.destination.nextFaults.push('refuse-content')
  const hub = await world.start()
  await hub.accept({ referanse: 'brev-1', sak: 'sak-1', text: 'first' })
  await hub.accept({ referanse: 'brev-2', sak: 'sak-1', text: 'second' })
  await until('it is parked', () => world.rows("state = 'parked'").length === 1, { time: world.time })
  await hub.runtime.verbs.discard(world.rows()[0]?.row_id ?? 0, OPERATOR, 'not needed')
  await until('the second is sent', () => world.destination.received.length === 1)

  expect(world.destination.received[0]?.text).toBe('second')
})

test('R7: an event that nobody can read holds its sak like any parked one', async () => {
  const world = createWorld()
  const hub = await world.start()
  await hub.accept({ referanse: 'brev-1', sak: 'sak-1' })
  await world.calm()
  const [letter] = world.sql<{ headers: string; value: Uint8Array }>(
    'SELECT headers, value FROM bus_log ORDER BY log_offset LIMIT 1',
  )
  const headers = {
    ...(JSON.parse(letter?.headers ?? '{}') as Record<string, string>),
    ce_id: '5f0e0f1c-9a53-5f0e-8c52-5b1c0c6f2a11',
  }
  await hub.bus.append([{ topic: 'test', key: 'sak-1', headers, value: new TextEncoder().encode('no json') }])
  await hub.accept({ referanse: 'brev-2', sak: 'sak-1' })
  await world.time.advance(10 * MINUTE)

  expect(world.rows().map((row) => row.state)).toEqual(['done', 'parked', 'waiting'])
})

test('a handler that needs no order lets a later letter of the sak pass', async () => {
  const world = createWorld()
  world.destination.nextFaults.push('refuse-content')
  const hub = await world.start({ handlers: [sendHandler(world.destination, { order: 'none' })] })
  await hub.accept({ referanse: 'brev-1', sak: 'sak-1', text: 'first' })
  await until('the first is parked', () => world.rows("state = 'parked'").length === 1, { time: world.time })
  await hub.accept({ referanse: 'brev-2', sak: 'sak-1', text: 'second' })
  await world.calm()

  expect(world.rows().map((row) => row.state)).toEqual(['parked', 'done'])
})

test('R7: every take, discard, undo and replay gives the row a new token', async () => {
  const world = createWorld()
  world.destination.nextFaults.push('refuse-content', 'refuse-content')
  const hub = await world.start()
  const token = () => world.rows()[0]?.lease_token
  await hub.accept({ referanse: 'brev-1' })
  await until('it is parked', () => world.rows("state = 'parked'").length === 1, { time: world.time })
  const tokens = [token()]
  const rowId = world.rows()[0]?.row_id ?? 0
  await hub.runtime.verbs.discard(rowId, OPERATOR, 'no')
  tokens.push(token())
  await hub.runtime.verbs.undo(rowId, OPERATOR, 'yes')
  await until('it is parked again', () => world.rows("state = 'parked'").length === 1, { time: world.time })
  tokens.push(token())
  const plan = await hub.runtime.replays.plan({ tenants: 'alle' }, OPERATOR, 'again')
  await hub.runtime.replays.run(plan.jobId, OPERATOR, 'again')
  await until('it is sent', () => world.rows("state = 'done'").length === 1, { time: world.time })
  tokens.push(token())

  // taken; discarded; undone and taken; released and taken
  expect(tokens).toEqual([1, 2, 4, 6])
})

test('R8: after a crash the leases of the former owner are void, and its letter goes on at once', async () => {
  const world = createWorld()
  const hub = await world.start()
  const crash = hub.crashAt('before', 'runtime.intent')
  await hub.accept({ referanse: 'brev-1' })
  await until('it crashed', crash.reached)
  expect(world.rows()[0]?.state).toBe('running')
  await world.start()
  await until('it is sent', () => world.destination.received.length === 1)

  expect(world.rows()[0]?.state).toBe('done')
})

test('R8: a run whose end could not be written does not hold its row for ever', async () => {
  const world = createWorld()
  world.destination.nextFaults.push('refuse-connection')
  const hub = await world.start()
  const takeAgain = world.refuse('INSERT', 'failed_run')
  await hub.accept({ referanse: 'brev-1' })
  await world.time.advance(1_000)
  expect(world.rows()[0]?.state).toBe('running')
  takeAgain()
  await until('it is sent', () => world.destination.received.length === 1, { time: world.time, withinMs: 10 * MINUTE })

  expect(world.rows()[0]?.state).toBe('done')
})
