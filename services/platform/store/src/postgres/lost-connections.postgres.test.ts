import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Store, Tx } from '@samband/kernel'
import { createTestIds, createVirtualTime } from '@samband/runtime/testing'
import { type PostgresForTests, withPostgres } from '@samband/tests/servers/postgres'
import { expect, onTestFinished, test } from 'vitest'
import { startCuttingProxy } from '../conformance/cutting-proxy.ts'
import { runSql, schemaUnderTest } from '../conformance/postgres-under-test.ts'
import { openPostgres } from './index.ts'

const put = (tx: Tx, name: string) => tx.run('INSERT INTO meta (name, value) VALUES (?, ?)', `test-${name}`, 'x')
const names = (store: Store) =>
  store.read('test.read', async (tx) =>
    (await tx.all<{ name: string }>("SELECT name FROM meta WHERE name LIKE 'test-%' ORDER BY name")).map((row) =>
      row.name.slice('test-'.length),
    ),
  )

await withPostgres('connections to PostgreSQL that break', (server) => {
  const { url } = server

  test('a session that is ended in the middle of a transaction leaves nothing, and the next one goes through', async () => {
    const { open, terminate } = schemaUnderTest(url)
    const store = await open()
    let runs = 0
    const broken = store.transaction('test.write', async (tx) => {
      runs += 1
      await put(tx, 'a')
      await terminate()
      await put(tx, 'b')
    })

    await expect(broken).rejects.toMatchObject({ code: 'STORE_UTILGJENGELIG', disposition: 'transient' })
    expect(runs).toBe(1)
    await store.transaction('test.write', (tx) => put(tx, 'c'))
    expect(await names(store)).toEqual(['c'])
  })

  test('sessions that were ended while nobody used them are replaced without a word', async () => {
    const { open, terminate } = schemaUnderTest(url)
    const store = await open()
    await Promise.all(['a', 'b', 'c'].map((name) => store.transaction('test.write', (tx) => put(tx, name))))
    await terminate()
    await store.transaction('test.write', (tx) => put(tx, 'd'))

    expect(await names(store)).toEqual(['a', 'b', 'c', 'd'])
  })

  test('a session that is ended during its commit leaves the outcome open, and the work is not run again', async () => {
    const { open, sql, terminate } = schemaUnderTest(url)
    const store = await open()
    await sql(
      `CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(30); RETURN NULL; END $$;
         CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON meta DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()`,
    )
    let runs = 0
    const write = store.transaction('test.write', async (tx) => {
      runs += 1
      await put(tx, 'a')
    })
    const told = expect(write).rejects.toMatchObject({ code: 'STORE_UTFALL_UKJENT', disposition: 'transient' })
    const committing =
      "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query = 'COMMIT' AND wait_event = 'PgSleep'"
    while ((await sql(committing)).length === 0) await new Promise((resolve) => setImmediate(resolve))
    await terminate()
    await told

    expect(runs).toBe(1)
    expect(await names(store)).toEqual([])
  })

  test.each([
    ['the answer to a commit is lost: it is written all the same', 'before the answer is back', ['a']],
    ['a commit never reached the server: nothing is written', 'before the server has it', []],
  ] as const)('%s; the caller is told that nobody knows, and the work is not run again', async (_what, cut, there) => {
    const proxy = await startCuttingProxy(url)
    onTestFinished(() => proxy.close())
    const { open } = schemaUnderTest(url)
    const [store, beside] = await Promise.all([open({ url: proxy.url }), open()])
    proxy.cutAt('COMMIT', cut)
    let runs = 0
    const write = store.transaction('test.write', async (tx) => {
      runs += 1
      await put(tx, 'a')
    })

    await expect(write).rejects.toMatchObject({ code: 'STORE_UTFALL_UKJENT', disposition: 'transient' })
    expect(runs).toBe(1)
    expect(await names(beside)).toEqual(there)
    await store.transaction('test.write', (tx) => put(tx, 'b'))
  })

  test('a process that stands still in a transaction loses it, so that nobody waits for it for ever', async () => {
    const { open } = schemaUnderTest(url)
    const [frozen, other] = await Promise.all([open({ idleTimeoutMs: 200 }), open()])
    const begun = Promise.withResolvers<void>()
    const thawed = Promise.withResolvers<void>()
    const late = frozen.transaction('test.frozen', async (tx) => {
      await tx.lock('a')
      await put(tx, 'late')
      begun.resolve()
      await thawed.promise
      await put(tx, 'later')
    })
    const told = expect(late).rejects.toMatchObject({ code: 'STORE_UTILGJENGELIG' })
    await begun.promise
    await other.transaction('test.write', async (tx) => {
      await tx.lock('a')
      await put(tx, 'other')
    })
    thawed.resolve()
    await told

    expect(await names(other)).toEqual(['other'])
  })

  test('where no server listens, or none of that name, it is said so', async () => {
    const { schema } = schemaUnderTest(url)
    const open = (wrong: string) =>
      openPostgres({ settings: { url: wrong, schema }, time: createVirtualTime(), ids: createTestIds() })
    const elsewhere = new URL(url)
    elsewhere.pathname = '/no_such_database'

    await expect(open('postgresql://samband@127.0.0.1:1/samband')).rejects.toMatchObject({
      code: 'STORE_UTILGJENGELIG',
      disposition: 'transient',
      message: expect.stringContaining('ECONNREFUSED'),
    })
    await expect(open(elsewhere.href)).rejects.toMatchObject({ code: 'STORE_UTILGJENGELIG' })
  })
})

