import type { Timers } from '@samband/kernel'
import type { PostgresMigration } from '../migrations.ts'
import type { Connection } from './connection.ts'

/** One number for all schemas: two that are made at the same time would only wait for each other in the catalogue. */
const MIGRATION_LOCK = 7_362_514_880_213

/** How often a process that waits says that it still does. */
const TELL_EVERY_MS = 30_000

/** Who is told while another process has the schema. */
export interface MigrationWait {
  readonly timers: Timers
  /** Told at once, and every half minute until it is this process's turn. */
  waiting(): void
}

/**
 * Makes the schema if it is missing and brings it up to date, each step in a transaction of its own. Safe to repeat; replicas that start
 * together do so one after the other.
 * @throws Error when a step that was applied has been edited since, or when the database is newer than this program
 */
export async function migratePostgres(
  connection: Connection,
  schema: string,
  migrations: readonly PostgresMigration[],
  wait?: MigrationWait,
): Promise<void> {
  await takeTurn(connection, wait)
  try {
    // IF NOT EXISTS would ask for the right to make one also where it is there already.
    const known = await connection.statement('SELECT 1 FROM pg_namespace WHERE nspname = ?', [schema])
    if (known.rows.length === 0) await connection.command(`CREATE SCHEMA ${schema}`)
    await connection.command(
      'CREATE TABLE IF NOT EXISTS migration (name TEXT COLLATE "C" PRIMARY KEY, digest TEXT COLLATE "C" NOT NULL)',
    )
    const { rows } = await connection.command('SELECT name, digest FROM migration ORDER BY name')
    const applied = new Map(rows.map((row) => [String(row['name']), String(row['digest'])]))
    refuseNewer(applied, migrations)
    for (const migration of migrations) await apply(connection, migration, applied.get(migration.name))
  } finally {
    await connection.command(`SELECT pg_advisory_unlock(${MIGRATION_LOCK})`).catch(() => connection.destroy())
  }
}

async function takeTurn(connection: Connection, wait: MigrationWait | undefined): Promise<void> {
  const { rows } = await connection.command(
    `SELECT CASE WHEN pg_try_advisory_lock(${MIGRATION_LOCK}) THEN 1 ELSE 0 END AS free`,
  )
  if (rows[0]?.['free'] === 1) return
  let cancel = () => {}
  const tell = () => {
    wait?.waiting()
    cancel = wait?.timers.after(TELL_EVERY_MS, tell) ?? cancel
  }
  tell()
  try {
    await connection.command(`SELECT pg_advisory_lock(${MIGRATION_LOCK})`)
  } finally {
    cancel()
  }
}

function refuseNewer(applied: ReadonlyMap<string, string>, migrations: readonly PostgresMigration[]): void {
  const known = new Set(migrations.map((migration) => migration.name))
  for (const name of applied.keys())
    if (!known.has(name))
      throw new Error(`the database holds migration ${name}, which this program does not know: start the newer release`)
}

async function apply(connection: Connection, migration: PostgresMigration, before: string | undefined): Promise<void> {
  if (before === migration.digest) return
  if (before !== undefined)
    throw new Error(`migration ${migration.name} was edited after it was applied: restore the file, add a new step`)
  await connection.command('BEGIN')
  try {
    await connection.command(migration.sql)
    await connection.statement('INSERT INTO migration (name, digest) VALUES (?, ?)', [migration.name, migration.digest])
    await connection.command('COMMIT')
  } catch (error) {
    if (!connection.lost) await connection.command('ROLLBACK')
    throw error
  }
}
