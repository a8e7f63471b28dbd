import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Synthetic municipalities, for runs against the simulators. */
export const TEST_ORGNR = ['314758625', '311094688', '310004006'] as const

/** What a municipality of a run is called at each place, by its organisasjonsnummer. */
export interface TestTenant {
  readonly orgnr: string
  readonly kontoId: string
  readonly integrasjonId: string
  readonly klientId: string
  readonly klientSecret: string
}

/** The municipality with this organisasjonsnummer. */
export function testTenant(orgnr: string): TestTenant {
  return {
    orgnr,
    kontoId: `aaaaaaaa-0000-4000-8000-000${orgnr}`,
    integrasjonId: `integrasjon-${orgnr}`,
    klientId: `sak-${orgnr}`,
    klientSecret: `hemmelighet-for-${orgnr}`,
  }
}

/** Passwords that are the same for all of them, and who owns the client at Maskinporten. */
export const SHARED = {
  maskinportenClientId: 'samband',
  maskinportenKid: 'nokkel-1',
  supplierOrgnr: '314758625',
  integrasjonPassord: 'integrasjon-passord-1',
  arkivUser: 'samband',
  arkivPassword: 'arkiv-passord-1',
  arkivdel: 'Sakarkiv',
  operatorKlientId: 'drift',
  operatorSecret: 'hemmelighet-for-drift',
} as const

/** Where the other systems are, without a slash at the end. */
export interface DestinationUrls {
  readonly maskinporten: string
  readonly svarut: string
  readonly noark5: string
}

/** What runs differ in; milliseconds. */
export interface TenantTuning {
  readonly timing: { readonly startWithinMs: number; readonly inFlightMs: number; readonly lookUpLagMs: number }
  readonly statusPollMs: number
  /** Requests under way at the same time, per destination. */
  readonly ceiling: number
}

/** A key pair for the client at Maskinporten. */
export interface ClientKeys {
  readonly privateKeyPem: string
  readonly publicKeyPem: string
}

/** Makes a key pair; takes a tenth of a second. */
export function makeClientKeys(): ClientKeys {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return {
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  }
}

/** Writes the tenants' files and operators.yaml. Returns the secrets they refer to, for the environment of the hub. */
export function writeTenantFiles(
  folder: string,
  tenants: readonly TestTenant[],
  urls: DestinationUrls,
  tuning: TenantTuning,
  keys: ClientKeys,
): Record<string, string> {
  mkdirSync(folder, { recursive: true })
  const secrets: Record<string, string> = {
    INTEGRASJON_PASSORD: SHARED.integrasjonPassord,
    ARKIV_PASSORD: SHARED.arkivPassword,
    MASKINPORTEN_NOKKEL: keys.privateKeyPem,
    DRIFT_HEMMELIGHET: SHARED.operatorSecret,
  }
  for (const [place, tenant] of tenants.entries()) {
    writeFileSync(join(folder, `${tenant.orgnr}.yaml`), tenantFile(tenant, urls, tuning))
    secrets[`PAYLOAD_KEY_${tenant.orgnr}`] = Buffer.alloc(32, 10 + place).toString('base64')
    secrets[`HMAC_KEY_${tenant.orgnr}`] = Buffer.alloc(32, 100 + place).toString('base64')
    secrets[`KLIENT_${tenant.orgnr}`] = tenant.klientSecret
  }
  const scopes = '[drift.les, drift.replay, drift.forkast, drift.svar]'
  const operator = `- { klientId: ${SHARED.operatorKlientId}, secret: env:DRIFT_HEMMELIGHET, scopes: ${scopes}, kommuner: alle }\n`
  writeFileSync(join(folder, 'operators.yaml'), operator)
  return secrets
}

function tenantFile(
  tenant: TestTenant,
  urls: DestinationUrls,
  { timing, statusPollMs, ceiling }: TenantTuning,
): string {
  const { orgnr } = tenant
  const timingLine = `timing: { startWithinMs: ${timing.startWithinMs}, inFlightMs: ${timing.inFlightMs}, lookUpLagMs: ${timing.lookUpLagMs} }`
  return `orgnr: "${orgnr}"
navn: Kommune ${orgnr}
payloadKey: env:PAYLOAD_KEY_${orgnr}
hmacKey: env:HMAC_KEY_${orgnr}
retention: { payloadDays: 90 }
klienter:
  - { klientId: ${tenant.klientId}, secret: env:KLIENT_${orgnr}, scopes: [forsendelse.send, forsendelse.les] }
connectors:
  svarut:
    baseUrl: ${urls.svarut}/api
    kontoId: ${tenant.kontoId}
    integrasjonId: ${tenant.integrasjonId}
    integrasjonPassord: env:INTEGRASJON_PASSORD
    maskinporten:
      issuer: ${urls.maskinporten}/
      tokenUrl: ${urls.maskinporten}/token
      clientId: ${SHARED.maskinportenClientId}
      kid: ${SHARED.maskinportenKid}
      privateKey: env:MASKINPORTEN_NOKKEL
      scope: ks:fiks
    ${timingLine}
    ceiling: ${ceiling}
    statusPollMs: ${statusPollMs}
  noark5:
    baseUrl: ${urls.noark5}/api/
    arkivdel: ${SHARED.arkivdel}
    profile: standard
    login: { type: basic, user: ${SHARED.arkivUser}, password: env:ARKIV_PASSORD }
    ${timingLine}
    ceiling: ${ceiling}
`
}
