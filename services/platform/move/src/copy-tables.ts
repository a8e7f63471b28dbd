import { createHash } from 'node:crypto'
import type { SqlRow, SqlValue, Store } from '@samband/kernel'
import { CARRIED, type CarriedTable } from './tables.ts'

/** What a table holds: how many rows, and SHA-256 over all of them in the order of their key. */
export interface TableFacts {
  readonly rows: number
  readonly sha256: string
}

/** An event may have 900 kB: so many rows at once still fit into memory. */
const PAGE = 100

/** The rows of a table in the order of its key, in pages, each read in a transaction of its own: nobody may write meanwhile. */
async function* pages(store: Store, { name, key }: CarriedTable): AsyncGenerator<readonly SqlRow[]> {
  const order = key.join(', ')
  const marks = key.map(() => '?').join(', ')
  let last: SqlRow | undefined
  for (;;) {
    const after: SqlRow | undefined = last
    const rows = await store.read('move.page', (tx) =>
      after === undefined
        ? tx.all(`SELECT * FROM ${name} ORDER BY ${order} LIMIT ${PAGE}`)
        : tx.all(
            `SELECT * FROM ${name} WHERE (${order}) > (${marks}) ORDER BY ${order} LIMIT ${PAGE}`,
            ...key.map((column) => after[column] ?? null),
          ),
    )
    last = rows.at(-1)
    if (last === undefined) return
    yield rows
    if (rows.length < PAGE) return
  }
}

/** Counts and digests one table. Where two stores give the same, they hold the same rows with the same values. */
export async function factsOf(store: Store, table: CarriedTable): Promise<TableFacts> {
  const digest = rowDigest()
  for await (const rows of pages(store, table)) rows.forEach(digest.add)
  return digest.facts()
}

/** Adds every row of `source` to the empty table of `target`, as it is. Returns what was read. */
export async function copyTable(source: Store, target: Store, table: CarriedTable): Promise<TableFacts> {
  const digest = rowDigest()
  for await (const rows of pages(source, table)) {
    rows.forEach(digest.add)
    await insert(target, table.name, rows)
  }
  return digest.facts()
}

async function insert(target: Store, table: string, rows: readonly SqlRow[]): Promise<void> {
  const columns = Object.keys(rows[0] ?? {})
  const one = `(${columns.map(() => '?').join(', ')})`
  const values: SqlValue[] = rows.flatMap((row) => columns.map((column) => row[column] ?? null))
  await target.transaction(
    'move.insert',
    (tx) => tx.run(`INSERT INTO ${table} (${columns.join(', ')}) VALUES ${rows.map(() => one).join(', ')}`, ...values),
    // Nobody else writes here until the move is finished.
    { serial: false },
  )
}

/** Takes the rows of every carried table away: what an earlier try has left. */
export async function emptyTables(target: Store): Promise<void> {
  await target.transaction('move.empty', (tx) => tx.run(`TRUNCATE ${CARRIED.map(({ name }) => name).join(', ')}`))
}

function rowDigest() {
  const hash = createHash('sha256')
  let count = 0
  return {
    add: (row: SqlRow) => {
      count += 1
      for (const column of Object.keys(row).sort()) hash.update(`${column}${spelled(row[column] ?? null)}`)
    },
    facts: (): TableFacts => ({ rows: count, sha256: hash.digest('hex') }),
  }
}

/** No two values are spelled alike, nor does one run into the next. */
function spelled(value: SqlValue): string {
  if (value === null) return '=null;'
  if (typeof value === 'number') return `=${value};`
  if (typeof value === 'string') return `="${value.length}:${value}";`
  return `=x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')};`
}
