import type { Tenants } from '../access.ts'

/** A condition on a column that holds a tenant, with its parameters. */
export function tenantClause(
  column: string,
  tenants: Tenants,
): { readonly sql: string; readonly params: readonly string[] } {
  if (tenants === 'alle') return { sql: '1 = 1', params: [] }
  if (tenants.length === 0) return { sql: '1 = 0', params: [] }
  return { sql: `${column} IN (${tenants.map(() => '?').join(', ')})`, params: tenants }
}
