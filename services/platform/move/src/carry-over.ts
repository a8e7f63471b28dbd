import type { Store } from '@samband/kernel'
import type { StoreNumbers } from '@samband/store'
import { continueNumbers } from '@samband/store/postgres'

/**
 * What a store says of itself goes along, such as since when it is not trusted (R27), the newest start, and the municipalities' files and keys as they were
 * accepted. But for this: the counter of the folder and how it was stopped, where it has gone and under which name, what opening and a move write, whose turn
 * it is to publish, and which handlers the hub had, since services keep that each for itself.
 */
const STAYS =
  "name IN ('generation', 'clean_stop', 'moved_to', 'installation', 'lineage', 'move_under_way', 'relay') OR name LIKE 'handlers %'"
/** Of the target itself. */
const OF_THE_TARGET = "name IN ('lineage', 'move_under_way')"

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
    tx.all<{ name: string; value: string }>(`SELECT name, value FROM meta WHERE NOT (${STAYS})`),
  )
  await target.transaction('move.hand-over', async (tx) => {
    await tx.run(
      "UPDATE inbox SET state = 'waiting', lease_token = lease_token + 1, lease_holder = NULL WHERE state = 'running'",
    )
    for (const id of unreadEventIds)
      await tx.run("UPDATE outbox SET state = 'pending', published_at = NULL WHERE event_id = ?", id)
    await tx.run(`DELETE FROM meta WHERE NOT (${OF_THE_TARGET})`)
    for (const { name, value } of meta) await tx.run('INSERT INTO meta (name, value) VALUES (?, ?)', name, value)
  })
}
