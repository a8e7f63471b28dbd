import type { Store, Tx } from '@samband/kernel'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

/** A store made for one test, on an empty and migrated place of its own. */
export interface StoreUnderTest {
  readonly store: Store
  /** What the adapter promises of `exclusive` in this setting. */
  readonly exclusive: boolean
  /** Vanishes as a killed process does: nothing that waits is answered, nothing more is written. */
  vanish(): void | Promise<void>
  /** Opens what is durable, after `vanish` or `close`. Closed by `dispose`. */
  reopen(): Promise<Store>
  /** Removes everything. */
  dispose(): Promise<void>
}

const put = (tx: Tx, name: string, value: string) => tx.run('INSERT INTO meta (name, value) VALUES (?, ?)', name, value)
const names = async (tx: Tx) =>
  (await tx.all<{ name: string }>("SELECT name FROM meta WHERE name LIKE 'test-%' ORDER BY name")).map(
    (row) => row.name,
  )

/** A promise and what fulfils it. */
function gate(): { readonly open: () => void; readonly opened: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { open: () => resolve(), opened: promise }
}

/** What every adapter of the `Store` port must do. `make` gives a fresh one per test. */
export function storeConformance(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(`store: ${name}`, () => {
    let under: StoreUnderTest
    beforeEach(async () => {
      under = await make()
    })
    afterEach(() => under.dispose())

    test('everything a transaction wrote is there together, and its value comes back', async () => {
      const value = await under.store.transaction('test.write', async (tx) => {
        await put(tx, 'test-1', 'a')
        await put(tx, 'test-2', 'b')
        return 'written'
      })

      expect(value).toBe('written')
      expect(await under.store.read('test.read', names)).toEqual(['test-1', 'test-2'])
    })

    test('a transaction whose work throws leaves nothing, and the error comes through as it is', async () => {
      const error = new TypeError('half way')
      const failed = under.store.transaction('test.write', async (tx) => {
        await put(tx, 'test-1', 'a')
        throw error
      })

      await expect(failed).rejects.toBe(error)
      expect(await under.store.read('test.read', names)).toEqual([])
    })

    test('one transaction that fails takes none of its neighbours with it', async () => {
      const outcomes = await Promise.allSettled(
        [1, 2, 3, 4, 5].map((number) =>
          under.store.transaction('test.write', async (tx) => {
            await put(tx, `test-${number}`, 'x')
            if (number === 3) throw new Error('only this one')
          }),
        ),
      )

      expect(outcomes.map((outcome) => outcome.status)).toEqual([
        'fulfilled',
        'fulfilled',
        'rejected',
        'fulfilled',
        'fulfilled',
      ])
      expect(await under.store.read('test.read', names)).toEqual(['test-1', 'test-2', 'test-4', 'test-5'])
    })

    test('a statement the database refuses fails its transaction with a transient error of the store', async () => {
      await under.store.transaction('test.write', (tx) => put(tx, 'test-1', 'a'))
      const again = under.store.transaction('test.write', async (tx) => {
        await put(tx, 'test-2', 'b')
        await put(tx, 'test-1', 'c')
      })

      await expect(again).rejects.toMatchObject({ disposition: 'transient', code: expect.stringMatching(/^STORE_/) })
      expect(await under.store.read('test.read', names)).toEqual(['test-1'])
    })

    test('what was answered is exactly what a killed process leaves behind', async () => {
      const answered: string[] = []
      const writes = Array.from({ length: 20 }, (_, number) =>
        under.store
          .transaction('test.write', (tx) => put(tx, `test-${String(number).padStart(2, '0')}`, 'x'))
          .then(() => answered.push(`test-${String(number).padStart(2, '0')}`)),
      )
      await Promise.all(writes)
      const held = gate()
      const begun = gate()
      const unanswered = { settled: false }
      void under.store
        .transaction('test.unfinished', async (tx) => {
          await put(tx, 'test-unfinished', 'x')
          begun.open()
          await held.opened
        })
        .then(
          () => (unanswered.settled = true),
          () => (unanswered.settled = true),
        )
      await begun.opened
      await under.vanish()
      held.open()
      const after = await under.reopen()

      // Nothing is promised about the order in which transactions that run side by side are answered.
      expect(await after.read('test.read', names)).toEqual(answered.toSorted())
      expect(unanswered.settled).toBe(false)
    })

    test('work that goes on after the process is gone writes nothing more', async () => {
      const held = gate()
      const begun = gate()
      void under.store.transaction('test.zombie', async (tx) => {
        await tx.lock('zombie')
        begun.open()
        await held.opened
        await put(tx, 'test-zombie', 'x')
      })
      await begun.opened
      void under.store.transaction('test.waiting', async (tx) => {
        await tx.lock('zombie')
        await put(tx, 'test-waiting', 'x')
      })
      await under.vanish()
      const after = await under.reopen()
      held.open()
      await after.transaction('test.write', (tx) => put(tx, 'test-after', 'x'))

      expect(await after.read('test.read', names)).toEqual(['test-after'])
    })

    test('a reader never sees the rows of a transaction that is not finished', async () => {
      const held = gate()
      const begun = gate()
      let committed = false
      const write = under.store
        .transaction('test.write', async (tx) => {
          await put(tx, 'test-1', 'a')
          begun.open()
          await held.opened
        })
        .then(() => {
          committed = true
        })
      await begun.opened
      const read = under.store.read('test.read', async (tx) => ({ names: await names(tx), committed }))
      await new Promise((resolve) => setImmediate(resolve))
      held.open()
      const seen = await read
      await write

      // Either the reader waited for the end, or it saw the state before it; never rows that could still vanish.
      expect([[], ['test-1']]).toContainEqual(seen.names)
      if (seen.names.length > 0) expect(await under.store.read('test.read', names)).toEqual(['test-1'])
      expect(await under.store.read('test.read', names)).toEqual(['test-1'])
    })

    test('a reader never sees what was rolled back', async () => {
      const held = gate()
      const begun = gate()
      const write = under.store.transaction('test.write', async (tx) => {
        await put(tx, 'test-1', 'a')
        begun.open()
        await held.opened
        throw new Error('no')
      })
      await begun.opened
      const read = under.store.read('test.read', names)
      held.open()
      const [written, seen] = await Promise.allSettled([write, read])

      expect(written).toMatchObject({ status: 'rejected', reason: { message: 'no' } })
      expect(seen).toEqual({ status: 'fulfilled', value: [] })
    })

    test('transactions that wait for each other under one lock decide one after the other', async () => {
      await under.store.transaction('test.write', (tx) => put(tx, 'test-count', '0'))
      await Promise.all(
        Array.from({ length: 10 }, () =>
          under.store.transaction('test.count', async (tx) => {
            await tx.lock('count')
            const row = await tx.one<{ value: string }>("SELECT value FROM meta WHERE name = 'test-count'")
            await new Promise((resolve) => setImmediate(resolve))
            await tx.run("UPDATE meta SET value = ? WHERE name = 'test-count'", String(Number(row?.value) + 1))
          }),
        ),
      )

      expect(
        await under.store.read('test.read', (tx) => tx.one("SELECT value FROM meta WHERE name = 'test-count'")),
      ).toEqual({ value: '10' })
    })

    test('a transaction that begins after another was answered sees what that one wrote', async () => {
      for (let number = 1; number <= 5; number++) {
        await under.store.transaction('test.write', (tx) => put(tx, `test-${number}`, 'x'))
        expect(await under.store.transaction('test.write', names)).toHaveLength(number)
      }
    })

    test('values come back as they went in: text, integers below 2^53, null, bytes', async () => {
      await under.store.transaction('test.write', async (tx) => {
        await tx.run(
          'INSERT INTO bus_topic (topic, identity, end_offset) VALUES (?, ?, ?)',
          'test',
          'æøå 😀',
          Number.MAX_SAFE_INTEGER,
        )
        await tx.run(
          'INSERT INTO bus_log (topic, log_offset, record_key, headers, value) VALUES (?, ?, ?, ?, ?)',
          'test',
          0,
          '',
          '{}',
          new Uint8Array([0, 255, 1]),
        )
      })
      const read = await under.store.read('test.read', async (tx) => ({
        topic: await tx.one('SELECT identity, end_offset FROM bus_topic'),
        bytes: (await tx.one<{ value: Uint8Array }>('SELECT value FROM bus_log'))?.value,
        nothing: await tx.one('SELECT NULL AS empty_value'),
        absent: await tx.one("SELECT 1 FROM meta WHERE name = 'no such'"),
      }))

      expect(read.topic).toEqual({ identity: 'æøå 😀', end_offset: Number.MAX_SAFE_INTEGER })
      expect([...(read.bytes ?? [])]).toEqual([0, 255, 1])
      expect(read.nothing).toEqual({ empty_value: null })
      expect(read.absent).toBeUndefined()
    })

    test('the numbers of a series only grow, also over a failed transaction and a restart', async () => {
      const take = (store: Store) => store.transaction('test.next', (tx) => tx.next('inbox_place'))
      const first = await take(under.store)
      const failed = under.store.transaction('test.next', async (tx) => {
        await tx.next('inbox_place')
        throw new Error('no')
      })
      await expect(failed).rejects.toThrow('no')
      const side = await Promise.all(Array.from({ length: 10 }, () => take(under.store)))
      await under.vanish()
      const last = await take(await under.reopen())

      expect(new Set([first, ...side, last]).size).toBe(12)
      expect(Math.min(...side)).toBeGreaterThan(first)
      expect(last).toBeGreaterThan(Math.max(...side))
    })

    test('run tells how many rows it changed', async () => {
      const counts = await under.store.transaction('test.write', async (tx) => {
        await put(tx, 'test-1', 'a')
        await put(tx, 'test-2', 'a')
        return [
          await tx.run("UPDATE meta SET value = 'b' WHERE name LIKE 'test-%'"),
          await tx.run("UPDATE meta SET value = 'c' WHERE name = 'no such'"),
        ]
      })

      expect(counts).toEqual([2, 0])
    })

    test('a closed store lets what is under way end, refuses what comes later, and may be closed again', async () => {
      const under1 = under.store.transaction('test.write', (tx) => put(tx, 'test-1', 'a'))
      const closing = under.store.close()
      const late = under.store.transaction('test.late', (tx) => put(tx, 'test-2', 'a'))

      await expect(late).rejects.toMatchObject({ code: 'STORE_UTILGJENGELIG', disposition: 'transient' })
      await expect(under.store.read('test.late', names)).rejects.toMatchObject({ code: 'STORE_UTILGJENGELIG' })
      await under1
      await closing
      await under.store.close()
      const after = await under.reopen()
      expect(await after.read('test.read', names)).toEqual(['test-1'])
    })

    test('it says whether this process is the only one on the store', () => {
      expect(under.store.exclusive).toBe(under.exclusive)
    })
  })
}
