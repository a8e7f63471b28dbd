import type { Store } from '@samband/kernel'
import type { AccountLine } from '@samband/runtime'
import { accountOfTarget, differences, unaccounted } from './accounts.ts'
import { handOver } from './carry-over.ts'
import { copyPayloads } from './copy-payloads.ts'
import { copyTable, emptyTables, factsOf, type TableFacts } from './copy-tables.ts'
import { createNewHome, type MoveSettings, type NewHome, type OldHome, openOldHome } from './installations.ts'
import { claimTarget, openTarget } from './marks.ts'
import { type Survey, survey } from './survey.ts'
import { CARRIED } from './tables.ts'

/** How far a move has come, in this order; tables and municipalities one by one. */
export type MoveStep =
  | { readonly step: 'surveyed'; readonly found: Survey }
  | { readonly step: 'claimed'; readonly target: string }
  | { readonly step: 'table'; readonly table: string; readonly facts: TableFacts }
  | { readonly step: 'compared' }
  | { readonly step: 'payloads'; readonly tenant: string; readonly count: number; readonly sizeBytes: number }
  | { readonly step: 'handed-over' }
  | { readonly step: 'accounted'; readonly account: readonly AccountLine[] }
  | { readonly step: 'left' }
  | { readonly step: 'finished'; readonly target: string }

/** How a move ended. */
export type MoveOutcome =
  | { readonly kind: 'moved' | 'already moved'; readonly target: string }
  /** Sentences for the operator. The hub may start again on its folder, unless they say otherwise. */
  | { readonly kind: 'refused'; readonly obstacles: readonly string[] }

/** Looks at both sides and changes nothing. @throws CannotLeave */
export async function planMove(settings: MoveSettings): Promise<{ readonly target: string; readonly found: Survey }> {
  return withBoth(settings, async (from, to) => ({ target: to.description, found: await survey(from, to) }))
}

/**
 * Moves the installation of a stopped hub to PostgreSQL, Kafka and an object store. Until the old folder is marked as left, the hub may start on it again as
 * if nothing had been; from then on only services at the new place may. Safe to repeat, and meant to be after any failure: it ends the same.
 * Takes about a second per megabyte of store on a busy machine. `tell` is called after each step, when that step is durable.
 * @throws CannotLeave; HubError of the ports; Error when a comparison fails, which is a defect
 */
export async function move(settings: MoveSettings, tell: (step: MoveStep) => void): Promise<MoveOutcome> {
  return withBoth(settings, async (from, to) => {
    const found = await survey(from, to)
    tell({ step: 'surveyed', found })
    const target = to.description
    if (found.isDone) return { kind: 'already moved', target }
    if (found.obstacles.length > 0) return { kind: 'refused', obstacles: found.obstacles }
    const identity = from.leaving.identify(settings.ids)
    const store = await to.openStore()
    if (!(await claimTarget(store, identity)))
      return { kind: 'refused', obstacles: [`${target} er tatt i bruk av noe annet akkurat nå. Prøv igjen.`] }
    tell({ step: 'claimed', target })
    await copyTables(from.store, store, tell)
    await copyAllPayloads(from, to, tell)
    await handOver({
      source: from.store,
      target: store,
      unreadEventIds: found.unread.eventIds,
      numbers: from.leaving.numbers(),
    })
    tell({ step: 'handed-over' })
    const account = await accountOfTarget(store, to.bus)
    tell({ step: 'accounted', account })
    const other = [...differences(found.account, account), ...unaccounted(account)]
    if (other.length > 0)
      return {
        kind: 'refused',
        obstacles: [
          `Regnskapet er ikke det samme etterpå: ${other.length} brev er i en annen klasse (${other.slice(0, 3).join(', ')}). Ingenting er tatt i bruk; navet kan startes igjen. Meld feilen.`,
        ],
      }
    from.leaving.markMoved(target)
    tell({ step: 'left' })
    await openTarget(store, identity)
    tell({ step: 'finished', target })
    return { kind: 'moved', target }
  })
}

async function withBoth<T>(settings: MoveSettings, work: (from: OldHome, to: NewHome) => Promise<T>): Promise<T> {
  const from = await openOldHome(settings)
  const to = createNewHome(settings, from.key)
  try {
    return await work(from, to)
  } finally {
    await to.close()
    await from.close()
  }
}

/** Anew each time: what an earlier try has copied may be older than the folder, on which the hub may have gone on meanwhile. */
async function copyTables(source: Store, target: Store, tell: (step: MoveStep) => void): Promise<void> {
  await emptyTables(target)
  const read = new Map<string, TableFacts>()
  for (const table of CARRIED) {
    const facts = await copyTable(source, target, table)
    read.set(table.name, facts)
    tell({ step: 'table', table: table.name, facts })
  }
  for (const table of CARRIED) {
    const [wanted, found] = [read.get(table.name), await factsOf(target, table)]
    if (wanted?.rows !== found.rows || wanted.sha256 !== found.sha256)
      throw new Error(
        `the table ${table.name} has ${found.rows} rows with SHA-256 ${found.sha256} in the target, ${wanted?.rows} with ${wanted?.sha256} here`,
      )
  }
  tell({ step: 'compared' })
}

async function copyAllPayloads(from: OldHome, to: NewHome, tell: (step: MoveStep) => void): Promise<void> {
  for (const tenant of from.payloadTenants)
    tell({ step: 'payloads', tenant, ...(await copyPayloads(from.payloads, to.payloads, tenant)) })
}
