import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { backup, type DatabaseSync } from 'node:sqlite'
import type { Clock, Logger, Timers } from '@samband/kernel'
import { readMigrations } from '../migrations.ts'
import { isBusy, isDiskFull, openDatabase, type Synchronous } from './connection.ts'
import { syncFolder, writeDurably } from './durable-files.ts'
import { migrate } from './migrate.ts'
import { refuseMovedFolder, refuseMovedStore } from './moved.ts'
import { createSqliteStore, type SqliteStore } from './sqlite-store.ts'

/** The store's file in its folder. */
export const DATABASE_FILE = 'samband.db'
/** The counter kept outside the database: ahead of the one inside means that the file was put back from elsewhere (R27). */
const GENERATION_FILE = 'samband.generation'

/** Between the name of the store and a number: what a restore has put aside. */
const FORMER_MARK = '.before-restore-'

const PAGES_AT_ONCE = 1_000

/** What opening found; an operator is told. */
export interface OpeningReport {
  /** The process before did not stop properly; the quick check of the file passed. */
  readonly unclean: boolean
  /** The file is older than what this folder has seen: a restore without the `restore` verb. */
  readonly putBack: boolean
  /** Since when effects without evidence are treated as open questions, wall milliseconds; absent when the store is trusted. */
  readonly distrustedSince?: number
}

/** The store of one installation on disk. */
export interface Installation {
  readonly store: SqliteStore
  readonly report: OpeningReport
  /**
   * Copies the live store to `target`. Transactions wait meanwhile, so that the copy never holds half of one; a gigabyte takes a few
   * seconds. The copy can be handed to `restoreBackup`.
   */
  backup(target: string): Promise<void>
  /** The full check, one table at a time between other work; resolves with what is wrong, empty when nothing is. */
  checkFully(): Promise<readonly string[]>
  close(): Promise<void>
}

/**
 * Opens the store in `folder`, or creates it in a folder that never had one.
 * @throws Error when another process holds it, when the quick check after an unclean stop finds damage (then restore a backup), when the folder
 *   shows that there was a store which is not there now, or when the installation was moved elsewhere
 */
export function openInstallation(options: {
  readonly folder: string
  readonly clock: Clock
  readonly timers: Timers
  readonly log: Pick<Logger, 'error'>
  readonly synchronous?: Synchronous
  /** Told once, when the store can no longer be used and the process has to start anew. */
  readonly onBroken?: ((error: Error) => void) | undefined
}): Installation {
  mkdirSync(options.folder, { recursive: true })
  refuseMovedFolder(options.folder)
  refuseMissing(options.folder)
  const database = openSound(join(options.folder, DATABASE_FILE), options.synchronous ?? 'FULL')
  try {
    const unclean = wasUnclean(database)
    if (unclean) refuseDamage(database)
    migrate(database, readMigrations())
    refuseMovedStore(database)
    const inside = Number(readMeta(database, 'generation') ?? 0)
    const outside = readGeneration(options.folder)
    const putBack = outside > inside
    if (putBack) writeMeta(database, 'distrust_since', String(options.clock.now()))
    raiseGeneration(database, options.folder, Math.max(inside, outside) + 1)
    writeMeta(database, 'clean_stop', '0')
    const since = readMeta(database, 'distrust_since')
    const store = createSqliteStore({
      database,
      exclusive: true,
      timers: options.timers,
      ownsDatabase: false,
      onBroken: options.onBroken,
    })
    const stopRaising = keepRaising(database, options)
    return {
      store,
      report: { unclean, putBack, ...(since === undefined ? {} : { distrustedSince: Number(since) }) },
      backup: (target) => backupLive(store, database, options.folder, target),
      checkFully: () => checkTables(database),
      async close() {
        stopRaising()
        await store.close()
        if (!database.isOpen) return
        try {
          raiseGeneration(database, options.folder, nextGeneration(database))
          writeMeta(database, 'clean_stop', '1')
        } catch (error) {
          options.log.error('the store could not be marked as properly stopped: the next start checks it', {
            code: codeOf(error),
          })
        } finally {
          database.close()
        }
      },
    }
  } catch (error) {
    database.close()
    throw unwritable(options.folder, error)
  }
}

/** What keeps a folder from being written gets advice; any other error stays as it is. */
function unwritable(folder: string, error: unknown): unknown {
  const code = codeOf(error)
  if (!['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM', 'EIO'].includes(code) && !isDiskFull(error)) return error
  const message = `the store in ${folder} cannot be written (${code}): make room on the disk, or set right who may write there, and start again. Nothing is lost.`
  return new Error(message, { cause: error })
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}

