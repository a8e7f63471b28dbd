import { createHash, generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestCertificate } from '@samband/connector-kit/testing'
import { realIds, realTime } from '@samband/process'
import type { DoctorWorld } from '../world.ts'

const GIB = 1024 ** 3
export const SECRET = 'hemmelig-som-ingen-skal-se'
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })

const leftovers: (() => void)[] = []

/** Removes the folders and ends the servers of a test: for `afterEach`. */
export function clearUp(): void {
  for (const remove of leftovers.splice(0)) remove()
}

/** What stands behind the references of `tenantFile`. */
export const SECRETS = {
  PASSORD: SECRET,
  JWK: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  PAYLOAD_KEY: createHash('sha256').update('payload').digest('base64'),
  HMAC_KEY: createHash('sha256').update('hmac').digest('base64'),
}

/** The machine as it is, with room on its disks unless told otherwise. */
export function aWorld(env: Readonly<Record<string, string>> = {}, freeBytes = 100 * GIB): DoctorWorld {
  return { env: { ...SECRETS, ...env }, time: realTime(), ids: realIds(), freeBytes: () => freeBytes }
}

/** A folder that is gone after the test. */
export function aFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'samband-doctor-'))
  leftovers.push(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** A folder of tenants' files, by name, with an operator. */
export function aTenantsFolder(files: Readonly<Record<string, string>> = {}): string {
  const folder = aFolder()
  const operators = '- { klientId: drift-1, secret: env:PASSORD, scopes: [drift.les], kommuner: alle }\n'
  for (const [name, text] of Object.entries({ 'operators.yaml': operators, ...files }))
    writeFileSync(join(folder, name), text)
  return folder
}

/** A sound file of a municipality; `svarut` and `noark5` are lines below those settings. */
export function tenantFile(
  at: { readonly svarut?: string; readonly maskinporten?: string; readonly noark5?: string },
  lines: {
    readonly svarut?: string
    readonly maskinporten?: string
    readonly orgnr?: string
    readonly end?: string
  } = {},
): string {
  const core =
    at.noark5 === undefined
      ? ''
      : `
  noark5:
    baseUrl: ${at.noark5}
    arkivdel: Sakarkiv
    profile: standard
    login: { type: basic, user: samband, password: env:PASSORD }`
  return `orgnr: "${lines.orgnr ?? '314758625'}"
navn: Prøvekommunen
payloadKey: env:PAYLOAD_KEY
hmacKey: env:HMAC_KEY
retention: { payloadDays: 90 }
${lines.end ?? ''}
connectors:
  svarut:
    baseUrl: ${at.svarut ?? 'https://svarut.example'}
    kontoId: konto-1
    integrasjonId: integrasjon-1
    integrasjonPassord: env:PASSORD
    ${lines.svarut ?? ''}
    maskinporten:
      issuer: https://maskinporten.example/
      tokenUrl: ${at.maskinporten ?? 'https://maskinporten.example/token'}
      clientId: samband
      kid: nokkel-1
      privateKey: env:JWK
      scope: ks:fiks
      ${lines.maskinporten ?? ''}${core}
`
}

/** A web server on 127.0.0.1, with TLS where there is a certificate for it. */
export async function serve(listener: RequestListener, certificate?: TestCertificate): Promise<string> {
  const server: Server =
    certificate === undefined ? createServer(listener) : (createTlsServer(certificate, listener) as unknown as Server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  leftovers.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http${certificate === undefined ? '' : 's'}://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** An address that nobody listens on. */
export async function nobody(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return `127.0.0.1:${port}`
}