await withPostgres('a PostgreSQL server that dies', (server) => testsOfADyingServer(server), { own: true })

function testsOfADyingServer({ url, power }: PostgresForTests): void {
  if (power === undefined) throw new Error('a server of its own can be switched off')

  test('a server killed under load and started again has all that was answered, and the store goes on', async () => {
    const { open } = schemaUnderTest(url)
    const store = await open()
    const answered: string[] = []
    const codes: string[] = []
    let going = true
    const writer = async (writer: number) => {
      for (let number = 0; going; number++) {
        const name = `${writer}-${String(number).padStart(5, '0')}`
        try {
          await store.transaction('test.write', (tx) => put(tx, name))
          answered.push(name)
        } catch (error) {
          codes.push(String((error as { code?: string }).code))
          await new Promise((resolve) => setImmediate(resolve))
        }
      }
    }
    const writers = [1, 2, 3, 4].map(writer)
    while (answered.length < 200) await new Promise((resolve) => setImmediate(resolve))
    await power.off()
    await expect(store.read('test.read', (tx) => tx.one('SELECT 1 AS one'))).rejects.toMatchObject({
      code: 'STORE_UTILGJENGELIG',
    })
    await power.on()
    const before = answered.length
    while (answered.length < before + 50) await new Promise((resolve) => setImmediate(resolve))
    going = false
    await Promise.all(writers)

    expect(codes.filter((code) => code !== 'STORE_UTILGJENGELIG' && code !== 'STORE_UTFALL_UKJENT')).toEqual([])
    const there = new Set(await names(store))
    expect(answered.filter((name) => !there.has(name))).toEqual([])
    // What is there without an answer was told to be unknown, and nothing else.
    const unknown = codes.filter((code) => code === 'STORE_UTFALL_UKJENT').length
    expect(there.size - answered.length).toBeLessThanOrEqual(unknown)
  })

  test('R27: when a standby has taken over, a running store refuses, and the next start distrusts what it finds', async () => {
    const { open, schema, sql } = schemaUnderTest(url)
    const broken: Error[] = []
    const time = createVirtualTime()
    const { store } = await openPostgres({
      settings: { url, schema },
      time,
      ids: createTestIds(),
      onBroken: (error) => broken.push(error),
    })
    onTestFinished(() => store.close())
    await store.transaction('test.write', (tx) => put(tx, 'a'))
    await power.off()
    writeFileSync(join(power.dataFolder, 'standby.signal'), '')
    await power.on()
    await expect(store.read('test.read', (tx) => tx.one('SELECT 1 AS one'))).rejects.toMatchObject({
      code: 'STORE_UTILGJENGELIG',
      message: expect.stringContaining('standby'),
    })
    await runSql(url, 'SELECT pg_promote()')

    await expect(store.transaction('test.write', (tx) => put(tx, 'b'))).rejects.toMatchObject({
      code: 'STORE_UBRUKELIG',
      disposition: 'transient',
    })
    await expect(names(store)).rejects.toMatchObject({ code: 'STORE_UBRUKELIG' })
    expect(broken).toHaveLength(1)
    const next = await open()
    expect(await names(next)).toEqual(['a'])
    expect(await sql("SELECT value FROM meta WHERE name = 'distrust_since'")).toEqual([
      { value: String(time.clock.now()) },
    ])
  })
}
