import type { DatabaseSync } from 'node:sqlite'
import type { EventBus } from '@samband/kernel'
import { createTestIds, createVirtualTime, until } from '@samband/runtime/testing'
import { createSqliteStore, migrate, openDatabase, readMigrations, type SqliteStore } from '@samband/store'
import { expect, onTestFinished, test } from 'vitest'
import { busConformance } from '../conformance.ts'
import { createEmbeddedBus } from '../index.ts'

/** A log in memory that outlives the buses on it. */
function embedded() {
  const time = createVirtualTime()
  const ids = createTestIds()
  const database: DatabaseSync = openDatabase(':memory:', { exclusive: true, synchronous: 'OFF' })
  migrate(database, readMigrations())
  const stores: SqliteStore[] = []
  const open = (): EventBus => {
    const store = createSqliteStore({ database, exclusive: true, timers: time.timers, ownsDatabase: false })
    stores.push(store)
    return createEmbeddedBus({ store, time, ids, batchSize: 50 })
  }
  const dispose = () => {
    for (const store of stores) store.abandon()
    if (database.isOpen) database.close()
  }
  return { time, database, stores, open, dispose }
}

busConformance('embedded', async () => {
  const log = embedded()
  return {
    bus: log.open(),
    until: (what, condition) => until(what, condition, { time: log.time, withinMs: 60_000 }),
    quiet: () => log.time.advance(30_000),
    restart: async () => log.open(),
    vanish: () => log.stores[0]?.abandon(),
    async remakeTopic(topic) {
      log.database.prepare('DELETE FROM bus_log WHERE topic = ?').run(topic)
      log.database.prepare('UPDATE bus_topic SET identity = ?, end_offset = 0 WHERE topic = ?').run('made-anew', topic)
    },
    topic: () => 'test',
    dispose: async () => log.dispose(),
  }
})

const record = (value: string) => ({ topic: 'test', key: 'key', headers: {}, value: new TextEncoder().encode(value) })

test('an append wakes the readers of this process at once, without waiting for their next look', async () => {
  const log = embedded()
  onTestFinished(log.dispose)
  const bus = log.open()
  await bus.ensureTopics(['test'])
  const seen: string[] = []
  let position: { topicIdentity: string; nextOffset: number } | undefined
  await bus.consume({
    group: 'group',
    topics: ['test'],
    position: async () => position,
    deliver: async (batch) => {
      seen.push(...batch.records.map((each) => new TextDecoder().decode(each.value)))
      position = { topicIdentity: batch.topicIdentity, nextOffset: batch.nextOffset }
    },
    stopped: () => {},
  })
  await log.time.advance(0)
  await bus.append([record('r-1')])
  await until('it came although time stands still', () => seen.length === 1)

  expect(seen).toEqual(['r-1'])
})

test('an append to a topic nobody made is refused as a mistake of ours, and nothing of it is written', async () => {
  const log = embedded()
  onTestFinished(log.dispose)
  const bus = log.open()
  await bus.ensureTopics(['test'])

  await expect(bus.append([record('r-1'), { ...record('r-2'), topic: 'unknown' }])).rejects.toMatchObject({
    code: 'BUS_TOPIC_FINNES_IKKE',
  })
  expect(await bus.ends('test')).toMatchObject([{ endOffset: 0 }])
})

test('a group that needs records which are no longer in the log is stopped, not handed what comes after the gap', async () => {
  const log = embedded()
  onTestFinished(log.dispose)
  const bus = log.open()
  await bus.ensureTopics(['test'])
  await bus.append([record('r-1'), record('r-2')])
  log.database.exec('DELETE FROM bus_log')
  const stopped: string[] = []
  let delivered = 0
  await bus.consume({
    group: 'group',
    topics: ['test'],
    position: async () => undefined,
    deliver: async () => {
      delivered += 1
    },
    stopped: (_topic, _partition, error) => void stopped.push(error.message),
  })
  await log.time.advance(5_000)

  expect(stopped).toHaveLength(1)
  expect(delivered).toBe(0)
})
