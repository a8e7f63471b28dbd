import { expect, test } from 'vitest'
import type { ReplayJob } from '../index.ts'
import { until } from '../testing/index.ts'
import {
  createWorld,
  OPERATOR,
  OTHER_TENANT,
  SECOND_OPERATOR,
  TENANT,
  type TestProcess,
  type World,
} from './test-world.ts'

const MINUTE = 60_000

/** A hub with so many letters parked, each of a sak of its own. */
async function parked(world: World, count: number, tenant = TENANT): Promise<TestProcess> {
  const hub = await world.start()
  await park(world, hub, count, tenant)
  return hub
}

async function park(world: World, hub: TestProcess, count: number, tenant = TENANT): Promise<void> {
  const before = world.rows("state = 'parked'").length
  const known = world.rows().length
  for (let number = 0; number < count; number++) {
    world.destination.nextFaults.push('refuse-content')
    await hub.accept({ referanse: `sak-${known + number}`, tenant })
  }
  await until('all are parked', () => world.rows("state = 'parked'").length === before + count, { time: world.time })
}

async function ended(
  world: World,
  hub: TestProcess,
  jobId: string,
  state: ReplayJob['state'] = 'finished',
): Promise<ReplayJob> {
  await until(`the replay is ${state}`, async () => (await hub.runtime.replays.show(jobId))?.state === state, {
    time: world.time,
    withinMs: 60 * MINUTE,
  })
  const job = await hub.runtime.replays.show(jobId)
  if (job === undefined) throw new Error('no job')
  return job
}

const statesOf = (job: ReplayJob) => job.items.map((item) => item.state)

test('R24: the set is what was parked at the moment of planning; what fails later does not join', async () => {
  const world = createWorld()
  const hub = await parked(world, 2)
  const plan = await hub.runtime.replays.plan({ tenants: 'alle' }, OPERATOR, 'corrected')
  await park(world, hub, 1)
  await hub.runtime.replays.run(plan.jobId, OPERATOR, 'corrected')
  const job = await ended(world, hub, plan.jobId)

  expect(statesOf(job)).toEqual(['done', 'done'])
  expect(world.rows().map((row) => row.state)).toEqual(['done', 'done', 'parked'])
})

test('R24: a plan changes nothing before it is run', async () => {
  const world = createWorld()
  const hub = await parked(world, 2)
  const plan = await hub.runtime.replays.plan({ tenants: 'alle' }, OPERATOR, 'looking')
  await world.time.advance(10 * MINUTE)

  expect(plan.state).toBe('planned')
  expect(statesOf(plan)).toEqual(['frozen', 'frozen'])
  expect(world.rows().map((row) => row.state)).toEqual(['parked', 'parked'])
})

test('a replay takes only the municipality, the cause and the rows that were chosen', async () => {
  const world = createWorld()
  const hub = await parked(world, 2)
  await park(world, hub, 1, OTHER_TENANT)
  const counts = async (selection: Parameters<typeof hub.runtime.replays.plan>[0]) =>
    (await hub.runtime.replays.plan(selection, OPERATOR, 'looking')).items.length

  expect(await counts({ tenants: [OTHER_TENANT] })).toBe(1)
  expect(await counts({ tenants: 'alle', fingerprint: 'test.send|FAKE_UGYLDIG|text' })).toBe(3)
  expect(await counts({ tenants: 'alle', fingerprint: 'test.send|OTHER|' })).toBe(0)
  expect(await counts({ tenants: [TENANT], rowIds: world.rows().map((row) => row.row_id) })).toBe(2)
})

test('the forecast says what will probably become of each letter', async () => {
  const world = createWorld()
  const hub = await parked(world, 1)
  world.config.giveUpAfterMs = 0
  world.destination.nextFaults.push('lost')
  world.destination.probeFault = 'error'
  await hub.accept({ referanse: 'of-unknown-outcome' })
  await hub.bus.append([{ topic: 'test', key: 'k', headers: {}, value: new Uint8Array() }])
  await until('all are parked', () => world.rows("state = 'parked'").length === 3, { time: world.time })
  const plan = await hub.runtime.replays.plan({ tenants: 'alle' }, OPERATOR, 'looking')

  expect(plan.items.map((item) => item.forecast).sort()).toEqual(['ask first', 'cannot', 'run again'])
})

test('what cannot be run is skipped and stays parked, instead of waiting for a handler that does not exist', async () => {
  const world = createWorld()
  const hub = await world.start()
  await hub.bus.append([{ topic: 'test', key: 'k', headers: {}, value: new Uint8Array() }])
  await until('it is parked', () => world.rows("state = 'parked'").length === 1, { time: world.time })
  const plan = await hub.runtime.replays.plan({ tenants: 'alle' }, OPERATOR, 'trying')
  await hub.runtime.replays.run(plan.jobId, OPERATOR, 'trying')

  expect(statesOf(await ended(world, hub, plan.jobId))).toEqual(['skipped'])
  expect(world.rows()[0]?.state).toBe('parked')
})

