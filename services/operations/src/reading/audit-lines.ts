import type { Json, SqlValue, Store } from '@samband/kernel'
import { type OperatorAccess, sees, type Tenants } from '../access.ts'
import type { Page } from './alarms.ts'
import { onlyTenantOfReplay, seesReplay } from './owners.ts'
import { tenantClause } from './tenant-clause.ts'

/** A line of the audit as kept. */
export interface AuditRow {
  readonly number: number
  readonly at: number
  readonly person: string
  readonly klient_id: string
  readonly verb: string
  readonly reason: string
  readonly tenant: string | null
  readonly accepted_id: string | null
  readonly row_id: number | null
  readonly details: string
}

/** What is asked for; everything given must hold. */
export interface AuditFilter {
  readonly tenants: Tenants
  readonly acceptedId: string | undefined
  readonly rowId: number | undefined
  /** Whether lines about more than one municipality belong to what is asked for. */
  readonly withInstallation: boolean
}

/**
 * Lines of the audit, newest first. A line about a replay is shown to those who see every row of it, and is its municipality's where all rows are
 * of one. `last` is the lowest number
 * that was looked at, shown or not; `undefined` at the end of the list.
 */
export async function readAuditLines(
  store: Store,
  operator: OperatorAccess,
  filter: AuditFilter,
  page: Page,
): Promise<{ readonly lines: readonly AuditRow[]; readonly last: number | undefined }> {
  const mine = tenantClause('tenant', filter.tenants)
  const where = [`(${mine.sql} OR tenant IS NULL)`, 'number < ?']
  const params: SqlValue[] = [...mine.params, page.below ?? Number.MAX_SAFE_INTEGER]
  if (filter.acceptedId !== undefined) {
    where.push('accepted_id = ?')
    params.push(filter.acceptedId)
  }
  if (filter.rowId !== undefined) {
    where.push('row_id = ?')
    params.push(filter.rowId)
  }
  return store.read('operations.audit', async (tx) => {
    const rows = await tx.all<AuditRow>(
      `SELECT number, at, person, klient_id, verb, reason, tenant, accepted_id, row_id, details FROM audit WHERE ${where.join(' AND ')} ORDER BY number DESC LIMIT ?`,
      ...params,
      page.limit,
    )
    const replays = new Map<string, { readonly isSeen: boolean; readonly tenant: string | null }>()
    const replay = async (jobId: string) => {
      const read = replays.get(jobId) ?? {
        isSeen: await seesReplay(tx, operator, jobId),
        tenant: await onlyTenantOfReplay(tx, jobId),
      }
      replays.set(jobId, read)
      return read
    }
    const lines: AuditRow[] = []
    for (const row of rows) {
      const jobId = row.tenant === null ? jobIdOf(row.details) : undefined
      const about = jobId === undefined ? undefined : await replay(jobId)
      const tenant = about?.tenant ?? row.tenant
      const isSeen = about?.isSeen ?? (tenant !== null || operator.tenants === 'alle')
      const isAskedFor = tenant === null ? filter.withInstallation : sees(filter.tenants, tenant)
      if (isSeen && isAskedFor) lines.push({ ...row, tenant })
    }
    return { lines, last: rows.length === page.limit ? rows.at(-1)?.number : undefined }
  })
}

function jobIdOf(details: string): string | undefined {
  const parsed = JSON.parse(details) as Json
  if (parsed === null || typeof parsed !== 'object' || Array.isArray(parsed)) return undefined
  const jobId: unknown = Reflect.get(parsed, 'jobId')
  return typeof jobId === 'string' ? jobId : undefined
}
