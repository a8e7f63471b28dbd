import { createTestIds, createVirtualTime } from '@samband/runtime/testing'
import { schemaForTest } from '@samband/tests/servers/postgres'
import { Client } from 'pg'
import { onTestFinished } from 'vitest'
import type { StoreUnderTest } from '../conformance.ts'
import { openPostgres, type PostgresSettings, type PostgresStore } from '../postgres/index.ts'

/** A store in a schema of its own, on the server of `url`, with time that stands still. */
export async function postgresUnderTest(url: string): Promise<StoreUnderTest> {
  const schema = schemaForTest()
  const opened: PostgresStore[] = []
  const open = async () => {
    const { store } = await openPostgres({ settings: { url, schema }, time: createVirtualTime(), ids: createTestIds() })
    opened.push(store)
    return store
  }
  const store = await open()
  return {
    store,
    exclusive: false,
    vanish: () => store.abandon(),
    reopen: open,
    async dispose() {
      for (const one of opened) await one.close()
      await dropSchema(url, schema)
    },
  }
}

/** A schema for one test, with real time for the pauses between two runs. Stores are closed and the schema removed at its end. */
export function schemaUnderTest(url: string) {
  const schema = schemaForTest()
  const opened: PostgresStore[] = []
  onTestFinished(async () => {
    for (const store of opened) await store.close()
    await dropSchema(url, schema)
  })
  return {
    schema,
    async open(settings: Partial<PostgresSettings> = {}): Promise<PostgresStore> {
      const { store } = await openPostgres({
        settings: { url, schema, ...settings },
        time: { ...createVirtualTime(), timers: { after: afterReal } },
        ids: createTestIds(),
      })
      opened.push(store)
      return store
    },
    /** Runs text in the schema, on a session beside every store. */
    sql: (text: string) => runSql(url, `SET search_path = ${schema}; ${text}`),
    /** Ends every session of the schema's stores, as an administrator would. */
    terminate: () =>
      runSql(
        url,
        `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'samband ${schema}'`,
      ),
  }
}

function afterReal(delayMs: number, callback: () => void): () => void {
  const timer = setTimeout(callback, delayMs)
  return () => clearTimeout(timer)
}

/** Removes a schema with all it holds. */
export async function dropSchema(url: string, schema: string): Promise<void> {
  await runSql(url, `DROP SCHEMA IF EXISTS ${schema} CASCADE`)
}

/** Runs text on a session of its own, beside every store; the rows of its last statement. */
export async function runSql(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    const result: unknown = await client.query(sql)
    const last = Array.isArray(result) ? result.at(-1) : result
    return last.rows
  } finally {
    await client.end()
  }
}
