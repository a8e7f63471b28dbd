import { Socket } from 'node:net'
import type { SqlRow, SqlValue } from '@samband/kernel'
import { Client, type QueryResult } from 'pg'
import { breaksConnection } from './errors.ts'
import { numberPlaceholders } from './placeholders.ts'
import type { CompleteSettings } from './settings.ts'

/** What a statement gave. */
export interface Answer {
  readonly rows: readonly SqlRow[]
  readonly changed: number
  /** As the server names what it did; COMMIT of a failed transaction is answered with ROLLBACK. */
  readonly command: string
}

/** One session of the server. */
export interface Connection {
  /** A statement of the port, prepared once and kept. */
  statement(sql: string, params: readonly SqlValue[]): Promise<Answer>
  /** Text that is sent as it stands, more than one statement if need be. */
  command(sql: string): Promise<Answer>
  /** True when it is of no use any more. */
  readonly lost: boolean
  end(): Promise<void>
  /** Vanishes without a word. */
  destroy(): void
}

/** Told of every wait for the server: virtual time stands still meanwhile. */
export type Watch = (answer: Promise<unknown>) => void

/**
 * A database, a role or a pooler may have switched it off, and COMMIT would then be answered before anything is on disk (R1). What is stricter than `on`
 * stays.
 */
const NEVER_BEHIND =
  "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"

/** Most statements a session keeps prepared; the hub has about two hundred. */
const MOST_PREPARED = 500

/** Numbers of the server's types: `int8`, `int2`, `int4`, and `numeric`, as which sums come. */
const NUMBERS: ReadonlySet<number> = new Set([20, 21, 23, 1700])
const BYTEA = 17
const BOOL = 16

/** Values as the port gives them. Of this connection only: the driver's own table is shared by everybody in the process. */
export const valueTypes = {
  getTypeParser: (type: number) => (text: string) => {
    if (type === BYTEA) return new Uint8Array(Buffer.from(text.slice(2), 'hex'))
    if (type === BOOL) return text === 't' ? 1 : 0
    return NUMBERS.has(type) ? exactNumber(text) : text
  },
}

function exactNumber(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) throw new RangeError(`${text} is beyond 2^53`)
  return value
}

/**
 * Opens a session in the schema of `settings`. Transactions of it are serializable, and plans use indexes also where a table is small:
 * a scan of the whole table conflicts with every writer of it.
 */
export async function connect(
  settings: CompleteSettings,
  watch: Watch,
  begun: (destroy: () => void) => void = () => {},
): Promise<Connection> {
  const socket = new Socket()
  begun(() => socket.destroy())
  const client = new Client({
    connectionString: settings.url,
    application_name: `samband ${settings.schema}`,
    connectionTimeoutMillis: settings.connectTimeoutMs,
    // The server gives up first; this is for a server, or a network, that does not answer any more.
    query_timeout: settings.statementTimeoutMs + 5_000,
    keepAlive: true,
    options: [
      `search_path=${settings.schema}`,
      'enable_seqscan=off',
      `statement_timeout=${settings.statementTimeoutMs}`,
      `idle_in_transaction_session_timeout=${settings.idleTimeoutMs}`,
    ]
      .map((setting) => `-c ${setting}`)
      .join(' '),
    stream: () => socket,
    types: valueTypes,
  })
  let lost = false
  // Without a listener an error of an idle session would end the process.
  client.on('error', () => {
    lost = true
  })
  client.on('end', () => {
    lost = true
  })
  const connected = client.connect()
  const isOpen = connected.then(() => client.query(NEVER_BEHIND))
  watch(isOpen)
  try {
    await isOpen
  } catch (error) {
    socket.destroy()
    throw error
  }

  const prepared = new Map<string, { readonly name?: string; readonly text: string }>()
  function prepare(sql: string) {
    let found = prepared.get(sql)
    if (found === undefined) {
      const text = numberPlaceholders(sql)
      if (prepared.size >= MOST_PREPARED) return { text }
      found = { name: `s${prepared.size}`, text }
      prepared.set(sql, found)
    }
    return found
  }

  async function ask(question: Promise<QueryResult | QueryResult[]>): Promise<Answer> {
    watch(question)
    try {
      const result = await question
      const last = Array.isArray(result) ? result.at(-1) : result
      return { rows: last?.rows ?? [], changed: last?.rowCount ?? 0, command: last?.command ?? '' }
    } catch (error) {
      if (breaksConnection(error)) {
        lost = true
        socket.destroy()
      }
      throw error
    }
  }

  return {
    statement: (sql, params) => ask(client.query({ ...prepare(sql), values: [...params] })),
    command: (sql) => ask(client.query(sql)),
    get lost() {
      return lost
    },
    async end() {
      lost = true
      const ended = client.end()
      watch(ended)
      await ended
    },
    destroy() {
      lost = true
      socket.destroy()
    },
  }
}
