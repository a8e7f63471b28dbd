import type { Json } from '@samband/kernel'
import { expect, test } from 'vitest'
import { effectKey } from '../index.ts'
import { TEST_TIMING, TEST_WAIT_MS, until } from '../testing/index.ts'
import { createWorld, letterKey, OPERATOR, OTHER_TENANT, TENANT } from './test-world.ts'

const SECOND = 1_000
const MINUTE = 60_000

test('R9: the key is the business: it differs by municipality, handler, effect, subject and content, and by nothing else', () => {
  const { destination } = createWorld()
  const letter: Json = { letterId: 'l-1', recipient: 'm-1', text: 'a' }
  const keys = [
    effectKey(TENANT, 'h', destination.effect(), letter),
    effectKey(OTHER_TENANT, 'h', destination.effect(), letter),
    effectKey(TENANT, 'other', destination.effect(), letter),
    effectKey(TENANT, 'h', destination.effect({ name: 'fake.other' }), letter),
    effectKey(TENANT, 'h', destination.effect(), { ...letter, letterId: 'l-2' }),
    effectKey(TENANT, 'h', destination.effect(), { ...letter, recipient: 'm-2' }),
  ]

  expect(new Set(keys).size).toBe(keys.length)
  expect(effectKey(TENANT, 'h', destination.effect(), { ...letter, text: 'b' })).toBe(keys[0])
  for (const key of keys) expect(key).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})

test('R9: every attempt, over restarts, carries the same key', async () => {
  const world = createWorld()
  world.destination.nextFaults.push('lost', 'ask-to-wait', 'lost')
  const hub = await world.start()
  const acceptedId = await hub.accept({ referanse: 'sak-1' })
  await world.time.advance(TEST_WAIT_MS + 10 * MINUTE)
  hub.crash()
  await world.start({ idSeed: 'two' })
  await world.calm()

  expect(world.destination.requests.length).toBe(4)
  expect(new Set(world.destination.requests)).toEqual(new Set([letterKey(world, acceptedId)]))
  expect(world.destination.received).toHaveLength(1)
})

test('R9: an older letter of somebody else under the client’s own reference is not taken for ours', async () => {
  const world = createWorld()
  world.destination.plant('sak-1', 'konto-1')
  world.destination.nextFaults.push('lost')
  const hub = await world.start()
  const acceptedId = await hub.accept({ referanse: 'sak-1' })
  await world.calm()

  expect(world.destination.received.map((letter) => letter.key)).toEqual(['sak-1', letterKey(world, acceptedId)])
})

test('R10: a letter that is discarded between take and intent is never sent', async () => {
  const world = createWorld()
  const hub = await world.start()
  const hold = hub.holdBefore('runtime.intent')
  await hub.accept({ referanse: 'sak-1' })
  await until('the intent is about to be written', hold.reached)
  await hub.runtime.verbs.discard(world.rows()[0]?.row_id ?? 0, OPERATOR, 'not needed')
  hold.release()
  await world.time.advance(60 * MINUTE)

  expect(world.destination.requests).toEqual([])
  expect(world.attempts()).toEqual([])
  expect(world.rows()[0]?.state).toBe('discarded')
})

test('R10: nothing of an intent stands in the store while the slow part goes on', async () => {
  const world = createWorld()
  const slow = Promise.withResolvers<void>()
  let preparing = false
  world.destination.beforePrepare = () => {
    preparing = true
    return slow.promise
  }
  const hub = await world.start()
  await hub.accept({ referanse: 'sak-1' })
  await until('it prepares', () => preparing)
  // However long the slow part takes, it uses up none of the time for the first byte.
  await world.time.advance(10 * TEST_TIMING.startWithinMs)
  const during = world.attempts()
  slow.resolve()
  await world.calm()

  expect(during).toEqual([])
  expect(world.attempts()).toEqual([{ number: 1, state: 'answered', closed_as: null }])
})

test('R10: a process that is killed between intent and answer leaves a question, and the next one asks before it sends', async () => {
  const world = createWorld()
  const hub = await world.start()
  world.destination.beforeFirstByte = async () => {
    hub.crash()
    await new Promise(() => {})
  }
  await hub.accept({ referanse: 'sak-1' })
  await until('the intent stands', () => world.attempts().length === 1)
  expect(world.attempts()).toEqual([{ number: 1, state: 'open', closed_as: null }])
  world.destination.beforeFirstByte = async () => {}
  await world.start()
  await until('it asked', () => world.destination.lookUps.length > 0, { time: world.time })
  expect(world.destination.requests).toEqual([])
  await world.calm()

  expect(world.destination.received).toHaveLength(1)
})

