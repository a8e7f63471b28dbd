import { expect, test } from 'vitest'
import { readFailureGroups, readJourney, readStuckRows } from '../index.ts'
import { TEST_WAIT_MS, until } from '../testing/index.ts'
import { createWorld, letterKey, OPERATOR, SECOND_OPERATOR, sendHandler, TENANT, type World } from './test-world.ts'

const MINUTE = 60_000

const firstRow = (world: World) => world.rows()[0]?.row_id ?? 0

/** A letter that is parked, since its content was refused. */
async function parkedLetter(world: World) {
  world.destination.nextFaults.push('refuse-content')
  const hub = await world.start()
  const acceptedId = await hub.accept({ referanse: 'sak-1', sak: 'sak-1' })
  await until('it is parked', () => world.rows("state = 'parked'").length === 1, { time: world.time })
  return { hub, acceptedId }
}

test('R22: a discard while the letter is under way is only "being discarded", and when the letter is over there it counts as done, with an alarm', async () => {
  const world = createWorld()
  world.destination.nextFaults.push({ acceptAfterMs: 10 * MINUTE })
  const hub = await world.start()
  await hub.accept({ referanse: 'sak-1' })
  await until('it is under way', () => world.destination.requests.length === 1)
  const outcome = await hub.runtime.verbs.discard(firstRow(world), OPERATOR, 'sent by hand')
  await until('the question is answered', () => world.rows()[0]?.state === 'done', {
    time: world.time,
    withinMs: 60 * MINUTE,
  })

  expect(outcome.state).toBe('discarding')
  expect(world.rows()[0]?.remark).toBe('although discarded')
  expect(world.alarms()).toEqual(['although-discarded'])
  expect(world.destination.requests).toHaveLength(1)
})

test('R22: a letter that is being discarded and is not over there becomes discarded after the wait, and is never sent', async () => {
  const world = createWorld()
  world.destination.nextFaults.push('lost')
  const hub = await world.start()
  await hub.accept({ referanse: 'sak-1' })
  await world.time.advance(2_000)
  await hub.runtime.verbs.discard(firstRow(world), OPERATOR, 'sent by hand')
  await world.time.advance(TEST_WAIT_MS - MINUTE)
  expect(world.rows()[0]?.state).toBe('discarding')
  await world.time.advance(2 * MINUTE)

  expect(world.rows()[0]?.state).toBe('discarded')
  expect(world.attempts()).toEqual([{ number: 1, state: 'closed', closed_as: 'not there' }])
  expect(world.destination.requests).toHaveLength(1)
})

test('R22: a letter that is being discarded is asked about again after a restart, with the whole wait', async () => {
  const world = createWorld()
  world.destination.nextFaults.push('lost')
  const hub = await world.start()
  await hub.accept({ referanse: 'sak-1' })
  await world.time.advance(2_000)
  await hub.runtime.verbs.discard(firstRow(world), OPERATOR, 'sent by hand')
  await world.time.advance(TEST_WAIT_MS - 2 * MINUTE)
  hub.crash()
  await world.start()
  await world.time.advance(TEST_WAIT_MS - MINUTE)
  expect(world.rows()[0]?.state).toBe('discarding')
  await world.time.advance(2 * MINUTE)
  expect(world.rows()[0]?.state).toBe('discarded')
})

test('R22: while the look-up fails, a letter that is being discarded stays so, and a second person may answer for it', async () => {
  const world = createWorld()
  world.destination.nextFaults.push('lost')
  world.destination.probeFault = 'error'
  const hub = await world.start()
  const acceptedId = await hub.accept({ referanse: 'sak-1' })
  await world.time.advance(2_000)
  await hub.runtime.verbs.discard(firstRow(world), OPERATOR, 'sent by hand')
  await world.time.advance(60 * MINUTE)
  expect(world.rows()[0]?.state).toBe('discarding')
  for (const person of [OPERATOR, SECOND_OPERATOR])
    await hub.runtime.verbs.answer(letterKey(world, acceptedId), { kind: 'not-there' }, person, 'looked', 'their list')

  expect(world.rows()[0]?.state).toBe('discarded')
})

test('R22: questions that nobody can answer, however many, do not keep others from being asked', async () => {
  const world = createWorld()
  const hub = await world.start()
  for (let number = 0; number < 102; number++) world.destination.nextFaults.push('lost')
  world.destination.probeFault = 'error'
  for (let number = 0; number < 102; number++) await hub.accept({ referanse: `sak-${number}` })
  await until('all have left', () => world.destination.requests.length === 102, {
    time: world.time,
    withinMs: 60 * MINUTE,
  })
  await world.time.advance(MINUTE)
  for (const row of world.rows()) await hub.runtime.verbs.discard(row.row_id, OPERATOR, 'sent by hand')
  const before = world.destination.lookUps.length
  await world.time.advance(MINUTE)
  const asked = new Set(world.destination.lookUps.slice(before))

  expect(asked.size).toBe(102)
})

