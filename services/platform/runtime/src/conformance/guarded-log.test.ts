import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LogOutside } from '@samband/kernel'
import { expect, test } from 'vitest'
import { INSTALLATION_HEADER } from '../guarded-log.ts'
import { readMetricsPage } from '../metrics-page.ts'
import { until } from '../testing/index.ts'
import { createOutsideLog, type OutsideLog } from './outside-log.ts'
import { createWorld, OPERATOR, type StartOptions, sendHandler, type World } from './test-world.ts'

const MINUTE = 60_000

/** A process of `world` on the log. */
const startOn = (world: World, log: OutsideLog, options: StartOptions = {}) =>
  world.start({ wrapBus: () => log.bus(world.time), ...options })

/** Waits until what was accepted has been sent, and told in the log. */
const sentAndTold = (world: World, log: OutsideLog, records: number) =>
  until(
    'sent and told',
    () => log.records('test').length === records && world.rows("state = 'done'").length * 2 === records,
    { time: world.time },
  )

/** The SQL of deploy/runbooks/log-stopped.md under a heading, for topic `test`. */
function recipe(heading: string, values: Readonly<Record<string, string>> = {}): readonly string[] {
  const page = readFileSync(join(import.meta.dirname, '../../../../../deploy/runbooks/log-stopped.md'), 'utf8')
  const sql = new RegExp(`## ${heading}\\n[\\s\\S]*?\`\`\`sql\\n([\\s\\S]*?)\`\`\``).exec(page)?.[1] ?? ''
  const filled = Object.entries({ '<topic>': 'test', ...values }).reduce(
    (text, [from, to]) => text.replaceAll(from, to),
    sql,
  )
  return filled
    .split(';')
    .map((one) => one.trim())
    .filter((one) => one !== '' && one !== 'BEGIN' && one !== 'COMMIT')
}

/** A log in which one letter was written and sent, by a database that is gone; and another, empty, at the same destination. */
async function lostDatabase() {
  const log = createOutsideLog()
  const lost = createWorld()
  const hub = await startOn(lost, log)
  await hub.accept({ referanse: 'sak-1' })
  await sentAndTold(lost, log, 2)
  await hub.stop()
  const empty = createWorld()
  const handlers = [sendHandler(lost.destination)]
  return { log, lost, empty, handlers }
}

test('a process on an empty database does not start on a log that was written before, and names what to check', async () => {
  const { log, lost, empty, handlers } = await lostDatabase()
  const start = startOn(empty, log, { handlers })

  await expect(start).rejects.toMatchObject({ code: 'BUS_FREMMED_LOGG' })
  await expect(start).rejects.toThrow(/SAMBAND_POSTGRES_URL and SAMBAND_POSTGRES_SCHEMA/)
  await empty.time.advance(10 * MINUTE)
  expect(empty.rows()).toEqual([])
  expect(lost.destination.received).toHaveLength(1)
  expect(log.records('test')).toHaveLength(2)
})

test('where no backup is left, the log is taken over by the page’s own words, and what was sent is found and not sent again', async () => {
  const { log, lost, empty, handlers } = await lostDatabase()
  await expect(startOn(empty, log, { handlers })).rejects.toMatchObject({ code: 'BUS_FREMMED_LOGG' })
  const id = log.records('test')[0]?.headers[INSTALLATION_HEADER] ?? ''
  for (const statement of recipe('The database is lost', { '<identity>': 'identity-1', '<installation>': id }))
    empty.sql(statement)
  await startOn(empty, log, { handlers })
  await until('it is done', () => empty.rows("state = 'done'").length === 1, { time: empty.time })

  expect(lost.destination.received).toHaveLength(1)
  expect(lost.destination.lookUps.length).toBeGreaterThan(0)
})

test('a database that has met a log of others asks before it sends, also when the topics were made anew since', async () => {
  const { log, lost, empty, handlers } = await lostDatabase()
  await expect(startOn(empty, log, { handlers })).rejects.toMatchObject({ code: 'BUS_FREMMED_LOGG' })
  log.remake('test')
  const hub = await startOn(empty, log, { handlers })
  await hub.accept({ referanse: 'sak-1' })
  await until('it is done', () => empty.rows("state = 'done'").length === 1, { time: empty.time })

  expect(lost.destination.received).toHaveLength(1)
})

/** As a copy of the database from before anything was sent, read back into the same cluster. */
function readBack(world: World): void {
  world.sql("UPDATE inbox SET state = 'waiting', head = 1, destination = NULL, fixed_values = NULL, finished_at = NULL")
  world.sql('DELETE FROM effect')
  world.sql('DELETE FROM attempt')
  world.sql('UPDATE bus_offset SET next_offset = 1')
}

