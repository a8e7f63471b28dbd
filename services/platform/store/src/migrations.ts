import { readdirSync, readFileSync } from 'node:fs'
import type { Migration } from './sqlite/migrate.ts'

const FOLDER = new URL('../migrations/', import.meta.url)

/** The steps of the schema, in order. Reads the files of this package. */
export function readMigrations(): readonly Migration[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file) => ({ name: file.replace(/\.sql$/, ''), sql: readFileSync(new URL(file, FOLDER), 'utf8') }))
}
