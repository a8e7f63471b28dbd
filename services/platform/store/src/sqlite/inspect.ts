import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { readMigrations } from '../migrations.ts'
import { DATABASE_FILE, witnessOf } from './installation.ts'

/** What lies in the folder of an embedded store. */
export type InstallationFacts =
  | { readonly state: 'none' }
  /** There has been a store, as `witness` beside it shows. */
  | { readonly state: 'missing'; readonly witness: string }
  | { readonly state: 'held'; readonly pid: number }
  /** What is written last stands in the log beside the file: a process runs on it, or the last one was not stopped properly. */
  | { readonly state: 'log-left' }
  | { readonly state: 'unreadable'; readonly code: string }
  | {
      readonly state: 'at-rest'
      readonly isDistrusted: boolean
      /** Steps of the schema that this program does not know. */
      readonly unknownSteps: readonly string[]
    }

/**
 * Looks at a store without opening it as one: it takes no lock, writes nothing and makes no file, so that a hub may run on the folder or start
 * meanwhile. A store with a write-ahead log is not looked into, since the file alone may be half of it. Who holds it is told by Linux alone.
 */
export function inspectInstallation(folder: string): InstallationFacts {
  const path = join(folder, DATABASE_FILE)
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  if (size === 0) {
    const witness = witnessOf(readdirSync(folder))
    return witness === undefined ? { state: 'none' } : { state: 'missing', witness }
  }
  const pid = holderOf(path)
  if (pid !== undefined) return { state: 'held', pid }
  if ((statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0) return { state: 'log-left' }
  try {
    return readAtRest(path)
  } catch (error) {
    const { errstr, code } = error as { errstr?: unknown; code?: unknown }
    return { state: 'unreadable', code: String(errstr ?? code ?? 'unknown') }
  }
}

function readAtRest(path: string): InstallationFacts {
  const url = pathToFileURL(path)
  // Without it SQLite would make files beside the store, and lock it.
  url.searchParams.set('immutable', '1')
  const database = new DatabaseSync(url, { readOnly: true })
  try {
    const isDistrusted = database.prepare("SELECT 1 FROM meta WHERE name = 'distrust_since'").get() !== undefined
    const known = new Set(readMigrations().map(({ name }) => name))
    const applied = database
      .prepare('SELECT name FROM migration ORDER BY name')
      .all()
      .map((row) => String(row['name']))
    return {
      state: 'at-rest',
      isDistrusted,
      unknownSteps: applied.filter((name) => !known.has(name)),
    }
  } finally {
    database.close()
  }
}

/** The process that has a lock on a file, by the kernel's own list: `1: POSIX ADVISORY WRITE <pid> <device>:<inode> …`. */
function holderOf(path: string): number | undefined {
  if (!existsSync('/proc/locks')) return undefined
  const { ino } = statSync(path)
  for (const line of readFileSync('/proc/locks', 'utf8').split('\n')) {
    const [, , , , pid, place] = line.trim().split(/\s+/)
    if (place?.split(':').at(-1) === String(ino) && Number(pid) > 0) return Number(pid)
  }
  return undefined
}
