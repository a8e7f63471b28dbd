import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { listenAlone, type SimulatorTime } from '@samband/simulator-kit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createMaskinportenSimulator, type MaskinportenSimulator, type MaskinportenSimulatorOptions } from './index.ts'

const pem = {
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
} as const
const server = generateKeyPairSync('rsa', { modulusLength: 2048, ...pem })
const own = generateKeyPairSync('rsa', { modulusLength: 2048 })
const other = generateKeyPairSync('rsa', { modulusLength: 2048 })
const issuer = 'https://test.maskinporten.no/'
const startMs = Date.UTC(2026, 5, 1)
let nowMs = startMs
let maskinporten: MaskinportenSimulator

const time: SimulatorTime = { nowMs: () => nowMs, after: () => () => undefined }
let ids = 0
function nextId(): string {
  ids += 1
  return `00000000-0000-4000-8000-${String(ids).padStart(12, '0')}`
}
const random = { uuid: nextId }

function options(): MaskinportenSimulatorOptions {
  return {
    time,
    random,
    issuer,
    keyPair: { privateKeyPem: server.privateKey, publicKeyPem: server.publicKey, kid: 'mp-1' },
    clients: [
      {
        clientId: 'klient-1',
        orgnr: '314758625',
        kid: 'nokkel-1',
        publicKeyPem: own.publicKey.export({ type: 'spki', format: 'pem' }) as string,
        scopes: ['ks:fiks', 'ks:annet'],
        keyExpiresAtMs: startMs + 3_600_000,
        delegatedBy: ['311094688'],
      },
    ],
  }
}

beforeEach(() => {
  nowMs = startMs
  maskinporten = createMaskinportenSimulator(options())
})
afterEach(() => maskinporten.app.close())

interface Twist {
  header?: object
  claims?: object
  key?: KeyObject
}

function assertion({ header, claims, key }: Twist = {}): string {
  const iat = Math.floor(nowMs / 1000)
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const text = `${part({ alg: 'RS256', kid: 'nokkel-1', ...header })}.${part({
    aud: issuer,
    iss: 'klient-1',
    scope: 'ks:fiks',
    iat,
    exp: iat + 120,
    jti: nextId(),
    ...claims,
  })}`
  return `${text}.${sign('RSA-SHA256', Buffer.from(text), key ?? own.privateKey).toString('base64url')}`
}

function form(value: string): string {
  return new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: value }).toString()
}

function ask(value: string) {
  return maskinporten.app.inject({
    method: 'POST',
    url: '/token',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: form(value),
  })
}

test('issues a token whose consumer is the organisation of the client', async () => {
  const answer = await ask(assertion())
  expect(answer.statusCode).toBe(200)
  const { access_token: token, ...rest } = answer.json()
  expect(rest).toEqual({ token_type: 'Bearer', expires_in: 600, scope: 'ks:fiks' })
  expect(maskinporten.acceptToken(token, nowMs)).toEqual({ orgnr: '314758625', scope: 'ks:fiks' })
  expect(JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString())).toMatchObject({
    iss: issuer,
    aud: 'unspecified',
    client_amr: 'private_key_jwt',
    consumer: { authority: 'iso6523-actorid-upis', ID: '0192:314758625' },
    exp: startMs / 1000 + 600,
  })
  expect(maskinporten.received()).toMatchObject([
    { clientId: 'klient-1', consumerOrgnr: '314758625', issuedAtMs: nowMs },
  ])
})

const s = startMs / 1000
const refusals: [string, Twist, number, string, string][] = [
  ['an unknown client', { claims: { iss: 'klient-2' } }, 400, 'invalid_grant', 'MP-100'],
  ['another audience', { claims: { aud: 'https://maskinporten.no/' } }, 400, 'invalid_grant', 'MP-110'],
  ['a foreign signature', { key: other.privateKey }, 400, 'invalid_grant', 'MP-124'],
  ['an unknown kid', { header: { kid: 'nokkel-2' } }, 400, 'invalid_grant', 'MP-124'],
  ['an algorithm that is not RSA', { header: { alg: 'none' } }, 400, 'invalid_grant', 'MP-124'],
  ['a certificate that is no array', { header: { kid: undefined, x5c: 'MIIB' } }, 400, 'invalid_grant', 'MP-123'],
  ['an untrusted certificate', { header: { kid: undefined, x5c: ['MIIB'] } }, 400, 'invalid_grant', 'MP-120'],
  ['an iat 11 s back', { claims: { iat: s - 11, exp: s + 60 } }, 400, 'invalid_grant', 'MP-130'],
  ['an iat 11 s ahead', { claims: { iat: s + 11, exp: s + 60 } }, 400, 'invalid_grant', 'Issue time is after now'],
  ['a life of 121 s', { claims: { exp: s + 121 } }, 400, 'invalid_request', 'MP-011'],
  ['no times', { claims: { iat: undefined } }, 400, 'invalid_request', 'MP-011'],
  ['a scope that is not registered', { claims: { scope: 'ks:fiks ks:mer' } }, 400, 'invalid_scope', 'MP-200'],
  ['no scope', { claims: { scope: '' } }, 400, 'invalid_request', 'MP-011'],
  ['itself as consumer', { claims: { consumer_org: '314758625' } }, 400, 'invalid_request', 'combination consumer_org'],
  ['a consumer that has not delegated', { claims: { consumer_org: '310000000' } }, 403, 'forbidden', 'MP-251'],
]
test.each(refusals)('refuses %s', async (_what, twist, status, error, text) => {
  const answer = await ask(assertion(twist))
  expect(answer.statusCode).toBe(status)
  expect(answer.json()).toMatchObject({ error, error_description: expect.stringContaining(text) })
  expect(answer.json().error_description).toMatch(/trace_id: /)
  expect(maskinporten.received()).toEqual([])
})

