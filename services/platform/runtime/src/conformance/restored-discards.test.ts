import { expect, test } from 'vitest'
import { effectKey, type Handler, readJourney } from '../index.ts'
import { type LetterEvidence, TEST_WAIT_MS, until } from '../testing/index.ts'
import {
  createWorld,
  handlerOf,
  inputOf,
  letterKey,
  OPERATOR,
  SendtV1,
  sendHandler,
  TENANT,
  type TestProcess,
  type World,
} from './test-world.ts'

const MINUTE = 60_000

/** Letters that were discarded before anything of them was begun, in a store that is restored to that moment. */
async function discardedThenRestored(world: World, handlers: readonly Handler[], letters = 1): Promise<string[]> {
  world.config.unconfigured = true
  const hub = await world.start({ handlers })
  const acceptedIds: string[] = []
  for (let number = 1; number <= letters; number++) acceptedIds.push(await hub.accept({ referanse: `sak-${number}` }))
  await until('they wait', () => world.rows("state = 'waiting'").length === letters, {
    time: world.time,
  })
  for (const { row_id } of world.rows()) await hub.runtime.verbs.discard(row_id, OPERATOR, 'not needed')
  await hub.stop()
  world.config.unconfigured = false
  restore(world, '1')
  return acceptedIds
}

function restore(world: World, stamp: string): void {
  world.sql("DELETE FROM meta WHERE name = 'distrust_since'")
  world.sql("INSERT INTO meta (name, value) VALUES ('distrust_since', ?)", stamp)
}

/** The state that people are told a letter's row has, and the class of the letter in the account. */
async function told(world: World, hub: TestProcess, acceptedId: string): Promise<string[]> {
  const journey = await readJourney(hub.store, acceptedId)
  const [line] = await hub.runtime.account(
    { tenants: 'alle' },
    async (ids) => new Map(ids.map((id) => [id, published(world).length > 0 ? 'complete' : 'under-way'])),
  )
  const [inClass] = Object.entries(line?.classes ?? {}).find(([, ids]) => ids.includes(acceptedId)) ?? []
  return [journey?.rows[0]?.state ?? 'none', inClass ?? 'none']
}

const published = (world: World) =>
  world.sql<{ headers: string }>('SELECT headers FROM outbox').filter(({ headers }) => headers.includes(SendtV1.type))

test('R27: a discard that was taken back after the backup is told as being asked for, and the letter as done once it is found', async () => {
  const world = createWorld()
  const handlers = [sendHandler(world.destination)]
  const [acceptedId = ''] = await discardedThenRestored(world, handlers)
  world.destination.plant(letterKey(world, acceptedId), 'konto-1')
  world.destination.probeFault = 'error'
  const hub = await world.start({ handlers })
  await world.time.advance(MINUTE)
  expect(await told(world, hub, acceptedId)).toEqual(['discarding', 'discarding'])
  world.destination.probeFault = 'none'
  await world.time.advance(MINUTE)

  expect(await told(world, hub, acceptedId)).toEqual(['done', 'done'])
  expect(published(world)).toHaveLength(1)
  expect(world.alarms()).toEqual(['although-discarded'])
  expect(world.destination.requests).toEqual([])
})

test('R27: a discard stands when the letter is not over there, and that is said only when nothing can be on its way any more', async () => {
  const world = createWorld()
  const handlers = [sendHandler(world.destination)]
  const [acceptedId = ''] = await discardedThenRestored(world, handlers)
  const hub = await world.start({ handlers })
  await world.time.advance(TEST_WAIT_MS - MINUTE)
  expect(await told(world, hub, acceptedId)).toEqual(['discarding', 'discarding'])
  await world.time.advance(2 * MINUTE)

  expect(await told(world, hub, acceptedId)).toEqual(['discarded', 'discarded'])
  expect(world.alarms()).toEqual([])
  expect(world.destination.requests).toEqual([])
})

test('R27: what was discarded is asked for again after a second restore, and not after a restart', async () => {
  const world = createWorld()
  const handlers = [sendHandler(world.destination)]
  const [acceptedId = ''] = await discardedThenRestored(world, handlers)
  const first = await world.start({ handlers })
  await world.time.advance(TEST_WAIT_MS + MINUTE)
  await first.stop()
  const second = await world.start({ handlers })
  expect(await told(world, second, acceptedId)).toEqual(['discarded', 'discarded'])
  await second.stop()
  restore(world, '2')

  expect(await told(world, await world.start({ handlers }), acceptedId)).toEqual(['discarding', 'discarding'])
})

test('R27: while it is asked for, a discard can be taken back, and the letter is found and not sent again', async () => {
  const world = createWorld()
  const handlers = [sendHandler(world.destination)]
  const [acceptedId = ''] = await discardedThenRestored(world, handlers)
  world.destination.plant(letterKey(world, acceptedId), 'konto-1')
  world.destination.probeFault = 'error'
  const hub = await world.start({ handlers })
  await world.time.advance(MINUTE)
  await hub.runtime.verbs.undo(world.rows()[0]?.row_id ?? 0, OPERATOR, 'it is needed')
  world.destination.probeFault = 'none'
  await world.calm()

  expect(await told(world, hub, acceptedId)).toEqual(['done', 'done'])
  expect(world.destination.requests).toEqual([])
  expect(published(world)).toHaveLength(1)
})

