import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { createVirtualTime, settle } from '@samband/runtime/testing'
import { expect, onTestFinished, test } from 'vitest'
import { storeConformance } from '../conformance.ts'
import { createSqliteStore, migrate, openDatabase, readMigrations, type SqliteStore } from '../index.ts'

function temporaryFolder(): { folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'samband-store-'))
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

for (const exclusive of [true, false]) {
  storeConformance(exclusive ? 'SQLite, one owner' : 'SQLite, shared by several workers', async () => {
    const { folder, remove } = temporaryFolder()
    const path = join(folder, 'samband.db')
    const databases: DatabaseSync[] = []
    const open = (): SqliteStore => {
      const database = openDatabase(path, { exclusive, synchronous: 'FULL' })
      databases.push(database)
      migrate(database, readMigrations())
      return createSqliteStore({ database, exclusive, timers: createVirtualTime().timers })
    }
    const store = open()
    const closeAll = () => {
      for (const database of databases) if (database.isOpen) database.close()
    }
    return {
      store,
      exclusive,
      vanish() {
        store.abandon()
        closeAll()
      },
      reopen: async () => open(),
      async dispose() {
        closeAll()
        remove()
      },
    }
  })
}

function inMemory(): { database: DatabaseSync; store: SqliteStore; time: ReturnType<typeof createVirtualTime> } {
  const time = createVirtualTime()
  const database = openDatabase(':memory:', { exclusive: true, synchronous: 'OFF' })
  migrate(database, readMigrations())
  onTestFinished(() => {
    if (database.isOpen) database.close()
  })
  return {
    database,
    time,
    store: createSqliteStore({ database, exclusive: true, timers: time.timers, ownsDatabase: false }),
  }
}

const put = (store: SqliteStore, name: string) =>
  store.transaction('test.write', (tx) => tx.run('INSERT INTO meta (name, value) VALUES (?, ?)', name, 'x'))

test('transactions that are ready together share one commit', async () => {
  const { store } = inMemory()
  await Promise.all(Array.from({ length: 100 }, (_, number) => put(store, `test-${number}`)))

  expect(store.statistics).toMatchObject({ groups: 1, transactions: 100 })
})

test('a failure is told only after the commit of the group it looked into, since what it saw might still have vanished', async () => {
  const { store } = inMemory()
  const told: string[] = []
  const first = put(store, 'test-1').then(() => told.push('written'))
  const second = put(store, 'test-1').catch(() => told.push('refused'))
  await Promise.all([first, second])

  expect(told).toEqual(['written', 'refused'])
})

test('when the database itself gives up the whole group, everybody in it is told to try again', async () => {
  const { store } = inMemory()
  const first = put(store, 'test-1')
  const second = store.transaction('test.rollback', (tx) =>
    tx.run('INSERT OR ROLLBACK INTO meta (name, value) VALUES (?, ?)', 'test-1', 'x'),
  )
  const outcomes = await Promise.allSettled([first, second])

  expect(outcomes).toMatchObject([
    { status: 'rejected', reason: { code: 'STORE_FEIL', disposition: 'transient' } },
    { status: 'rejected', reason: { code: 'STORE_FEIL', disposition: 'transient' } },
  ])
  await put(store, 'test-2')
})

test('a full disk is told as such, nothing of the group is written, and work goes on when there is room again', async () => {
  const { folder, remove } = temporaryFolder()
  onTestFinished(remove)
  const database = openDatabase(join(folder, 'samband.db'), { exclusive: true, synchronous: 'FULL' })
  migrate(database, readMigrations())
  const store = createSqliteStore({ database, exclusive: true, timers: createVirtualTime().timers })
  onTestFinished(() => store.close())
  const pages = Number(Object.values(database.prepare('PRAGMA page_count').get() ?? {})[0])
  database.exec(`PRAGMA max_page_count = ${pages + 2}`)
  const large = (name: string) =>
    store.transaction('test.write', (tx) =>
      tx.run('INSERT INTO meta (name, value) VALUES (?, ?)', name, 'x'.repeat(100_000)),
    )

  await expect(large('test-large')).rejects.toMatchObject({ code: 'STORE_DISK_FULL', disposition: 'transient' })
  await put(store, 'test-small')
  database.exec('PRAGMA max_page_count = 1000000')
  await large('test-large')
})

test('a database that refuses even to begin answers everybody who waits instead of leaving them unanswered', async () => {
  const { store, database } = inMemory()
  database.close()

  await expect(put(store, 'test-1')).rejects.toBeInstanceOf(Error)
  await expect(put(store, 'test-2')).rejects.toBeInstanceOf(Error)
})

test('while another connection holds the store, a transaction waits by the injected timer and then goes through', async () => {
  const { folder, remove } = temporaryFolder()
  onTestFinished(remove)
  const path = join(folder, 'samband.db')
  const [one, other] = [0, 1].map(() => openDatabase(path, { exclusive: false, synchronous: 'OFF' })) as [
    DatabaseSync,
    DatabaseSync,
  ]
  migrate(one, readMigrations())
  const time = createVirtualTime()
  const store = createSqliteStore({ database: one, exclusive: false, timers: time.timers })
  onTestFinished(() => store.close())
  other.exec('BEGIN IMMEDIATE')
  let written = false
  const write = put(store, 'test-1').then(() => {
    written = true
  })
  await time.advance(100)
  const early = written
  other.exec('COMMIT')
  other.close()
  await time.advance(100)
  await settle()

  expect([early, written]).toEqual([false, true])
  await write
})

test('at the very moment a transaction is answered, another connection already finds what it wrote', async () => {
  const { folder, remove } = temporaryFolder()
  onTestFinished(remove)
  const path = join(folder, 'samband.db')
  const [one, other] = [0, 1].map(() => openDatabase(path, { exclusive: false, synchronous: 'FULL' })) as [
    DatabaseSync,
    DatabaseSync,
  ]
  migrate(one, readMigrations())
  const store = createSqliteStore({ database: one, exclusive: false, timers: createVirtualTime().timers })
  const seen: number[] = []
  const look = () => void seen.push(other.prepare("SELECT 1 FROM meta WHERE name LIKE 'test-%'").all().length)
  await Promise.all([put(store, 'test-1').then(look), put(store, 'test-2').then(look)])
  other.close()
  await store.close()

  expect(seen).toEqual([2, 2])
})
