import { Secret } from '@samband/tenants'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { LILLEVIK, startWorld, type World } from './testing/world.ts'

let world: World
const KLIENT = `fagsystem-${LILLEVIK}`

beforeEach(async () => {
  world = await startWorld()
})
afterEach(() => world.stop())

test('a klient gets a token for ten minutes with all its scopes', async () => {
  const answer = await world.tokenAnswer(KLIENT)
  expect(answer.statusCode).toBe(200)
  expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', pragma: 'no-cache' })
  expect(answer.json()).toEqual({
    access_token: expect.stringMatching(/^samband1\./),
    token_type: 'Bearer',
    expires_in: 600,
    scope: 'forsendelse.send forsendelse.les',
  })
})

test('a token for one scope is good for that one alone', async () => {
  const form = 'grant_type=client_credentials&scope=forsendelse.les'
  const { access_token: token, scope } = (await world.tokenAnswer(KLIENT, undefined, form)).json()
  expect(scope).toBe('forsendelse.les')
  const headers = { authorization: `Bearer ${token}` }
  const reading = await world.app.inject({ url: '/api/v1/forsendelser/17', headers })
  const sending = await world.app.inject({ method: 'POST', url: '/api/v1/forsendelser', headers })
  expect([reading.statusCode, sending.statusCode]).toEqual([404, 403])
})

test.each([
  ['an unknown klient', 'ukjent', 'x', undefined, 401, 'invalid_client'],
  ['a wrong secret', KLIENT, 'feil', undefined, 401, 'invalid_client'],
  ['another grant', KLIENT, undefined, 'grant_type=password', 400, 'unsupported_grant_type'],
  ['no grant', KLIENT, undefined, 'scope=forsendelse.les', 400, 'invalid_request'],
  [
    'a parameter twice',
    KLIENT,
    undefined,
    'grant_type=client_credentials&grant_type=client_credentials',
    400,
    'invalid_request',
  ],
  [
    'the secret in the body',
    KLIENT,
    undefined,
    `grant_type=client_credentials&client_id=${KLIENT}&client_secret=x`,
    400,
    'invalid_request',
  ],
  [
    'another klient in the body',
    KLIENT,
    undefined,
    'grant_type=client_credentials&client_id=x',
    400,
    'invalid_request',
  ],
  ['a scope of operators', KLIENT, undefined, 'grant_type=client_credentials&scope=drift.les', 400, 'invalid_scope'],
  [
    'an unknown scope beside a good one',
    KLIENT,
    undefined,
    'grant_type=client_credentials&scope=forsendelse.les+alt',
    400,
    'invalid_scope',
  ],
])('%s is refused as RFC 6749 says', async (_what, klientId, secret, form, status, error) => {
  const answer = await world.tokenAnswer(klientId, secret, form)
  expect([answer.statusCode, answer.json().error]).toEqual([status, error])
  expect(answer.json().error_description).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/)
  expect(answer.headers['cache-control']).toBe('no-store')
  expect(answer.headers['www-authenticate']?.toString() ?? '').toMatch(status === 401 ? /^Basic realm=/ : /^$/)
})

test.each([undefined, 'Bearer x', 'Basic', 'Basic !!!', `Basic ${Buffer.from('uten kolon').toString('base64')}`])(
  'an Authorization header %s is no login',
  async (authorization) => {
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      ...(authorization === undefined ? {} : { authorization }),
    }
    const payload = 'grant_type=client_credentials'
    const answer = await world.app.inject({ method: 'POST', url: '/oauth/token', headers, payload })
    expect([answer.statusCode, answer.json().error]).toEqual([401, 'invalid_client'])
  },
)

test.each(['a+b/c=%41:d', 'æøå 100%'])('the secret %s is taken as it is, and form-encoded', async (text) => {
  const secret = new Secret('env:OP', text)
  world.operators.push({ klientId: 'drift', secret, scopes: ['drift.les', 'drift.svar'], kommuner: [LILLEVIK] })
  for (const sent of [text, encodeURIComponent(text)]) {
    const answer = await world.tokenAnswer('drift', sent)
    expect([answer.statusCode, answer.json().scope]).toEqual([200, 'drift.les drift.svar'])
  }
})

test('a form that is none, or too long, is refused', async () => {
  const send = (type: string, payload: string) =>
    world.app.inject({ method: 'POST', url: '/oauth/token', headers: { 'content-type': type }, payload })
  expect((await send('application/json', '{}')).statusCode).toBe(415)
  expect((await send('application/x-www-form-urlencoded', `scope=${'x'.repeat(9_000)}`)).statusCode).toBe(413)
  expect((await world.app.inject({ method: 'POST', url: '/oauth/token' })).json().error).toBe('invalid_request')
})

test('a token and a secret never stand in the log', async () => {
  const token = await world.token()
  await world.tokenAnswer(KLIENT, 'en gal hemmelighet')
  await world.app.inject({ url: '/api/v1/forsendelser/17', headers: { authorization: `Bearer ${token}x` } })
  expect(JSON.stringify(world.log.lines)).not.toMatch(/hemmelighet|samband1\./)
})
