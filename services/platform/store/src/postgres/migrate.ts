import type { Timers } from '@samband/kernel'
import type { PostgresMigration } from '../migrations.ts'
import { type AppliedStep, missingSteps } from '../steps.ts'
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
 * @throws Error when a step that was applied has been edited since, or when the database is of a newer release on which this program cannot run
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
    for (const step of missingSteps(await readApplied(connection), migrations)) await apply(connection, step)
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

async function readApplied(connection: Connection): Promise<readonly AppliedStep[]> {
  await connection.command(
    'CREATE TABLE IF NOT EXISTS migration (name TEXT COLLATE "C" PRIMARY KEY, digest TEXT COLLATE "C" NOT NULL, oldest TEXT COLLATE "C")',
  )
  const column = await connection.command(
    "SELECT 1 FROM pg_attribute WHERE attrelid = 'migration'::regclass AND attname = 'oldest' AND NOT attisdropped",
  )
  // The first releases did not keep it.
  if (column.rows.length === 0) await connection.command('ALTER TABLE migration ADD COLUMN oldest TEXT COLLATE "C"')
  const { rows } = await connection.command('SELECT name, digest, oldest FROM migration ORDER BY name')
  return rows.map((row) => ({
    name: String(row['name']),
    digest: String(row['digest']),
    oldest: row['oldest'] === null ? undefined : String(row['oldest']),
  }))
}

async function apply(connection: Connection, step: PostgresMigration): Promise<void> {
  await connection.command('BEGIN')
  try {
    await connection.command(step.sql)
    await connection.statement('INSERT INTO migration (name, digest, oldest) VALUES (?, ?, ?)', [
      step.name,
      step.digest,
      step.oldest ?? null,
    ])
    await connection.command('COMMIT')
  } catch (error) {
    if (!connection.lost) await connection.command('ROLLBACK')
    throw error
  }
}
