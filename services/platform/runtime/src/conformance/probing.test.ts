import { expect, test } from 'vitest'
import { TEST_TIMING, TEST_WAIT_MS, until } from '../testing/index.ts'
import { createWorld, letterKey, OPERATOR, sendHandler, type World } from './test-world.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

/** A world where one letter has been asked for and lost on the way: its question is open. */
async function lostLetter(world: World, referanse = 'sak-1') {
  world.destination.nextFaults.push('lost')
  const hub = await world.start()
  const acceptedId = await hub.accept({ referanse })
  await until('there is a question', () => world.destination.lookUps.length > 0, { time: world.time })
  return { hub, acceptedId, key: letterKey(world, acceptedId) }
}

test('R13: while the look-up fails, a letter of unknown outcome is asked about and never sent again', async () => {
  const world = createWorld()
  world.destination.probeFault = 'error'
  await lostLetter(world)
  await world.time.advance(6 * 60 * MINUTE)
  expect(world.destination.requests).toHaveLength(1)
  expect(world.rows()[0]?.state).toBe('waiting')
  world.destination.probeFault = 'none'
  await world.calm()

  expect(world.destination.received).toHaveLength(1)
})

test('R13: an error body under 200 is not taken for "not there"', async () => {
  const world = createWorld()
  world.destination.probeFault = 'error-body-as-empty'
  await lostLetter(world)
  await world.time.advance(6 * 60 * MINUTE)

  expect(world.destination.requests).toHaveLength(1)
})

test('R13: a look-up that does not find a letter we know is there is not believed about another one', async () => {
  const world = createWorld()
  const first = await world.start()
  await first.accept({ referanse: 'known' })
  await world.calm()
  await first.stop()
  world.destination.probeFault = 'finds-nothing'
  world.destination.nextFaults.push('answer-lost')
  const hub = await world.start()
  await hub.accept({ referanse: 'sak-1' })
  await world.time.advance(6 * 60 * MINUTE)
  expect(world.destination.requests).toHaveLength(2)
  world.destination.probeFault = 'none'
  await world.calm()

  expect(world.destination.received).toHaveLength(2)
})

test('R13: the control is a letter of the same account: one of another account says nothing', async () => {
  const world = createWorld()
  world.config.account = 'konto-2'
  const first = await world.start()
  await first.accept({ referanse: 'known' })
  await world.calm()
  world.config.account = 'konto-1'
  world.destination.nextFaults.push('lost')
  await first.accept({ referanse: 'sak-1' })
  await world.calm()

  expect(world.destination.received.map((letter) => letter.account)).toEqual(['konto-2', 'konto-1'])
  expect(first.log.lines.some((line) => line.sentence.startsWith('look-up without a control'))).toBe(true)
})

test('R13: a look-up at the address of the thing itself needs no control', async () => {
  const world = createWorld()
  const effect = world.destination.effect({ searches: false })
  const hub = await world.start({ handlers: [sendHandler(world.destination, { effect })] })
  await hub.accept({ referanse: 'known' })
  await world.calm()
  world.destination.probeFault = 'finds-nothing'
  world.destination.nextFaults.push('lost')
  await hub.accept({ referanse: 'sak-1' })
  await world.calm()

  expect(world.destination.received).toHaveLength(2)
})

test('R14: "not there" is believed only when a request can no longer be on its way and the look-up can no longer lag', async () => {
  const world = createWorld()
  await lostLetter(world)
  const askedAt = world.time.stopwatch.read()
  await world.time.advance(TEST_WAIT_MS - 10_000 - askedAt)
  expect(world.destination.requests).toHaveLength(1)
  await world.calm()

  expect(world.destination.requests).toHaveLength(2)
  expect(world.destination.received[0]?.atMs).toBeGreaterThanOrEqual(TEST_WAIT_MS)
})

test('R14: the wait counts from the newest attempt, not from the first', async () => {
  const world = createWorld()
  world.destination.nextFaults.push('lost', 'lost')
  await lostLetter(world)
  world.destination.nextFaults.length = 1
  await until('the second attempt was made', () => world.destination.requests.length === 2, {
    time: world.time,
    withinMs: 60 * MINUTE,
  })
  const secondAt = world.time.stopwatch.read()
  await world.calm()

  expect(world.destination.requests).toHaveLength(3)
  expect((world.destination.received[0]?.atMs ?? 0) - secondAt).toBeGreaterThanOrEqual(TEST_WAIT_MS)
})

test('R14: a letter that was taken but shows in the look-up only five minutes later is not sent again', async () => {
  const world = createWorld()
  world.destination.lookUpLagMs = TEST_TIMING.lookUpLagMs - 1_000
  world.destination.nextFaults.push({ acceptAfterMs: TEST_TIMING.inFlightMs })
  const hub = await world.start()
  await hub.accept({ referanse: 'sak-1' })
  await world.calm()

  expect(world.destination.received).toHaveLength(1)
  expect(world.destination.requests).toHaveLength(1)
})

test.each([
  ['forwards', 2 * 60 * MINUTE],
  ['backwards', -2 * 60 * MINUTE],
])('R15: a wall clock that jumps two hours %s does not shorten the wait', async (_way, jumpMs) => {
  const world = createWorld()
  await lostLetter(world)
  world.time.jump(jumpMs)
  const elapsed = world.time.stopwatch.read()
  await world.time.advance(TEST_WAIT_MS - 10_000 - elapsed)

  expect(world.destination.requests).toHaveLength(1)
  expect(world.rows()[0]?.state).toBe('waiting')
})

