import type { Store } from '@samband/kernel'
import type { StoreNumbers } from '@samband/store'
import { continueNumbers } from '@samband/store/postgres'

/** What the store says of itself and has to go on saying: since when it is not trusted (R27), the newest start, tenants' files as last accepted. */
const FOLLOWS = "name IN ('distrust_since', 'last_start') OR name LIKE 'tenant-file %'"

/** What is otherwise in the new place than a row by row copy says. */
export interface Handover {
  readonly source: Store
  readonly target: Store
  readonly unreadEventIds: readonly string[]
  readonly numbers: StoreNumbers
}

/**
 * Makes the copy one that services can go on with. Leases of the hub are void, as at any start on a store that was held alone (R8). What the hub had
 * published and not taken in is pending again: the relay of the services publishes it to Kafka, in the order of places (R3), and whatever was taken in
 * after all is known to the inbox. Numbers go on from where they stand. Safe to repeat.
 */
export async function handOver({ source, target, unreadEventIds, numbers }: Handover): Promise<void> {
  await continueNumbers(target, numbers)
  const meta = await source.read('move.meta', (tx) =>
    tx.all<{ name: string; value: string }>(`SELECT name, value FROM meta WHERE ${FOLLOWS}`),
  )
  await target.transaction('move.hand-over', async (tx) => {
    await tx.run(
      "UPDATE inbox SET state = 'waiting', lease_token = lease_token + 1, lease_holder = NULL WHERE state = 'running'",
    )
    for (const id of unreadEventIds)
      await tx.run("UPDATE outbox SET state = 'pending', published_at = NULL WHERE event_id = ?", id)
    await tx.run(`DELETE FROM meta WHERE ${FOLLOWS}`)
    for (const { name, value } of meta) await tx.run('INSERT INTO meta (name, value) VALUES (?, ?)', name, value)
  })
}
