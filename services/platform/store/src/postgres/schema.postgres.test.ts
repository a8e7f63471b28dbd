import { sha256Hex } from '@samband/kernel'
import { createTestIds, createVirtualTime } from '@samband/runtime/testing'
import { withPostgres } from '@samband/tests/servers/postgres'
import { expect, onTestFinished, test } from 'vitest'
import { schemaUnderTest } from '../conformance/postgres-under-test.ts'
import { type PostgresMigration, readPostgresMigrations } from '../migrations.ts'
import { connect } from './connection.ts'
import { openPostgres } from './index.ts'
import { migratePostgres } from './migrate.ts'
import { completeSettings } from './settings.ts'

const step = (name: string, sql: string): PostgresMigration => ({ name, sql, digest: sha256Hex(sql) })
const FIRST = step('0001_first', 'CREATE TABLE first (id BIGINT)')
const SECOND = step('0002_second', 'CREATE TABLE second (id BIGINT)')

await withPostgres('the schema on PostgreSQL', ({ url }) => {
  /** A schema of one test, and what brings it up to date. */
  function underTest() {
    const { schema, sql, open } = schemaUnderTest(url)
    const migrate = async (migrations: readonly PostgresMigration[]) => {
      const connection = await connect(completeSettings({ url, schema }), () => {})
      try {
        await migratePostgres(connection, schema, migrations)
      } finally {
        await connection.end()
      }
    }
    const tables = async () =>
      (
        await sql(
          `SELECT table_name FROM information_schema.tables WHERE table_schema = '${schema}' ORDER BY table_name`,
        )
      ).map((row) => row['table_name'])
    return { schema, sql, open, migrate, tables }
  }

  test.each([
    ['off', 'on'],
    ['remote_apply', 'remote_apply'],
  ])('R1: where the role has synchronous_commit=%s, a session of the store has %s', async (given, kept) => {
    const { sql } = underTest()
    const role = `role_${given}`
    await sql(
      `CREATE ROLE ${role} LOGIN SUPERUSER PASSWORD 'of-a-test'; ALTER ROLE ${role} SET synchronous_commit = ${given}`,
    )
    onTestFinished(async () => void (await sql(`DROP ROLE ${role}`)))
    const other = new URL(url)
    other.username = role
    other.password = 'of-a-test'
    const connection = await connect(completeSettings({ url: other.href, schema: 'public' }), () => {})
    onTestFinished(() => connection.end())

    expect((await connection.command('SHOW synchronous_commit')).rows).toEqual([{ synchronous_commit: kept }])
  })

  test('an empty database gets the whole schema, and migrating again changes nothing', async () => {
    const { migrate, tables, sql } = underTest()
    await migrate(readPostgresMigrations())
    await sql("INSERT INTO meta (name, value) VALUES ('kept', 'x')")
    await migrate(readPostgresMigrations())

    expect(await tables()).toEqual(
      expect.arrayContaining(['attempt', 'bus_log', 'effect', 'inbox', 'ledger', 'outbox']),
    )
    expect(await sql("SELECT value FROM meta WHERE name = 'kept'")).toEqual([{ value: 'x' }])
  })

  test.each(
    readPostgresMigrations()
      .map(({ name }, applied) => [name, applied] as const)
      .slice(1),
  )('%s is also applied to the release before it, with letters in it', async (_, applied) => {
    const { migrate, sql, open } = underTest()
    await migrate(readPostgresMigrations().slice(0, applied))
    await sql(
      `INSERT INTO inbox (place, handler, event_id, event_type, topic, lane, tenant, headers, value, state, head, due_at, received_at)
       SELECT n, 'h', 'e-' || n, 't', 'test', 'l', '1', '{}', '', 'waiting', 0, 0, 0 FROM generate_series(1, 41) AS n`,
    )
    const store = await open()

    expect(await sql('SELECT count(*)::int AS rows FROM inbox')).toEqual([{ rows: 41 }])
    // The release without the series took places from the rows; they go on after the highest one.
    if (applied === 1) expect(await store.transaction('test.next', (tx) => tx.next('inbox_place'))).toBe(42)
  })

  test('two replicas that start at the same time make the schema once', async () => {
    const { open, sql } = underTest()
    await Promise.all([open(), open(), open()])

    expect(await sql('SELECT name FROM migration ORDER BY name')).toEqual(
      readPostgresMigrations().map(({ name }) => ({ name })),
    )
  })

  test('a newer program adds only the steps that are missing', async () => {
    const { migrate, tables } = underTest()
    await migrate([FIRST])
    await migrate([FIRST, SECOND])

    expect(await tables()).toEqual(['first', 'migration', 'second'])
  })

  test('a step that was edited after it was applied is refused, and so is a database of a newer release', async () => {
    const { migrate } = underTest()
    await migrate([FIRST, SECOND])

    await expect(migrate([step(FIRST.name, `${FIRST.sql} `), SECOND])).rejects.toThrow(/0001_first was edited/)
    await expect(migrate([FIRST])).rejects.toThrow(/0002_second, which this program does not know/)
  })

  test('a step that fails half way leaves the schema as it was', async () => {
    const { migrate, tables } = underTest()
    const broken = step('0002_broken', 'CREATE TABLE half (id BIGINT); CREATE TABLE half (id BIGINT)')

    await expect(migrate([FIRST, broken])).rejects.toThrow(/already exists/)
    expect(await tables()).toEqual(['first', 'migration'])
  })

  test('every column of text is in the order of its bytes', async () => {
    const { migrate, sql, schema } = underTest()
    await migrate(readPostgresMigrations())

    expect(
      await sql(
        `SELECT table_name, column_name FROM information_schema.columns
         WHERE table_schema = '${schema}' AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'`,
      ),
    ).toEqual([])
  })

  test('R27: a store that was last opened on another history is distrusted from now on, and only then', async () => {
    const { schema, sql } = underTest()
    const time = createVirtualTime()
    const start = async () => {
      const { store, report } = await openPostgres({ settings: { url, schema }, time, ids: createTestIds() })
      onTestFinished(() => store.close())
      return report
    }
    expect(await start()).toEqual({ changed: false })
    expect(await start()).toEqual({ changed: false })
    await sql("UPDATE meta SET value = '7300000000000000000 00000001' WHERE name = 'lineage'")
    const since = time.clock.now()
    expect(await start()).toEqual({ changed: true, distrustedSince: since })
    await time.advance(1_000)

    // Until a person lifts it; a second start is no second restore.
    expect(await start()).toEqual({ changed: false, distrustedSince: since })
  })

  test('a schema that cannot stand in SQL as it is, is refused', async () => {
    const open = openPostgres({
      settings: { url, schema: 'x; DROP TABLE meta' },
      time: createVirtualTime(),
      ids: createTestIds(),
    })
    await expect(open).rejects.toThrow(/schema must/)
  })
})