test('takes times at the edge of what it allows', async () => {
  for (const claims of [
    { iat: s - 10, exp: s + 110 },
    { iat: s + 10, exp: s + 130 },
  ])
    expect((await ask(assertion({ claims }))).statusCode).toBe(200)
})

test('takes an assertion once, and refuses one signed with a key that has expired', async () => {
  const once = assertion()
  expect((await ask(once)).statusCode).toBe(200)
  expect((await ask(once)).json()).toMatchObject({
    error: 'invalid_grant',
    error_description: expect.stringContaining('MP-012'),
  })
  nowMs += 3_600_001
  expect((await ask(assertion())).json()).toMatchObject({ error_description: expect.stringContaining('MP-121') })
})

test('puts a delegating consumer and an audience into the token', async () => {
  const answer = await ask(assertion({ claims: { consumer_org: '311094688', resource: ['https://api.example'] } }))
  const token = answer.json().access_token
  expect(maskinporten.acceptToken(token, nowMs)).toEqual({ orgnr: '311094688', scope: 'ks:fiks' })
  expect(JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString())).toMatchObject({
    aud: ['https://api.example'],
    supplier: { ID: '0192:314758625' },
  })
})

test('refuses tokens that are expired, revoked or forged', async () => {
  const token = (await ask(assertion())).json().access_token as string
  expect(maskinporten.acceptToken(token, nowMs + 599_999)).toBeDefined()
  expect(maskinporten.acceptToken(token, nowMs + 600_000)).toBeUndefined()
  const forged = `${token.split('.').slice(0, 2).join('.')}.${Buffer.alloc(256, 1).toString('base64url')}`
  expect(maskinporten.acceptToken(forged, nowMs)).toBeUndefined()
  expect(maskinporten.acceptToken('', nowMs)).toBeUndefined()

  maskinporten.revokeAll()
  const next = (await ask(assertion())).json().access_token as string
  expect(maskinporten.acceptToken(token, nowMs)).toBeUndefined()
  expect(maskinporten.acceptToken(next, nowMs)).toBeDefined()
})

test('refuses what is no grant it knows', async () => {
  const post = (payload: string) =>
    maskinporten.app.inject({
      method: 'POST',
      url: '/token',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload,
    })
  expect((await post('grant_type=client_credentials')).json()).toMatchObject({ error: 'unsupported_grant_type' })
  expect((await post(form('not.a.jwt'))).json()).toMatchObject({ error: 'invalid_request' })
})

describe('faults', () => {
  test.each([
    ['server-error', 503, 0],
    ['error-after-effect', 500, 1],
    ['refuse', 400, 0],
    ['unauthorized', 401, 0],
    ['wrong-schema', 200, 1],
  ] as const)('%s at the token endpoint', async (fault, status, issued) => {
    maskinporten.faults.order({ operation: 'token', fault, mark: 'klient-1', ...(status === 503 ? { status } : {}) })
    expect((await ask(assertion())).statusCode).toBe(status)
    expect(maskinporten.received()).toHaveLength(issued)
    expect((await ask(assertion())).statusCode).toBe(200)
  })

  test('an assertion that a proxy has repeated is answered with MP-012', async () => {
    maskinporten.faults.order({ operation: 'token', fault: 'answer-twice' })
    expect((await ask(assertion())).json()).toMatchObject({ error_description: expect.stringContaining('MP-012') })
    expect(maskinporten.received()).toHaveLength(1)
  })

  test('an answer that is lost has used the assertion up', async () => {
    const sent = assertion()
    maskinporten.faults.order({ operation: 'token', fault: 'answer-lost' })
    await expect(ask(sent)).rejects.toThrow('destroyed')
    expect((await ask(sent)).json()).toMatchObject({ error_description: expect.stringContaining('MP-012') })
  })

  test('metadata and jwks can fail by themselves', async () => {
    maskinporten.faults.order({ operation: 'jwks', fault: 'server-error' })
    maskinporten.faults.order({ operation: 'metadata', fault: 'down', times: 1 })
    expect((await maskinporten.app.inject('/jwks')).statusCode).toBe(500)
    await expect(maskinporten.app.inject('/.well-known/oauth-authorization-server')).rejects.toThrow('destroyed')
    expect((await maskinporten.app.inject('/jwks')).statusCode).toBe(200)
  })
})

test('on a socket it names itself by its own address and publishes the key that signs', async () => {
  const { issuer: _issuer, keyPair: _keyPair, ...rest } = options()
  const alone = createMaskinportenSimulator(rest)
  const { url } = await listenAlone(alone.app)
  const metadata = (await (await fetch(`${url}/.well-known/oauth-authorization-server`)).json()) as Record<
    'token_endpoint' | 'jwks_uri',
    string
  >
  expect(metadata).toMatchObject({ issuer: `${url}/`, token_endpoint: `${url}/token`, jwks_uri: `${url}/jwks` })
  const answer = await fetch(metadata.token_endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form(assertion({ claims: { aud: `${url}/` } })),
  })
  const { access_token: token } = (await answer.json()) as { access_token: string }
  expect(alone.acceptToken(token, nowMs)).toEqual({ orgnr: '314758625', scope: 'ks:fiks' })
  const { keys } = (await (await fetch(metadata.jwks_uri)).json()) as { keys: object[] }
  expect(keys).toMatchObject([{ kty: 'RSA', kid: 'simulator', alg: 'RS256', use: 'sig' }])
  await alone.app.close()
})
