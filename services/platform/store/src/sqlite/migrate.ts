import type { DatabaseSync } from 'node:sqlite'
import { sha256Hex } from '@samband/kernel'

/** One numbered step of the schema, as read from `migrations/`. */
export interface Migration {
  /** File name without ending, e.g. `0001_heart`. */
  readonly name: string
  readonly sql: string
}

/**
 * Brings the schema up to date, each step in a transaction of its own. Safe to repeat.
 * @throws Error when a step that was applied has been edited since, or when the database is newer than this program
 */
export function migrate(database: DatabaseSync, migrations: readonly Migration[]): void {
  database.exec('CREATE TABLE IF NOT EXISTS migration (name TEXT PRIMARY KEY, digest TEXT NOT NULL)')
  const applied = new Map(
    database
      .prepare('SELECT name, digest FROM migration ORDER BY name')
      .all()
      .map((row) => [String(row.name), String(row.digest)]),
  )
  const known = new Set(migrations.map((migration) => migration.name))
  for (const name of applied.keys()) {
    if (!known.has(name))
      throw new Error(`the database holds migration ${name}, which this program does not know: start the newer release`)
  }
  for (const migration of migrations) {
    const digest = sha256Hex(migration.sql)
    const before = applied.get(migration.name)
    if (before === digest) continue
    if (before !== undefined)
      throw new Error(`migration ${migration.name} was edited after it was applied: restore the file, add a new step`)
    database.exec('BEGIN IMMEDIATE')
    try {
      database.exec(migration.sql)
      database.prepare('INSERT INTO migration (name, digest) VALUES (?, ?)').run(migration.name, digest)
      database.exec('COMMIT')
    } catch (error) {
      database.exec('ROLLBACK')
      throw error
    }
  }
}
