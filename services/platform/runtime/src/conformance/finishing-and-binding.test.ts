import { HubError, type Json } from '@samband/kernel'
import { expect, test } from 'vitest'
import { TEST_WAIT_MS, until } from '../testing/index.ts'
import {
  createWorld,
  handlerOf,
  inputOf,
  letterKey,
  OPERATOR,
  SECOND_OPERATOR,
  SendtV1,
  sendHandler,
  type World,
} from './test-world.ts'

const MINUTE = 60_000

test('R17: a handler that swallows the error of a send cannot lose the letter: the row is done only when its question is answered', async () => {
  const world = createWorld()
  const effect = world.destination.effect()
  world.destination.nextFaults.push('lost')
  const careless = handlerOf([effect], async (data, context) => {
    await context.effect(effect, inputOf(data)).catch(() => {})
  })
  const hub = await world.start({ handlers: [careless] })
  await hub.accept({ referanse: 'sak-1' })
  await world.time.advance(TEST_WAIT_MS - MINUTE)
  expect(world.rows()[0]?.state).toBe('waiting')
  await world.calm()

  expect(world.destination.received).toHaveLength(1)
  expect(world.rows()[0]?.state).toBe('done')
})

test.each(['probe', 'unique'] as const)(
  'R18: an effect that says "%s" but cannot be asked is refused when its handler is defined',
  (guarantee) => {
    const world = createWorld()
    const { probe: _, ...effect } = world.destination.effect({ guarantee })

    expect(() => handlerOf([effect], async () => {})).toThrow(/without a probe/)
  },
)

test('R18: a destination that refuses a second one with our key may be tried again without the wait, and has one letter in the end', async () => {
  const world = createWorld()
  const effect = world.destination.effect({ guarantee: 'unique' })
  world.destination.lookUpLagMs = 10 * MINUTE
  world.destination.nextFaults.push('answer-lost')
  const hub = await world.start({ handlers: [sendHandler(world.destination, { effect })] })
  await hub.accept({ referanse: 'sak-1' })
  await world.time.advance(MINUTE)

  expect(world.destination.requests).toHaveLength(2)
  expect(world.destination.received).toHaveLength(1)
  expect(world.attempts().map((attempt) => attempt.state)).toEqual(['answered', 'answered'])
})

test('R18: a receiver that counts a key once gets it again at once, and is asked nothing', async () => {
  const world = createWorld()
  const effect = world.destination.effect({ guarantee: 'receiver-dedupes' })
  world.destination.nextFaults.push('answer-lost')
  const hub = await world.start({ handlers: [sendHandler(world.destination, { effect })] })
  await hub.accept({ referanse: 'sak-1' })
  await world.time.advance(MINUTE)

  expect(world.destination.lookUps).toEqual([])
  expect(world.destination.received).toHaveLength(1)
  expect(world.rows()[0]?.state).toBe('done')
})

test('R18: where nobody can be asked, an unknown outcome is parked until a person answers, and nothing is sent meanwhile', async () => {
  const world = createWorld()
  const effect = world.destination.effect({ guarantee: 'once-or-ask' })
  world.destination.nextFaults.push('answer-lost')
  const hub = await world.start({ handlers: [sendHandler(world.destination, { effect })] })
  const acceptedId = await hub.accept({ referanse: 'sak-1' })
  await world.time.advance(60 * MINUTE)
  expect(world.rows()[0]).toMatchObject({ state: 'parked', last_code: 'EFFECT_UTFALL_UKJENT' })
  expect(world.destination.requests).toHaveLength(1)
  await hub.runtime.verbs.answer(
    letterKey(world, acceptedId),
    { kind: 'there', evidence: { id: 'letter-1', hits: 1 } },
    OPERATOR,
    'seen over there',
    'their list',
  )
  await replayAll(world, hub)

  expect(world.rows()[0]?.state).toBe('done')
  expect(world.destination.requests).toHaveLength(1)
})

