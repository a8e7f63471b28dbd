import type { DatabaseSync } from 'node:sqlite'
import { sha256Hex } from '@samband/kernel'
import { type AppliedStep, type Migration, missingSteps } from '../steps.ts'

/**
 * Brings the schema up to date, each step in a transaction of its own. Safe to repeat.
 * @throws Error when a step that was applied has been edited since, or when the database is of a newer release on which this program cannot run
 */
export function migrate(database: DatabaseSync, migrations: readonly Migration[]): void {
  const known = migrations.map((step) => ({ ...step, digest: sha256Hex(step.sql) }))
  for (const step of missingSteps(readApplied(database), known)) {
    database.exec('BEGIN IMMEDIATE')
    try {
      database.exec(step.sql)
      database
        .prepare('INSERT INTO migration (name, digest, oldest) VALUES (?, ?, ?)')
        .run(step.name, step.digest, step.oldest ?? null)
      database.exec('COMMIT')
    } catch (error) {
      database.exec('ROLLBACK')
      throw error
    }
  }
}

function readApplied(database: DatabaseSync): readonly AppliedStep[] {
  database.exec('CREATE TABLE IF NOT EXISTS migration (name TEXT PRIMARY KEY, digest TEXT NOT NULL, oldest TEXT)')
  const columns = database.prepare("SELECT name FROM pragma_table_info('migration')").all()
  // The first releases did not keep it.
  if (!columns.some(({ name }) => name === 'oldest')) database.exec('ALTER TABLE migration ADD COLUMN oldest TEXT')
  return database
    .prepare('SELECT name, digest, oldest FROM migration ORDER BY name')
    .all()
    .map(({ name, digest, oldest }) => ({
      name: String(name),
      digest: String(digest),
      oldest: oldest === null ? undefined : String(oldest),
    }))
}
