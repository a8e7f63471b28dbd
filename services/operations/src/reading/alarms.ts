import type { Store } from '@samband/kernel'
import type { Tenants } from '../access.ts'
import { tenantClause } from './tenant-clause.ts'

/** A page of a list that is read from its newest line. */
export interface Page {
  readonly limit: number
  /** Only lines with a lower number. */
  readonly below: number | undefined
}

/** An alarm as kept. */
export interface AlarmRow {
  readonly number: number
  readonly at: number
  readonly kind: string
  readonly tenant: string | null
  readonly accepted_id: string | null
  readonly row_id: number | null
  readonly effect_key: string | null
  readonly sentence: string
}

/** Alarms, newest first. Those of the installation as a whole concern every operator who asks for no municipality in particular. */
export async function readAlarms(
  store: Store,
  tenants: Tenants,
  page: Page & { readonly withInstallation: boolean },
): Promise<readonly AlarmRow[]> {
  const { sql, params } = tenantClause('tenant', tenants)
  const mine = page.withInstallation ? `(${sql} OR tenant IS NULL)` : sql
  return store.read('operations.alarms', (tx) =>
    tx.all<AlarmRow>(
      `SELECT number, at, kind, tenant, accepted_id, row_id, effect_key, sentence FROM alarm WHERE ${mine} AND number < ? ORDER BY number DESC LIMIT ?`,
      ...params,
      page.below ?? Number.MAX_SAFE_INTEGER,
      page.limit,
    ),
  )
}
