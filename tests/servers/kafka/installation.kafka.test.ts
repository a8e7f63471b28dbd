import { realIds, realTime } from '@samband/process'
import { createRuntime, type Runtime } from '@samband/runtime'
import { createKeptLog } from '@samband/runtime/testing'
import { createSqliteStore, migrate, openDatabase, readMigrations } from '@samband/store'
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import { findKafka } from '../../support/servers/kafka.ts'
import { withServer } from '../../support/servers/missing.ts'
import { type KafkaWorld, openKafkaWorld, until } from './kafka-world.ts'

/** A database that outlives the runtimes on it. */
function createDatabase() {
  const database = openDatabase(':memory:', { exclusive: true, synchronous: 'OFF' })
  migrate(database, readMigrations())
  const all = (sql: string) => database.prepare(sql).all()
  return {
    database,
    count: (table: string, where: string) =>
      Number(all(`SELECT COUNT(*) AS count FROM ${table} WHERE ${where}`)[0]?.['count']),
    isDistrusted: () => all("SELECT 1 FROM meta WHERE name = 'distrust_since'").length > 0,
    /** Something that is to be published. */
    write: (topic: string, id: string) =>
      void database
        .prepare(
          "INSERT INTO outbox (event_id, topic, record_key, headers, value, state, recorded_at) VALUES (?, ?, 'k', '{}', x'7b7d', 'pending', 0)",
        )
        .run(id, topic),
    sql: (statement: string) => void database.exec(statement),
  }
}
type Database = ReturnType<typeof createDatabase>

withServer('store and log belong together on Kafka', await findKafka(), (kafka) => {
  afterAll(() => kafka.release())

  let world: KafkaWorld
  let topic: string
  let group: string
  let runtimes: Runtime[] = []
  beforeEach(async () => {
    world = await openKafkaWorld(kafka.address)
    topic = world.topic()
    group = world.topic('group')
  })
  afterEach(async () => {
    await Promise.all(runtimes.map((runtime) => runtime.stop(0)))
    runtimes = []
    await world.dispose()
  })

  async function start(on: Database): Promise<Runtime> {
    const time = realTime()
    const runtime = createRuntime({
      store: createSqliteStore({ database: on.database, exclusive: true, timers: time.timers, ownsDatabase: false }),
      bus: world.bus(),
      time,
      ids: realIds(),
      log: createKeptLog(),
      name: group,
      topics: [topic],
      handlers: [],
      findDestination: () => {
        throw new Error('nothing is sent')
      },
      relayPollMs: 100,
    })
    await runtime.start()
    runtimes.push(runtime)
    return runtime
  }

  const hasRead = (on: Database, offset: number) =>
    until(`the group has read up to ${offset}`, () => on.count('bus_offset', `next_offset = ${offset}`) === 1)
  const hasShown = (offset: number) =>
    until(`the broker is shown ${offset}`, async () => {
      const [shown] = await world.admin.fetchOffsets({ groupId: group, topics: [topic] })
      return shown?.partitions[0]?.offset === String(offset)
    })

  test('an empty database does not start on a log that another one has written; that one goes on', async () => {
    const ours = createDatabase()
    const first = await start(ours)
    ours.write(topic, 'e-1')
    await hasRead(ours, 1)
    const empty = createDatabase()
    await expect(start(empty)).rejects.toMatchObject({ code: 'BUS_FREMMED_LOGG' })
    await first.stop(0)
    await start(ours)
    ours.write(topic, 'e-2')
    await hasRead(ours, 2)

    expect(empty.isDistrusted()).toBe(true)
    expect(empty.count('inbox', '1 = 1')).toBe(0)
    expect(ours.isDistrusted()).toBe(false)
  })

  test('a database that is older than what its group has shown the broker is not trusted', async () => {
    const ours = createDatabase()
    const first = await start(ours)
    ours.write(topic, 'e-1')
    ours.write(topic, 'e-2')
    await hasRead(ours, 2)
    await first.stop(0)
    await hasShown(2)
    ours.sql('UPDATE bus_offset SET next_offset = 1')
    await start(ours)

    expect(ours.isDistrusted()).toBe(true)
    await hasRead(ours, 2)
  })

  test('a topic made anew gets nothing published, and is taken up when the store was told to forget the former one', async () => {
    const ours = createDatabase()
    const first = await start(ours)
    ours.write(topic, 'e-1')
    await hasRead(ours, 1)
    await world.remakeTopic(topic)
    ours.write(topic, 'e-2')
    await until('the alarm is raised', () => ours.count('alarm', "sentence LIKE '%SAMBAND_KAFKA_BROKERS%'") > 0)
    expect(ours.count('outbox', "state = 'pending'")).toBe(1)
    const [end] = await world.bus().ends(topic)
    expect(end?.endOffset).toBe(0)
    await first.stop(0)
    await expect(start(ours)).rejects.toMatchObject({ code: 'BUS_ANNEN_TOPIC' })
    ours.sql(`DELETE FROM bus_offset; DELETE FROM meta WHERE name = 'log ${topic}'`)
    ours.sql("UPDATE outbox SET state = 'pending'")
    await start(ours)
    await hasRead(ours, 2)

    expect(ours.count('outbox', "state = 'pending'")).toBe(0)
  })
})
