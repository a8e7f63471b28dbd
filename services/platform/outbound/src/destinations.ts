import type { HttpDependencies } from '@samband/connector-kit'
import type { BoundDestination, IdSource, TokenSource } from '@samband/kernel'
import { HubError } from '@samband/kernel'
import { createMaskinportenTokenSources } from '@samband/maskinporten'
import type { Noark5Access } from '@samband/noark5'
import type { FindDestination } from '@samband/runtime'
import type { SvarUtAccess } from '@samband/svarut'
import type {
  MaskinportenSettings,
  Noark5Settings,
  SvarUtSettings,
  Tenant,
  TenantRegistry,
  WayOutSettings,
} from '@samband/tenants'
import { maskinportenConfigOf, noarkProfileOf } from './connector-settings.ts'

/** The ways out of the hub, as the tenants' files say at this moment. */
export interface Destinations {
  readonly find: FindDestination
  /** Credentials for a destination a row is bound to. @throws HubError TENANT_KONTO_FINNES_IKKE (paused) when they are not configured any more */
  svarutAccess(to: BoundDestination): SvarUtAccess
  noark5Access(to: BoundDestination): Noark5Access
  statusPollMs(tenant: string): number
}

/** Reads the tenants' files at every use, so that a changed file counts at once. */
export function createDestinations(deps: {
  readonly tenants: TenantRegistry
  /** The way out of a destination, by what its tenant's file says of it; the same object for the same settings. */
  readonly wayOut: (settings: WayOutSettings | undefined) => HttpDependencies
  readonly ids: IdSource
}): Destinations {
  const { wayOut } = deps
  const sourcesBy = new Map<HttpDependencies, ReturnType<typeof createMaskinportenTokenSources>>()

  /** Tenants that ask for the same token by the same way share it. */
  function tokenSourceOf(settings: MaskinportenSettings): TokenSource {
    const http = wayOut(settings.wayOut)
    const sources = sourcesBy.get(http) ?? createMaskinportenTokenSources({ http, ids: deps.ids })
    sourcesBy.set(http, sources)
    return sources(maskinportenConfigOf(settings))
  }

  function tenantOf(orgnr: string): Tenant {
    const tenant = deps.tenants.get(orgnr)
    if (tenant === undefined)
      throw new HubError(
        'TENANT_UKJENT',
        'paused',
        `No file is in force for tenant ${orgnr}: its messages wait until there is one.`,
      )
    return tenant
  }

  function noark5Of(orgnr: string): Noark5Settings {
    const settings = tenantOf(orgnr).connectors.noark5
    if (settings === undefined)
      throw new HubError(
        'TENANT_UTEN_ARKIV',
        'paused',
        `Tenant ${orgnr} has no noark5 in its file: what is to be filed waits.`,
      )
    return settings
  }

  const gone = (to: BoundDestination) =>
    new HubError(
      'TENANT_KONTO_FINNES_IKKE',
      'paused',
      `A message is bound to an account at ${to.system} that the file of tenant ${to.tenant} no longer has: put it back until the message is answered.`,
    )

  return {
    find(orgnr, system) {
      if (system === 'svarut') {
        const settings = tenantOf(orgnr).connectors.svarut
        return {
          destination: svarutDestination(orgnr, settings),
          ceiling: settings.ceiling,
          giveUpAfterMs: settings.giveUpAfterMs,
        }
      }
      if (system === 'noark5') {
        const settings = noark5Of(orgnr)
        return {
          destination: noark5Destination(orgnr, settings),
          ceiling: settings.ceiling,
          giveUpAfterMs: settings.giveUpAfterMs,
        }
      }
      throw new HubError('TENANT_UKJENT_SYSTEM', 'paused', `There is no connector for ${system}.`)
    },
    svarutAccess(to) {
      const settings = tenantOf(to.tenant).connectors.svarut
      if (!sameAccount(svarutDestination(to.tenant, settings), to)) throw gone(to)
      return {
        token: tokenSourceOf(settings.maskinporten),
        integrasjonId: settings.integrasjonId,
        integrasjonPassord: settings.integrasjonPassord.text(),
        http: wayOut(settings.wayOut),
      }
    },
    noark5Access(to) {
      const settings = noark5Of(to.tenant)
      if (!sameAccount(noark5Destination(to.tenant, settings), to)) throw gone(to)
      const { login } = settings
      const access = { profile: noarkProfileOf(settings), http: wayOut(settings.wayOut) }
      if (login.type === 'basic')
        return { ...access, login: { type: 'basic', user: login.user, password: login.password.text() } }
      return {
        ...access,
        login: {
          type: 'oauth2',
          clientId: login.clientId,
          clientSecret: login.clientSecret.text(),
          ...(login.tokenUrl === undefined ? {} : { tokenUrl: login.tokenUrl }),
          ...(login.user === undefined || login.password === undefined
            ? {}
            : { resourceOwner: { user: login.user, password: login.password.text() } }),
        },
      }
    },
    statusPollMs: (orgnr) => deps.tenants.get(orgnr)?.connectors.svarut.statusPollMs ?? 900_000,
  }
}

function svarutDestination(tenant: string, settings: SvarUtSettings): BoundDestination {
  return {
    system: 'svarut',
    tenant,
    baseUrl: settings.baseUrl,
    account: settings.kontoId,
    user: settings.integrasjonId,
    timing: settings.timing,
  }
}

function noark5Destination(tenant: string, settings: Noark5Settings): BoundDestination {
  const user = settings.login.type === 'basic' ? settings.login.user : (settings.login.user ?? settings.login.clientId)
  return {
    system: 'noark5',
    tenant,
    baseUrl: settings.baseUrl,
    account: settings.arkivdel,
    user,
    timing: settings.timing,
  }
}

/** Same place, account and user; timing may have been tuned since. */
function sameAccount(a: BoundDestination, b: BoundDestination): boolean {
  return (
    a.system === b.system &&
    a.tenant === b.tenant &&
    a.baseUrl === b.baseUrl &&
    a.account === b.account &&
    a.user === b.user
  )
}
