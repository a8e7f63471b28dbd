import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { writeDurably } from './durable-files.ts'

/** Beside the store, so that an old copy of it is not put back and run beside the installation that goes on elsewhere. */
const MOVED_FILE = 'samband.moved'
/** Inside the store, so that the file does not run in another folder. */
const MOVED_META = 'moved_to'

/** Where the installation of a folder has gone, in words; `undefined` while it is at home. */
export function movedTo(folder: string): string | undefined {
  const file = join(folder, MOVED_FILE)
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined
}

/** Marks folder and store as left for good; durable on return, and safe to repeat. `target` is told to whoever starts a hub here: no secrets. */
export function markMoved(database: DatabaseSync, folder: string, target: string): void {
  database
    .prepare('INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value')
    .run(MOVED_META, target)
  writeDurably(folder, MOVED_FILE, `${target}\n`)
}

/** @throws Error when the installation of this folder has gone elsewhere */
export function refuseMovedFolder(folder: string): void {
  const target = movedTo(folder)
  if (target === undefined) return
  throw new Error(
    `the installation in ${folder} was moved to ${target}: start its services there. A hub here would send letters beside them. ` +
      `If it never runs there again, remove ${MOVED_FILE} and restore a backup (npm run samband -- restore).`,
  )
}

/** @throws Error when this store is one that was left */
export function refuseMovedStore(database: DatabaseSync): void {
  const row = database.prepare('SELECT value FROM meta WHERE name = ?').get(MOVED_META)
  if (row === undefined) return
  throw new Error(
    `this store was moved to ${String(row['value'])}: start its services there. Its file is of no use any more; to go back, restore a backup from before the move.`,
  )
}
