import { expect, test } from 'vitest'
import { readJourney } from '../index.ts'
import { until } from '../testing/index.ts'
import { createWorld, OPERATOR, sendHandler, type TestProcess, type World } from './test-world.ts'

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

test('an event that was damaged in the log stops the reading, with an alarm and a not-ready', async () => {
  const world = createWorld()
  const first = await world.start()
  first.holdBefore('runtime.ingest')
  await first.accept({ referanse: 'sak-1' })
  await world.time.advance(1_000)
  first.crash()
  world.sql("UPDATE bus_log SET headers = '{'")
  const hub = await world.start()
  await world.time.advance(1_000)

  expect(hub.runtime.unready().join()).toContain('BUS_ODELAGT_RAD')
  expect(world.alarms()).toEqual(['log-stopped'])
})

test.each([
  ['messages cannot be taken', 'UPDATE', 'inbox', 'taking messages'],
  ['the log cannot be read into the inbox', 'INSERT', 'inbox', 'reading partition 0 of test'],
  ['the outbox cannot be published', 'INSERT', 'bus_log', 'publishing the outbox'],
] as const)(
  'when %s, the hub says so: in the log, with an alarm, and by not being ready, until it can',
  async (_what, refused, table, work) => {
    const world = createWorld()
    const hub = await world.start()
    const mend = world.refuse(refused, table)
    await hub.accept({ referanse: 'sak-1' })
    await world.time.advance(500)
    expect(hub.runtime.unready()).toEqual([])
    await world.time.advance(60_000)

    expect(hub.runtime.unready().join()).toMatch(new RegExp(`^${work} has failed \\d+ times in a row: STORE_FEIL$`))
    expect(world.alarms()).toEqual(['standstill'])
    expect(hub.log.lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields)).toContainEqual({
      op: work,
      code: 'STORE_FEIL',
      count: 1,
    })
    mend()
    await world.calm()
    expect(hub.runtime.unready()).toEqual([])
    expect(world.destination.received).toHaveLength(1)
  },
)

test('a message being discarded whose question this release cannot ask is an alarm at the start, once', async () => {
  const world = createWorld()
  world.destination.probeFault = 'error'
  world.destination.nextFaults.push('lost')
  const first = await world.start()
  await first.accept({ referanse: 'sak-1' })
  await until('it is asked for', () => world.destination.lookUps.length > 0, { time: world.time })
  await first.runtime.verbs.discard(world.rows()[0]?.row_id ?? 0, OPERATOR, 'en god grunn')
  await first.stop()
  const effect = world.destination.effect({ name: 'fake.renamed' })
  for (let start = 0; start < 2; start += 1) {
    const hub = await world.start({ handlers: [sendHandler(world.destination, { effect })] })
    await hub.stop()
  }

  expect(world.rows()[0]?.state).toBe('discarding')
  expect(world.alarms()).toEqual(['unknown-name'])
})