test('R10: a process that is killed after the letter was taken finds it and does not send again', async () => {
  const world = createWorld()
  const hub = await world.start()
  const crash = hub.crashAt('before', 'runtime.evidence')
  await hub.accept({ referanse: 'sak-1' })
  await until('it crashed', crash.reached)
  expect(world.destination.received).toHaveLength(1)
  await world.start()
  await world.calm()

  expect(world.destination.received).toHaveLength(1)
  expect(world.rows()[0]?.state).toBe('done')
})

test('R11: an attempt whose first byte would leave too late is given up before anything leaves, and made anew', async () => {
  const world = createWorld()
  const slow = Promise.withResolvers<void>()
  let waiting = false
  world.destination.beforeFirstByte = () => {
    waiting = true
    return slow.promise
  }
  const hub = await world.start()
  await hub.accept({ referanse: 'sak-1' })
  await until('the attempt is about to begin', () => waiting)
  await world.time.advance(TEST_TIMING.startWithinMs + SECOND)
  slow.resolve()
  await world.calm()

  expect(world.attempts()).toEqual([
    { number: 1, state: 'closed', closed_as: 'nothing happened' },
    { number: 2, state: 'answered', closed_as: null },
  ])
  expect(world.destination.requests).toHaveLength(1)
})

test('R11: the time for the first byte runs from before the commit was asked for, so a slow disk uses it up', async () => {
  const world = createWorld()
  const hub = await world.start()
  const hold = hub.holdBefore('runtime.intent')
  await hub.accept({ referanse: 'sak-1' })
  await until('the intent is about to be written', hold.reached)
  await world.time.advance(TEST_TIMING.startWithinMs + SECOND)
  hold.release()
  await world.calm()

  expect(world.attempts()[0]).toEqual({ number: 1, state: 'closed', closed_as: 'nothing happened' })
  expect(world.destination.requests).toHaveLength(1)
})

test('R11: a request without an answer is given up after start deadline plus time in flight, and asked about', async () => {
  const world = createWorld()
  world.destination.nextFaults.push('hang')
  const hub = await world.start()
  await hub.accept({ referanse: 'sak-1' })
  await world.time.advance(TEST_TIMING.startWithinMs + TEST_TIMING.inFlightMs - SECOND)
  expect(world.destination.lookUps).toEqual([])
  expect(world.rows()[0]?.state).toBe('running')
  await world.time.advance(MINUTE)
  expect(world.destination.lookUps.length).toBeGreaterThan(0)
  await world.calm()

  expect(world.destination.received).toHaveLength(1)
})

test.each([
  ['the connection is refused', 'refuse-connection', 0],
  ['the destination asks to wait', 'ask-to-wait', 1],
] as const)(
  'R12: when %s nothing happened: the attempt is closed and the next one is made without asking',
  async (_what, fault, requests) => {
    const world = createWorld()
    world.destination.nextFaults.push(fault)
    const hub = await world.start()
    await hub.accept({ referanse: 'sak-1' })
    await world.calm()

    expect(world.attempts()).toEqual([
      { number: 1, state: 'closed', closed_as: 'nothing happened' },
      { number: 2, state: 'answered', closed_as: null },
    ])
    expect(world.destination.lookUps).toEqual([])
    expect(world.destination.requests).toHaveLength(requests + 1)
  },
)

test.each([
  ['the answer is lost after the letter was taken', 'answer-lost', 1],
  ['a defect strikes after the letter was taken', 'crash-after-accept', 1],
  ['the connection breaks', 'lost', 2],
  ['the destination answers 500', 'server-error', 2],
  ['the letter is taken 15 minutes after the request', { acceptAfterMs: 15 * MINUTE }, 1],
] as const)(
  'R12: when %s the outcome is unknown: the destination is asked, and one letter is there in the end',
  async (_what, fault, requests) => {
    const world = createWorld()
    world.destination.nextFaults.push(fault)
    const hub = await world.start()
    await hub.accept({ referanse: 'sak-1' })
    await until('there is a question', () => world.destination.lookUps.length > 0, {
      time: world.time,
      withinMs: 60 * MINUTE,
    })
    expect(world.attempts()[0]?.state === 'closed').toBe(false)
    await world.calm()

    expect(world.destination.received).toHaveLength(1)
    expect(world.destination.requests).toHaveLength(requests)
    expect(world.attempts()).toHaveLength(requests)
  },
)

test('R12: refused credentials close the attempt, and the next attempt has an intent of its own', async () => {
  const world = createWorld()
  world.destination.nextFaults.push('refuse-credentials')
  const hub = await world.start()
  await hub.accept({ referanse: 'sak-1' })
  await world.calm()

  expect(world.attempts().map((attempt) => attempt.closed_as)).toEqual(['nothing happened', null])
  expect(world.rows()[0]).toMatchObject({ state: 'done', runs: 0 })
})
