import { HubError } from '@samband/kernel'
import type { TenantRegistry } from '@samband/tenants'

/**
 * The key that a municipality's payloads are encrypted with.
 * @throws HubError TENANT_UKJENT (paused) when no file of it is in force: its messages are innocent, and wait
 */
export function payloadKey(tenants: Pick<TenantRegistry, 'get'>, orgnr: string): Uint8Array {
  const tenant = tenants.get(orgnr)
  if (tenant !== undefined) return tenant.payloadKey.bytes()
  const message = `No file is in force for tenant ${orgnr}: its messages wait until there is one.`
  throw new HubError('TENANT_UKJENT', 'paused', message)
}
