import { HubError } from '@samband/kernel'

/** Whose content it is: the wrapped key verifies for this pair only. */
export interface Owner {
  readonly tenant: string
  readonly ref: string
}

/** Where the tenants' keys come from. */
export interface TenantKeys {
  /** 32 bytes; the same for as long as a payload of the tenant shall be readable. What it throws, the payload call throws. */
  wrappingKey(tenant: string): Uint8Array
}

const TENANT = /^[0-9]{9}$/
const REF = /^[a-z0-9-]{1,80}$/

/** Whether a name found on a storage can be a tenant's. */
export function isTenant(name: string): boolean {
  return TENANT.test(name)
}

/** Whether a name found on a storage can be a ref. */
export function isRef(name: string): boolean {
  return REF.test(name)
}

/** @throws HubError PAYLOAD_UGYLDIG_REF (permanent) */
export function checkedTenant(tenant: string): string {
  if (!isTenant(tenant)) throw invalidName('tenant', 'is an organisasjonsnummer of nine digits', tenant)
  return tenant
}

/** Both have the form that the port demands, so that neither can lead out of its folder. @throws HubError PAYLOAD_UGYLDIG_REF (permanent) */
export function checkedOwner(tenant: string, ref: string): Owner {
  if (!isRef(ref)) throw invalidName('ref', 'matches ^[a-z0-9-]{1,80}$', ref)
  return { tenant: checkedTenant(tenant), ref }
}

/** The tenant's key. @throws HubError PAYLOAD_UGYLDIG_NOKKEL (paused) when it is no key */
export function wrappingKeyOf(keys: TenantKeys, tenant: string): Uint8Array {
  const key = keys.wrappingKey(tenant)
  if (key.length === 32) return key
  const message = `Expected a payload key of 32 bytes for tenant ${tenant}, came ${key.length} bytes. Correct payloadKey.`
  throw new HubError('PAYLOAD_UGYLDIG_NOKKEL', 'paused', message, { path: 'payloadKey' })
}

/** The error of a payload that is not there. */
export function missing({ tenant, ref }: Owner): HubError {
  const message = `Expected payload ${ref} of tenant ${tenant}, there is none. It was removed, or never put.`
  return new HubError('PAYLOAD_FINNES_IKKE', 'permanent', message)
}

/** The error of content that passes `maxBytes`. */
export function tooLarge({ tenant, ref }: Owner, maxBytes: number): HubError {
  const message = `Expected at most ${maxBytes} bytes for payload ${ref} of tenant ${tenant}, there are more.`
  return new HubError('PAYLOAD_FOR_STOR', 'permanent', message)
}

/** The error of every content that does not verify. `what` is a constant sentence: what was expected and what came. */
export function damaged({ tenant, ref }: Owner, what: string): HubError {
  return new HubError(
    'PAYLOAD_ODELAGT',
    'permanent',
    `Payload ${ref} of tenant ${tenant} does not verify: ${what}. Restore it from a backup.`,
  )
}

/** Never repeats the value: whoever mixes up arguments may have handed over anything. */
function invalidName(path: string, expected: string, came: string): HubError {
  const message = `Expected a payload ${path} that ${expected}, came ${came.length} characters that do not.`
  return new HubError('PAYLOAD_UGYLDIG_REF', 'permanent', message, { path })
}