test('evidence that a person gives must be what the effect itself would give, else a later step would break on it', async () => {
  const world = createWorld()
  const effect: ReturnType<typeof world.destination.effect> = {
    ...world.destination.effect({ guarantee: 'once-or-ask' }),
    evidenceFault: (given) => (typeof given === 'object' && given !== null && 'id' in given ? undefined : 'id'),
  }
  world.destination.nextFaults.push('answer-lost')
  const hub = await world.start({ handlers: [sendHandler(world.destination, { effect })] })
  const key = letterKey(world, await hub.accept({ referanse: 'sak-1' }))
  await until('it is parked', () => world.rows("state = 'parked'").length === 1, { time: world.time })
  const say = (evidence: Json) =>
    hub.runtime.verbs.answer(key, { kind: 'there', evidence }, OPERATOR, 'seen over there', 'their list')

  await expect(say({ number: 1 })).rejects.toMatchObject({
    code: 'DRIFT_BEVIS_PASSER_IKKE',
    details: { path: 'bevis.id' },
  })
  expect(world.sql('SELECT * FROM audit')).toEqual([])
  expect(await say({ id: 'letter-1', hits: 1 })).toMatchObject({ state: 'there' })
})

test('R18: "not there" by hand needs two people, and only then the letter is sent again', async () => {
  const world = createWorld()
  const effect = world.destination.effect({ guarantee: 'once-or-ask' })
  world.destination.nextFaults.push('lost')
  const hub = await world.start({ handlers: [sendHandler(world.destination, { effect })] })
  const key = letterKey(world, await hub.accept({ referanse: 'sak-1' }))
  await until('it is parked', () => world.rows("state = 'parked'").length === 1, { time: world.time })
  const say = (person: typeof OPERATOR) =>
    hub.runtime.verbs.answer(key, { kind: 'not-there' }, person, 'looked', 'their list')
  await expect(say(OPERATOR)).rejects.toMatchObject({ code: 'DRIFT_KAN_VAERE_UNDERVEIS' })
  await world.time.advance(TEST_WAIT_MS)
  const answers = [(await say(OPERATOR)).state, (await say(OPERATOR)).state]
  await replayAll(world, hub)
  const early = world.destination.requests.length
  answers.push((await say(SECOND_OPERATOR)).state)
  await replayAll(world, hub)

  expect(answers).toEqual(['open', 'open', 'not-there'])
  expect(early).toBe(1)
  expect(world.destination.received).toHaveLength(1)
  expect(
    world
      .sql<{ verb: string; person: string }>("SELECT verb, person FROM audit WHERE verb LIKE 'answer%'")
      .map((line) => `${line.verb} ${line.person}`),
  ).toEqual([
    'answer-not-there-proposed operator-1',
    'answer-not-there-proposed operator-1',
    'answer-not-there operator-2',
  ])
})

async function replayAll(world: World, hub: Awaited<ReturnType<World['start']>>): Promise<void> {
  const plan = await hub.runtime.replays.plan({ tenants: 'alle' }, OPERATOR, 'again')
  await hub.runtime.replays.run(plan.jobId, OPERATOR, 'again')
  await until('the replay ended', async () => (await hub.runtime.replays.show(plan.jobId))?.state === 'finished', {
    time: world.time,
    withinMs: 60 * MINUTE,
  })
}

test('R19: a municipality that changes its account is asked at the old one about what was sent there', async () => {
  const world = createWorld()
  world.destination.nextFaults.push('answer-lost')
  const hub = await world.start()
  world.destination.probeFault = 'error'
  await hub.accept({ referanse: 'sak-1' })
  await world.time.advance(5_000)
  world.config.account = 'konto-2'
  world.destination.probeFault = 'none'
  await world.calm()

  expect(world.destination.received.map((letter) => letter.account)).toEqual(['konto-1'])
})

test('R19: all effects of a row go to the place its first one was bound to', async () => {
  const world = createWorld()
  const first = world.destination.effect({ name: 'fake.first' })
  const second = world.destination.effect({ name: 'fake.second' })
  const both = handlerOf([first, second], async (data, context) => {
    await context.effect(first, inputOf(data))
    await context.effect(second, inputOf(data))
  })
  world.destination.nextFaults.push('answer-lost')
  const hub = await world.start({ handlers: [both] })
  await hub.accept({ referanse: 'sak-1' })
  await until('the first was sent', () => world.destination.received.length === 1, { time: world.time })
  world.config.account = 'konto-2'
  await world.calm()

  expect(world.destination.received.map((letter) => letter.account)).toEqual(['konto-1', 'konto-1'])
})

