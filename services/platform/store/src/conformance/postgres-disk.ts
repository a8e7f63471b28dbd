import type { SqlRow, SqlValue, Store } from '@samband/kernel'
import { readPostgresMigrations } from '../migrations.ts'
import type { Watch } from '../postgres/connection.ts'
import { createPostgresStore } from '../postgres/postgres-store.ts'
import { completeSettings } from '../postgres/settings.ts'
import type { SyncSession } from './sync-session.ts'

/** A schema of one test: opened by its processes, looked at by the test itself. */
export interface PostgresDisk {
  open(): { readonly store: Store; abandon(): void; close(): Promise<void> }
  sql<Row = SqlRow>(statement: string, ...params: readonly SqlValue[]): Row[]
  refuse(what: 'INSERT' | 'UPDATE', table: string): () => void
  remove(): void
}

/** What the disks of one test file share. */
export interface PostgresDisks {
  readonly url: string
  readonly session: SyncSession
  /** Told of every wait for the server. */
  readonly watch: Watch
  newSchema(): string
}

const MOST_LOOKS = 2_000

/** Makes a schema with its tables. */
export function createPostgresDisk({ url, session, watch, newSchema }: PostgresDisks): PostgresDisk {
  const schema = newSchema()
  const migrations = readPostgresMigrations().map(({ sql }) => sql)
  session.all([`CREATE SCHEMA ${schema}`, `SET search_path = ${schema}`, ...migrations].join(';\n'))
  let processes = 0
  const gone: string[] = []

  /** What a killed process had sent may still be carried out: its sessions are waited for before anybody looks. */
  function awaitTheDead(): void {
    if (gone.length === 0) return
    const names = gone.splice(0).map((name) => `'${name}'`)
    const alive = `SELECT state, query FROM pg_stat_activity WHERE application_name IN (${names.join(', ')})`
    for (let look = 0; session.all(alive).length > 0; look++) {
      if (look > MOST_LOOKS) throw new Error(`a dead process lives on: ${JSON.stringify(session.all(alive))}`)
      session.all('SELECT pg_sleep(0.002)')
    }
  }

  return {
    open() {
      awaitTheDead()
      processes += 1
      const name = `${schema}.${processes}`
      const store = createPostgresStore({
        settings: completeSettings({ url: `${url}?application_name=${name}`, schema, poolSize: 4 }),
        // Pauses between two runs of one work are of the store's own making, so they take no time of the test's.
        timers: { after: (_delayMs, callback) => clearing(setImmediate(callback)) },
        ids: { fraction: () => 0 },
        watch,
      })
      return {
        store,
        abandon() {
          store.abandon()
          gone.push(name)
        },
        close: () => store.close(),
      }
    },
    sql<Row>(statement: string, ...params: readonly SqlValue[]) {
      awaitTheDead()
      return session.all(statement, params) as Row[]
    },
    refuse(what, table) {
      session.all(
        `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no rows today'; END $$;
         CREATE TRIGGER refused BEFORE ${what} ON ${table} FOR EACH ROW EXECUTE FUNCTION refuse()`,
      )
      return () => void session.all(`DROP TRIGGER refused ON ${table}; DROP FUNCTION refuse()`)
    },
    remove() {
      awaitTheDead()
      session.all(`DROP SCHEMA ${schema} CASCADE`)
    },
  }
}

function clearing(immediate: NodeJS.Immediate): () => void {
  return () => clearImmediate(immediate)
}
