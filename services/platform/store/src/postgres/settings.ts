/** How the store on PostgreSQL is reached. */
export interface PostgresSettings {
  /** `postgresql://user@host:port/database`, with whatever the driver understands (`sslmode`, …). */
  readonly url: string
  /** The schema of this installation, made when it is missing. One schema is one store. */
  readonly schema: string
  /** Most connections of this process; a transaction that finds none free waits. */
  readonly poolSize?: number
  /** Longest wait for a new connection, milliseconds. */
  readonly connectTimeoutMs?: number
  /** Longest time for one statement at the server, waiting for a lock included, milliseconds. */
  readonly statementTimeoutMs?: number
  /** How long a transaction or a lock of a process that stands still is kept by the server, milliseconds (R8). */
  readonly idleTimeoutMs?: number
}

/** Settings with everything filled in. */
export type CompleteSettings = Required<PostgresSettings>

const SCHEMA = /^[a-z_][a-z0-9_]{0,62}$/

/** @throws Error when the schema is no name that can stand unquoted in SQL */
export function completeSettings(settings: PostgresSettings): CompleteSettings {
  if (!SCHEMA.test(settings.schema))
    throw new Error('the schema must begin with a-z or _ and hold only a-z, 0-9 and _, at most 63 characters')
  return {
    poolSize: 10,
    connectTimeoutMs: 10_000,
    statementTimeoutMs: 60_000,
    idleTimeoutMs: 30_000,
    ...settings,
  }
}
