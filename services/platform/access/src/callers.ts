import type { Klient, KlientScope, Operator, OperatorScope, Secret, TenantRegistry } from '@samband/tenants'

/** Whatever a caller can be allowed. */
export type CallerScope = KlientScope | OperatorScope

/** Somebody with a secret, as the configuration in force describes them. */
export type Registered =
  | { readonly kind: 'klient'; readonly tenant: string; readonly entry: Klient }
  | { readonly kind: 'operator'; readonly entry: Operator }

/** Where callers are looked up, anew at every use. */
export interface CallerSources {
  readonly tenants: Pick<TenantRegistry, 'all'>
  operators(): readonly Operator[]
}

/** The caller with this klientId; the registry sees to it that no two files use the same one. */
export function findCaller(sources: CallerSources, klientId: string): Registered | undefined {
  for (const tenant of sources.tenants.all()) {
    const entry = tenant.klienter.find((klient) => klient.klientId === klientId)
    if (entry !== undefined) return { kind: 'klient', tenant: tenant.orgnr, entry }
  }
  const entry = sources.operators().find((operator) => operator.klientId === klientId)
  return entry === undefined ? undefined : { kind: 'operator', entry }
}

/** What the caller may do now. */
export function scopesOf(registered: Registered): readonly CallerScope[] {
  return registered.entry.scopes
}

/** The caller's secret. */
export function secretOf(registered: Registered): Secret {
  return registered.entry.secret
}
