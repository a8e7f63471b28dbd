import { expect, test } from 'vitest'
import { readJourney } from '../index.ts'
import { createWorld, type TestProcess, type World } from './test-world.ts'

/** A letter in the inbox that nobody has taken yet, and a hub that is gone. */
async function waitingLetter(world: World): Promise<void> {
  const hub = await world.start()
  const held = hub.holdBefore('runtime.take')
  await hub.accept({ referanse: 'sak-1' })
  await world.time.advance(5_000)
  expect([held.reached(), world.rows().length]).toEqual([true, 1])
  hub.crash()
}

function logged(hub: TestProcess, sentence: RegExp): boolean {
  return hub.log.lines.some((line) => sentence.test(line.sentence))
}

test('a row whose headers were damaged on the disk is run all the same: only its trace is lost', async () => {
  const world = createWorld()
  await waitingLetter(world)
  world.sql("UPDATE inbox SET headers = '{'")
  await world.start()
  await world.calm()

  expect(world.destination.received).toHaveLength(1)
})

test('a journey is shown although an event of it was damaged on the disk', async () => {
  const world = createWorld()
  const hub = await world.start()
  const id = await hub.accept({ referanse: 'sak-1' })
  await world.calm()
  world.sql("UPDATE outbox SET headers = '{'")
  const journey = await readJourney(hub.store, id)

  expect(journey?.events.map((event) => event.type)).toEqual(['ukjent', 'ukjent'])
})

test('a run that breaks off without an end is logged with an alarm, and neither the hub nor the letter stops', async () => {
  const world = createWorld()
  const hub = await world.start()
  const kept = hub.log.with
  Object.assign(hub.log, {
    with() {
      Object.assign(hub.log, { with: kept })
      throw new TypeError('a defect')
    },
  })
  await hub.accept({ referanse: 'sak-1' })
  await world.calm()

  expect(logged(hub, /broke off without an end/)).toBe(true)
  expect(world.alarms()).toEqual(['defect'])
  expect(world.destination.received).toHaveLength(1)
})