test('R27: many discards are asked for, some in each round, and none is left out', async () => {
  const world = createWorld()
  const handlers = [sendHandler(world.destination)]
  const acceptedIds = await discardedThenRestored(world, handlers, 60)
  world.destination.plant(letterKey(world, acceptedIds[59] ?? ''), 'konto-1')
  const hub = await world.start({ handlers })
  await world.time.advance(MINUTE)
  expect(await told(world, hub, acceptedIds[59] ?? '')).toEqual(['done', 'done'])
  await world.time.advance(TEST_WAIT_MS + MINUTE)

  expect(world.rows("state = 'discarded' AND in_question IS NULL")).toHaveLength(59)
})

/** A handler that sends a letter in two steps. */
function inTwoSteps(world: World, first = world.destination.effect({ name: 'fake.first' })) {
  const second = world.destination.effect({ name: 'fake.second' })
  const handler = handlerOf([first, second], async (data, context) => {
    await context.effect(first, inputOf(data))
    const { id } = await context.effect(second, inputOf(data))
    context.publish(SendtV1, { letterId: data.letterId, sak: data.sak, svarId: id })
  })
  const keyOf = (effect: typeof first, letterId: string) =>
    effectKey(TENANT, 'test.send', effect, { letterId, recipient: 'mottaker-1', text: 'text' })
  return {
    handlers: [handler],
    plantFirst: (letterId: string) => world.destination.plant(keyOf(first, letterId), 'konto-1'),
    plantSecond: (letterId: string) => world.destination.plant(keyOf(second, letterId), 'konto-1'),
  }
}

test('R27: a discarded message with several steps is done when all of them are found', async () => {
  const world = createWorld()
  const { handlers, plantFirst, plantSecond } = inTwoSteps(world)
  const [acceptedId = ''] = await discardedThenRestored(world, handlers)
  plantFirst(acceptedId)
  plantSecond(acceptedId)
  const hub = await world.start({ handlers })
  await world.time.advance(MINUTE)

  expect(await told(world, hub, acceptedId)).toEqual(['done', 'done'])
  expect(published(world)).toHaveLength(1)
})

test('R27: a discarded message of which only the first step is found stays discarded, with an alarm, and is not carried on', async () => {
  const world = createWorld()
  const { handlers, plantFirst } = inTwoSteps(world)
  const [acceptedId = ''] = await discardedThenRestored(world, handlers)
  plantFirst(acceptedId)
  const hub = await world.start({ handlers })
  await world.time.advance(TEST_WAIT_MS - MINUTE)
  expect(await told(world, hub, acceptedId)).toEqual(['discarding', 'discarding'])
  await world.time.advance(2 * MINUTE)

  expect(await told(world, hub, acceptedId)).toEqual(['discarded', 'discarded'])
  expect(world.alarms()).toEqual(['although-discarded'])
  expect(world.destination.requests).toEqual([])
  expect(published(world)).toEqual([])
})

test('R27: a step that found nothing to make lets the next one be asked for, and is no sign that a discard was taken back', async () => {
  const world = createWorld()
  const first = {
    ...world.destination.effect({ name: 'fake.first' }),
    probe: async () => ({ kind: 'there' as const, evidence: { id: '', hits: 0 } }),
    madeNothing: ({ hits }: LetterEvidence) => hits === 0,
  }
  const { handlers } = inTwoSteps(world, first)
  const [acceptedId = ''] = await discardedThenRestored(world, handlers)
  const hub = await world.start({ handlers })
  await world.time.advance(TEST_WAIT_MS - MINUTE)
  expect(await told(world, hub, acceptedId)).toEqual(['discarding', 'discarding'])
  await world.time.advance(2 * MINUTE)

  expect(await told(world, hub, acceptedId)).toEqual(['discarded', 'discarded'])
  expect(world.alarms()).toEqual([])
})

test('R27: a message that was discarded when all its steps were done already is told as being asked for until a person says what holds', async () => {
  const world = createWorld()
  const { handlers } = inTwoSteps(world)
  const first = await world.start({ handlers })
  const hold = first.holdBefore('runtime.finish')
  const acceptedId = await first.accept({ referanse: 'sak-1' })
  await until('both steps are done', hold.reached, { time: world.time })
  await first.runtime.verbs.discard(world.rows()[0]?.row_id ?? 0, OPERATOR, 'not needed')
  hold.release()
  await first.stop()
  restore(world, '1')
  const second = await world.start({ handlers })
  await world.time.advance(TEST_WAIT_MS + MINUTE)
  expect(await told(world, second, acceptedId)).toEqual(['discarding', 'discarding'])
  expect(world.alarms()).toEqual(['although-discarded'])
  await second.runtime.verbs.trust(OPERATOR, 'compared')
  await second.stop()

  expect(await told(world, await world.start({ handlers }), acceptedId)).toEqual(['discarded', 'discarded'])
  expect(published(world)).toEqual([])
})
