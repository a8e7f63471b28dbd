import type { MaskinportenConfig } from '@samband/maskinporten'
import { NIKITA_PROFILE, type NoarkProfile, STANDARD_PROFILE } from '@samband/noark5'
import type { MaskinportenSettings, Noark5Settings } from '@samband/tenants'

/** What a tenant's file says of its client at Maskinporten, as the connector takes it. Holds the private key. */
export function maskinportenConfigOf(settings: MaskinportenSettings): MaskinportenConfig {
  const { issuer, tokenUrl, clientId, kid, privateKey, scope, consumerOrg, resource } = settings
  return {
    issuer,
    tokenEndpoint: tokenUrl,
    clientId,
    key: { privateKeyPem: privateKey.text(), kid },
    scopes: scope.split(' '),
    ...(consumerOrg === undefined ? {} : { consumerOrg }),
    ...(resource === undefined ? {} : { resource }),
  }
}

/** The profile a tenant's file names, with the deviations it tells. */
export function noarkProfileOf(settings: Pick<Noark5Settings, 'profile' | 'profileChanges'>): NoarkProfile {
  const named = settings.profile === 'nikita' ? NIKITA_PROFILE : STANDARD_PROFILE
  const { koder, ...changes } = settings.profileChanges ?? {}
  return { ...named, ...given(changes), koder: { ...named.koder, ...given(koder ?? {}) } }
}

type Given<T> = { [Name in keyof T]?: Exclude<T[Name], undefined> }

/** Without the members that are not set, which would hide what they are merged over. */
function given<T extends object>(changes: T): Given<T> {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)) as Given<T>
}
