import type { Tx } from '@samband/kernel'
import type { InboxRow, RowState } from './rows.ts'

const IN_QUESTION_SINCE = 'discards_in_question'

/**
 * A restored store shows as discarded what a person may have taken back, and what may have been done, in the time that was lost. Every discard is put
 * in question, once per restore; in a store that is trusted (again) those are believed of which nothing is being asked (R27, R22).
 */
export async function questionDiscards(tx: Tx, restore: string | undefined): Promise<void> {
  if (restore === undefined) {
    await tx.run(
      "UPDATE inbox SET in_question = NULL WHERE in_question IS NOT NULL AND NOT EXISTS (SELECT 1 FROM attempt a WHERE a.row_id = inbox.row_id AND a.state = 'open')",
    )
    return
  }
  const known = await tx.one<{ value: string }>('SELECT value FROM meta WHERE name = ?', IN_QUESTION_SINCE)
  if (known?.value === restore) return
  await tx.run("UPDATE inbox SET in_question = ? WHERE state IN ('discarded', 'discarding')", restore)
  await tx.run(
    'INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    IN_QUESTION_SINCE,
    restore,
  )
}

/** The next discarded rows of these handlers that are in question, in order of their ids. */
export async function discardsInQuestion(
  tx: Tx,
  handlers: readonly string[],
  afterRowId: number,
  limit: number,
): Promise<InboxRow[]> {
  return tx.all<InboxRow>(
    `SELECT * FROM inbox WHERE in_question IS NOT NULL AND state = 'discarded' AND handler IN (${handlers.map(() => '?').join(', ')}) AND row_id > ? ORDER BY row_id LIMIT ?`,
    ...handlers,
    afterRowId,
    limit,
  )
}

/** Whether a discard is still in question: nobody has taken it back since it was read, and nothing has ended it. */
export async function isInQuestion(tx: Tx, row: InboxRow): Promise<boolean> {
  return (
    (await tx.one(
      "SELECT 1 AS found FROM inbox WHERE row_id = ? AND state = 'discarded' AND in_question = ? AND lease_token = ?",
      row.row_id,
      row.in_question,
      row.lease_token,
    )) !== undefined
  )
}

/** The discard stands: what it would have done is not over there. */
export async function believeDiscard(tx: Tx, row: InboxRow): Promise<void> {
  await tx.run('UPDATE inbox SET in_question = NULL WHERE row_id = ?', row.row_id)
}

/** discarded, in question → done: all of it is over there. The caller raises the alarm, and writes what follows from it. */
export async function doneBeforeRestore(tx: Tx, row: InboxRow, now: number): Promise<void> {
  await tx.run(
    "UPDATE inbox SET state = 'done', finished_at = ?, remark = 'taken back before the restore', in_question = NULL, lease_token = lease_token + 1 WHERE row_id = ?",
    now,
    row.row_id,
  )
}

/** What people are told a row is: a discard in question is being asked for, as one with an open attempt is. */
export function toldState(row: Pick<InboxRow, 'state' | 'in_question'>): RowState {
  return row.state === 'discarded' && row.in_question !== null ? 'discarding' : row.state
}
