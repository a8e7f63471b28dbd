import { DatabaseSync } from 'node:sqlite'
import { migrate, readMigrations } from '@samband/store'
import { expect, test } from 'vitest'
import { CARRIED, LEFT } from './tables.ts'

test('every table of the schema is carried by its primary key, or left for a reason', () => {
  const database = new DatabaseSync(':memory:')
  migrate(database, readMigrations())
  const tables = database
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
    .all()
    .map(({ name }) => String(name))
  const keyOf = (table: string) =>
    database
      .prepare('SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk')
      .all(table)
      .map(({ name }) => String(name))

  expect([...CARRIED.map(({ name }) => name), ...Object.keys(LEFT)].sort()).toEqual(tables)
  for (const { name, key } of CARRIED) expect([name, key]).toEqual([name, keyOf(name)])
  database.close()
})
