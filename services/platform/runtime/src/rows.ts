import type { BoundDestination, Json, Tx } from '@samband/kernel'

/** States of an inbox row; protocol §1. Only `done` and `discarded` let the next row of the lane go. */
export type RowState = 'waiting' | 'running' | 'parked' | 'discarding' | 'discarded' | 'done'

/** A row of the inbox as it is read. */
export interface InboxRow {
  readonly row_id: number
  readonly place: number
  readonly handler: string
  readonly event_id: string
  readonly event_type: string
  readonly topic: string
  readonly lane: string
  readonly tenant: string
  readonly accepted_id: string | null
  readonly headers: string
  readonly value: Uint8Array
  readonly state: RowState
  readonly due_at: number
  readonly received_at: number
  readonly failing_since: number | null
  readonly runs: number
  readonly defects: number
  readonly park_number: number
  readonly lease_token: number
  readonly lease_holder: string | null
  readonly lease_beat: number
  readonly last_code: string | null
  readonly last_disposition: string | null
  readonly last_message: string | null
  readonly fingerprint: string | null
  readonly destination: string | null
  readonly fixed_values: string | null
  readonly remark: string | null
  /** The restore since which a discard is in question (R27). */
  readonly in_question: string | null
}

/** The right to decide over a row: only with the newest token (R7, R10). */
export interface Lease {
  readonly rowId: number
  readonly token: number
}

/** Thrown inside a transaction when the lease is no longer the newest: somebody else decides now. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost'
}

const OPEN_STATES = "('waiting', 'running', 'parked', 'discarding')"
/** The state stands in the statement: with a parameter there SQLite plans it anew each time, and never by the index of what is open. */
const ANY_OPEN_ATTEMPT = "SELECT 1 AS found FROM attempt WHERE row_id = ? AND state = 'open'"

/** What a new row is made from. */
export interface NewRow {
  readonly handler: string
  readonly eventId: string
  readonly eventType: string
  readonly topic: string
  readonly lane: string
  readonly tenant: string
  readonly acceptedId: string | undefined
  readonly headers: string
  readonly value: Uint8Array
  readonly now: number
  /** Set when the record could not be read: the row is born parked. */
  readonly unreadable?: { readonly code: string; readonly message: string }
}

/** The lock under which the place of a row is given, and a row is put elsewhere in its lane (R7). */
export function laneLock(row: Pick<NewRow, 'handler' | 'lane'>): string {
  return `lane:${row.handler}:${row.lane}`
}

/**
 * Adds a row at the end of its lane; false when (handler, event id) is known already: duplicates of any cause end here. The caller holds
 * the lane's lock.
 */
export async function insertRow(tx: Tx, row: NewRow): Promise<boolean> {
  const place = await tx.next('inbox_place')
  const added = await tx.run(
    `INSERT INTO inbox (place, handler, event_id, event_type, topic, lane, tenant, accepted_id, headers, value, state, head, due_at, received_at,
       park_number, last_code, last_disposition, last_message, fingerprint)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
       CASE WHEN EXISTS (SELECT 1 FROM inbox WHERE handler = ? AND lane = ? AND state IN ${OPEN_STATES}) THEN 0 ELSE 1 END,
       ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (handler, event_id) DO NOTHING`,
    place,
    row.handler,
    row.eventId,
    row.eventType,
    row.topic,
    row.lane,
    row.tenant,
    row.acceptedId ?? null,
    row.headers,
    row.value,
    row.unreadable === undefined ? 'waiting' : 'parked',
    row.handler,
    row.lane,
    row.now,
    row.now,
    row.unreadable === undefined ? 0 : 1,
    row.unreadable?.code ?? null,
    row.unreadable === undefined ? null : 'permanent',
    row.unreadable?.message ?? null,
    row.unreadable === undefined ? null : `${row.handler}|${row.unreadable.code}`,
  )
  return added === 1
}