async function sentThenReadBack() {
  const log = createOutsideLog()
  const world = createWorld()
  const hub = await startOn(world, log)
  await hub.accept({ referanse: 'sak-1' })
  await sentAndTold(world, log, 2)
  await world.time.advance(1_000)
  await hub.stop()
  readBack(world)
  return { log, world }
}

const stamp = (world: World) => world.sql("SELECT value FROM meta WHERE name = 'distrust_since'")

test('R27: a database that is older than what its group has read is not trusted: what it does not know is asked for first', async () => {
  const { log, world } = await sentThenReadBack()
  expect(stamp(world)).toEqual([])
  await startOn(world, log)
  await until('it is done', () => world.rows("state = 'done'").length === 1, { time: world.time })

  expect(stamp(world)).toHaveLength(1)
  expect(world.destination.requests).toHaveLength(1)
  expect(world.destination.lookUps.length).toBeGreaterThan(0)
})

test('R27: one restore is one distrust: a second start does not begin it anew, and what a person lifted stays lifted', async () => {
  const { log, world } = await sentThenReadBack()
  // The process ends before it reads on, so that the broker still shows what it showed.
  const first = await startOn(world, log, {
    wrapBus: () => ({ ...log.bus(world.time), consume: async () => ({ stop: async () => {} }) }),
  })
  const [before] = stamp(world)
  await first.runtime.verbs.trust(OPERATOR, 'compared')
  await first.stop()
  await world.time.advance(MINUTE)
  await startOn(world, log)

  expect(before).toBeDefined()
  expect(stamp(world)).toEqual([])
})

test('R27: a group that goes on where it was is trusted', async () => {
  const { log, world } = await sentThenReadBack()
  world.sql('UPDATE bus_offset SET next_offset = 2')
  await startOn(world, log)

  expect(stamp(world)).toEqual([])
})

test('nothing is published to a topic that was made anew: it stays in the outbox, with an alarm that says what to look at', async () => {
  const log = createOutsideLog()
  const world = createWorld()
  const hub = await startOn(world, log)
  await hub.accept({ referanse: 'sak-1' })
  await sentAndTold(world, log, 2)
  log.remake('test')
  await hub.accept({ referanse: 'sak-2' })
  await world.time.advance(MINUTE)

  expect(log.records('test')).toEqual([])
  expect(world.sql("SELECT 1 FROM outbox WHERE state = 'pending'")).toHaveLength(1)
  expect(hub.runtime.unready()).toEqual([
    'reading of test has stopped: BUS_ANNEN_TOPIC',
    expect.stringMatching(/^publishing the outbox has failed \d+ times in a row: BUS_ANNEN_TOPIC$/),
  ])
  expect(
    world
      .sql<{ sentence: string }>("SELECT sentence FROM alarm WHERE kind = 'log-stopped'")
      .map(({ sentence }) => sentence),
  ).toContainEqual(expect.stringContaining('SAMBAND_KAFKA_BROKERS names another cluster'))
})

test('what another log has acknowledged does not count as published', async () => {
  const log = createOutsideLog()
  const world = createWorld()
  const hub = await startOn(world, log)
  log.onAcknowledged = () => log.remake('test')
  await hub.accept({ referanse: 'sak-1' })
  await world.time.advance(MINUTE)

  expect(world.sql("SELECT 1 FROM outbox WHERE state = 'pending'")).toHaveLength(1)
})

test('a topic made anew is filled from the outbox by the page’s own words: nothing is lost, and nothing is sent again', async () => {
  const log = createOutsideLog()
  const world = createWorld()
  const hub = await startOn(world, log)
  await hub.accept({ referanse: 'sak-1' })
  await sentAndTold(world, log, 2)
  log.remake('test')
  await hub.accept({ referanse: 'sak-2' })
  await world.time.advance(MINUTE)
  await hub.stop()
  await expect(startOn(world, log)).rejects.toMatchObject({ code: 'BUS_ANNEN_TOPIC' })
  for (const statement of recipe('The topic is lost, or was made anew')) world.sql(statement)
  await startOn(world, log)
  await sentAndTold(world, log, 4)
  await world.time.advance(MINUTE)

  expect(world.destination.received).toHaveLength(2)
  expect(world.sql("SELECT 1 FROM outbox WHERE state = 'pending'")).toEqual([])
})

test('a topic that was there before is not made anew in silence', async () => {
  const log = createOutsideLog()
  const world = createWorld()
  const hub = await startOn(world, log)
  await hub.accept({ referanse: 'sak-1' })
  await sentAndTold(world, log, 2)
  await hub.stop()
  log.remove('test')

  await expect(startOn(world, log)).rejects.toMatchObject({ code: 'BUS_ANNEN_TOPIC' })
  expect(log.has('test')).toBe(false)
})

