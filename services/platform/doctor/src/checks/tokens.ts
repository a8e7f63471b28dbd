import { asHubError, canonicalJson, type HubError, sha256Hex } from '@samband/kernel'
import { createMaskinportenTokenSource } from '@samband/maskinporten'
import { createWaysOut, type DefaultWayOut, maskinportenConfigOf } from '@samband/outbound'
import type { Tenant } from '@samband/tenants'
import { type Finding, fault, ok } from '../finding.ts'
import type { DoctorWorld } from '../world.ts'

/** Fetches one token for each client at Maskinporten, with the tenant's own key, and throws it away: the whole way in, tried for real. */
export async function checkTokens(
  tenants: readonly Tenant[],
  byDefault: DefaultWayOut,
  world: DoctorWorld,
): Promise<readonly Finding[]> {
  const ways = createWaysOut({ byDefault, time: world.time })
  const clients = new Map<string, { readonly tenant: Tenant; readonly kommuner: string[] }>()
  for (const tenant of tenants) {
    const { maskinporten } = tenant.connectors.svarut
    const { privateKey, wayOut: _, ...rest } = maskinporten
    const key = sha256Hex(privateKey.text())
    const name = canonicalJson({ ...rest, key })
    const known = clients.get(name) ?? { tenant, kommuner: [] }
    known.kommuner.push(tenant.orgnr)
    clients.set(name, known)
  }
  try {
    const findings: Finding[] = []
    for (const { tenant, kommuner } of clients.values()) {
      const { maskinporten } = tenant.connectors.svarut
      const subject = `connectors.svarut.maskinporten (${kommuner.join(', ')})`
      const http = ways.by(maskinporten.wayOut)
      try {
        const source = createMaskinportenTokenSource({ http, ids: world.ids }, maskinportenConfigOf(maskinporten))
        await source.token(new AbortController().signal)
        findings.push(ok(subject, `Maskinporten gir token for ${maskinporten.scope}.`))
      } catch (error) {
        const known = asHubError(error)
        if (known === undefined) throw error
        findings.push(refused(subject, known))
      }
    }
    return findings
  } finally {
    await ways.destroy()
  }
}

function refused(subject: string, error: HubError): Finding {
  const next =
    error.disposition === 'paused'
      ? 'Sammenlign clientId, kid, nøkkel og scope med klienten i Digdirs Samarbeidsportal; koden er forklart i connectors/maskinporten.'
      : 'Se om Maskinporten kan nås (linjene over), og prøv igjen.'
  return fault(subject, `Maskinporten gir ikke token (${error.code}): ${error.message}`, next)
}