test('R19: a thing that two rows share is asked for where it was begun, although the second row is bound elsewhere', async () => {
  const world = createWorld()
  const shared = world.destination.effect({ subject: () => 'the-saksmappe', fixed: () => 'the-saksmappe' })
  world.destination.nextFaults.push('answer-lost')
  world.destination.probeFault = 'error'
  const hub = await world.start({ handlers: [sendHandler(world.destination, { effect: shared })] })
  world.config.giveUpAfterMs = 0
  await hub.accept({ referanse: 'sak-1' })
  await until('the first row is parked', () => world.rows("state = 'parked'").length === 1, { time: world.time })
  world.config.giveUpAfterMs = 24 * 60 * MINUTE
  world.config.account = 'konto-2'
  world.destination.probeFault = 'none'
  await hub.accept({ referanse: 'sak-2' })
  await world.calm()

  expect(world.destination.received.map((letter) => letter.account)).toEqual(['konto-1'])
  expect(world.rows().map((row) => row.state)).toEqual(['parked', 'done'])
})

test('R20: a letter whose content differs at the second attempt is parked instead of being asked for or sent', async () => {
  const world = createWorld()
  const effect = world.destination.effect()
  const fromTheClock = handlerOf([effect], async (data, context) => {
    await context.effect(effect, { ...inputOf(data), text: `printed at ${context.now()}` })
  })
  world.destination.nextFaults.push('lost')
  const hub = await world.start({ handlers: [fromTheClock] })
  await hub.accept({ referanse: 'sak-1' })
  await world.time.advance(60 * MINUTE)

  expect(world.rows()[0]).toMatchObject({ state: 'parked', last_code: 'EFFECT_INPUT_CHANGED' })
  expect(world.alarms()).toEqual(['input-changed'])
  expect(world.destination.requests).toHaveLength(1)
})

test('R20: evidence of one content is never given for another', async () => {
  const world = createWorld()
  const effect = world.destination.effect()
  const seen: Json[] = []
  const changing = handlerOf([effect], async (data, context) => {
    seen.push(await context.effect(effect, { ...inputOf(data), text: `run ${seen.length}` }))
    if (seen.length === 1) throw new HubError('TEST_SENERE', 'transient', 'Again.')
  })
  const hub = await world.start({ handlers: [changing] })
  await hub.accept({ referanse: 'sak-1' })
  await world.time.advance(MINUTE)

  expect(seen).toHaveLength(1)
  expect(world.rows()[0]).toMatchObject({ state: 'parked', last_code: 'EFFECT_INPUT_CHANGED' })
})

test('R20: what is taken once stays the same on every run, also after a restart', async () => {
  const world = createWorld()
  const effect = world.destination.effect()
  const once = handlerOf([effect], async (data, context) => {
    const printedAt = await context.once('printedAt', () => context.now())
    await context.effect(effect, { ...inputOf(data), text: `printed at ${printedAt}` })
  })
  world.destination.nextFaults.push('lost')
  const startedAt = world.time.clock.now()
  const hub = await world.start({ handlers: [once] })
  await hub.accept({ referanse: 'sak-1' })
  await world.time.advance(5 * MINUTE)
  hub.crash()
  await world.start({ handlers: [once] })
  await world.calm()

  expect(world.destination.received.map((letter) => letter.text)).toEqual([`printed at ${startedAt}`])
})

test('R20: only the part an effect declares as fixed has to stay the same', async () => {
  const world = createWorld()
  const effect = world.destination.effect({ fixed: (input) => input.letterId })
  const changing = handlerOf([effect], async (data, context) => {
    await context.effect(effect, { ...inputOf(data), text: `at ${context.now()}` })
  })
  world.destination.nextFaults.push('answer-lost')
  const hub = await world.start({ handlers: [changing] })
  await hub.accept({ referanse: 'sak-1' })
  await world.calm()

  expect(world.rows()[0]?.state).toBe('done')
})

test('R21: after a renaming with an alias, open questions and finished letters are still known', async () => {
  const world = createWorld()
  world.destination.nextFaults.push('answer-lost')
  world.destination.probeFault = 'error'
  const hub = await world.start()
  await hub.accept({ referanse: 'sak-1' })
  await world.time.advance(5_000)
  hub.crash()
  world.destination.probeFault = 'none'
  const renamed = world.destination.effect({ name: 'fake.send-letter', aliases: ['fake.send'] })
  await world.start({
    handlers: [
      handlerOf(
        [renamed],
        async (data, context) => void (await context.effect(renamed, inputOf(data))),
        'test.send-letter',
        ['test.send'],
      ),
    ],
  })
  await world.calm()

  expect(world.destination.received).toHaveLength(1)
  expect(world.rows()[0]).toMatchObject({ handler: 'test.send-letter', state: 'done' })
})

