import type { Store } from '@samband/kernel'

/** Failures with the same cause, together. */
export interface FailureGroup {
  /** handler | code | field: what the rows have in common. */
  readonly fingerprint: string
  readonly handler: string
  readonly code: string
  readonly path: string
  readonly tenants: readonly string[]
  readonly parked: number
  readonly waiting: number
  readonly discarding: number
  readonly oldestReceivedAt: number
  /** The message of the latest failure. */
  readonly message: string
}

/** A row that is parked, being discarded, or waits after a failure. */
export interface StuckRow {
  readonly rowId: number
  readonly handler: string
  readonly tenant: string
  readonly acceptedId: string | null
  readonly state: string
  readonly code: string | null
  readonly message: string | null
  readonly fingerprint: string | null
  readonly parkNumber: number
  readonly receivedAt: number
  readonly dueAt: number
  /** Rows of the same lane that wait behind this one. */
  readonly behind: number
}

const STUCK = "(state IN ('parked', 'discarding') OR (state IN ('waiting', 'running') AND last_code IS NOT NULL))"

interface StuckSqlRow {
  row_id: number
  handler: string
  tenant: string
  accepted_id: string | null
  state: string
  last_code: string | null
  last_message: string | null
  fingerprint: string | null
  park_number: number
  received_at: number
  due_at: number
  behind: number
}

/** Rows that did not get on, oldest first. */
export async function readStuckRows(
  store: Store,
  tenants: readonly string[] | 'alle',
  limit: number,
): Promise<readonly StuckRow[]> {
  const rows = await store.read('runtime.stuck', (tx) =>
    tx.all<StuckSqlRow>(
      `SELECT row_id, handler, tenant, accepted_id, state, last_code, last_message, fingerprint, park_number, received_at, due_at,
         (SELECT COUNT(*) FROM inbox b WHERE b.handler = inbox.handler AND b.lane = inbox.lane AND b.place > inbox.place AND b.state IN ('waiting', 'running', 'parked', 'discarding')) AS behind
       FROM inbox WHERE ${STUCK} ORDER BY received_at, place LIMIT ?`,
      limit,
    ),
  )
  return rows
    .filter((row) => tenants === 'alle' || tenants.includes(row.tenant))
    .map((row) => ({
      rowId: row.row_id,
      handler: row.handler,
      tenant: row.tenant,
      acceptedId: row.accepted_id,
      state: row.state,
      code: row.last_code,
      message: row.last_message,
      fingerprint: row.fingerprint,
      parkNumber: row.park_number,
      receivedAt: row.received_at,
      dueAt: row.due_at,
      behind: row.behind,
    }))
}

/** What is stuck, grouped by cause; the largest group first. */
export async function readFailureGroups(
  store: Store,
  tenants: readonly string[] | 'alle',
): Promise<readonly FailureGroup[]> {
  const groups = new Map<string, StuckRow[]>()
  for (const row of await readStuckRows(store, tenants, 100_000)) {
    const name = row.fingerprint ?? `${row.handler}|${row.code ?? ''}|`
    groups.set(name, [...(groups.get(name) ?? []), row])
  }
  return [...groups]
    .map(([fingerprint, rows]) => {
      const [, code = '', path = ''] = fingerprint.split('|')
      const latest = rows.at(-1)
      return {
        fingerprint,
        handler: latest?.handler ?? '',
        code,
        path,
        tenants: [...new Set(rows.map((row) => row.tenant))].sort(),
        parked: rows.filter((row) => row.state === 'parked').length,
        waiting: rows.filter((row) => row.state === 'waiting' || row.state === 'running').length,
        discarding: rows.filter((row) => row.state === 'discarding').length,
        oldestReceivedAt: Math.min(...rows.map((row) => row.receivedAt)),
        message: latest?.message ?? '',
      }
    })
    .sort((a, b) => b.parked + b.waiting + b.discarding - (a.parked + a.waiting + a.discarding))
}
