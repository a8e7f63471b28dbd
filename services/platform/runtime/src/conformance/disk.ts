import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SqlValue, Store, Time } from '@samband/kernel'
import { createSqliteStore, migrate, openDatabase, readMigrations } from '@samband/store'

/** What a process of a test works on: the store, and how it ends. */
export interface ProcessStore {
  readonly store: Store
  /** Vanishes as a killed process does. */
  abandon(): void
  close(): Promise<void>
}

/** What outlives the processes of a test: a database with its schema, empty at first. */
export interface Disk {
  /** How often processes look by themselves for what others may have done, where that takes real time; else their own defaults hold. */
  readonly pollMs?: number
  open(time: Time): ProcessStore
  /** Looks at, or changes, what is durable, beside every process. */
  sql<Row = Record<string, unknown>>(statement: string, ...params: readonly SqlValue[]): Row[]
  /** From now on rows of `table` can no longer be added, or changed; returns what ends that. */
  refuse(what: 'INSERT' | 'UPDATE', table: string): () => void
  remove(): void
}

/** Makes a disk; `shared` is one that several processes may work on at the same time. */
export type MakeDisk = (shared: boolean) => Disk

let makeDisk: MakeDisk = createSqliteDisk

/** Lets every world that is made from now on have its disks from `make`. */
export function playOn(make: MakeDisk): void {
  makeDisk = make
}

/** A disk of the kind the tests are played on. */
export function createDisk(shared: boolean): Disk {
  return makeDisk(shared)
}

/** In memory, or in a file where several processes share it. */
function createSqliteDisk(shared: boolean): Disk {
  const folder = shared ? mkdtempSync(join(tmpdir(), 'samband-runtime-')) : undefined
  const path = folder === undefined ? ':memory:' : join(folder, 'shared.db')
  const open = () => openDatabase(path, { exclusive: !shared, synchronous: 'OFF' })
  const disk = open()
  migrate(disk, readMigrations())
  return {
    open({ timers }) {
      const database = shared ? open() : disk
      const store = createSqliteStore({ database, exclusive: !shared, timers, ownsDatabase: shared })
      return {
        store,
        abandon() {
          store.abandon()
          if (shared) database.close()
        },
        close: () => store.close(),
      }
    },
    sql: <Row>(statement: string, ...params: readonly SqlValue[]) => disk.prepare(statement).all(...params) as Row[],
    refuse(what, table) {
      disk.exec(`CREATE TRIGGER refused BEFORE ${what} ON ${table} BEGIN SELECT RAISE(ABORT, 'no rows today'); END`)
      return () => disk.exec('DROP TRIGGER refused')
    },
    remove() {
      disk.close()
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
    },
  }
}
