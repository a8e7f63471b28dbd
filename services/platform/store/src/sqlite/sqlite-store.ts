import type { DatabaseSync } from 'node:sqlite'
import { HubError, type Store, type Timers, type Tx } from '@samband/kernel'
import { createConnection } from './connection.ts'
import { createGroupCommit, type GroupStatistics } from './group-commit.ts'

/** What the SQLite store is built from. */
export interface SqliteStoreOptions {
  /** Open and migrated. */
  readonly database: DatabaseSync
  /** Whether the database was opened with the exclusive lock of the operating system. */
  readonly exclusive: boolean
  readonly timers: Timers
  /** Closes the database file with the store; false where several stores share one connection in a test. */
  readonly ownsDatabase?: boolean
  /** Told once, when the store can no longer be used and the process has to start anew. */
  readonly onBroken?: ((error: Error) => void) | undefined
}

/** A `Store` on SQLite, with counts of its groups and a way to vanish as a killed process does. */
export interface SqliteStore extends Store {
  readonly statistics: GroupStatistics
  /** Gives up everything that is not committed; nothing that waits is ever answered. For tests of crashes. */
  abandon(): void
}

const BUSY_RETRY_MS = 5

/** The store of the embedded mode: one connection, group commit. Its transactions are serial. */
export function createSqliteStore(options: SqliteStoreOptions): SqliteStore {
  const connection = createConnection(options.database)
  const groups = createGroupCommit(connection, {
    turn: () => new Promise((resolve) => setImmediate(resolve)),
    busy: () => new Promise((resolve) => void options.timers.after(BUSY_RETRY_MS, resolve)),
    broken: (error) => options.onBroken?.(error),
  })
  let ended: 'closed' | 'abandoned' | undefined
  let closing: Promise<void> | undefined

  function submit<T>(kind: 'write' | 'read', place: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    if (ended === 'abandoned') return new Promise(() => {})
    if (ended === 'closed') {
      return Promise.reject(
        new HubError('STORE_UTILGJENGELIG', 'transient', 'The store is closed: the process is stopping.'),
      )
    }
    return new Promise<T>((resolve, reject) => {
      groups.submit({
        place,
        kind,
        work,
        resolve: (value) => ended !== 'abandoned' && resolve(value as T),
        reject: (error) => ended !== 'abandoned' && reject(asStoreError(error)),
      })
    })
  }

  return {
    exclusive: options.exclusive,
    statistics: groups.statistics,
    transaction: (place, work) => submit('write', place, work),
    read: (place, work) => submit('read', place, work),
    abandon() {
      ended = 'abandoned'
      connection.die()
    },
    close() {
      if (ended === 'abandoned') return Promise.resolve()
      ended = 'closed'
      closing ??= groups.idle().then(() => {
        if (options.ownsDatabase !== false) connection.close()
      })
      return closing
    },
  }
}

/** Errors of the database itself are the store's; what `work` threw passes as it is. */
function asStoreError(error: unknown): unknown {
  if (error instanceof Error && 'code' in error && error.code === 'ERR_SQLITE_ERROR') {
    const full = /full/.test(error.message)
    return new HubError(
      full ? 'STORE_DISK_FULL' : 'STORE_FEIL',
      'transient',
      full
        ? 'The disk of the store is full: nothing was written. Make room.'
        : 'The store refused the statement; nothing was written.',
      { cause: error },
    )
  }
  return error
}
