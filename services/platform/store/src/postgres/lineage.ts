import { type Clock, HubError } from '@samband/kernel'
import type { Connection } from './connection.ts'

/**
 * Which history of which cluster a session writes: it changes when a standby takes over, when the database is restored to a point in
 * time, and when a dump is read into another cluster (protocol rule R27). The first digits of the name of the current log file are the
 * timeline at this moment; the control file would tell it only after the next checkpoint.
 * @throws HubError STORE_UTILGJENGELIG (transient) when the server is a standby, which takes no writes
 */
export async function readLineage(connection: Connection): Promise<string> {
  const { rows } = await connection.command(
    `SELECT CASE WHEN NOT pg_is_in_recovery() THEN system_identifier::text || ' ' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END AS lineage
     FROM pg_control_system()`,
  )
  const lineage = rows[0]?.['lineage']
  if (typeof lineage !== 'string')
    throw new HubError('STORE_UTILGJENGELIG', 'transient', 'The database server is a standby: it takes no writes.')
  return lineage
}

/** What the lineage says about a store. */
export interface LineageReport {
  /** The store has been on another history since it was last opened: it may have forgotten what was acknowledged. */
  readonly changed: boolean
  /** Since when effects without evidence are treated as open questions, wall milliseconds; absent when the store is trusted. */
  readonly distrustedSince?: number
}

/** Compares the lineage with the one kept in the store, keeps the new one, and stamps distrust when they differ. In one transaction. */
export async function keepLineage(connection: Connection, lineage: string, clock: Clock): Promise<LineageReport> {
  await connection.command('BEGIN ISOLATION LEVEL READ COMMITTED')
  // Replicas that start together look one after the other.
  await connection.command('LOCK TABLE meta IN SHARE ROW EXCLUSIVE MODE')
  const before = await readMeta(connection, 'lineage')
  const changed = before !== undefined && before !== lineage
  if (changed) await writeMeta(connection, 'distrust_since', String(clock.now()))
  if (before !== lineage) await writeMeta(connection, 'lineage', lineage)
  const since = await readMeta(connection, 'distrust_since')
  await connection.command('COMMIT')
  return { changed, ...(since === undefined ? {} : { distrustedSince: Number(since) }) }
}

async function readMeta(connection: Connection, name: string): Promise<string | undefined> {
  const { rows } = await connection.statement('SELECT value FROM meta WHERE name = ?', [name])
  return rows[0] === undefined ? undefined : String(rows[0]['value'])
}

async function writeMeta(connection: Connection, name: string, value: string): Promise<void> {
  await connection.statement(
    'INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    [name, value],
  )
}
