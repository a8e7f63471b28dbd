import { generateKeyPairSync } from 'node:crypto'
import { createMaskinportenSimulator } from '@samband/maskinporten/simulator'
import { createNoark5Simulator, type Noark5Simulator } from '@samband/noark5/simulator'
import { createSvarUtSimulator, type SvarUtSimulator } from '@samband/svarut/simulator'
import { checkTenantFile, type Tenant, type TenantRegistry } from '@samband/tenants'
import type { FastifyInstance } from 'fastify'
import type { Random } from './random.ts'
import type { World } from './world.ts'

/** D, W and G of both destinations in histories, milliseconds. */
export const TIMING = { startWithinMs: 5_000, inFlightMs: 60_000, lookUpLagMs: 20_000 }

/** Synthetic municipalities: organisasjonsnummer of the test population. */
export const TENANTS = ['314758625', '311094688'] as const
const SUPPLIER = '314758625'
const KLIENT_SECRET = 'historie-hemmelighet-1'

/** The one RSA key of all histories: making one costs more than a history. */
const KEYS = (() => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return {
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  }
})()

/** The kontoer of a tenant: the one it has, and the one it moves to in some histories. */
export function kontoer(tenant: string): readonly [string, string] {
  const end = tenant.slice(-6)
  return [`aaaaaaaa-0000-4000-8000-000000${end}`, `bbbbbbbb-0000-4000-8000-000000${end}`]
}

function tenantFile(orgnr: string, kontoId: string): string {
  return `
orgnr: "${orgnr}"
navn: Kommune ${orgnr}
payloadKey: env:PAYLOAD_KEY
hmacKey: env:HMAC_KEY
retention: { payloadDays: 90 }
klienter:
  - klientId: sak-${orgnr}
    secret: env:KLIENT_SECRET
    scopes: [forsendelse.send, forsendelse.les]
connectors:
  svarut:
    baseUrl: http://svarut/api
    kontoId: ${kontoId}
    integrasjonId: integrasjon-${orgnr}
    integrasjonPassord: env:PASSORD
    maskinporten: { issuer: "http://maskinporten/", tokenUrl: "http://maskinporten/token", clientId: samband, kid: nokkel-1, privateKey: env:PRIVATE_KEY, scope: "ks:fiks" }
    timing: { startWithinMs: ${TIMING.startWithinMs}, inFlightMs: ${TIMING.inFlightMs}, lookUpLagMs: ${TIMING.lookUpLagMs} }
    statusPollMs: 300000
    giveUpAfterMs: 150000
  noark5:
    baseUrl: http://noark5/api/
    arkivdel: Sakarkiv
    profile: standard
    login: { type: basic, user: samband, password: env:PASSORD }
    timing: { startWithinMs: ${TIMING.startWithinMs}, inFlightMs: ${TIMING.inFlightMs}, lookUpLagMs: ${TIMING.lookUpLagMs} }
    giveUpAfterMs: 150000
`
}

const SECRETS: Record<string, string> = {
  'env:PAYLOAD_KEY': Buffer.alloc(32, 7).toString('base64'),
  'env:HMAC_KEY': Buffer.alloc(32, 9).toString('base64'),
  'env:KLIENT_SECRET': KLIENT_SECRET,
  'env:PASSORD': 'integrasjon-passord-1',
  'env:PRIVATE_KEY': KEYS.privateKeyPem,
}

/** Files are checked once; histories only choose which is in force. */
const FILES = new Map<string, Tenant>()

/** Reads the tenant files. To be awaited before the first history. */
export async function loadTenantFiles(): Promise<void> {
  for (const orgnr of TENANTS) {
    for (const kontoId of kontoer(orgnr)) {
      const checked = await checkTenantFile(tenantFile(orgnr, kontoId), { resolve: async (ref) => SECRETS[ref] })
      if (checked.value === undefined)
        throw new Error(`tenant file of the histories: ${JSON.stringify(checked.faults)}`)
      FILES.set(`${orgnr} ${kontoId}`, checked.value)
    }
  }
}

/** The tenants in force; a history may move one to its other konto and back. */
export class Registry implements TenantRegistry {
  readonly #konto = new Map<string, string>(TENANTS.map((orgnr) => [orgnr, kontoer(orgnr)[0]]))

  move(orgnr: string, which: 0 | 1): void {
    this.#konto.set(orgnr, kontoer(orgnr)[which])
  }

  get(orgnr: string): Tenant | undefined {
    return FILES.get(`${orgnr} ${this.#konto.get(orgnr)}`)
  }

  all(): readonly Tenant[] {
    return TENANTS.flatMap((orgnr) => this.get(orgnr) ?? [])
  }

  operators = () => []
  problems = () => []
  onChange = () => () => {}
  async start(): Promise<void> {}
  async stop(): Promise<void> {}
  async reread(): Promise<void> {}
}

