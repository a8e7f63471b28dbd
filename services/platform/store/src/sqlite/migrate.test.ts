import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { migrate, readMigrations } from '../index.ts'

function emptyDatabase(): DatabaseSync {
  const database = new DatabaseSync(':memory:')
  onTestFinished(() => database.close())
  return database
}

const tables = (database: DatabaseSync) =>
  database
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name")
    .all()
    .map((row) => String(row['name']))

const FIRST = { name: '0001_first', sql: 'CREATE TABLE first (id INTEGER)' }
const SECOND = { name: '0002_second', sql: 'CREATE TABLE second (id INTEGER)' }
const THIRD = { name: '0003_third', sql: 'CREATE TABLE third (id INTEGER)' }

test('an empty database gets the whole schema', () => {
  const database = emptyDatabase()
  migrate(database, readMigrations())

  expect(tables(database)).toEqual(
    expect.arrayContaining(['attempt', 'bus_log', 'effect', 'inbox', 'ledger', 'outbox', 'replay_item']),
  )
})

test('migrating again changes nothing', () => {
  const database = emptyDatabase()
  migrate(database, readMigrations())
  database.exec("INSERT INTO meta (name, value) VALUES ('kept', 'x')")
  migrate(database, readMigrations())

  expect(database.prepare("SELECT value FROM meta WHERE name = 'kept'").get()).toEqual({ value: 'x' })
})

test('a newer program adds only the steps that are missing', () => {
  const database = emptyDatabase()
  migrate(database, [FIRST])
  migrate(database, [FIRST, SECOND])

  expect(tables(database)).toEqual(['first', 'migration', 'second'])
})

test('a step that was edited after it was applied is refused', () => {
  const database = emptyDatabase()
  migrate(database, [FIRST])

  expect(() => migrate(database, [{ ...FIRST, sql: `${FIRST.sql} ` }])).toThrow(/0001_first was edited/)
})

test('a database of a newer release is refused by an older program', () => {
  const database = emptyDatabase()
  migrate(database, [FIRST, SECOND])

  expect(() => migrate(database, [FIRST])).toThrow(/0002_second, which this program does not know/)
})

test('an older program runs on a newer database when every step it does not know lets it', () => {
  const database = emptyDatabase()
  migrate(database, [FIRST, SECOND, { ...THIRD, oldest: SECOND.name }])
  migrate(database, [FIRST, SECOND])

  expect(tables(database)).toEqual(['first', 'migration', 'second', 'third'])
  expect(() => migrate(database, [FIRST])).toThrow(/0002_second, which this program does not know/)
})

test('a program that is older than the oldest a step lets run is refused, and told which one may', () => {
  const database = emptyDatabase()
  migrate(database, [FIRST, { ...SECOND, oldest: FIRST.name }, { ...THIRD, oldest: SECOND.name }])

  expect(() => migrate(database, [FIRST])).toThrow(/0003_third, .* only programs that know 0002_second run on it/)
})

test('a program that lacks a step of the database and brings another is refused: nobody tried the two together', () => {
  const database = emptyDatabase()
  migrate(database, [FIRST, { ...THIRD, oldest: FIRST.name }])

  expect(() => migrate(database, [FIRST, SECOND])).toThrow(
    /0003_third.* lacks 0002_second: .* another line of releases/,
  )
  expect(tables(database)).toEqual(['first', 'migration', 'third'])
})

test('a database of the releases that did not keep the oldest program is brought up to date, and only newer ones run on it', () => {
  const database = emptyDatabase()
  migrate(database, [FIRST, SECOND])
  database.exec('ALTER TABLE migration DROP COLUMN oldest')

  expect(() => migrate(database, [FIRST])).toThrow(/0002_second/)
  migrate(database, [FIRST, SECOND, { ...THIRD, oldest: SECOND.name }])
  migrate(database, [FIRST, SECOND])
  expect(tables(database)).toContain('third')
})

test('a step that fails half way leaves the schema as it was', () => {
  const database = emptyDatabase()
  const broken = { name: '0002_broken', sql: 'CREATE TABLE half (id INTEGER); CREATE TABLE half (id INTEGER)' }

  expect(() => migrate(database, [FIRST, broken])).toThrow(/already exists/)
  expect(tables(database)).toEqual(['first', 'migration'])
})