test('a letter whose only effect has been done cannot be discarded: it is done', async () => {
  const world = createWorld()
  const hub = await world.start()
  const hold = hub.holdBefore('runtime.finish')
  await hub.accept({ referanse: 'sak-1' })
  await until('it is sent and about to be finished', hold.reached)

  await expect(hub.runtime.verbs.discard(firstRow(world), OPERATOR, 'no')).rejects.toMatchObject({
    code: 'DRIFT_ALLEREDE_UTFORT',
  })
  hold.release()
  await world.calm()
})

test('a letter that is partly done can be discarded, and the audit lists what was done', async () => {
  const world = createWorld()
  const [first, second] = [
    world.destination.effect({ name: 'fake.first' }),
    world.destination.effect({ name: 'fake.second' }),
  ]
  const send = sendHandler(world.destination, { effect: first })
  const both = {
    ...send,
    effects: [first, second],
    async handle(data: unknown, context: Parameters<typeof send.handle>[1]) {
      const { letterId, recipient, text } = data as { letterId: string; recipient: string; text: string }
      await context.effect(first, { letterId, recipient, text })
      world.destination.nextFaults.push('refuse-content')
      await context.effect(second, { letterId, recipient, text })
    },
  }
  const hub = await world.start({ handlers: [both] })
  await hub.accept({ referanse: 'sak-1' })
  await until('it is parked', () => world.rows("state = 'parked'").length === 1, { time: world.time })
  const outcome = await hub.runtime.verbs.discard(firstRow(world), OPERATOR, 'rest by hand')

  expect(outcome).toMatchObject({ state: 'discarded', sentence: expect.stringContaining('fake.first') })
  expect(world.sql<{ details: string }>('SELECT details FROM audit').map((line) => JSON.parse(line.details))).toEqual([
    { from: 'parked', state: 'discarded', partlyDone: ['fake.first'] },
  ])
})

test('R23: an undone discard keeps its place when no later letter of the sak has begun', async () => {
  const world = createWorld()
  const { hub } = await parkedLetter(world)
  await hub.accept({ referanse: 'sak-2', sak: 'sak-1', text: 'second' })
  await world.time.advance(0)
  const hold = hub.holdBefore('runtime.take')
  await hub.runtime.verbs.discard(firstRow(world), OPERATOR, 'no')
  const undone = await hub.runtime.verbs.undo(firstRow(world), OPERATOR, 'yes')
  hold.release()
  await world.calm()

  expect(undone.sentence).toContain('beholdt plassen')
  expect(world.destination.received.map((letter) => letter.text)).toEqual(['text', 'second'])
})

test('R23: an undone discard goes to the end when a later letter has gone, and the audit says so', async () => {
  const world = createWorld()
  const { hub } = await parkedLetter(world)
  const rowId = firstRow(world)
  await hub.accept({ referanse: 'sak-2', sak: 'sak-1', text: 'second' })
  await hub.runtime.verbs.discard(rowId, OPERATOR, 'no')
  await world.calm()
  world.destination.nextFaults.push('refuse-content')
  await hub.accept({ referanse: 'sak-3', sak: 'sak-1', text: 'third' })
  await until('the third is parked', () => world.rows("state = 'parked'").length === 1, { time: world.time })
  await hub.runtime.verbs.undo(rowId, OPERATOR, 'yes')
  await world.time.advance(10 * MINUTE)
  expect(world.rows().map((row) => [row.row_id === rowId, row.state])).toEqual([
    [false, 'done'],
    [false, 'parked'],
    [true, 'waiting'],
  ])

  expect(
    world
      .sql<{ details: string }>("SELECT details FROM audit WHERE verb = 'undo'")
      .map((line) => JSON.parse(line.details)),
  ).toEqual([{ from: 'discarded', place: 'put at the end' }])
})

test('R23: a letter that is still being discarded never left its place', async () => {
  const world = createWorld()
  world.destination.nextFaults.push('lost')
  const hub = await world.start()
  await hub.accept({ referanse: 'brev-1', sak: 'sak-1', text: 'first' })
  await hub.accept({ referanse: 'brev-2', sak: 'sak-1', text: 'second' })
  await world.time.advance(2_000)
  await hub.runtime.verbs.discard(firstRow(world), OPERATOR, 'no')
  await world.time.advance(5 * MINUTE)
  await hub.runtime.verbs.undo(firstRow(world), OPERATOR, 'yes')
  await world.calm()

  expect(world.destination.received.map((letter) => letter.text)).toEqual(['first', 'second'])
})

test('an undone discard is taken up again also when the hub was started after the discard', async () => {
  const world = createWorld()
  const { hub } = await parkedLetter(world)
  await hub.runtime.verbs.discard(firstRow(world), OPERATOR, 'no')
  await hub.stop()
  const next = await world.start()
  await next.runtime.verbs.undo(firstRow(world), OPERATOR, 'yes')
  await until('it is sent', () => world.destination.received.length === 1, { time: world.time })
})