test('a process that looks at the log while a sibling makes, claims and fills the topic starts as well', async () => {
  const log = createOutsideLog()
  const world = createWorld({ shared: true })
  const looked = Promise.withResolvers<void>()
  const held = Promise.withResolvers<void>()
  const slow = log.bus(world.time)
  const identities: LogOutside['identities'] = async (topics) => {
    const answer = (await slow.outside?.identities(topics)) ?? new Map()
    looked.resolve()
    await held.promise
    return answer
  }
  const outside = { ...slow.outside, identities } as LogOutside
  const late = startOn(world, log, { idSeed: 'two', name: 'late', wrapBus: () => ({ ...slow, outside }) })
  await looked.promise
  const hub = await startOn(world, log)
  await hub.accept({ referanse: 'sak-1' })
  await sentAndTold(world, log, 2)
  held.resolve()
  await late

  expect(world.sql("SELECT 1 FROM meta WHERE name = 'distrust_since'")).toEqual([])
})

test('a database of an older release knows its log by where it has read it, and its events by being in it', async () => {
  const log = createOutsideLog()
  const world = createWorld()
  const hub = await startOn(world, log)
  await hub.accept({ referanse: 'sak-1' })
  await sentAndTold(world, log, 2)
  await world.time.advance(1_000)
  const crash = hub.crashAt('before', 'runtime.ingest')
  await hub.accept({ referanse: 'sak-2' })
  await until('it crashed', crash.reached, { time: world.time })
  world.sql("DELETE FROM meta WHERE name = 'installation' OR name LIKE 'log %'")
  for (const { headers } of log.records('test')) delete (headers as Record<string, string>)[INSTALLATION_HEADER]
  await startOn(world, log)
  await sentAndTold(world, log, 4)

  expect(world.destination.received).toHaveLength(2)
  expect(world.destination.lookUps).toEqual([])
})

test('two installations that met on empty topics are told apart by their events, and nothing of the other one is done', async () => {
  const log = createOutsideLog()
  // The one that is looked at is made last: on PostgreSQL a test looks at one schema.
  const other = createWorld()
  const one = createWorld()
  const ours = await startOn(one, log)
  const theirs = await startOn(other, log, { idSeed: 'two', name: 'other-hub' })
  await theirs.accept({ referanse: 'sak-1' })
  await until('it is in the log', () => log.records('test').length > 0, { time: other.time })
  await until('an alarm is kept', () => one.alarms().length > 0, { time: one.time })
  await one.time.advance(MINUTE)

  expect(ours.runtime.unready()).toEqual(['reading of test has stopped: BUS_ANNEN_INSTALLASJON'])
  expect(one.alarms()).toEqual(['log-stopped'])
  expect(one.rows()).toEqual([])
  expect(one.destination.requests).toEqual([])
})

test('a topic that is made anew before anything of it was read is not read', async () => {
  const log = createOutsideLog()
  const world = createWorld()
  const hub = await startOn(world, log)
  log.remake('test')
  await hub.bus.append([{ topic: 'test', key: 'k', headers: {}, value: new Uint8Array([1]) }])
  await world.time.advance(MINUTE)

  expect(hub.runtime.unready()).toEqual(['reading of test has stopped: BUS_ANNEN_TOPIC'])
  expect(world.rows()).toEqual([])
})

test('what is read and what is not yet is on the metrics page', async () => {
  const log = createOutsideLog()
  const world = createWorld()
  const hub = await startOn(world, log)
  await hub.accept({ referanse: 'sak-1' })
  await sentAndTold(world, log, 2)
  const unread = async () =>
    /samband_log_unread\{topic="test"\} (\d+)/.exec((await readMetricsPage(hub.store, hub.runtime, 0)).body)?.[1]
  await world.time.advance(20_000)
  expect(await unread()).toBe('0')
  world.refuse('INSERT', 'inbox')
  await hub.accept({ referanse: 'sak-2' })
  await hub.accept({ referanse: 'sak-3' })
  await world.time.advance(20_000)

  expect(await unread()).toBe('2')
})

test('a log that is part of the store is not guarded: its records and its store are as they were', async () => {
  const world = createWorld()
  const hub = await world.start()
  await hub.accept({ referanse: 'sak-1' })
  await world.calm()

  expect(world.sql("SELECT 1 FROM meta WHERE name = 'installation' OR name LIKE 'log %'")).toEqual([])
  expect(world.sql('SELECT 1 FROM bus_log WHERE headers LIKE ?', `%${INSTALLATION_HEADER}%`)).toEqual([])
})
