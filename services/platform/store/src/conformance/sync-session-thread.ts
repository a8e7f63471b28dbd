import { type MessagePort, workerData } from 'node:worker_threads'
import type { SqlValue } from '@samband/kernel'
import { Client } from 'pg'
import { valueTypes } from '../postgres/connection.ts'
import { numberPlaceholders } from '../postgres/placeholders.ts'
import type { SyncAnswer } from './sync-session.ts'

/** The other side of `openSyncSession`: one session, one question at a time. */
const { url, port, answered } = workerData as { url: string; port: MessagePort; answered: Int32Array }
const client = new Client({ connectionString: url, types: valueTypes })
const connected = client.connect()

async function ask({ sql, params }: { sql: string; params: SqlValue[] }): Promise<SyncAnswer> {
  try {
    await connected
    // Without parameters the text may hold more than one statement.
    const result = params.length === 0 ? await client.query(sql) : await client.query(numberPlaceholders(sql), params)
    const last = Array.isArray(result) ? result.at(-1) : result
    return { rows: last?.rows ?? [] }
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  }
}

port.on('message', async (question) => {
  port.postMessage(await ask(question))
  Atomics.store(answered, 0, 1)
  Atomics.notify(answered, 0)
})