test('R24: a letter that was discarded after the plan is skipped and stays discarded', async () => {
  const world = createWorld()
  const hub = await parked(world, 2)
  const plan = await hub.runtime.replays.plan({ tenants: 'alle' }, OPERATOR, 'corrected')
  await hub.runtime.verbs.discard(world.rows()[0]?.row_id ?? 0, SECOND_OPERATOR, 'sent by hand')
  await hub.runtime.replays.run(plan.jobId, OPERATOR, 'corrected')
  const job = await ended(world, hub, plan.jobId)

  expect(job.items).toMatchObject([{ state: 'skipped', why: 'discarded' }, { state: 'done' }])
  expect(world.rows()[0]?.state).toBe('discarded')
})

test('R24: a letter that was parked anew after the plan is another failure, and is not released on the word given for the first', async () => {
  const world = createWorld()
  const hub = await parked(world, 1)
  const first = await hub.runtime.replays.plan({ tenants: 'alle' }, OPERATOR, 'one')
  const second = await hub.runtime.replays.plan({ tenants: 'alle' }, SECOND_OPERATOR, 'other')
  world.destination.nextFaults.push('refuse-content')
  await hub.runtime.replays.run(first.jobId, OPERATOR, 'one')
  await ended(world, hub, first.jobId)
  await hub.runtime.replays.run(second.jobId, SECOND_OPERATOR, 'other')
  const job = await ended(world, hub, second.jobId)

  expect(job.items).toMatchObject([{ state: 'skipped', why: 'changed since the replay was planned' }])
  expect(world.destination.requests).toHaveLength(2)
})

test('R24: a replay never touches what was begun: an open question is asked before anything is sent', async () => {
  const world = createWorld()
  world.config.giveUpAfterMs = 0
  world.destination.nextFaults.push('answer-lost')
  world.destination.probeFault = 'error'
  const hub = await world.start()
  await hub.accept({ referanse: 'sak-1' })
  await until('it is parked', () => world.rows("state = 'parked'").length === 1, { time: world.time })
  world.destination.probeFault = 'none'
  const plan = await hub.runtime.replays.plan({ tenants: 'alle' }, OPERATOR, 'again')
  await hub.runtime.replays.run(plan.jobId, OPERATOR, 'again')
  await ended(world, hub, plan.jobId)

  expect(world.destination.requests).toHaveLength(1)
  expect(world.rows()[0]?.state).toBe('done')
})

test('canaries go first, and when they fail again the replay brakes by itself', async () => {
  const world = createWorld()
  const hub = await parked(world, 10)
  world.destination.nextFaults.push('refuse-content', 'refuse-content', 'refuse-content')
  const plan = await hub.runtime.replays.plan({ tenants: 'alle' }, OPERATOR, 'hoping')
  await hub.runtime.replays.run(plan.jobId, OPERATOR, 'hoping')
  const job = await ended(world, hub, plan.jobId, 'braked')

  expect(statesOf(job).filter((state) => state === 'parked again')).toHaveLength(3)
  expect(statesOf(job).filter((state) => state === 'frozen')).toHaveLength(7)
  expect(world.destination.requests).toHaveLength(13)
})

test('a braked replay goes on when somebody says so, with canaries again', async () => {
  const world = createWorld()
  const hub = await parked(world, 10)
  world.destination.nextFaults.push('refuse-content', 'refuse-content', 'refuse-content')
  const plan = await hub.runtime.replays.plan({ tenants: 'alle' }, OPERATOR, 'hoping')
  await hub.runtime.replays.run(plan.jobId, OPERATOR, 'hoping')
  await ended(world, hub, plan.jobId, 'braked')
  await hub.runtime.replays.run(plan.jobId, SECOND_OPERATOR, 'now it is corrected')
  const job = await ended(world, hub, plan.jobId)

  expect(statesOf(job).filter((state) => state === 'done')).toHaveLength(7)
})

test('canaries that succeed let the rest go', async () => {
  const world = createWorld()
  const hub = await parked(world, 10)
  const plan = await hub.runtime.replays.plan({ tenants: 'alle' }, OPERATOR, 'corrected')
  await hub.runtime.replays.run(plan.jobId, OPERATOR, 'corrected')

  expect(statesOf(await ended(world, hub, plan.jobId))).toEqual(Array.from({ length: 10 }, () => 'done'))
})

