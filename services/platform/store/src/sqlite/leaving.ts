import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import type { IdSource, Store, Timers } from '@samband/kernel'
import { readMigrations } from '../migrations.ts'
import type { StoreNumbers } from '../store-numbers.ts'
import { isBusy, openDatabase } from './connection.ts'
import { DATABASE_FILE, readGeneration, readMeta, refuseDamage, wasUnclean, writeMeta } from './installation.ts'
import { markMoved, movedTo } from './moved.ts'
import { createSqliteStore } from './sqlite-store.ts'

/** Under which an installation is known when it has moved. */
const INSTALLATION = 'installation'

/** The store of a stopped hub, held so that none can start on it, to be moved elsewhere. */
export interface LeavingInstallation {
  readonly store: Store
  readonly sizeBytes: number
  /** Where it has gone already, as `markMoved` was told; `undefined` while it is at home. */
  readonly movedTo: string | undefined
  /** The name it was given by an earlier move that was not finished, if there was one. */
  readonly identity: string | undefined
  /** Gives the installation a name that goes with it, and returns it. Durable; the same one every time. */
  identify(ids: Pick<IdSource, 'uuid'>): string
  /** The numbers its tables and series have come to. */
  numbers(): StoreNumbers
  /** From now on no hub starts here. Durable on return, and safe to repeat. */
  markMoved(target: string): void
  close(): Promise<void>
}

/** Why a store cannot be moved as it stands. */
export type LeavingObstacle = 'no-store' | 'in-use' | 'damaged' | 'other-release' | 'put-back'

/** Thrown by `openLeaving`; nothing was changed. */
export class CannotLeave extends Error {
  override readonly name = 'CannotLeave'
  readonly obstacle: LeavingObstacle

  constructor(message: string, { obstacle, ...options }: { readonly obstacle: LeavingObstacle } & ErrorOptions) {
    super(message, options)
    this.obstacle = obstacle
  }
}

/**
 * Opens the store in `folder` under its lock and changes nothing in it: no step of the schema, no counter. An installation that has moved already can be
 * opened too, so that a move that was broken off is taken up again.
 * @throws CannotLeave
 */
export function openLeaving({
  folder,
  timers,
}: {
  readonly folder: string
  readonly timers: Timers
}): LeavingInstallation {
  const path = join(folder, DATABASE_FILE)
  if (!existsSync(path) || statSync(path).size === 0)
    throw new CannotLeave(`there is no store in ${folder}`, { obstacle: 'no-store' })
  const database = openHeld(path)
  try {
    refuseUnfit(database, folder)
  } catch (error) {
    database.close()
    throw error
  }
  const store = createSqliteStore({ database, exclusive: true, timers, ownsDatabase: true })
  return {
    store,
    sizeBytes: statSync(path).size,
    movedTo: movedTo(folder),
    identity: readMeta(database, INSTALLATION),
    identify(ids) {
      const name = readMeta(database, INSTALLATION) ?? ids.uuid()
      writeMeta(database, INSTALLATION, name)
      return name
    },
    numbers: () => numbersOf(database),
    markMoved: (target) => markMoved(database, folder, target),
    close: () => store.close(),
  }
}

function openHeld(path: string): DatabaseSync {
  try {
    return openDatabase(path, { exclusive: true, synchronous: 'FULL' })
  } catch (error) {
    if (isBusy(error))
      throw new CannotLeave('a hub holds the store: stop it first', { obstacle: 'in-use', cause: error })
    throw new CannotLeave('the store cannot be opened: restore the newest backup', {
      obstacle: 'damaged',
      cause: error,
    })
  }
}

function refuseUnfit(database: DatabaseSync, folder: string): void {
  if (wasUnclean(database)) {
    try {
      refuseDamage(database)
    } catch (error) {
      throw new CannotLeave('the store is damaged: restore the newest backup', { obstacle: 'damaged', cause: error })
    }
  }
  const applied = database.prepare('SELECT name FROM migration ORDER BY name').all()
  const known = readMigrations()
  if (applied.map(({ name }) => name).join() !== known.map(({ name }) => name).join())
    throw new CannotLeave('the store is of another release: let a hub of this one start on it, and stop', {
      obstacle: 'other-release',
    })
  if (readGeneration(folder) > Number(readMeta(database, 'generation') ?? 0))
    throw new CannotLeave('the file is older than its folder: let a hub start on it, and stop', {
      obstacle: 'put-back',
    })
}

function numbersOf(database: DatabaseSync): StoreNumbers {
  const tables = database.prepare('SELECT name, seq FROM sqlite_sequence').all()
  const series = database.prepare('SELECT name, last FROM series').all()
  return {
    tables: Object.fromEntries(tables.map(({ name, seq }) => [String(name), Number(seq)])),
    series: Object.fromEntries(series.map(({ name, last }) => [String(name), Number(last)])),
  }
}