/**
 * Puts a backup in the place of the store, which no process may hold. The former file is kept beside it. The restored store is
 * stamped: every effect without evidence is asked for at its destination before it is done (protocol rule R27).
 * Returns the path of the former file, if there was one.
 */
export function restoreBackup(options: {
  readonly backupFile: string
  readonly folder: string
  readonly clock: Clock
}): string | undefined {
  mkdirSync(options.folder, { recursive: true })
  refuseMovedFolder(options.folder)
  const target = join(options.folder, DATABASE_FILE)
  const incoming = `${target}.incoming`
  refuseRunning(target)
  for (const leftover of ['', '-wal', '-shm']) rmSync(`${incoming}${leftover}`, { force: true })
  copyFileSync(options.backupFile, incoming)
  const generation = prepareIncoming(incoming, options)
  const former = keepFormer(target, options.clock.now())
  syncFolder(options.folder)
  // A write-ahead log is only left of a store that is damaged; beside the copy it would spoil that as well.
  for (const leftover of [`${incoming}-wal`, `${incoming}-shm`, `${target}-shm`, `${target}-wal`])
    rmSync(leftover, { force: true })
  renameSync(incoming, target)
  syncFolder(options.folder)
  writeGeneration(options.folder, generation)
  return former
}

/** Checks and stamps the copy, before anything of the store in place is touched. Returns its generation. */
function prepareIncoming(incoming: string, options: { readonly folder: string; readonly clock: Clock }): number {
  const restored = openDatabase(incoming, { exclusive: true, synchronous: 'FULL' })
  try {
    refuseDamage(restored)
    migrate(restored, readMigrations())
    stampRestored(restored, options.clock.now())
    const generation = Math.max(Number(readMeta(restored, 'generation') ?? 0), readGeneration(options.folder)) + 1
    writeMeta(restored, 'generation', String(generation))
    restored.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    return generation
  } finally {
    restored.close()
  }
}

/** Opening the store exclusively refuses a restore under a running hub, and folds its write-ahead log in. A damaged one is no hindrance. */
function refuseRunning(target: string): void {
  if (!existsSync(target)) return
  try {
    openDatabase(target, { exclusive: true, synchronous: 'FULL' }).close()
  } catch (error) {
    if (isBusy(error))
      throw new Error('the store is in use: stop the hub before a backup is restored', { cause: error })
  }
}

/**
 * Gives the former store a second name, with the write-ahead log that could not be folded in if it is damaged. Its own name stays until the copy
 * takes it: whoever is stopped in between leaves the former store in its place. Returns its path.
 */
function keepFormer(target: string, now: number): string | undefined {
  if (!existsSync(target)) return undefined
  refuseRunning(target)
  let number = now
  while (existsSync(formerName(target, number))) number += 1
  const former = formerName(target, number)
  if (existsSync(`${target}-wal`)) keep(`${target}-wal`, `${former}-wal`)
  keep(target, former)
  return former
}

function formerName(target: string, number: number): string {
  return `${target}${FORMER_MARK}${number}`
}

/** A second name for a file; where the file system has no links, a copy. */
function keep(file: string, kept: string): void {
  try {
    linkSync(file, kept)
  } catch (error) {
    if (existsSync(kept)) throw error
    copyFileSync(file, kept, constants.COPYFILE_EXCL)
    const handle = openSync(kept, 'r+')
    fsyncSync(handle)
    closeSync(handle)
  }
}

/** Where there has been a store, an empty one in its place would lose every letter without a word. */
function refuseMissing(folder: string): void {
  const target = join(folder, DATABASE_FILE)
  if (existsSync(target) && statSync(target).size > 0) return
  const witness = witnessOf(readdirSync(folder))
  if (witness === undefined) return
  throw new Error(
    `${target} is missing or empty, but ${witness} beside it shows that there was a store: no new one is made. Put the file back, or restore a backup (npm run samband -- restore); to begin with an empty store, use another folder.`,
  )
}

/** The name among those of a folder that shows that there has been a store. */
export function witnessOf(names: readonly string[]): string | undefined {
  return names.find(
    (name) =>
      name === GENERATION_FILE ||
      name === `${DATABASE_FILE}.incoming` ||
      name.startsWith(`${DATABASE_FILE}${FORMER_MARK}`),
  )
}

