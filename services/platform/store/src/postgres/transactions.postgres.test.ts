import type { Store, Tx } from '@samband/kernel'
import { withPostgres } from '@samband/tests/servers/postgres'
import { expect, test } from 'vitest'
import { schemaUnderTest } from '../conformance/postgres-under-test.ts'

const put = (tx: Tx, name: string, value: string) =>
  tx.run('INSERT INTO meta (name, value) VALUES (?, ?)', `test-${name}`, value)
const set = (tx: Tx, name: string, value: string) =>
  tx.run('UPDATE meta SET value = ? WHERE name = ?', value, `test-${name}`)
const get = async (tx: Tx, name: string) =>
  (await tx.one<{ value: string }>('SELECT value FROM meta WHERE name = ?', `test-${name}`))?.value
const read = (store: Store, name: string) => store.read('test.read', (tx) => get(tx, name))

/** Holds the first run of each of `count` works at one point until all are there. */
function meetOnce(count: number): (run: number) => Promise<void> {
  let here = 0
  const all = Promise.withResolvers<void>()
  return async (run) => {
    if (run > 1) return
    here += 1
    if (here === count) all.resolve()
    await all.promise
  }
}

await withPostgres('transactions on PostgreSQL', ({ url }) => {
  test('twenty that count at the same time, without a lock, are all counted', async () => {
    const { open } = schemaUnderTest(url)
    const store = await open()
    await store.transaction('test.write', (tx) => put(tx, 'count', '0'))
    await Promise.all(
      Array.from({ length: 20 }, () =>
        store.transaction('test.count', async (tx) => set(tx, 'count', String(Number(await get(tx, 'count')) + 1))),
      ),
    )

    expect(await read(store, 'count')).toBe('20')
    expect(store.statistics.repeats.conflict).toBeGreaterThan(0)
  })

  test('two that decide by what the other one changes do not both go by what they saw', async () => {
    const { open } = schemaUnderTest(url)
    const store = await open()
    await store.transaction('test.write', async (tx) => {
      await put(tx, 'one', 'on call')
      await put(tx, 'other', 'on call')
    })
    const meet = meetOnce(2)
    const leave = (mine: string, theirs: string) => {
      let runs = 0
      return store.transaction('test.leave', async (tx) => {
        runs += 1
        const stays = await get(tx, theirs)
        await meet(runs)
        if (stays === 'on call') await set(tx, mine, 'gone')
      })
    }
    await Promise.all([leave('one', 'other'), leave('other', 'one')])

    expect([await read(store, 'one'), await read(store, 'other')].sort()).toEqual(['gone', 'on call'])
  })

  test('two that want the same rows in the other order both get through', async () => {
    const { open } = schemaUnderTest(url)
    const store = await open()
    await store.transaction('test.write', async (tx) => {
      await put(tx, 'a', '')
      await put(tx, 'b', '')
    })
    const meet = meetOnce(2)
    const write = (first: string, second: string, value: string) => {
      let runs = 0
      return store.transaction('test.write', async (tx) => {
        runs += 1
        await set(tx, first, value)
        await meet(runs)
        await set(tx, second, value)
      })
    }
    await Promise.all([write('a', 'b', 'x'), write('b', 'a', 'y')])

    expect(await read(store, 'a')).toBe(await read(store, 'b'))
    expect(store.statistics.repeats.conflict).toBeGreaterThan(0)
  })

  test('two that add the same thing because neither sees it: the second run sees it', async () => {
    const { open } = schemaUnderTest(url)
    const store = await open()
    const meet = meetOnce(2)
    const addOnce = () => {
      let runs = 0
      return store.transaction('test.add', async (tx) => {
        runs += 1
        const known = await get(tx, 'a')
        await meet(runs)
        if (known === undefined) await put(tx, 'a', 'x')
        return known === undefined ? 'added' : 'known'
      })
    }

    expect((await Promise.all([addOnce(), addOnce()])).sort()).toEqual(['added', 'known'])
  })

  test('work that is always in the way of somebody is given up in the end, and told as transient', async () => {
    const { open, sql } = schemaUnderTest(url)
    const store = await open()
    await store.transaction('test.write', (tx) => put(tx, 'a', '0'))
    let runs = 0
    const always = store.transaction('test.write', async (tx) => {
      runs += 1
      await get(tx, 'a')
      await sql(`UPDATE meta SET value = '${runs}' WHERE name = 'test-a'`)
      await set(tx, 'a', 'mine')
    })

    await expect(always).rejects.toMatchObject({ code: 'STORE_OPPTATT', disposition: 'transient' })
    expect(runs).toBe(15)
    expect(await read(store, 'a')).toBe('15')
  })

  test('whoever asks for a lock that is held waits before the transaction begins, and then needs one run only', async () => {
    const { open } = schemaUnderTest(url)
    const store = await open()
    await store.transaction('test.write', (tx) => put(tx, 'count', '0'))
    const held = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    const count = (when: () => Promise<void>) =>
      store.transaction('test.count', async (tx) => {
        await tx.lock('count', 'other')
        const value = Number(await get(tx, 'count'))
        await when()
        await set(tx, 'count', String(value + 1))
      })
    const first = count(async () => {
      begun.resolve()
      await held.promise
    })
    await begun.promise
    const others = [count(async () => {}), count(async () => {}), count(async () => {})]
    // Those others have failed to get the lock once, and wait for it now.
    while (store.statistics.repeats.lock < 3) await new Promise((resolve) => setImmediate(resolve))
    held.resolve()
    await Promise.all([first, ...others])

    expect(await read(store, 'count')).toBe('4')
    expect(store.statistics.repeats).toEqual({ lock: 3, conflict: 0 })
  })

  test('locks that are asked for in any order never block each other', async () => {
    const { open } = schemaUnderTest(url)
    const [one, other] = await Promise.all([open(), open()])
    const write = (store: Store, names: readonly string[]) =>
      store.transaction('test.lock', async (tx) => {
        for (const name of names) await tx.lock(name)
        await tx.next('inbox_place')
      })
    await Promise.all(
      Array.from({ length: 30 }, (_, number) =>
        write(number % 2 === 0 ? one : other, number % 3 === 0 ? ['a', 'b', 'c'] : ['c', 'b', 'a']),
      ),
    )

    expect(one.statistics.repeats.conflict + other.statistics.repeats.conflict).toBe(0)
  })

  test('a lock of one schema is not in the way of another one', async () => {
    const [one, other] = await Promise.all([schemaUnderTest(url).open(), schemaUnderTest(url).open()])
    await one.transaction('test.lock', async (tx) => {
      await tx.lock('a')
      await other.transaction('test.lock', (theirs) => theirs.lock('a'))
    })

    expect(other.statistics.repeats.lock).toBe(0)
  })

  test('more work than there are sessions waits in line', async () => {
    const { open } = schemaUnderTest(url)
    const store = await open({ poolSize: 2 })
    await Promise.all(
      Array.from({ length: 30 }, (_, number) => store.transaction('test.write', (tx) => put(tx, `${number}`, 'x'))),
    )

    expect(await store.read('test.read', (tx) => tx.all("SELECT 1 FROM meta WHERE name LIKE 'test-%'"))).toHaveLength(
      30,
    )
  })

  test('work that goes on after a statement failed is not written, also when it hides the error', async () => {
    const { open } = schemaUnderTest(url)
    const store = await open()
    const hiding = store.transaction('test.write', async (tx) => {
      await put(tx, 'a', 'x')
      await put(tx, 'a', 'y').catch(() => 0)
      return 'well done'
    })

    await expect(hiding).rejects.toMatchObject({ code: 'STORE_FEIL', disposition: 'transient' })
    expect(await read(store, 'a')).toBeUndefined()
  })

  test('a statement that the work did not wait for takes everything with it when it fails', async () => {
    const { open } = schemaUnderTest(url)
    const store = await open()
    const careless = store.transaction('test.write', async (tx) => {
      await put(tx, 'a', 'x')
      put(tx, 'a', 'y').catch(() => {})
    })

    await expect(careless).rejects.toMatchObject({ code: 'STORE_FEIL', disposition: 'transient' })
    expect(await read(store, 'a')).toBeUndefined()
  })

  test('a read cannot write, and what it reads stays the same until its end', async () => {
    const { open, sql } = schemaUnderTest(url)
    const store = await open()
    await store.transaction('test.write', (tx) => put(tx, 'a', 'before'))
    const seen = await store.read('test.read', async (tx) => {
      const first = await get(tx, 'a')
      await sql("UPDATE meta SET value = 'after' WHERE name = 'test-a'")
      return [first, await get(tx, 'a')]
    })

    expect(seen).toEqual(['before', 'before'])
    await expect(store.read('test.read', (tx) => put(tx, 'b', 'x'))).rejects.toMatchObject({ code: 'STORE_FEIL' })
  })

  test('a Tx that is kept past its end refuses', async () => {
    const { open } = schemaUnderTest(url)
    const store = await open()
    const kept = await store.transaction('test.keep', async (tx) => ({ tx }))

    await expect(put(kept.tx, 'a', 'x')).rejects.toThrow(/transaction is over/)
  })

  test('text is in the order of its bytes, as in SQLite, whatever the database was made with', async () => {
    const { open } = schemaUnderTest(url)
    const store = await open()
    const names = ['b', 'Z', 'æ', 'a', '~', 'å', 'A', '1', '_']
    await store.transaction('test.write', async (tx) => {
      for (const name of names) await put(tx, name, 'x')
    })
    const ordered = await store.read('test.read', (tx) =>
      tx.all<{ name: string }>("SELECT name FROM meta WHERE name LIKE 'test-%' ORDER BY name"),
    )

    expect(ordered.map(({ name }) => name.slice('test-'.length))).toEqual(
      names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
    )
  })

  test('sums, counts and comparisons come as numbers, and a number beyond 2^53 is refused instead of being changed', async () => {
    const { open } = schemaUnderTest(url)
    const store = await open()
    const row = await store.read('test.read', (tx) =>
      tx.one(
        'SELECT COUNT(*) AS count, SUM(CAST(3 AS BIGINT)) AS sum, 1 = 1 AS same, CAST(5 AS INT) AS small FROM bus_log',
      ),
    )

    expect(row).toEqual({ count: 0, sum: null, same: 1, small: 5 })
    await expect(store.read('test.read', (tx) => tx.one('SELECT 9007199254740993 AS large'))).rejects.toMatchObject({
      cause: { message: '9007199254740993 is beyond 2^53' },
    })
  })

  test('a full disk is told as such, and nothing was written', async () => {
    const { open, sql } = schemaUnderTest(url)
    const store = await open()
    await sql(
      `CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no space left' USING ERRCODE = '53100'; END $$;
       CREATE TRIGGER full_disk BEFORE INSERT ON alarm FOR EACH ROW EXECUTE FUNCTION full_disk()`,
    )
    const full = store.transaction('test.write', async (tx) => {
      await put(tx, 'a', 'x')
      await tx.run("INSERT INTO alarm (at, kind, sentence) VALUES (1, 'defect', 'x')")
    })

    await expect(full).rejects.toMatchObject({ code: 'STORE_DISK_FULL', disposition: 'transient' })
    expect(await read(store, 'a')).toBeUndefined()
  })

  test('a statement that takes longer than it may is ended, and told as transient', async () => {
    const { open } = schemaUnderTest(url)
    const store = await open({ statementTimeoutMs: 100 })

    await expect(store.read('test.slow', (tx) => tx.one('SELECT pg_sleep(10)'))).rejects.toMatchObject({
      code: 'STORE_FEIL',
      disposition: 'transient',
    })
  })
})