test('a paused replay releases nothing more until it goes on', async () => {
  const world = createWorld()
  const hub = await parked(world, 6)
  const plan = await hub.runtime.replays.plan({ tenants: 'alle' }, OPERATOR, 'corrected')
  await hub.runtime.replays.run(plan.jobId, OPERATOR, 'corrected')
  await until('the canaries are released', () => world.rows("state = 'parked'").length === 3, { time: world.time })
  await hub.runtime.replays.pause(plan.jobId, OPERATOR, 'lunch')
  await world.time.advance(10 * MINUTE)
  const during = world.rows("state = 'parked'").length
  await hub.runtime.replays.run(plan.jobId, OPERATOR, 'lunch is over')
  await ended(world, hub, plan.jobId)

  expect(during).toBe(3)
  expect(world.rows("state = 'done'")).toHaveLength(6)
})

test('R24: a cancelled replay releases nothing more, cannot be run again, and still tells what became of what it had released', async () => {
  const world = createWorld()
  const hub = await parked(world, 6)
  const plan = await hub.runtime.replays.plan({ tenants: 'alle' }, OPERATOR, 'corrected')
  await hub.runtime.replays.run(plan.jobId, OPERATOR, 'corrected')
  await until('the canaries are released', () => world.rows("state = 'parked'").length === 3, { time: world.time })
  await hub.runtime.replays.cancel(plan.jobId, OPERATOR, 'wrong ones')
  await world.time.advance(10 * MINUTE)
  const job = await hub.runtime.replays.show(plan.jobId)

  expect(job?.items.map((item) => item.state).sort()).toEqual([
    'cancelled',
    'cancelled',
    'cancelled',
    'done',
    'done',
    'done',
  ])
  expect(world.rows("state = 'parked'")).toHaveLength(3)
  await expect(hub.runtime.replays.run(plan.jobId, OPERATOR, 'after all')).rejects.toMatchObject({
    code: 'DRIFT_FEIL_TILSTAND',
  })
})

test('a replay goes on by itself after the hub was killed', async () => {
  const world = createWorld()
  const hub = await parked(world, 8)
  const plan = await hub.runtime.replays.plan({ tenants: 'alle' }, OPERATOR, 'corrected')
  await hub.runtime.replays.run(plan.jobId, OPERATOR, 'corrected')
  await until('the canaries are released', () => world.rows("state = 'parked'").length === 5, { time: world.time })
  hub.crash()
  const next = await world.start({ idSeed: 'two' })
  const job = await ended(world, next, plan.jobId)

  expect(statesOf(job)).toEqual(Array.from({ length: 8 }, () => 'done'))
  expect(world.destination.received).toHaveLength(8)
})

test('R24: release and its mark are one: killed right before, the item is still frozen and the letter still parked', async () => {
  const world = createWorld()
  const hub = await parked(world, 1)
  const plan = await hub.runtime.replays.plan({ tenants: 'alle' }, OPERATOR, 'corrected')
  const crash = hub.crashAt('before', 'runtime.replay-advance')
  void hub.runtime.replays.run(plan.jobId, OPERATOR, 'corrected')
  await until('it crashed', crash.reached, { time: world.time })

  expect(world.rows()[0]?.state).toBe('parked')
  expect(world.sql('SELECT state FROM replay_item')).toEqual([{ state: 'frozen' }])
})

test('a replay of the same rows by two people runs each letter once', async () => {
  const world = createWorld()
  const hub = await parked(world, 4)
  const plans = [
    await hub.runtime.replays.plan({ tenants: 'alle' }, OPERATOR, 'one'),
    await hub.runtime.replays.plan({ tenants: 'alle' }, SECOND_OPERATOR, 'other'),
  ]
  for (const plan of plans) await hub.runtime.replays.run(plan.jobId, OPERATOR, 'go')
  for (const plan of plans) await ended(world, hub, plan.jobId)

  expect(world.destination.received).toHaveLength(4)
})

test('a selection finds its message behind a hundred thousand others, and one that is too large is refused instead of cut', async () => {
  const world = createWorld()
  const hub = await parked(world, 1)
  const [row] = world.rows()
  const columns = 'topic, lane, tenant, headers, value, state, head, due_at, received_at, park_number, event_type'
  world.sql(
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100001)
     INSERT INTO inbox (row_id, place, handler, event_id, fingerprint, ${columns})
     SELECT -i, -i, 'another', 'event-' || i, 'another', ${columns} FROM inbox, n WHERE row_id = ?`,
    row?.row_id ?? 0,
  )
  const found = await hub.runtime.replays.plan(
    { tenants: 'alle', fingerprint: row?.fingerprint ?? '' },
    OPERATOR,
    'one',
  )
  const tooMany = hub.runtime.replays.plan({ tenants: 'alle' }, OPERATOR, 'all')

  expect(found.items.map((item) => item.rowId)).toEqual([row?.row_id])
  await expect(tooMany).rejects.toMatchObject({ code: 'DRIFT_FOR_STORT_UTVALG', details: { path: 'utvalg' } })
})
