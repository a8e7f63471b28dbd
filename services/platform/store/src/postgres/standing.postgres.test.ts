import { withPostgres } from '@samband/tests/servers/postgres'
import { expect, test } from 'vitest'
import { schemaUnderTest } from '../conformance/postgres-under-test.ts'
import { continueNumbers, lookAtSchema, stampPostgres } from './index.ts'

const clock = { now: () => 1_700_000_000_000 }

await withPostgres('a schema that is looked at, stamped and numbered on', ({ url }) => {
  test('a look at a schema that is not there makes none', async () => {
    const { schema, sql } = schemaUnderTest(url)

    expect(await lookAtSchema({ url, schema })).toBeUndefined()
    expect(await stampPostgres({ url, schema }, { clock, newLog: false })).toBeUndefined()
    expect(await sql(`SELECT 1 FROM pg_namespace WHERE nspname = '${schema}'`)).toEqual([])
  })

  test('tables with rows are named, and a store nobody has used is told by what opening wrote', async () => {
    const { schema, sql, open } = schemaUnderTest(url)
    await (await open()).close()
    const fresh = await lookAtSchema({ url, schema })
    await sql("INSERT INTO bus_topic VALUES ('forsendelse', 'x', 0)")

    expect(fresh).toMatchObject({ filled: [], otherSessions: 0 })
    expect(Object.keys(fresh?.meta ?? {})).toEqual(['lineage'])
    expect((await lookAtSchema({ url, schema }))?.filled).toEqual(['bus_topic'])
  })

  test('a stamp is there for the next start, and a new log makes everything be published and read again', async () => {
    const { schema, sql, open } = schemaUnderTest(url)
    await (await open()).close()
    await sql(`INSERT INTO outbox (event_id, topic, record_key, headers, value, state, recorded_at, published_at)
               VALUES ('e', 'forsendelse', 'k', '{}', '', 'published', 1, 2)`)
    await sql("INSERT INTO bus_offset VALUES ('journal-archiver', 'forsendelse', 0, 'gone', 7)")
    await sql("INSERT INTO meta VALUES ('log forsendelse', 'gone'), ('log_ahead', '{}')")
    await stampPostgres({ url, schema }, { clock, newLog: false })
    expect(await sql('SELECT state FROM outbox')).toEqual([{ state: 'published' }])
    await stampPostgres({ url, schema }, { clock, newLog: true })

    expect(await sql("SELECT value FROM meta WHERE name = 'distrust_since'")).toEqual([{ value: '1700000000000' }])
    expect(await sql('SELECT state, published_at FROM outbox')).toEqual([{ state: 'pending', published_at: null }])
    expect(await sql('SELECT count(*)::int AS count FROM bus_offset')).toEqual([{ count: 0 }])
    expect(await sql("SELECT name FROM meta WHERE name LIKE 'log%'")).toEqual([{ name: 'log_ahead' }])
  })

  test('nothing is stamped while a service has the schema open', async () => {
    const { schema, sql, open } = schemaUnderTest(url)
    const store = await open()
    await store.read('test.read', (tx) => tx.all('SELECT 1 AS one'))

    expect((await stampPostgres({ url, schema }, { clock, newLog: false }))?.otherSessions).toBeGreaterThan(0)
    expect(await sql("SELECT 1 FROM meta WHERE name = 'distrust_since'")).toEqual([])
  })

  test('numbers go on from where another store has come to, also where it has none', async () => {
    const { open } = schemaUnderTest(url)
    const store = await open()
    await continueNumbers(store, { tables: { audit: 41, alarm: 0 }, series: { inbox_place: 99 } })
    const given = await store.transaction('test.numbers', async (tx) => ({
      audit: await tx.one(
        "INSERT INTO audit (at, person, klient_id, verb, reason, details) VALUES (1, 'p', 'k', 'v', 'r', '{}') RETURNING number",
      ),
      alarm: await tx.one("INSERT INTO alarm (at, kind, sentence) VALUES (1, 'k', 's') RETURNING number"),
      place: await tx.next('inbox_place'),
    }))

    expect(given).toEqual({ audit: { number: 42 }, alarm: { number: 1 }, place: 100 })
    await expect(continueNumbers(store, { tables: { ledger: 3 }, series: {} })).rejects.toThrow('numbers no rows')
  })
})
