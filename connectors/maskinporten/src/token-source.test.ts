import { generateKeyPairSync, verify } from 'node:crypto'
import { createDispatcher } from '@samband/connector-kit'
import { countingIds, manualTime } from '@samband/connector-kit/testing'
import { listenAlone } from '@samband/simulator-kit'
import fastify from 'fastify'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { MaskinportenSimulator } from '../simulator/index.ts'
import { createMaskinportenSimulator } from '../simulator/index.ts'
import type { MaskinportenConfig } from './config.ts'
import { MASKINPORTEN_ERROR_CODES } from './errors.ts'
import { createMaskinportenTokenSource, createMaskinportenTokenSources } from './token-source.ts'

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const privateKeyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const publicKeyPem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
const signal = new AbortController().signal

const dispatcher = createDispatcher()
let time = manualTime()
let simulator: MaskinportenSimulator
let config: MaskinportenConfig
const simulatorTime = {
  nowMs: () => time.clock.now(),
  after: (ms: number, run: () => void) => time.timers.after(ms, run),
}
const deps = () => ({ http: { dispatcher, time }, ids: countingIds() })

beforeEach(async () => {
  time = manualTime()
  simulator = createMaskinportenSimulator({
    time: simulatorTime,
    random: countingIds(),
    clients: [
      {
        clientId: 'client-1',
        orgnr: '314758625',
        publicKeyPem,
        kid: 'key-1',
        scopes: ['ks:fiks'],
        delegatedBy: ['311094688'],
        keyExpiresAtMs: time.clock.now() + 86_400_000,
      },
    ],
    keyPair: { privateKeyPem, publicKeyPem, kid: 'simulator' },
  })
  const { url } = await listenAlone(simulator.app)
  config = {
    issuer: `${url}/`,
    tokenEndpoint: `${url}/token`,
    clientId: 'client-1',
    key: { privateKeyPem, kid: 'key-1' },
    scopes: ['ks:fiks'],
  }
})

afterEach(async () => {
  await simulator.app.close()
})

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error) => error,
  )

describe('a token', () => {
  test('is fetched with an assertion that Maskinporten accepts, and kept until shortly before it expires', async () => {
    const source = createMaskinportenTokenSource(deps(), config)
    const token = await source.token(signal)
    expect(simulator.acceptToken(token, time.clock.now())).toMatchObject({ orgnr: '314758625', scope: 'ks:fiks' })

    time.advance(569_999)
    expect(await source.token(signal)).toBe(token)
    time.advance(1)
    expect(await source.token(signal)).not.toBe(token)
    expect(simulator.received()).toHaveLength(2)
  })

  test('on behalf of a municipality that has delegated belongs to the municipality', async () => {
    const source = createMaskinportenTokenSource(deps(), {
      ...config,
      consumerOrg: '311094688',
      resource: ['https://svarut.ks.no'],
    })
    expect(simulator.acceptToken(await source.token(signal), time.clock.now())).toMatchObject({ orgnr: '311094688' })
  })

  test('that was refused is dropped, and the next one is new', async () => {
    const source = createMaskinportenTokenSource(deps(), config)
    const first = await source.token(signal)
    source.drop(first)
    expect(await source.token(signal)).not.toBe(first)
  })

  test('is shared by tenants that ask for the same thing, and by no others', async () => {
    const sources = createMaskinportenTokenSources(deps())
    expect(sources(config)).toBe(sources({ ...config }))
    expect(sources({ ...config, scopes: ['ks:fiks', 'ks:fiks'] })).toBe(sources(config))
    for (const other of [
      { issuer: 'https://maskinporten.no/' },
      { clientId: 'client-2' },
      { scopes: ['ks:fiks', 'altinn:x'] },
      { consumerOrg: '311094688' },
      { resource: ['https://svarut.ks.no'] },
      { key: { privateKeyPem, kid: 'key-2' } },
    ]) {
      expect(sources({ ...config, ...other })).not.toBe(sources(config))
    }
  })
})

