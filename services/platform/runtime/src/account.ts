import type { EventBus, Store } from '@samband/kernel'
import { toldState } from './discards-in-question.ts'
import type { InboxRow } from './rows.ts'

/** The classes of the nothing-lost account; a letter with several rows counts as the worst of them, in this order. */
export const ACCOUNT_CLASSES = [
  'unaccounted',
  'parked',
  'discarding',
  'waiting',
  'endedBadly',
  'discarded',
  'done',
] as const

/** One class. `unaccounted` must always be empty: an accepted id that nobody has. */
export type AccountClass = (typeof ACCOUNT_CLASSES)[number]

/** What the service that accepted a thing knows of its end. */
export type Completion = 'under-way' | 'complete' | 'ended-badly'

/** Which accepted ids are asked for. */
export interface AccountScope {
  readonly tenants: readonly string[] | 'alle'
  /** Day of acceptance, UTC, `YYYY-MM-DD`; left out means all days. */
  readonly day?: string
}

/** The account of one tenant and day. */
export interface AccountLine {
  readonly tenant: string
  readonly day: string
  readonly accepted: number
  readonly classes: Readonly<Record<AccountClass, readonly string[]>>
}

interface LedgerRow {
  accepted_id: string
  tenant: string
  accepted_day: string
}

/**
 * Puts every accepted id into exactly one class, by joining ids (R26): the ledger with every row, every event that is not in the log
 * yet, and what the accepting service says of the end.
 */
export async function readAccount(
  options: {
    readonly store: Store
    readonly bus: EventBus
    readonly groups: readonly string[]
    readonly topics: readonly string[]
    readonly completion: (acceptedIds: readonly string[]) => Promise<ReadonlyMap<string, Completion>>
  },
  scope: AccountScope,
): Promise<readonly AccountLine[]> {
  const { ledger, rows, pending, positions } = await options.store.read('runtime.account', async (tx) => ({
    ledger: (
      await tx.all<LedgerRow>(
        'SELECT accepted_id, tenant, accepted_day FROM ledger ORDER BY tenant, accepted_day, accepted_at',
      )
    ).filter(
      (row) =>
        (scope.tenants === 'alle' || scope.tenants.includes(row.tenant)) &&
        (scope.day === undefined || scope.day === row.accepted_day),
    ),
    rows: await tx.all<Pick<InboxRow, 'state' | 'in_question'> & { accepted_id: string }>(
      "SELECT accepted_id, state, in_question FROM inbox WHERE accepted_id IS NOT NULL AND (state <> 'done' OR remark = 'although discarded')",
    ),
    pending: await tx.all<{ accepted_id: string }>(
      "SELECT DISTINCT accepted_id FROM outbox WHERE state = 'pending' AND accepted_id IS NOT NULL",
    ),
    positions: await tx.all<PositionRow>('SELECT consumer_group, topic, part, next_offset FROM bus_offset'),
  }))
  // The log's end is asked for afterwards: whatever was on its way at that moment lies before it, and behind the positions just read.
  const allIngested = await isCaughtUp(options, positions)
  const completion = await options.completion(ledger.map((row) => row.accepted_id))
  const states = new Map<string, Set<string>>()
  for (const row of rows) states.set(row.accepted_id, (states.get(row.accepted_id) ?? new Set()).add(toldState(row)))
  const outboxed = new Set(pending.map((row) => row.accepted_id))
  return gather(ledger, (id) =>
    classOf(states.get(id) ?? new Set(), outboxed.has(id), completion.get(id) ?? 'under-way', allIngested),
  )
}

interface PositionRow {
  consumer_group: string
  topic: string
  part: number
  next_offset: number
}

async function isCaughtUp(
  options: { readonly bus: EventBus; readonly groups: readonly string[]; readonly topics: readonly string[] },
  positions: readonly PositionRow[],
): Promise<boolean> {
  for (const topic of options.topics) {
    for (const { partition, endOffset } of await options.bus.ends(topic)) {
      const standing = positions.filter((one) => one.topic === topic && one.part === partition)
      const hasRead = (group: string) =>
        (standing.find((one) => one.consumer_group === group)?.next_offset ?? 0) >= endOffset
      if (!options.groups.every(hasRead)) return false
    }
  }
  return true
}

function classOf(
  states: ReadonlySet<string>,
  inOutbox: boolean,
  completion: Completion,
  allIngested: boolean,
): AccountClass {
  if (states.has('parked')) return 'parked'
  if (states.has('discarding')) return 'discarding'
  if (states.has('waiting') || states.has('running') || inOutbox) return 'waiting'
  if (completion === 'ended-badly') return 'endedBadly'
  if (states.has('discarded')) return 'discarded'
  // A row that is done although it was discarded tells nobody: what should have followed did not, and the alarm says so.
  if (completion === 'complete' || states.has('done')) return 'done'
  return allIngested ? 'unaccounted' : 'waiting'
}

function gather(ledger: readonly LedgerRow[], classify: (id: string) => AccountClass): AccountLine[] {
  const lines = new Map<
    string,
    { tenant: string; day: string; accepted: number; classes: Record<AccountClass, string[]> }
  >()
  for (const row of ledger) {
    const name = `${row.tenant} ${row.accepted_day}`
    const line = lines.get(name) ?? { tenant: row.tenant, day: row.accepted_day, accepted: 0, classes: emptyClasses() }
    lines.set(name, line)
    line.accepted += 1
    line.classes[classify(row.accepted_id)].push(row.accepted_id)
  }
  return [...lines.values()]
}

function emptyClasses(): Record<AccountClass, string[]> {
  return { unaccounted: [], parked: [], discarding: [], waiting: [], endedBadly: [], discarded: [], done: [] }
}
