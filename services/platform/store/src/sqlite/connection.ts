import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { SqlValue, Tx } from '@samband/kernel'
import type { GroupConnection } from './group-commit.ts'

/** How hard a commit is pressed to the disk. Only `FULL` keeps the promise; the other exists so that a test can show the difference. */
export type Synchronous = 'FULL' | 'NORMAL' | 'OFF'

/**
 * 16 MB of log before it is folded into the file, instead of 4: pages that change all the time are then written there four times less
 * often. A start after a crash reads that much more.
 */
const PAGES_BETWEEN_CHECKPOINTS = 4_000

/**
 * Opens the database file in WAL mode. With `exclusive` the lock is held by the operating system for as long as the connection
 * lives (protocol rule R8): a dead owner has lost it, a frozen one keeps it, and a second process fails at once.
 * @throws Error with `code` ERR_SQLITE_ERROR and "database is locked" when another process holds it
 */
export function openDatabase(
  path: string,
  options: { readonly exclusive: boolean; readonly synchronous: Synchronous },
): DatabaseSync {
  const database = new DatabaseSync(path)
  try {
    if (options.exclusive) database.exec('PRAGMA locking_mode = EXCLUSIVE')
    database.exec('PRAGMA journal_mode = WAL')
    database.exec(`PRAGMA synchronous = ${options.synchronous}`)
    database.exec('PRAGMA foreign_keys = ON')
    database.exec('PRAGMA cache_size = -65536')
    database.exec(`PRAGMA wal_autocheckpoint = ${PAGES_BETWEEN_CHECKPOINTS}`)
    database.exec('PRAGMA temp_store = MEMORY')
    // The first write takes the exclusive lock, so a second process is refused here and not in the middle of its work.
    database.exec('BEGIN IMMEDIATE; COMMIT')
  } catch (error) {
    database.close()
    throw error
  }
  return database
}

/** Whether another connection holds what was asked for. */
export function isBusy(error: unknown): boolean {
  return error instanceof Error && /database( table)? is locked|database is busy/.test(error.message)
}

/** SQLITE_FULL, by SQLite's own number. */
export function isDiskFull(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === 13
}

const NEXT = 'UPDATE series SET last = last + 1 WHERE name = ? RETURNING last'

function nextOf(row: Record<string, unknown> | undefined, series: string): number {
  if (row === undefined) throw new Error(`no migration has made the series ${series}`)
  return Number(row['last'])
}

/** Wraps a database as the one connection of the group commit. Statements are prepared once and kept. */
export function createConnection(database: DatabaseSync): GroupConnection & { close(): void } {
  const prepared = new Map<string, StatementSync>()
  const statement = (sql: string): StatementSync => {
    let found = prepared.get(sql)
    if (found === undefined) {
      found = database.prepare(sql)
      prepared.set(sql, found)
    }
    return found
  }
  let begun = false
  let dead = false
  const never = <T>() => new Promise<T>(() => {})
  const tx: Tx = {
    all: async <Row extends object>(sql: string, ...params: readonly SqlValue[]) =>
      dead ? never<Row[]>() : (statement(sql).all(...params) as Row[]),
    one: async <Row extends object>(sql: string, ...params: readonly SqlValue[]) =>
      dead ? never<Row>() : (statement(sql).get(...params) as Row | undefined),
    run: async (sql, ...params) => (dead ? never<number>() : Number(statement(sql).run(...params).changes)),
    // Transactions on this connection are serial: whoever runs holds everything.
    lock: async () => {},
    next: async (series) => (dead ? never<number>() : nextOf(statement(NEXT).get(series), series)),
  }
  const refuseDead = () => {
    if (dead) throw new Error('the store was abandoned')
  }
  return {
    tx,
    begin() {
      refuseDead()
      // Two stores of a test may share one connection: the other one's group is then the lock.
      if (database.isTransaction) return false
      try {
        statement('BEGIN IMMEDIATE').run()
        begun = true
        return true
      } catch (error) {
        if (isBusy(error)) return false
        throw error
      }
    },
    savepoint: () => void statement('SAVEPOINT one').run(),
    release() {
      refuseDead()
      statement('RELEASE one').run()
    },
    rollbackToSavepoint() {
      if (dead || !database.isTransaction) return false
      statement('ROLLBACK TO one').run()
      statement('RELEASE one').run()
      return true
    },
    commit: () => {
      refuseDead()
      begun = false
      try {
        statement('COMMIT').run()
        return true
      } catch (error) {
        // Out of room is the one certain failure: the log has no commit record. Anything else may have reached the disk.
        if (!isDiskFull(error)) throw error
        if (database.isTransaction) statement('ROLLBACK').run()
        return false
      }
    },
    die: () => {
      if (dead) return
      dead = true
      if (begun && database.isTransaction) statement('ROLLBACK').run()
    },
    close: () => database.close(),
  }
}