/** How the client of a tenant logs in at the hub. */
export function basicOf(tenant: string): string {
  return `Basic ${Buffer.from(`sak-${tenant}:${KLIENT_SECRET}`).toString('base64')}`
}

/** The world outside: the three simulators of one history. */
export interface Surroundings {
  readonly svarut: SvarUtSimulator
  readonly noark5: Noark5Simulator
  readonly hosts: Readonly<Record<string, FastifyInstance>>
  /** A letter of another system at the same konto, under a reference that one of ours will have. */
  plantForeignLetter(tenant: string, eksternReferanse: string): Promise<void>
  close(): Promise<void>
}

/** Starts the simulators in the time and randomness of a history. */
export async function createSurroundings(
  world: World,
  random: Random,
  svarUtLookUpLagMs: number,
): Promise<Surroundings> {
  const time = {
    nowMs: () => world.time.clock.now(),
    after: (ms: number, run: () => void) => world.schedule(world.nowMs + ms, run),
  }
  const shared = { time, random: { uuid: () => random.uuid() } }
  const maskinporten = createMaskinportenSimulator({
    ...shared,
    issuer: 'http://maskinporten/',
    clients: [
      { clientId: 'samband', orgnr: SUPPLIER, publicKeyPem: KEYS.publicKeyPem, kid: 'nokkel-1', scopes: ['ks:fiks'] },
    ],
    keyPair: { ...KEYS, kid: 'maskinporten-1' },
  })
  const svarut = createSvarUtSimulator({
    ...shared,
    integrasjoner: TENANTS.map((orgnr) => ({
      integrasjonId: `integrasjon-${orgnr}`,
      integrasjonPassord: 'integrasjon-passord-1',
      autorisertOrgnr: SUPPLIER,
      kontoer: [...kontoer(orgnr)],
    })),
    acceptToken: (token, nowMs) =>
      token === FOREIGN_TOKEN ? { orgnr: SUPPLIER, scope: 'ks:fiks' } : maskinporten.acceptToken(token, nowMs),
    inFlightLimitMs: Number.POSITIVE_INFINITY,
    lookupLagMs: svarUtLookUpLagMs,
    journey: [
      { status: 'AKSEPTERT', afterMs: 30_000 },
      { status: 'LEST', afterMs: 120_000 },
    ],
  })
  const noark5 = createNoark5Simulator({
    ...shared,
    users: [{ navn: 'samband', passord: 'integrasjon-passord-1' }],
    arkivdel: { tittel: 'Sakarkiv', klasser: [{ klasseID: 'L42', tittel: 'Byggesaker' }] },
  })
  const apps = [maskinporten.app, svarut.app, noark5.app]
  for (const app of apps) await app.ready()
  return {
    svarut,
    noark5,
    hosts: { 'http://maskinporten': maskinporten.app, 'http://svarut': svarut.app, 'http://noark5': noark5.app },
    async plantForeignLetter(tenant, eksternReferanse) {
      const body = multipart(
        'fremmed',
        {
          tittel: 'Et annet brev',
          mottaker: { navn: 'Syntetisk Person', digitalId: '15859099928' },
          kunDigitalLevering: true,
          eksternReferanse,
          dokumenter: [{ filnavn: 'annet.txt', mimeType: 'text/plain' }],
        },
        [{ filnavn: 'annet.txt', mimeType: 'text/plain', content: Buffer.from('fremmed') }],
      )
      const answer = await svarut.app.inject({
        method: 'POST',
        url: `/api/v3/kontoer/${kontoer(tenant)[0]}/forsendelser/person`,
        headers: {
          authorization: `Bearer ${FOREIGN_TOKEN}`,
          integrasjonid: `integrasjon-${tenant}`,
          integrasjonpassord: 'integrasjon-passord-1',
          'content-type': 'multipart/form-data; boundary=fremmed',
        },
        payload: body,
      })
      if (answer.statusCode !== 200) throw new Error(`the foreign letter was refused: ${answer.body}`)
    },
    async close() {
      for (const app of apps) await app.close()
    },
  }
}

const FOREIGN_TOKEN = 'fremmed-system'

/** A multipart body as case-archive systems send it: the JSON first, then the documents in order. */
export function multipart(
  boundary: string,
  forsendelse: unknown,
  documents: readonly { filnavn: string; mimeType: string; content: Buffer }[],
): Buffer {
  const parts = [
    Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="forsendelse"\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n${JSON.stringify(forsendelse)}\r\n`,
    ),
    ...documents.flatMap((document, place) => [
      Buffer.from(
        `--${boundary}\r\nContent-Disposition: form-data; name="filer_${place}"; filename="${document.filnavn}"\r\nContent-Type: ${document.mimeType}\r\n\r\n`,
      ),
      document.content,
      Buffer.from('\r\n'),
    ]),
    Buffer.from(`--${boundary}--\r\n`),
  ]
  return Buffer.concat(parts)
}