/** Lets the first open row of a lane be the one that may run. To be called whenever a row leaves or enters the open states. */
async function settleHead(tx: Tx, handler: string, lane: string): Promise<void> {
  const first = await tx.one<{ row_id: number; head: number }>(
    `SELECT row_id, head FROM inbox WHERE handler = ? AND lane = ? AND state IN ${OPEN_STATES} ORDER BY place LIMIT 1`,
    handler,
    lane,
  )
  if (first === undefined || first.head === 1) return
  await tx.run(
    `UPDATE inbox SET head = 0 WHERE handler = ? AND lane = ? AND state IN ${OPEN_STATES} AND head = 1`,
    handler,
    lane,
  )
  await tx.run('UPDATE inbox SET head = 1 WHERE row_id = ?', first.row_id)
}

/** One row by its id. */
export async function readRow(tx: Tx, rowId: number): Promise<InboxRow | undefined> {
  return tx.one<InboxRow>('SELECT * FROM inbox WHERE row_id = ?', rowId)
}

/** Rows that could be taken, due ones and the next one to be due, in order of due time. Narrow: this is asked all the time. */
export async function takeable(
  tx: Tx,
  handler: string,
  tenant: string,
  limit: number,
): Promise<Pick<InboxRow, 'row_id' | 'due_at'>[]> {
  return tx.all<Pick<InboxRow, 'row_id' | 'due_at'>>(
    "SELECT row_id, due_at FROM inbox WHERE handler = ? AND tenant = ? AND head = 1 AND state = 'waiting' ORDER BY due_at, place LIMIT ?",
    handler,
    tenant,
    limit,
  )
}

/** waiting → running, by a worker: a new token. The row as taken, or `undefined` when somebody was faster. */
export async function takeRow(tx: Tx, rowId: number, holder: string): Promise<InboxRow | undefined> {
  return tx.one<InboxRow>(
    "UPDATE inbox SET state = 'running', lease_token = lease_token + 1, lease_holder = ?, lease_beat = 0 WHERE row_id = ? AND state = 'waiting' AND head = 1 RETURNING *",
    holder,
    rowId,
  )
}

/** running with lapsed lease → running by another holder, only if nobody has touched the lease since it was looked at (R8). */
export async function retakeRow(
  tx: Tx,
  seen: { rowId: number; token: number; beat: number },
  holder: string,
): Promise<boolean> {
  return (
    (await tx.run(
      "UPDATE inbox SET lease_token = lease_token + 1, lease_holder = ?, lease_beat = 0 WHERE row_id = ? AND state = 'running' AND lease_token = ? AND lease_beat = ?",
      holder,
      seen.rowId,
      seen.token,
      seen.beat,
    )) === 1
  )
}

/** Shows that the holder is alive. False when the lease is lost. */
export async function beatLease(tx: Tx, lease: Lease): Promise<boolean> {
  return (
    (await tx.run(
      "UPDATE inbox SET lease_beat = lease_beat + 1 WHERE row_id = ? AND state = 'running' AND lease_token = ?",
      lease.rowId,
      lease.token,
    )) === 1
  )
}

/** What decisions over a leased row need of it. Narrow: this is asked several times in every run. */
type LeasedRow = Pick<InboxRow, 'row_id' | 'handler' | 'lane' | 'state' | 'lease_token'>

/** The row, if the lease is the newest and the row is running. @throws LeaseLost */
export async function leasedRow(tx: Tx, lease: Lease): Promise<LeasedRow> {
  const row = await tx.one<LeasedRow>(
    'SELECT row_id, handler, lane, state, lease_token FROM inbox WHERE row_id = ?',
    lease.rowId,
  )
  if (row === undefined || row.state !== 'running' || row.lease_token !== lease.token)
    throw new LeaseLost(`row ${lease.rowId}`)
  return row
}

