import type { Store } from '@samband/kernel'
import type { StoreNumbers } from '../store-numbers.ts'

/** The column that the server numbers, per table. */
const NUMBERED: Readonly<Record<string, string>> = {
  outbox: 'place',
  inbox: 'row_id',
  audit: 'number',
  alarm: 'number',
}

/**
 * Lets a store on PostgreSQL go on numbering where another one has come to. Safe to repeat as long as nothing else uses the store: the server
 * does not take numbers back with a transaction.
 * @throws Error for a table that does not number its rows here
 */
export async function continueNumbers(store: Store, { tables, series }: StoreNumbers): Promise<void> {
  await store.transaction('store.numbers', async (tx) => {
    for (const [table, last] of Object.entries(tables)) {
      const column = NUMBERED[table]
      if (column === undefined) throw new Error(`the table ${table} numbers no rows on PostgreSQL`)
      if (last > 0) await tx.all('SELECT setval(pg_get_serial_sequence(?, ?), ?)', table, column, last)
    }
    for (const [name, last] of Object.entries(series))
      if (last > 0) await tx.all('SELECT setval(?::regclass, ?)', `series_${name}`, last)
  })
}
