import type { EventBus } from '@samband/kernel'
import { expect, test } from 'vitest'
import { ACCOUNT_CLASSES, type AccountLine, type Completion } from '../index.ts'
import { TEST_WAIT_MS, until } from '../testing/index.ts'
import { createWorld, letterKey, OPERATOR, OTHER_TENANT, TENANT, type TestProcess, type World } from './test-world.ts'

const DAY = 24 * 3_600_000

/** The accepting service of these tests: a letter is complete when it was told that it is sent. */
function account(
  world: World,
  hub: TestProcess,
  scope: Parameters<TestProcess['runtime']['account']>[0] = { tenants: 'alle' },
  endedBadly: readonly string[] = [],
) {
  return hub.runtime.account(scope, async (ids) => {
    const sent = new Set(
      world
        .sql<{ accepted_id: string }>("SELECT accepted_id FROM outbox WHERE headers LIKE '%sendt%'")
        .map((row) => row.accepted_id),
    )
    return new Map<string, Completion>(
      ids.map((id) => [id, endedBadly.includes(id) ? 'ended-badly' : sent.has(id) ? 'complete' : 'under-way']),
    )
  })
}

/** Classes with something in them. */
function filled(line: AccountLine | undefined): Record<string, number> {
  return Object.fromEntries(
    ACCOUNT_CLASSES.map((name) => [name, line?.classes[name].length ?? 0] as const).filter(([, count]) => count > 0),
  )
}

test('R26: every accepted letter is in exactly one class, whatever state it is in', async () => {
  const world = createWorld()
  const hub = await world.start()
  await hub.accept({ referanse: 'done' })
  await until('it is sent', () => world.rows("state = 'done'").length === 1, { time: world.time })
  const badly = await hub.accept({ referanse: 'ends badly' })
  await until('it is sent', () => world.rows("state = 'done'").length === 2, { time: world.time })
  for (const referanse of ['parked', 'discarded']) {
    world.destination.nextFaults.push('refuse-content')
    await hub.accept({ referanse })
  }
  await until('both are parked', () => world.rows("state = 'parked'").length === 2, { time: world.time })
  await hub.runtime.verbs.discard(world.rows("state = 'parked'")[1]?.row_id ?? 0, OPERATOR, 'no')
  world.destination.probeFault = 'error'
  for (const referanse of ['discarding', 'waiting']) {
    world.destination.nextFaults.push('lost')
    await hub.accept({ referanse })
    await world.time.advance(2_000)
  }
  await hub.runtime.verbs.discard(world.rows("state = 'waiting'")[0]?.row_id ?? 0, OPERATOR, 'no')
  const [line] = await account(world, hub, { tenants: 'alle' }, [badly])

  expect(line?.accepted).toBe(6)
  expect(filled(line)).toEqual({ parked: 1, discarding: 1, waiting: 1, endedBadly: 1, discarded: 1, done: 1 })
})

test('R26: one letter that is lost and one that is doubled are both noticed, although the sums are right', async () => {
  const world = createWorld()
  const hub = await world.start()
  const lost = await hub.accept({ referanse: 'lost' })
  await world.calm()
  world.destination.nextFaults.push('lost')
  const doubled = await hub.accept({ referanse: 'doubled' })
  await world.calm()
  world.sql('DELETE FROM inbox WHERE accepted_id = ?', lost)
  world.sql('DELETE FROM outbox WHERE accepted_id = ?', lost)
  world.destination.plant(letterKey(world, doubled), 'konto-1')
  await world.time.advance(TEST_WAIT_MS + 60_000)
  const [line] = await account(world, hub)

  expect(line?.classes.unaccounted).toEqual([lost])
  expect(world.alarms()).toEqual(['doubled'])
})

test('R26: the account is kept per municipality and per day of acceptance', async () => {
  const world = createWorld()
  const hub = await world.start()
  await hub.accept({ referanse: 'monday' })
  await hub.accept({ referanse: 'monday', tenant: OTHER_TENANT })
  await world.calm()
  world.time.jump(DAY)
  await hub.accept({ referanse: 'tuesday' })
  await world.calm()

  expect((await account(world, hub)).map((line) => [line.tenant, line.day, line.accepted])).toEqual([
    [OTHER_TENANT, '2026-03-02', 1],
    [TENANT, '2026-03-02', 1],
    [TENANT, '2026-03-03', 1],
  ])
  expect((await account(world, hub, { tenants: [TENANT], day: '2026-03-03' })).map((line) => line.accepted)).toEqual([
    1,
  ])
})

test('R26: a letter on its way between outbox, log and inbox is waiting, never unaccounted', async () => {
  const world = createWorld()
  const seen: Record<string, number>[] = []
  const look = async () => void seen.push(filled((await account(world, hub))[0]))
  const wrapBus = (bus: EventBus): EventBus => ({
    ...bus,
    async append(records) {
      await look()
      await bus.append(records)
      await look()
    },
  })
  const hub = await world.start({ wrapBus })
  await hub.accept({ referanse: 'sak-1' })
  await look()
  await until('it is sent', () => world.rows("state = 'done'").length === 1, { time: world.time })
  await look()

  expect(seen.some((line) => 'unaccounted' in line)).toBe(false)
  expect(seen[0]).toEqual({ waiting: 1 })
  expect(seen.at(-1)).toEqual({ done: 1 })
})

test('R26: a letter that moves from outbox to log while the account is drawn up is waiting, not unaccounted', async () => {
  const world = createWorld()
  // The reader of the log stands still, so what is published is not in the inbox.
  const wrapBus = (bus: EventBus): EventBus => ({
    ...bus,
    consume: async () => ({ stop: async () => {} }),
    async ends(topic) {
      const ends = await bus.ends(topic)
      if (!accepted) {
        accepted = true
        await hub.accept({ referanse: 'sak-2' })
        await until('it is in the log', () => world.sql("SELECT 1 FROM outbox WHERE state = 'pending'").length === 0)
      }
      return ends
    },
  })
  let accepted = false
  const hub = await world.start({ wrapBus })
  const lines = await account(world, hub)

  expect(lines.flatMap((line) => line.classes.unaccounted)).toEqual([])
  expect(accepted).toBe(true)
})