/** How a run ended that did not end well. */
export interface RunFailure {
  readonly startedAt: number
  readonly now: number
  readonly code: string
  readonly disposition: string
  readonly message: string
  readonly fingerprint: string
  readonly defect: boolean
  /** False for `paused`: the message is innocent and spends no attempt. */
  readonly counts: boolean
  /** The run got evidence before it failed: what failed before that is over. */
  readonly madeProgress: boolean
}

async function recordFailure(tx: Tx, row: LeasedRow, failure: RunFailure, outcome: string): Promise<void> {
  const last = await tx.one<{ number: number | null }>(
    'SELECT MAX(number) AS number FROM failed_run WHERE row_id = ?',
    row.row_id,
  )
  await tx.run(
    'INSERT INTO failed_run (row_id, number, started_at, ended_at, outcome, code, disposition, message) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    row.row_id,
    (last?.number ?? 0) + 1,
    failure.startedAt,
    failure.now,
    outcome,
    failure.code,
    failure.disposition,
    failure.message,
  )
  await tx.run(
    `UPDATE inbox SET runs = CASE WHEN ? = 1 THEN 0 ELSE runs END + ?, defects = defects + ?,
       failing_since = CASE WHEN ? = 0 THEN NULL WHEN ? = 1 THEN ? ELSE COALESCE(failing_since, ?) END,
       last_code = ?, last_disposition = ?, last_message = ?, fingerprint = ? WHERE row_id = ?`,
    failure.madeProgress ? 1 : 0,
    failure.counts ? 1 : 0,
    failure.defect ? 1 : 0,
    failure.counts ? 1 : 0,
    failure.madeProgress ? 1 : 0,
    failure.startedAt,
    failure.startedAt,
    failure.code,
    failure.disposition,
    failure.message,
    failure.fingerprint,
    row.row_id,
  )
}

/** running → waiting, by the holder of the newest token. @throws LeaseLost */
export async function waitRow(tx: Tx, lease: Lease, dueAt: number, failure: RunFailure): Promise<void> {
  const row = await leasedRow(tx, lease)
  await recordFailure(tx, row, failure, 'waiting')
  await tx.run(
    "UPDATE inbox SET state = 'waiting', due_at = ?, lease_holder = NULL WHERE row_id = ?",
    dueAt,
    row.row_id,
  )
}

/** running → waiting at once and without a mark: the process is stopping. @throws LeaseLost */
export async function releaseRow(tx: Tx, lease: Lease, now: number): Promise<void> {
  await leasedRow(tx, lease)
  await tx.run("UPDATE inbox SET state = 'waiting', due_at = ?, lease_holder = NULL WHERE row_id = ?", now, lease.rowId)
}

/** running → parked; the park number grows. The row keeps its lane. @throws LeaseLost */
export async function parkRow(tx: Tx, lease: Lease, failure: RunFailure): Promise<void> {
  const row = await leasedRow(tx, lease)
  await recordFailure(tx, row, failure, 'parked')
  await tx.run(
    "UPDATE inbox SET state = 'parked', park_number = park_number + 1, lease_holder = NULL WHERE row_id = ?",
    row.row_id,
  )
}

/** running → done. Refused while an attempt of the row is open (R17). @throws LeaseLost, OpenAttempt */
export async function finishRow(tx: Tx, lease: Lease, now: number): Promise<void> {
  const row = await leasedRow(tx, lease)
  const open = await tx.one(ANY_OPEN_ATTEMPT, row.row_id)
  if (open !== undefined) throw new OpenAttempt(row.row_id)
  await tx.run(
    "UPDATE inbox SET state = 'done', finished_at = ?, lease_holder = NULL, head = 0 WHERE row_id = ?",
    now,
    row.row_id,
  )
  await settleHead(tx, row.handler, row.lane)
}

/** A handler wanted to end although an attempt of its row has no answer. */
export class OpenAttempt extends Error {
  override readonly name = 'OpenAttempt'
  constructor(rowId: number) {
    super(`row ${rowId} has an attempt without an answer`)
  }
}