describe('the assertion', () => {
  async function assertions(
    answers: readonly { status: number; body: object }[],
    part: Partial<MaskinportenConfig> = {},
  ) {
    const seen: string[] = []
    const app = fastify()
    app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
      done(null, body),
    )
    app.post('/token', async (request, reply) => {
      seen.push(new URLSearchParams(request.body as string).get('assertion') ?? '')
      const answer = answers[Math.min(seen.length, answers.length) - 1]
      return reply.code(answer?.status ?? 500).send(answer?.body)
    })
    const { url } = await listenAlone(app)
    const source = createMaskinportenTokenSource(deps(), { ...config, tokenEndpoint: `${url}/token`, ...part })
    const outcome = await source.token(signal).then(
      (token) => token,
      (error) => error,
    )
    await app.close()
    return {
      outcome,
      seen,
      parts: seen.map((jwt) =>
        jwt
          .split('.')
          .slice(0, 2)
          .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString())),
      ),
    }
  }
  const good = {
    status: 200,
    body: { access_token: 'a-token', token_type: 'Bearer', expires_in: 599, scope: 'ks:fiks' },
  }
  const refused = (description: string, error = 'invalid_grant') => ({
    status: 400,
    body: { error, error_description: `${description} (trace_id: 4fd2a6a0-0000-4000-8000-000000000001)` },
  })

  test('is signed with RS256, names the key, and lives for at most 120 seconds', async () => {
    const { seen, parts } = await assertions([good])
    const [header, claims] = parts[0] ?? []
    expect(header).toEqual({ alg: 'RS256', kid: 'key-1' })
    expect(claims).toEqual({
      aud: config.issuer,
      iss: 'client-1',
      scope: 'ks:fiks',
      iat: time.clock.now() / 1000,
      exp: time.clock.now() / 1000 + 60,
      jti: '00000000-0000-4000-8000-000000000001',
    })
    const [signedHeader, signedClaims, signature] = (seen[0] ?? '').split('.')
    expect(
      verify(
        'sha256',
        Buffer.from(`${signedHeader}.${signedClaims}`),
        publicKey,
        Buffer.from(signature ?? '', 'base64url'),
      ),
    ).toBe(true)
  })

  test('carries the certificate chain instead of a key id when that is configured', async () => {
    const { parts } = await assertions([good], { key: { privateKeyPem, x5c: ['MIIB'] } })
    expect(parts[0]?.[0]).toEqual({ alg: 'RS256', x5c: ['MIIB'] })
  })

  test.each(['MP-012: used before', 'MP-130: expired', 'Issue time is after now'])(
    'is made anew, once, after %s',
    async (text) => {
      const { outcome, parts } = await assertions([refused(text), good])
      expect(outcome).toBe('a-token')
      expect(parts.map(([, claims]) => claims.jti)).toEqual([
        '00000000-0000-4000-8000-000000000001',
        '00000000-0000-4000-8000-000000000002',
      ])
      const twice = await assertions([refused(text), refused(text), good])
      expect(twice.outcome).toBeInstanceOf(Error)
      expect(twice.seen).toHaveLength(2)
    },
  )

  test.each([
    ['MP-011', 'MASKINPORTEN_UGYLDIG_FORESPORSEL', 'paused'],
    ['MP-012', 'MASKINPORTEN_ASSERTION_BRUKT', 'transient'],
    ['MP-100', 'MASKINPORTEN_KLIENT_UKJENT', 'paused'],
    ['MP-110', 'MASKINPORTEN_FEIL_MILJO', 'paused'],
    ['MP-121', 'MASKINPORTEN_NOKKEL_UTLOPT', 'paused'],
    ['MP-124', 'MASKINPORTEN_NOKKEL_AVVIST', 'paused'],
    ['MP-130', 'MASKINPORTEN_KLOKKE', 'paused'],
    ['MP-200', 'MASKINPORTEN_SCOPE_MANGLER', 'paused'],
    ['MP-250', 'MASKINPORTEN_TILGANG_MANGLER', 'paused'],
    ['MP-251', 'MASKINPORTEN_DELEGERING_MANGLER', 'paused'],
    ['MP-999', 'MASKINPORTEN_AVVIST', 'paused'],
    ['Invalid combination consumer_org in claim and delegation scope', 'MASKINPORTEN_DELEGERING_MANGLER', 'paused'],
  ])('refused with %s gives %s (%s), with jti and trace id and no secret', async (text, code, disposition) => {
    const { outcome, seen } = await assertions([refused(text)])
    expect(outcome).toMatchObject({ code, disposition })
    expect(MASKINPORTEN_ERROR_CODES).toHaveProperty(code)
    expect(outcome.message).toMatch(/jti 00000000-0000-4000-8000-00000000000\d/)
    expect(outcome.message).toContain('trace 4fd2a6a0-0000-4000-8000-000000000001')
    for (const jwt of seen) expect(outcome.message).not.toContain(jwt.slice(-40))
  })

  test('refused with only an OAuth code is classified by that', async () => {
    const { outcome } = await assertions([refused('no', 'invalid_scope')])
    expect(outcome).toMatchObject({ code: 'MASKINPORTEN_SCOPE_MANGLER' })
  })

  test('answered with another shape is no token', async () => {
    const { outcome } = await assertions([
      { status: 200, body: { access_token: 'with space', token_type: 'Bearer', expires_in: 1 } },
    ])
    expect(outcome).toMatchObject({ code: 'MASKINPORTEN_UVENTET_SVAR', disposition: 'transient' })
    expect(outcome.message).not.toContain('with space')
  })
})