test('R15: a restart begins the wait anew, since nobody knows how long the process was away', async () => {
  const world = createWorld()
  const { hub } = await lostLetter(world)
  await world.time.advance(TEST_WAIT_MS - 2 * MINUTE)
  hub.crash()
  await world.start()
  const restartedAt = world.time.stopwatch.read()
  await world.time.advance(TEST_WAIT_MS - MINUTE)
  expect(world.destination.requests).toHaveLength(1)
  await world.calm()

  expect(world.destination.requests).toHaveLength(2)
  expect((world.destination.received[0]?.atMs ?? 0) - restartedAt).toBeGreaterThanOrEqual(TEST_WAIT_MS)
})

test('R15: what is there is believed at once, without any wait', async () => {
  const world = createWorld()
  world.destination.nextFaults.push('answer-lost')
  const hub = await world.start()
  await hub.accept({ referanse: 'sak-1' })
  await world.time.advance(5_000)

  expect(world.rows()[0]?.state).toBe('done')
})

test('R16: evidence is kept alone and at once, so a process that is killed before the end of the run neither sends nor asks again', async () => {
  const world = createWorld()
  const hub = await world.start()
  const crash = hub.crashAt('before', 'runtime.finish')
  await hub.accept({ referanse: 'sak-1' })
  await until('it crashed', crash.reached)
  await world.start()
  await world.calm()

  expect(world.destination.requests).toHaveLength(1)
  expect(world.destination.lookUps).toEqual([])
})

test('R16: an answer that comes when its letter has been discarded is kept, and the letter counts as done, with an alarm', async () => {
  const world = createWorld()
  const answer = Promise.withResolvers<void>()
  let sending = false
  world.destination.beforeFirstByte = () => {
    sending = true
    return answer.promise
  }
  const hub = await world.start()
  await hub.accept({ referanse: 'sak-1' })
  await until('it is being sent', () => sending)
  const outcome = await hub.runtime.verbs.discard(world.rows()[0]?.row_id ?? 0, OPERATOR, 'sent by hand')
  answer.resolve()
  await until('the answer is kept', () => world.rows()[0]?.state === 'done')

  expect(outcome.state).toBe('discarding')
  expect(world.rows()[0]?.remark).toBe('although discarded')
  expect(world.alarms()).toEqual(['although-discarded'])
})

test('R28: a letter that needed two attempts is looked up again after the wait and after a day, and a second one over there is an alarm', async () => {
  const world = createWorld()
  const { key } = await lostLetter(world)
  await world.calm()
  expect(world.alarms()).toEqual([])
  world.destination.plant(key, 'konto-1')
  await world.time.advance(TEST_WAIT_MS + MINUTE)

  expect(world.alarms()).toEqual(['doubled'])
  const looks = [world.destination.lookUps.length]
  for (let day = 0; day < 2; day++) {
    world.time.jump(DAY)
    await world.time.advance(MINUTE)
    looks.push(world.destination.lookUps.length)
  }
  const [first = 0, second, third] = looks
  expect([second, third]).toEqual([first + 1, first + 1])
  expect(world.alarms()).toEqual(['doubled'])
})

test('R28: a letter that needed one attempt is not looked up again', async () => {
  const world = createWorld()
  const hub = await world.start()
  await hub.accept({ referanse: 'sak-1' })
  await world.calm()
  await world.time.advance(2 * 60 * MINUTE)

  expect(world.destination.lookUps).toEqual([])
})

test('R28: a look-up that already shows two letters is an alarm at once', async () => {
  const world = createWorld()
  const { key } = await lostLetter(world)
  world.destination.plant(key, 'konto-1')
  world.destination.plant(key, 'konto-1')
  await world.calm()

  expect(world.alarms()).toEqual(['doubled'])
  expect(world.destination.requests).toHaveLength(1)
})

test('R14: a destination that perhaps refuses no second one gets none while the first may be on its way', async () => {
  const world = createWorld()
  const effect = world.destination.effect({ guarantee: 'unique' })
  world.destination.givesItsOwnIds = true
  world.destination.nextFaults.push({ acceptAfterMs: TEST_WAIT_MS - MINUTE })
  const hub = await world.start({ handlers: [sendHandler(world.destination, { effect })] })
  await hub.accept({ referanse: 'sak-1' })
  await world.calm()

  expect(world.destination.requests).toHaveLength(1)
  expect(world.destination.received).toHaveLength(1)
})

test('R14: a destination that perhaps refuses no second one gets the letter again when the first is dead', async () => {
  const world = createWorld()
  const effect = world.destination.effect({ guarantee: 'unique' })
  world.destination.givesItsOwnIds = true
  world.destination.nextFaults.push('lost')
  const hub = await world.start({ handlers: [sendHandler(world.destination, { effect })] })
  await hub.accept({ referanse: 'sak-1' })
  await world.time.advance(TEST_WAIT_MS - MINUTE)
  expect(world.destination.requests).toHaveLength(1)
  await world.calm()

  expect(world.destination.received).toHaveLength(1)
  expect(world.attempts().map((attempt) => attempt.closed_as)).toEqual(['not there', null])
})