/** Marks a store as put back: from now on it is not trusted to know everything that was begun (protocol rule R27). */
export function stampRestored(database: DatabaseSync, now: number): void {
  writeMeta(database, 'distrust_since', String(now))
}

async function backupLive(store: SqliteStore, database: DatabaseSync, folder: string, target: string): Promise<void> {
  // As a read it runs between two groups: SQLite would copy the pages of an open one as well, and half a transaction with them.
  await store.read('store.backup', async () => {
    await backup(database, target, { rate: PAGES_AT_ONCE })
    // From here on the live store knows more than the copy: putting the copy back by hand is recognised.
    raiseGeneration(database, folder, nextGeneration(database))
  })
}

async function checkTables(database: DatabaseSync): Promise<readonly string[]> {
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all()
  const faults: string[] = []
  for (const { name } of tables) {
    await new Promise((resolve) => setImmediate(resolve))
    for (const row of database.prepare(`PRAGMA integrity_check('${String(name)}')`).all()) {
      const finding = String(Object.values(row)[0])
      if (finding !== 'ok') faults.push(`${String(name)}: ${finding}`)
    }
  }
  return faults
}

/** `ok`, or the first thing that is wrong. Some damage is found by SQLite before the check can say so. */
function quickCheck(database: DatabaseSync): string {
  try {
    return String(Object.values(database.prepare('PRAGMA quick_check(1)').get() ?? {})[0])
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

export function refuseDamage(database: DatabaseSync): void {
  const finding = quickCheck(database)
  if (finding !== 'ok') throw damaged(finding)
}

function damaged(finding: string, cause?: unknown): Error {
  return new Error(`the store is damaged (${finding}): stop, keep the file, restore the newest backup`, { cause })
}

/** Opens the store exclusively. Damage that keeps SQLite from opening it gets the same advice as damage that the check finds. */
function openSound(path: string, synchronous: Synchronous): DatabaseSync {
  try {
    return openDatabase(path, { exclusive: true, synchronous })
  } catch (error) {
    if (error instanceof Error && /malformed|not a database/.test(error.message)) throw damaged(error.message, error)
    throw unwritable(dirname(path), error)
  }
}

/** Whether the process before did not stop properly. A file that cannot even say so needs the check as well. */
export function wasUnclean(database: DatabaseSync): boolean {
  try {
    const isNew =
      database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'meta'").get() === undefined
    return !isNew && readMeta(database, 'clean_stop') === '0'
  } catch {
    return true
  }
}

export function readMeta(database: DatabaseSync, name: string): string | undefined {
  const row = database.prepare('SELECT value FROM meta WHERE name = ?').get(name)
  return row === undefined ? undefined : String(row.value)
}

export function writeMeta(database: DatabaseSync, name: string, value: string): void {
  database
    .prepare('INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value')
    .run(name, value)
}

export function readGeneration(folder: string): number {
  const file = join(folder, GENERATION_FILE)
  return existsSync(file) ? Number(readFileSync(file, 'utf8')) || 0 : 0
}

/** How old a copy of the file may be, taken by whatever copies files, and not be recognised when it is put back. */
const RAISE_EVERY_MS = 60_000

/**
 * Raises the counter from time to time, so that a copy of the running store is behind soon after. Where that fails, as on a full disk, the store goes
 * on: it says itself what it cannot write. Returns what ends it.
 */
function keepRaising(
  database: DatabaseSync,
  { folder, timers, log }: { readonly folder: string; readonly timers: Timers; readonly log: Pick<Logger, 'error'> },
): () => void {
  const raise = () => {
    try {
      // In the middle of a group nothing may be written beside it: the next round will do.
      if (database.isOpen && !database.isTransaction) raiseGeneration(database, folder, nextGeneration(database))
    } catch (error) {
      log.error('the counter beside the store could not be raised; it is tried again', { code: codeOf(error) })
    }
    cancel = timers.after(RAISE_EVERY_MS, raise)
  }
  let cancel = timers.after(RAISE_EVERY_MS, raise)
  return () => cancel()
}

function nextGeneration(database: DatabaseSync): number {
  return Number(readMeta(database, 'generation') ?? 0) + 1
}

/** Inside first: a crash in between leaves the counter outside behind, which is no cause for distrust. */
function raiseGeneration(database: DatabaseSync, folder: string, generation: number): void {
  writeMeta(database, 'generation', String(generation))
  writeGeneration(folder, generation)
}

function writeGeneration(folder: string, generation: number): void {
  writeDurably(folder, GENERATION_FILE, String(generation))
}