test('a discarded letter that shares a thing with another one stays discarded when the other one makes it', async () => {
  const world = createWorld()
  const shared = world.destination.effect({ subject: () => 'the-saksmappe', fixed: () => 'the-saksmappe' })
  world.destination.nextFaults.push('refuse-content')
  const hub = await world.start({ handlers: [sendHandler(world.destination, { effect: shared })] })
  await hub.accept({ referanse: 'sak-1' })
  await until('it is parked', () => world.rows("state = 'parked'").length === 1, { time: world.time })
  await hub.runtime.verbs.discard(firstRow(world), OPERATOR, 'not needed')
  await hub.accept({ referanse: 'sak-2' })
  await world.calm()

  expect(world.rows().map((row) => row.state)).toEqual(['discarded', 'done'])
  expect(world.alarms()).toEqual([])
})

test('R25: what has evidence is never sent again by a replay', async () => {
  const world = createWorld()
  const hub = await world.start()
  await hub.accept({ referanse: 'sak-1' })
  await world.calm()
  const plan = await hub.runtime.replays.plan(
    { tenants: 'alle', rowIds: [firstRow(world)] },
    OPERATOR,
    'lost in the post',
  )

  expect(plan.items).toEqual([])
  // Even with the row made due by force, the evidence stands.
  world.sql("UPDATE inbox SET state = 'waiting', head = 1")
  await hub.accept({ referanse: 'sak-2' })
  await world.calm()
  expect(world.destination.received).toHaveLength(2)
})

test('every verb is written into the audit with person and reason, and is part of the letter’s journey', async () => {
  const world = createWorld()
  const { hub, acceptedId } = await parkedLetter(world)
  await hub.runtime.verbs.discard(firstRow(world), OPERATOR, 'sent by hand')
  await hub.runtime.verbs.undo(firstRow(world), SECOND_OPERATOR, 'a mistake')
  await world.calm()
  const journey = await readJourney(hub.store, acceptedId)

  expect(journey?.audit).toMatchObject([
    { person: 'operator-1', verb: 'discard', reason: 'sent by hand' },
    { person: 'operator-2', verb: 'undo', reason: 'a mistake' },
  ])
  expect(journey?.rows[0]).toMatchObject({ state: 'done', failedRuns: [{ outcome: 'parked', code: 'FAKE_UGYLDIG' }] })
  expect(journey?.effects[0]?.attempts).toMatchObject([{ closedAs: 'nothing happened' }, { state: 'answered' }])
})

test('a verb that does not fit the state is refused and changes nothing', async () => {
  const world = createWorld()
  const hub = await world.start()
  const acceptedId = await hub.accept({ referanse: 'sak-1' })
  await world.calm()
  const verbs = hub.runtime.verbs

  await expect(verbs.discard(firstRow(world), OPERATOR, 'no')).rejects.toMatchObject({ code: 'DRIFT_FEIL_TILSTAND' })
  await expect(verbs.undo(firstRow(world), OPERATOR, 'no')).rejects.toMatchObject({ code: 'DRIFT_FEIL_TILSTAND' })
  await expect(verbs.discard(4711, OPERATOR, 'no')).rejects.toMatchObject({ code: 'DRIFT_FINNES_IKKE' })
  await expect(
    verbs.answer(letterKey(world, acceptedId), { kind: 'not-there' }, OPERATOR, 'no', 'nothing'),
  ).rejects.toMatchObject({ code: 'DRIFT_INGEN_APEN_FORESPORSEL' })
  expect(world.sql('SELECT * FROM audit')).toEqual([])
})

test('failures with one cause are one group, with how many wait behind each', async () => {
  const world = createWorld()
  const { hub } = await parkedLetter(world)
  await hub.accept({ referanse: 'sak-2', sak: 'sak-1' })
  world.destination.nextFaults.push('refuse-content')
  await hub.accept({ referanse: 'sak-3' })
  await until('both are parked', () => world.rows("state = 'parked'").length === 2, { time: world.time })

  expect(await readFailureGroups(hub.store, 'alle')).toMatchObject([
    { code: 'FAKE_UGYLDIG', path: 'text', parked: 2, tenants: [TENANT] },
  ])
  expect((await readStuckRows(hub.store, [TENANT], 10)).map((row) => row.behind)).toEqual([1, 0])
  expect(await readStuckRows(hub.store, ['311094688'], 10)).toEqual([])
})

test.each(['kari  nordmann', ' KARI NORDMANN', 'Kari\u00a0Nordmann', 'Ｋａｒｉ Nordmann'])(
  'one person is not two by another spelling (%s)',
  async (spelling) => {
    const world = createWorld()
    world.destination.probeFault = 'error'
    world.destination.nextFaults.push('lost')
    const hub = await world.start()
    const key = letterKey(world, await hub.accept({ referanse: 'sak-1' }))
    await world.time.advance(TEST_WAIT_MS + 60_000)
    const say = (person: string, klientId = 'konsoll') =>
      hub.runtime.verbs.answer(key, { kind: 'not-there' }, { person, klientId }, 'looked', 'their list')

    expect((await say('Kari Nordmann')).state).toBe('open')
    expect((await say(spelling)).state).toBe('open')
    expect((await say(spelling, 'another')).state).toBe('open')
    expect((await say('Ola Nordmann')).state).toBe('not-there')
  },
)
