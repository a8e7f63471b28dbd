import type { Clock } from '@samband/kernel'
import { type Connection, connect } from './connection.ts'
import { asStoreError } from './errors.ts'
import { completeSettings, type PostgresSettings } from './settings.ts'

/** What stands in a schema, seen without making or mending anything in it. */
export interface SchemaStanding {
  /** Tables with rows, but for those that only say of what release the schema is. */
  readonly filled: readonly string[]
  /** What the store says of itself. */
  readonly meta: Readonly<Record<string, string>>
  /** Other sessions of processes that have this schema open, as far as the role may see them. */
  readonly otherSessions: number
}

/** What says nothing of letters. */
const OF_THE_SCHEMA: ReadonlySet<string> = new Set(['migration', 'meta'])

/** `undefined` where there is no store of that name. @throws HubError STORE_UTILGJENGELIG (transient) when the server cannot be reached */
export async function lookAtSchema(settings: PostgresSettings): Promise<SchemaStanding | undefined> {
  return withSession(settings, (connection, schema) => standing(connection, schema))
}

/** How a store that was put back is to go on. */
export interface Stamp {
  readonly clock: Clock
  /**
   * True where the log is another one than the store knows, such as a new broker. Readers begin at its start, and everything the store has ever published is
   * published again: what was taken in already is known to the inbox (R6).
   */
  readonly newLog: boolean
}

/**
 * Marks a store that has been put back from a copy: what has no evidence is asked for before it is done (protocol rule R27), from the next start of its
 * services on. For what cannot be recognised by itself: a dump put back into its own cluster. In one transaction. Safe to repeat; the later stamp counts.
 * @returns what stands there; nothing was stamped where other sessions have it open, since those would not ask. `undefined` where there is no store
 * @throws HubError STORE_UTILGJENGELIG (transient) when the server cannot be reached
 */
export async function stampPostgres(
  settings: PostgresSettings,
  { clock, newLog }: Stamp,
): Promise<SchemaStanding | undefined> {
  return withSession(settings, async (connection, schema) => {
    const found = await standing(connection, schema)
    if (found === undefined || found.otherSessions > 0) return found
    await connection.command('BEGIN')
    await connection.statement(
      "INSERT INTO meta (name, value) VALUES ('distrust_since', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
      [String(clock.now())],
    )
    if (newLog) {
      await connection.command('DELETE FROM bus_offset')
      // The topics as the store has claimed them: it takes up the new ones, which must be empty.
      await connection.command("DELETE FROM meta WHERE name LIKE 'log %'")
      await connection.command("UPDATE outbox SET state = 'pending', published_at = NULL WHERE state = 'published'")
    }
    await connection.command('COMMIT')
    return found
  })
}

async function withSession<T>(
  given: PostgresSettings,
  work: (connection: Connection, schema: string) => Promise<T>,
): Promise<T> {
  const settings = completeSettings(given)
  try {
    const connection = await connect(settings, () => {})
    try {
      return await work(connection, settings.schema)
    } finally {
      if (connection.lost) connection.destroy()
      else await connection.end()
    }
  } catch (error) {
    throw asStoreError(error)
  }
}

async function standing(connection: Connection, schema: string): Promise<SchemaStanding | undefined> {
  const { rows } = await connection.statement(
    'SELECT tablename FROM pg_tables WHERE schemaname = ? ORDER BY tablename',
    [schema],
  )
  const tables = rows.map(({ tablename }) => String(tablename))
  if (!tables.includes('meta')) return undefined
  const filled: string[] = []
  for (const table of tables.filter((name) => !OF_THE_SCHEMA.has(name))) {
    const found = await connection.command(`SELECT 1 FROM ${table} LIMIT 1`)
    if (found.rows.length > 0) filled.push(table)
  }
  const meta = await connection.command('SELECT name, value FROM meta')
  const sessions = await connection.statement(
    'SELECT count(*) AS count FROM pg_stat_activity WHERE application_name = ? AND datname = current_database() AND pid <> pg_backend_pid()',
    [`samband ${schema}`],
  )
  return {
    filled,
    meta: Object.fromEntries(meta.rows.map(({ name, value }) => [String(name), String(value)])),
    otherSessions: Number(sessions.rows[0]?.['count'] ?? 0),
  }
}
