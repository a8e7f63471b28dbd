import { readPostgresMigrations } from '../migrations.ts'
import { type Connection, connect } from './connection.ts'
import { asStoreError } from './errors.ts'
import { completeSettings, type PostgresSettings } from './settings.ts'

/** What is to be known of a server and a schema before a process rests on them. */
export interface PostgresFacts {
  /** As the server tells it, such as `17.2`. */
  readonly version: string
  readonly versionNumber: number
  /** A standby takes no writes. */
  readonly isStandby: boolean
  readonly isReadOnly: boolean
  /** Whether the function that tells one history of the cluster from another may be called. */
  readonly mayReadControl: boolean
  readonly schema: 'ours' | 'foreign' | 'may-be-made' | 'may-not-be-made'
  /** Steps of the schema that this program has and the database lacks, and the other way round. */
  readonly missingSteps: readonly string[]
  readonly unknownSteps: readonly string[]
  /** `fsync`, `synchronous_commit`, `full_page_writes`: as a session of this user begins with them, before the store has seen to them. */
  readonly settings: Readonly<Record<string, string>>
  readonly connections: { readonly most: number; readonly inUse: number }
  readonly isEncrypted: boolean
  /** The server's clock, wall milliseconds, and how long the question took. */
  readonly nowMs: number
  readonly tookMs: number
}

/**
 * Looks at the server and the schema in one read-only transaction; changes nothing and waits for no lock.
 * @throws HubError STORE_UTILGJENGELIG (transient) when it cannot be reached or refuses us
 * @throws Error when the schema's name cannot stand in SQL
 */
export async function inspectPostgres(
  settings: PostgresSettings,
  stopwatch: { read(): number },
): Promise<PostgresFacts> {
  const complete = completeSettings(settings)
  const connection = await connect(complete, () => {}).catch((error: unknown) => {
    throw asStoreError(error)
  })
  try {
    await connection.command('BEGIN READ ONLY')
    const server = await serverFacts(connection, stopwatch)
    const schema = await schemaFacts(connection, complete.schema)
    await connection.command('COMMIT')
    return { ...server, ...schema }
  } catch (error) {
    throw asStoreError(error)
  } finally {
    if (connection.lost) connection.destroy()
    else await connection.end()
  }
}

const SETTINGS = ['fsync', 'synchronous_commit', 'full_page_writes']

async function serverFacts(connection: Connection, stopwatch: { read(): number }) {
  const askedAt = stopwatch.read()
  const { rows } = await connection.command(
    `SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number,
       pg_is_in_recovery() AS standby, current_setting('default_transaction_read_only') AS readonly,
       has_function_privilege('pg_control_system()', 'EXECUTE') AS control,
       current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS most,
       (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()) AS used,
       coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS encrypted,
       (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now,
       ${SETTINGS.map((name) => `(SELECT reset_val FROM pg_settings WHERE name = '${name}') AS ${name}`).join(', ')}`,
  )
  const tookMs = stopwatch.read() - askedAt
  const row = rows[0] ?? {}
  return {
    version: String(row['version']).split(' ')[0] ?? '',
    versionNumber: Number(row['number']),
    isStandby: row['standby'] === 1,
    isReadOnly: row['readonly'] === 'on',
    mayReadControl: row['control'] === 1,
    connections: { most: Number(row['most']), inUse: Number(row['used']) },
    isEncrypted: row['encrypted'] === 1,
    settings: Object.fromEntries(SETTINGS.map((name) => [name, String(row[name])])),
    nowMs: Number(row['now']),
    tookMs,
  }
}

async function schemaFacts(connection: Connection, schema: string) {
  const { rows } = await connection.statement(
    `SELECT pg_has_role(current_user, nspowner, 'USAGE') AS ours,
       has_schema_privilege(oid, 'USAGE') AND has_schema_privilege(oid, 'CREATE') AS usable
     FROM pg_namespace WHERE nspname = ?`,
    [schema],
  )
  const found = rows[0]
  const all = readPostgresMigrations().map(({ name }) => name)
  if (found === undefined) {
    const may = await connection.command("SELECT has_database_privilege(current_database(), 'CREATE') AS may")
    return {
      schema: may.rows[0]?.['may'] === 1 ? ('may-be-made' as const) : ('may-not-be-made' as const),
      missingSteps: all,
      unknownSteps: [],
    }
  }
  const isOurs = found['ours'] === 1 && found['usable'] === 1
  const applied = isOurs ? await appliedSteps(connection, schema) : []
  return {
    schema: isOurs ? ('ours' as const) : ('foreign' as const),
    missingSteps: all.filter((name) => !applied.includes(name)),
    unknownSteps: applied.filter((name) => !all.includes(name)),
  }
}

async function appliedSteps(connection: Connection, schema: string): Promise<readonly string[]> {
  const there = await connection.statement("SELECT 1 FROM pg_tables WHERE schemaname = ? AND tablename = 'migration'", [
    schema,
  ])
  if (there.rows.length === 0) return []
  const { rows } = await connection.command('SELECT name FROM migration ORDER BY name')
  return rows.map((row) => String(row['name']))
}
