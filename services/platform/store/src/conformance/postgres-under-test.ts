import { createTestIds, createVirtualTime } from '@samband/runtime/testing'
import { schemaForTest } from '@samband/tests/servers/postgres'
import { Client } from 'pg'
import type { StoreUnderTest } from '../conformance.ts'
import { openPostgres } from '../postgres/index.ts'

/** A store in a schema of its own, on the server of `url`, with time that stands still. */
export async function postgresUnderTest(url: string): Promise<StoreUnderTest> {
  const schema = schemaForTest()
  const opened: { close(): Promise<void> }[] = []
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

/** Removes a schema with all it holds. */
export async function dropSchema(url: string, schema: string): Promise<void> {
  await runSql(url, `DROP SCHEMA IF EXISTS ${schema} CASCADE`)
}

/** Runs text on a session of its own, beside every store. */
export async function runSql(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}