/** parked → waiting, by a replay: only at the park number the operator saw (R24). */
export async function unparkRow(tx: Tx, rowId: number, parkNumber: number, now: number): Promise<boolean> {
  return (
    (await tx.run(
      `UPDATE inbox SET state = 'waiting', due_at = ?, lease_token = lease_token + 1, failing_since = NULL, defects = 0
       WHERE row_id = ? AND state = 'parked' AND park_number = ?`,
      now,
      rowId,
      parkNumber,
    )) === 1
  )
}

/** waiting, running, parked → discarded, or discarding while a question is open (R22); a new token in both cases. */
export async function discardRow(tx: Tx, row: InboxRow, now: number): Promise<'discarded' | 'discarding'> {
  const open = await tx.one(ANY_OPEN_ATTEMPT, row.row_id)
  const state = open === undefined ? 'discarded' : 'discarding'
  await tx.run(
    'UPDATE inbox SET state = ?, lease_token = lease_token + 1, lease_holder = NULL, due_at = ?, finished_at = ? WHERE row_id = ?',
    state,
    now,
    state === 'discarded' ? now : null,
    row.row_id,
  )
  if (state === 'discarded') await leaveLane(tx, row)
  return state
}

async function leaveLane(tx: Tx, row: InboxRow): Promise<void> {
  await tx.run('UPDATE inbox SET head = 0 WHERE row_id = ?', row.row_id)
  await settleHead(tx, row.handler, row.lane)
}

/** discarding → discarded: not-there is believed, no question is left. */
export async function endDiscarding(tx: Tx, row: InboxRow, now: number): Promise<void> {
  await tx.run(
    "UPDATE inbox SET state = 'discarded', finished_at = ? WHERE row_id = ? AND state = 'discarding'",
    now,
    row.row_id,
  )
  await leaveLane(tx, row)
}

/** discarding or discarded → done: it is over there although it was discarded. The caller raises the alarm. */
export async function doneAlthoughDiscarded(tx: Tx, row: InboxRow, now: number): Promise<void> {
  await tx.run(
    "UPDATE inbox SET state = 'done', finished_at = ?, remark = 'although discarded', in_question = NULL, lease_token = lease_token + 1 WHERE row_id = ? AND state IN ('discarding', 'discarded')",
    now,
    row.row_id,
  )
  await leaveLane(tx, row)
}

/**
 * discarding or discarded → waiting (R23). A discarded row keeps its place when no later row of its lane has begun; otherwise it
 * gets a new place at the end. Returns which.
 */
export async function undoDiscard(tx: Tx, row: InboxRow, now: number): Promise<'kept its place' | 'put at the end'> {
  await tx.lock(laneLock(row))
  let outcome: 'kept its place' | 'put at the end' = 'kept its place'
  if (row.state === 'discarded') {
    const begun = await tx.one(
      `SELECT 1 AS found FROM inbox WHERE handler = ? AND lane = ? AND place > ? AND (state <> 'waiting' OR lease_token > 0) LIMIT 1`,
      row.handler,
      row.lane,
      row.place,
    )
    if (begun !== undefined) {
      outcome = 'put at the end'
      await tx.run('UPDATE inbox SET place = ? WHERE row_id = ?', await tx.next('inbox_place'), row.row_id)
    }
  }
  await tx.run(
    "UPDATE inbox SET state = 'waiting', due_at = ?, lease_token = lease_token + 1, finished_at = NULL, failing_since = NULL, in_question = NULL WHERE row_id = ?",
    now,
    row.row_id,
  )
  await settleHead(tx, row.handler, row.lane)
  return outcome
}

/** The destination a row is bound to, if it has begun (R19). */
export function boundDestination(row: InboxRow): BoundDestination | undefined {
  return row.destination === null ? undefined : (JSON.parse(row.destination) as BoundDestination)
}

/** The values a row has taken once (R20). */
export function fixedValues(row: InboxRow): Record<string, Json> {
  return row.fixed_values === null ? {} : (JSON.parse(row.fixed_values) as Record<string, Json>)
}