test('R21: after a renaming without an alias, letters of the old name are parked instead of being sent under a new key', async () => {
  const world = createWorld()
  world.destination.nextFaults.push('answer-lost')
  world.destination.probeFault = 'error'
  const hub = await world.start()
  await hub.accept({ referanse: 'sak-1' })
  await world.time.advance(5_000)
  hub.crash()
  world.destination.probeFault = 'none'
  const renamed = world.destination.effect({ name: 'fake.send-letter' })
  await world.start({ handlers: [sendHandler(world.destination, { effect: renamed })] })
  await world.time.advance(60 * MINUTE)

  expect(world.rows()[0]).toMatchObject({ state: 'parked', last_code: 'RUNTIME_UKJENT_NAVN' })
  expect(world.destination.requests).toHaveLength(1)
})

test('R21: rows of a handler that the program no longer has are parked at the start', async () => {
  const world = createWorld()
  world.destination.nextFaults.push('refuse-connection')
  const hub = await world.start()
  await hub.accept({ referanse: 'sak-1' })
  await until('it waits', () => world.rows("state = 'waiting' AND runs = 1").length === 1)
  await hub.stop()
  await world.start({ handlers: [] })

  expect(world.rows()[0]).toMatchObject({ state: 'parked', last_code: 'RUNTIME_UKJENT_NAVN' })
})

test('R21: two effects with one key in one run are a defect: the letter is parked after a few tries, with an alarm, and nothing is lost silently', async () => {
  const world = createWorld()
  const effect = world.destination.effect()
  const loop = handlerOf([effect], async (data, context) => {
    for (const text of ['page 1', 'page 2']) await context.effect(effect, { ...inputOf(data), text })
  })
  const hub = await world.start({ handlers: [loop] })
  await hub.accept({ referanse: 'sak-1' })
  await world.time.advance(60 * MINUTE)

  expect(world.rows()[0]).toMatchObject({ state: 'parked', runs: 5, last_code: 'RUNTIME_FEIL_I_PROGRAMMET' })
  expect(world.alarms()).toEqual(['defect'])
})

test('R21: an effect that the handler does not declare is refused', async () => {
  const world = createWorld()
  const declared = world.destination.effect()
  const other = world.destination.effect({ name: 'fake.other' })
  const hub = await world.start({
    handlers: [handlerOf([declared], async (data, context) => void (await context.effect(other, inputOf(data))))],
  })
  await hub.accept({ referanse: 'sak-1' })
  await world.time.advance(60 * MINUTE)

  expect(world.rows()[0]?.state).toBe('parked')
  expect(world.destination.requests).toEqual([])
})

test('a run that publishes and fails publishes nothing; the run that ends well publishes once', async () => {
  const world = createWorld()
  let runs = 0
  const publishing = handlerOf([], async (data, context) => {
    runs += 1
    context.publish(SendtV1, { letterId: data.letterId, sak: data.sak, svarId: 'x' })
    if (runs < 3) throw new HubError('TEST_SENERE', 'transient', 'Again.')
  })
  const hub = await world.start({ handlers: [publishing] })
  await hub.accept({ referanse: 'sak-1' })
  await world.calm()

  expect(runs).toBe(3)
  expect(world.sql("SELECT 1 FROM bus_log WHERE headers LIKE '%sendt%'")).toHaveLength(1)
})

test('R14: while a request may still be on its way after a restart, two people cannot make it "not there"', async () => {
  const world = createWorld()
  world.destination.nextFaults.push('lost')
  const first = await world.start()
  const acceptedId = await first.accept({ referanse: 'sak-1' })
  await until('it has been sent', () => world.destination.requests.length === 1, { time: world.time })
  first.crash()
  const hub = await world.start()
  const key = letterKey(world, acceptedId)
  for (const person of [OPERATOR, SECOND_OPERATOR]) {
    await expect(
      hub.runtime.verbs.answer(key, { kind: 'not-there' }, person, 'looked', 'their list'),
    ).rejects.toMatchObject({ code: 'DRIFT_KAN_VAERE_UNDERVEIS' })
  }

  expect(world.sql("SELECT 1 FROM attempt WHERE state = 'open'")).toHaveLength(1)
})