test('a key that was put right under the same kid is used at once', async () => {
  const wrong = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' })
  const sources = createMaskinportenTokenSources(deps())
  const mistaken = { ...config, key: { privateKeyPem: wrong.toString(), kid: 'key-1' } }
  expect(await failure(sources(mistaken).token(signal))).toMatchObject({ disposition: 'paused' })

  expect(await sources(config).token(signal)).toBeTypeOf('string')
  expect(sources(config)).toBe(sources(config))
})

describe('when Maskinporten fails', () => {
  test('an expired key pauses with the code that says so', async () => {
    time.advance(86_400_001)
    const error = await failure(createMaskinportenTokenSource(deps(), config).token(signal))
    expect(error).toMatchObject({ code: 'MASKINPORTEN_NOKKEL_UTLOPT', disposition: 'paused' })
  })

  test('being down or unavailable is transient, and the next caller tries again', async () => {
    const source = createMaskinportenTokenSource(deps(), config)
    simulator.faults.order({ operation: 'token', fault: 'server-error', status: 503 })
    expect(await failure(source.token(signal))).toMatchObject({
      code: 'MASKINPORTEN_UTILGJENGELIG',
      disposition: 'transient',
    })
    simulator.faults.order({ operation: 'token', fault: 'answer-lost' })
    expect(await failure(source.token(signal))).toMatchObject({
      code: 'MASKINPORTEN_INGEN_SVAR',
      disposition: 'transient',
    })
    expect(await source.token(signal)).toBeTypeOf('string')
  })

  test('an answer that does not come ends with the time limit', async () => {
    simulator.faults.order({ operation: 'token', fault: 'accept-then-hang' })
    const outcome = failure(createMaskinportenTokenSource(deps(), config).token(signal))
    await expect.poll(() => simulator.faults.used()).toHaveLength(1)
    time.advance(10_000)
    expect(await outcome).toMatchObject({ code: 'MASKINPORTEN_INGEN_SVAR', disposition: 'transient' })
  })
})

test.each([
  ['no PEM', { privateKeyPem: 'not a key', kid: 'a' }],
  ['an empty kid', { privateKeyPem, kid: '' }],
  ['an empty chain', { privateKeyPem, x5c: [] }],
  [
    'an elliptic key',
    {
      privateKeyPem: generateKeyPairSync('ec', { namedCurve: 'P-256' })
        .privateKey.export({ type: 'pkcs8', format: 'pem' })
        .toString(),
      kid: 'a',
    },
  ],
])('a key that cannot sign is refused at once and not quoted: %s', (_, key) => {
  const create = () => createMaskinportenTokenSource(deps(), { ...config, key })
  expect(create).toThrow(expect.objectContaining({ code: 'MASKINPORTEN_NOKKEL_UGYLDIG', disposition: 'paused' }))
  expect(create).not.toThrow(key.privateKeyPem.slice(0, 9))
})
