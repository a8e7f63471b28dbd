import { expect, test } from 'vitest'
import { declaredOldest } from './steps.ts'

const declared = (sql: string) => declaredOldest('0005_next', `-- Why.\n-- oldest program: 0004_replay_rounds\n${sql}`)

test('a step without a declaration lets only programs run that know it', () => {
  expect(declaredOldest('0005_next', '-- Why.\nCREATE TABLE next (id INTEGER);')).toBeUndefined()
})

test.each([
  'CREATE TABLE next (\n  id INTEGER PRIMARY KEY,\n  text TEXT NOT NULL\n);',
  'CREATE INDEX next_by_id ON next (id) WHERE id > 0;',
  'ALTER TABLE inbox ADD COLUMN note TEXT;',
  "ALTER TABLE inbox ADD COLUMN round INTEGER NOT NULL DEFAULT 0; -- Since when; why.\nALTER TABLE inbox ADD COLUMN note TEXT DEFAULT '';",
])('a step that only adds what an older program leaves alone may declare it: %s', (sql) => {
  expect(declared(sql)).toBe('0004_replay_rounds')
})

test.each([
  'DROP TABLE next',
  'UPDATE inbox SET round = 1',
  'CREATE UNIQUE INDEX next_by_id ON inbox (id)',
  'ALTER TABLE inbox ADD COLUMN round INTEGER NOT NULL',
  'ALTER TABLE inbox RENAME COLUMN round TO number',
  'CREATE TABLE next (id INTEGER); CREATE TRIGGER t AFTER INSERT ON inbox BEGIN DELETE FROM next; END',
])('a step that changes what an older program relies on may not: %s', (sql) => {
  expect(() => declared(sql)).toThrow(/0005_next lets older programs run on it, but does more than add/)
})

test('the oldest program is one before the step', () => {
  expect(() => declaredOldest('0005_next', '-- oldest program: 0005_next\n')).toThrow(/expected a step before it/)
})
