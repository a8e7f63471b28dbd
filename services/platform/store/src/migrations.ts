import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { sha256Hex } from '@samband/kernel'
import { translateStep } from './postgres/translate.ts'
import { declaredOldest, type Migration } from './steps.ts'

const FOLDER = new URL('../migrations/', import.meta.url)
const POSTGRES_ENDING = '.postgres.sql'

const readStep = (file: string) => readFileSync(new URL(file, FOLDER), 'utf8')

/** The steps of the schema, in order. Reads the files of this package. */
export function readMigrations(): readonly Migration[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.sql') && !file.endsWith(POSTGRES_ENDING))
    .sort()
    .map((file) => {
      const name = file.replace(/\.sql$/, '')
      const sql = readStep(file)
      return { name, sql, oldest: declaredOldest(name, sql) }
    })
}

/** A step as PostgreSQL runs it. */
export interface PostgresMigration extends Migration {
  /** Of the file it comes from, so that a better translation is no other step. */
  readonly digest: string
}

/**
 * The same steps for PostgreSQL: translated, or written by hand where `<name>.postgres.sql` stands beside the step. Which is the oldest program is
 * declared in the file that is run.
 */
export function readPostgresMigrations(): readonly PostgresMigration[] {
  return readMigrations().map(({ name, sql }) => {
    const byHand = `${name}${POSTGRES_ENDING}`
    const source = existsSync(new URL(byHand, FOLDER)) ? readStep(byHand) : sql
    return {
      name,
      sql: source === sql ? translateStep(sql) : source,
      digest: sha256Hex(source),
      oldest: declaredOldest(name, source),
    }
  })
}
