import type { Store, Tx } from '@samband/kernel'
import { type OperatorAccess, sees, type Tenants } from '../access.ts'
import { tenantClause } from './tenant-clause.ts'

/** The tenant of a row, or `undefined`. A row never changes its tenant. */
export async function tenantOfRow(store: Store, rowId: number): Promise<string | undefined> {
  const row = await store.read('operations.row', (tx) =>
    tx.one<{ tenant: string }>('SELECT tenant FROM inbox WHERE row_id = ?', rowId),
  )
  return row?.tenant
}

/** The tenant of an effect, or `undefined`. */
export async function tenantOfEffect(store: Store, effectKey: string): Promise<string | undefined> {
  const row = await store.read('operations.effect', (tx) =>
    tx.one<{ tenant: string }>('SELECT tenant FROM effect WHERE effect_key = ?', effectKey),
  )
  return row?.tenant
}

/** Whether every row of a replay is the operator's; of an empty one, whether its selection is. */
export async function seesReplay(tx: Tx, operator: OperatorAccess, jobId: string): Promise<boolean> {
  const job = await tx.one<{ selection: string }>('SELECT selection FROM replay_job WHERE job_id = ?', jobId)
  if (job === undefined) return false
  if (operator.tenants === 'alle') return true
  const rows = await tx.all<{ tenant: string | null }>(
    'SELECT DISTINCT r.tenant AS tenant FROM replay_item i LEFT JOIN inbox r ON r.row_id = i.row_id WHERE i.job_id = ?',
    jobId,
  )
  if (rows.length > 0) return rows.every(({ tenant }) => sees(operator.tenants, tenant))
  const { tenants } = JSON.parse(job.selection) as { tenants: Tenants }
  return tenants !== 'alle' && tenants.every((tenant) => sees(operator.tenants, tenant))
}

/** The municipality of a replay whose rows are all of one; of an empty one, of its selection. Null for more than one. */
export async function onlyTenantOfReplay(tx: Tx, jobId: string): Promise<string | null> {
  const rows = await tx.all<{ tenant: string }>(
    'SELECT DISTINCT r.tenant AS tenant FROM replay_item i JOIN inbox r ON r.row_id = i.row_id WHERE i.job_id = ?',
    jobId,
  )
  const [one, another] = rows.map(({ tenant }) => tenant)
  if (one !== undefined) return another === undefined ? one : null
  const job = await tx.one<{ selection: string }>('SELECT selection FROM replay_job WHERE job_id = ?', jobId)
  const chosen = job === undefined ? 'alle' : (JSON.parse(job.selection) as { tenants: Tenants }).tenants
  return chosen !== 'alle' && chosen.length === 1 ? (chosen[0] ?? null) : null
}

/** Accepted ids that go by this id or eksternReferanse, of the tenants given. An id wins over a reference that looks like one. */
export async function findAccepted(
  store: Store,
  tenants: Tenants,
  idOrReference: string,
): Promise<readonly { readonly acceptedId: string; readonly tenant: string }[]> {
  const { sql, params } = tenantClause('tenant', tenants)
  const rows = await store.read('operations.find-accepted', async (tx) => {
    const find = (column: string) =>
      tx.all<{ accepted_id: string; tenant: string }>(
        `SELECT accepted_id, tenant FROM ledger WHERE ${column} = ? AND ${sql} ORDER BY tenant`,
        idOrReference,
        ...params,
      )
    const byId = await find('accepted_id')
    return byId.length > 0 ? byId : find('ekstern_referanse')
  })
  return rows.map((row) => ({ acceptedId: row.accepted_id, tenant: row.tenant }))
}
