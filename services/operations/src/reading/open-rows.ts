import { isoInstant, type Store, type Tx } from '@samband/kernel'
import type { ApentSporsmal } from '../answers.ts'

const OPEN_STATES = "('waiting', 'running', 'parked', 'discarding')"

/** What holds an open row, as far as its own lane and clock can tell. */
export interface OpenRow {
  readonly rowId: number
  readonly dueAt: number
  /** The first open row of the lane, when that is another one. */
  readonly ahead: { readonly rowId: number; readonly acceptedId: string | null; readonly state: string } | undefined
  /** A discard of before a restore that is asked for: it holds no place, and waits for none. */
  readonly inQuestion: boolean
}

interface RowInLane {
  readonly row_id: number
  readonly due_at: number
  readonly handler: string
  readonly lane: string
  readonly tenant: string
  readonly state: string
}

/** The open rows of an accepted id, by row id. */
export async function readOpenRows(store: Store, acceptedId: string): Promise<ReadonlyMap<number, OpenRow>> {
  return store.read('operations.open-rows', async (tx) => {
    const rows = await tx.all<RowInLane>(
      `SELECT row_id, due_at, handler, lane, tenant, state FROM inbox WHERE accepted_id = ? AND (state IN ${OPEN_STATES} OR in_question IS NOT NULL)`,
      acceptedId,
    )
    const open = new Map<number, OpenRow>()
    for (const row of rows) {
      const first = await tx.one<{ row_id: number; accepted_id: string | null; state: string }>(
        `SELECT row_id, accepted_id, state FROM inbox WHERE handler = ? AND lane = ? AND tenant = ? AND state IN ${OPEN_STATES} ORDER BY place LIMIT 1`,
        row.handler,
        row.lane,
        row.tenant,
      )
      const inQuestion = row.state === 'discarded'
      const ahead =
        first === undefined || first.row_id === row.row_id || inQuestion
          ? undefined
          : { rowId: first.row_id, acceptedId: first.accepted_id, state: first.state }
      open.set(row.row_id, { rowId: row.row_id, dueAt: row.due_at, ahead, inQuestion })
    }
    return open
  })
}

/** Questions without an answer, by row id. */
export async function readOpenQuestions(
  store: Store,
  rowIds: readonly number[],
): Promise<ReadonlyMap<number, readonly ApentSporsmal[]>> {
  return store.read('operations.open-questions', async (tx) => {
    const found = new Map<number, readonly ApentSporsmal[]>()
    for (const rowId of rowIds) {
      const questions = await questionsOf(tx, rowId)
      if (questions.length > 0) found.set(rowId, questions)
    }
    return found
  })
}

async function questionsOf(tx: Tx, rowId: number): Promise<ApentSporsmal[]> {
  const rows = await tx.all<{ effect_key: string; name: string; number: number; started_at: number }>(
    `SELECT a.effect_key AS effect_key, e.name AS name, a.number AS number, a.started_at AS started_at
     FROM attempt a JOIN effect e ON e.effect_key = a.effect_key WHERE a.row_id = ? AND a.state = 'open' ORDER BY a.started_at, a.number`,
    rowId,
  )
  return rows.map((row) => ({
    effectKey: row.effect_key,
    effekt: row.name,
    forsok: row.number,
    begynt: isoInstant(row.started_at),
  }))
}
