import type { ProblemBody } from '@samband/access'
import { Secret } from '@samband/tenants'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { aLetter, anArkiv, multipart, type PartOf, partsOf, piecesOf } from './testing/letters.ts'
import { aKlient, aTenant, LILLEVIK, startWorld, type World } from './testing/world.ts'

let world: World

beforeEach(async () => {
  world = await startWorld({ limits: { maxBodyBytes: 300_000, maxJsonBytes: 50_000, maxDocuments: 3 } })
})
afterEach(() => world.stop())

async function refused(body: readonly PartOf[] | Buffer, headers: Record<string, string> = {}): Promise<ProblemBody> {
  const answer = await world.send(body, { headers })
  expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8')
  const problem = answer.json<ProblemBody>()
  expect(problem.status).toBe(answer.statusCode)
  expect(problem).toMatchObject({ type: expect.stringMatching(/^urn:samband:problem:/), title: expect.any(String) })
  expect(answer.body).not.toMatch(/Testesen|15859099928|Vedtak om/)
  expect(await world.accepted()).toBe(0)
  expect(await world.refs()).toEqual([])
  return problem
}

const dokumenter = ['a.pdf', 'b.pdf'].map((filnavn) => ({ filnavn, mimeType: 'application/pdf' }))
const twoParts = () => partsOf(aLetter({ dokumenter }), ['%PDF a', '%PDF b'])
const json = (content: string | Uint8Array): PartOf[] => [{ name: 'forsendelse', content }]
const without = (name: string) => Object.fromEntries(Object.entries(aLetter()).filter(([key]) => key !== name))

test.each<[string, () => readonly PartOf[] | Buffer, string, string]>([
  ['an empty body', () => Buffer.alloc(0), '', 'UGYLDIG_MULTIPART'],
  ['a body that is no multipart', () => Buffer.from('{"tittel":"hei"}'), '', 'UGYLDIG_MULTIPART'],
  ['a body without its closing boundary', () => Buffer.concat(piecesOf(twoParts(), false)), '', 'UGYLDIG_MULTIPART'],
  ['a body that ends in a header', () => multipart(twoParts()).subarray(0, 60), '', 'UGYLDIG_MULTIPART'],
  [
    'a part without a header',
    () => Buffer.from('--skille-mellom-delene\r\n--skille-mellom-delene--\r\n'),
    '',
    'UGYLDIG_MULTIPART',
  ],
  [
    'boundaries in a row',
    () => Buffer.from(`--skille-mellom-delene--${'\r\n--skille-mellom-delene'.repeat(3)}`),
    'forsendelse',
    'MANGLER',
  ],
  ['no part at all', () => [], 'forsendelse', 'MANGLER'],
  ['documents alone', () => twoParts().slice(1), 'forsendelse', 'MANGLER'],
  ['documents before the JSON', () => twoParts().reverse(), 'forsendelse', 'MANGLER'],
  ['a first part without a name', () => [{ content: '{}' }], 'forsendelse', 'MANGLER'],
  ['JSON that is none', () => json('{"tittel":'), 'forsendelse', 'UGYLDIG_JSON'],
  ['JSON that is a list', () => json('[]'), 'forsendelse', 'UGYLDIG_JSON'],
  ['JSON in latin-1', () => json(Buffer.from('{"tittel":"båt"}', 'latin1')), 'forsendelse', 'UGYLDIG_JSON'],
  [
    'JSON nested to break the stack',
    () => json(`{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`),
    'forsendelse',
    'UGYLDIG_JSON',
  ],
  ['swapped documents', () => swapped(twoParts()), 'dokumenter[0].filnavn', 'FEIL_FILNAVN'],
  [
    'a document without a name',
    () => twoParts().map(({ filename: _filename, ...part }) => part),
    'dokumenter[0].filnavn',
    'FEIL_FILNAVN',
  ],
  ['a document less', () => twoParts().slice(0, 2), 'dokumenter', 'DOKUMENT_MANGLER'],
  ['no documents', () => twoParts().slice(0, 1), 'dokumenter', 'DOKUMENT_MANGLER'],
  ['a document more', () => [...twoParts(), { filename: 'c.pdf', content: 'c' }], 'dokumenter', 'DOKUMENT_FOR_MYE'],
  ['an empty document', () => partsOf(aLetter({ dokumenter }), ['%PDF a', '']), 'dokumenter[1]', 'TOMT_DOKUMENT'],
  ['no eksternReferanse', () => partsOf(without('eksternReferanse')), 'eksternReferanse', 'MANGLER'],
  ['a null eksternReferanse', () => partsOf(aLetter({ eksternReferanse: null })), 'eksternReferanse', 'MANGLER'],
  [
    'a long eksternReferanse',
    () => partsOf(aLetter({ eksternReferanse: 'x'.repeat(101) })),
    'eksternReferanse',
    'FOR_STOR_VERDI',
  ],
  [
    'a person in eksternReferanse',
    () => partsOf(aLetter({ eksternReferanse: 'sak-03851598730-1' })),
    'eksternReferanse',
    'INNEHOLDER_FODSELSNUMMER',
  ],
  [
    'a person in eksternReferanse, as people write numbers',
    () => partsOf(aLetter({ eksternReferanse: '158590 99928' })),
    'eksternReferanse',
    'INNEHOLDER_FODSELSNUMMER',
  ],
  [
    'a line break in eksternReferanse',
    () => partsOf(aLetter({ eksternReferanse: 'a\nb' })),
    'eksternReferanse',
    'UGYLDIG_VERDI',
  ],
  [
    'half a character in eksternReferanse',
    () => partsOf(aLetter({ eksternReferanse: 'a\ud800' })),
    'eksternReferanse',
    'UGYLDIG_VERDI',
  ],
  ['no tittel', () => partsOf(without('tittel')), 'tittel', 'MANGLER'],
  ['a tittel that is a number', () => partsOf(aLetter({ tittel: 17 })), 'tittel', 'FEIL_TYPE'],
  ['no mottaker', () => partsOf(without('mottaker')), 'mottaker', 'MANGLER'],
  [
    'ten digits',
    () => partsOf(aLetter({ mottaker: { navn: 'Prøve', digitalId: '1234567890' } })),
    'mottaker.digitalId',
    'UGYLDIG_VERDI',
  ],
  [
    'a wrong check digit',
    () => partsOf(aLetter({ mottaker: { navn: 'Prøve', digitalId: '15859099929' } })),
    'mottaker.digitalId',
    'UGYLDIG_VERDI',
  ],
  ['no dokumenter', () => partsOf(without('dokumenter')), 'dokumenter', 'MANGLER'],
  ['no dokumenter in the list', () => partsOf(aLetter({ dokumenter: [] })), 'dokumenter', 'FOR_LITEN_VERDI'],
  ['a null in the list', () => partsOf(aLetter({ dokumenter: [null] })), 'dokumenter[0]', 'FEIL_TYPE'],
  [
    'a path as filnavn',
    () => partsOf(aLetter({ dokumenter: [{ filnavn: '../a', mimeType: 'application/pdf' }] })),
    'dokumenter[0].filnavn',
    'UGYLDIG_VERDI',
  ],
  [
    'a media type beyond the contract',
    () =>
      partsOf(
        aLetter({
          dokumenter: [{ filnavn: 'a', mimeType: `application/${'x'.repeat(64)}` }],
          kunDigitalLevering: true,
        }),
      ),
    'dokumenter[0].mimeType',
    'UGYLDIG_VERDI',
  ],
  ['a word for a boolean', () => partsOf(aLetter({ kryptert: 'ja' })), 'kryptert', 'FEIL_TYPE'],
  ['an unknown choice', () => partsOf(aLetter({ sikkerhetsniva: 'LAV' })), 'sikkerhetsniva', 'UGYLDIG_VERDI'],
  [
    'a field of an organisation for a person',
    () => partsOf(aLetter({ taushetsbelagtPost: true })),
    'taushetsbelagtPost',
    'UKJENT_FELT',
  ],
  ['an unknown field', () => partsOf(aLetter({ titel: 'Hei' })), 'titel', 'UKJENT_FELT'],
  [
    'a member called __proto__',
    () => json(JSON.stringify(aLetter()).replace('{', '{"__proto__":{"tittel":"x"},')),
    '__proto__',
    'UKJENT_FELT',
  ],
  [
    'an unknown field inside',
    () =>
      partsOf(
        aLetter({
          mottaker: {
            navn: 'Prøve',
            digitalId: '15859099928',
            adresse: { adresselinje1: 'a', poststed: 'b', land: 'NO' },
          },
        }),
      ),
    'mottaker.adresse.land',
    'UKJENT_FELT',
  ],
  [
    'somebody in the place of a field',
    () => partsOf(aLetter({ 'Kari 15859099928': 1 })),
    '(feltnavn ikke gjengitt)',
    'UKJENT_FELT',
  ],
  [
    'an account of somebody else',
    () => partsOf(aLetter({ kontoId: '0c9bb2f6-5a7e-4a3b-9d58-6a1a3bb0f002' })),
    'kontoId',
    'UKJENT_KONTO',
  ],
  ['an account that is none', () => partsOf(aLetter({ kontoId: 17 })), 'kontoId', 'UGYLDIG_VERDI'],
  ['an archive part that is text', () => partsOf(aLetter({ arkiv: 'ja' })), 'arkiv', 'FEIL_TYPE'],
  [
    'an unknown field of the archive part',
    () => partsOf(aLetter({ arkiv: anArkiv({ mappe: 1 }) })),
    'arkiv.mappe',
    'UKJENT_FELT',
  ],
  [
    'an unknown field of the saksmappe',
    () => partsOf(aLetter({ arkiv: anArkiv({ saksmappe: { noekkel: 'a', tittel: 'b', nokkel: 'c' } }) })),
    'arkiv.saksmappe.nokkel',
    'UKJENT_FELT',
  ],
  [
    'an empty saksmappe',
    () => partsOf(aLetter({ arkiv: anArkiv({ saksmappe: {} }) })),
    'arkiv.saksmappe',
    'UGYLDIG_VERDI',
  ],
  [
    'a person in the key of a case',
    () => partsOf(aLetter({ arkiv: anArkiv({ saksmappe: { noekkel: 'b-15859099928', tittel: 'b' } }) })),
    'arkiv.saksmappe.noekkel',
    'UGYLDIG_VERDI',
  ],
])('%s is refused by name', async (_what, body, path, code) => {
  const problem = await refused(body())
  expect(problem.status).toBe(400)
  expect(problem.errors).toContainEqual({ path, code, detail: expect.any(String) })
})

function swapped([first, second, third]: readonly PartOf[]): PartOf[] {
  return [first, third, second].flatMap((part) => (part === undefined ? [] : [part]))
}

test('all faults of the JSON come in one answer, also those that an unknown field would hide', async () => {
  const mottaker = { navn: '', digitalId: '15859099928', epost: 'x' }
  const files = [
    { filnavn: 'a.txt', mimeType: 'text/plain' },
    { filnavn: 'A.TXT', mimeType: 'text/plain', sider: 3 },
  ]
  const letter = aLetter({ mottaker, dokumenter: files, titel: 'x', arkiv: anArkiv({ journalpost: {} }), kontoId: 'x' })
  const { errors = [] } = await refused(partsOf(letter))

  expect(errors.map(({ path }) => path).sort()).toEqual([
    'arkiv.journalpost.tittel',
    'dokumenter[0].skalEkskluderesFraUtskrift',
    'dokumenter[1].filnavn',
    'dokumenter[1].sider',
    'dokumenter[1].skalEkskluderesFraUtskrift',
    'kontoId',
    'mottaker.epost',
    'mottaker.navn',
    'titel',
  ])
})

test('all faults of the documents come in one answer', async () => {
  const parts = partsOf(aLetter({ dokumenter }), ['', '%PDF b']).map((part) => ({
    ...part,
    ...(part.filename === 'b.pdf' ? { filename: 'c.pdf' } : {}),
  }))
  const { errors = [] } = await refused([...parts, { filename: 'd.pdf', content: 'd' }])
  expect(errors.map(({ path, code }) => `${path} ${code}`)).toEqual([
    'dokumenter[0] TOMT_DOKUMENT',
    'dokumenter[1].filnavn FEIL_FILNAVN',
    'dokumenter DOKUMENT_FOR_MYE',
  ])
})

test('a fault names the limit and the kind of what came', async () => {
  const { errors } = await refused(partsOf(aLetter({ tittel: 'x'.repeat(1001), lenker: 'ingen' })))
  expect(errors).toEqual([
    {
      path: 'tittel',
      code: 'FOR_STOR_VERDI',
      detail: 'Kan være høyst 1000 tegn. Det som kom, er en tekst på 1001 tegn.',
    },
    { path: 'lenker', code: 'FEIL_TYPE', detail: 'Må være en liste. Det som kom, er en tekst på 5 tegn.' },
  ])
})

test('an archive part for a municipality without an archive is refused', async () => {
  world.tenants.set(LILLEVIK, aTenant(LILLEVIK, { arkiv: false }))
  const { errors } = await refused(partsOf(aLetter({ arkiv: anArkiv() })))
  expect(errors).toEqual([{ path: 'arkiv', code: 'ARKIV_IKKE_SATT_OPP', detail: expect.any(String) }])
})

test.each<[string, readonly PartOf[], Record<string, string>, string]>([
  ['a body', partsOf(aLetter({ dokumenter }), ['a', Buffer.alloc(400_000)]), {}, ''],
  ['an announced body', partsOf(aLetter()), { 'content-length': '300001' }, ''],
  ['a JSON part', partsOf(aLetter({ lenker: 'x'.repeat(60_000) })), {}, 'forsendelse'],
  [
    'a list of documents',
    partsOf(
      aLetter({
        dokumenter: Array.from({ length: 4 }, (_, n) => ({ filnavn: `${n}.pdf`, mimeType: 'application/pdf' })),
      }),
    ),
    {},
    'dokumenter',
  ],
])('%s above its limit is refused with 413', async (_what, parts, headers, path) => {
  const problem = await refused(parts, headers)
  expect(problem).toMatchObject({ status: 413, code: 'FOR_STOR', errors: [{ path, code: 'FOR_STOR' }] })
})

test.each([
  ['application/json', 415],
  ['multipart/mixed; boundary=x', 415],
  ['multipart/form-data', 400],
  [`multipart/form-data; boundary=${'x'.repeat(71)}`, 400],
])('content of type %s is answered with %i', async (type, status) => {
  expect((await refused(partsOf(aLetter()), { 'content-type': type })).status).toBe(status)
})

test('a request without content is answered with 415', async () => {
  const authorization = `Bearer ${await world.token()}`
  const answer = await world.app.inject({ method: 'POST', url: '/api/v1/forsendelser', headers: { authorization } })
  expect([answer.statusCode, answer.json().code]).toEqual([415, 'FEIL_MEDIETYPE'])
})

test.each([
  ['PUT', '/api/v1/forsendelser', 'GET, HEAD, POST'],
  ['DELETE', '/api/v1/forsendelser/17', 'GET, HEAD'],
  ['POST', '/api/v1/forsendelser/17', 'GET, HEAD'],
  ['GET', '/oauth/token', 'POST'],
] as const)('%s %s is answered with 405 and what is allowed', async (method, url, allow) => {
  const answer = await world.app.inject({ method, url })
  expect([answer.statusCode, answer.headers.allow, answer.json().code]).toEqual([405, allow, 'METODE_IKKE_TILLATT'])
})

test('an unknown address below the API is answered with a problem document', async () => {
  const answer = await world.app.inject({ method: 'GET', url: '/api/v1/forsendelser/17/dokumenter' })
  expect([answer.statusCode, answer.json().code]).toEqual([404, 'FINNES_IKKE'])
})

test.each<[string, () => Promise<string | undefined>, number, RegExp]>([
  ['no token', async () => undefined, 401, /^Bearer realm="samband"$/],
  ['a token that is none', async () => 'Bearer tull', 401, /invalid_token/],
  ['a basic login', async () => 'Basic dHVsbDp0dWxs', 401, /invalid_token/],
  ['a forged token', async () => `Bearer ${forged(await world.token())}`, 401, /invalid_token/],
  [
    'a token of another klient with the same signature',
    async () => `Bearer ${(await world.token()).replace(/\.[^.]+\./, '.e30.')}`,
    401,
    /invalid_token/,
  ],
  ['an expired token', expired, 401, /invalid_token/],
  [
    'a token of a klient that was removed',
    async () => afterChange(() => world.tenants.set(LILLEVIK, aTenant(LILLEVIK, { klienter: [] }))),
    401,
    /invalid_token/,
  ],
  [
    'a token of a tenant that has ended',
    async () => afterChange(() => world.tenants.delete(LILLEVIK)),
    401,
    /invalid_token/,
  ],
  [
    'a token from before the secret was changed',
    async () => afterChange(() => changeKlient({ secret: new Secret('env:X', 'ny') })),
    401,
    /invalid_token/,
  ],
  [
    'a token whose klient has lost the scope',
    async () => afterChange(() => changeKlient({ scopes: ['forsendelse.les'] })),
    403,
    /insufficient_scope.*forsendelse\.send/,
  ],
])('%s is refused before anything is read', async (_what, authorization, status, challenge) => {
  const value = await authorization()
  const headers = {
    'content-type': 'multipart/form-data; boundary=x',
    ...(value === undefined ? {} : { authorization: value }),
  }
  const answer = await world.app.inject({ method: 'POST', url: '/api/v1/forsendelser', headers, payload: 'tull' })
  expect(answer.statusCode, answer.body).toBe(status)
  expect(answer.headers['www-authenticate']).toMatch(challenge)
  expect(answer.headers['content-type']).toContain('application/problem+json')
})

function forged(token: string): string {
  const [form, claims = '', signature] = token.split('.')
  const changed = JSON.parse(Buffer.from(claims, 'base64url').toString())
  changed.exp += 1
  return [form, Buffer.from(JSON.stringify(changed)).toString('base64url'), signature].join('.')
}

async function expired(): Promise<string> {
  const token = await world.token()
  await world.time.advance(600_000)
  return `Bearer ${token}`
}

async function afterChange(change: () => void): Promise<string> {
  const token = await world.token()
  change()
  return `Bearer ${token}`
}

function changeKlient(changes: Parameters<typeof aKlient>[1]): void {
  world.tenants.set(LILLEVIK, aTenant(LILLEVIK, { klienter: [aKlient(`fagsystem-${LILLEVIK}`, changes)] }))
}

test('an operator cannot send letters', async () => {
  const secret = new Secret('env:OP', 'hemmelighet drift')
  world.operators.push({ klientId: 'drift', secret, scopes: ['drift.les'], kommuner: 'alle' })
  const { access_token: token } = (await world.tokenAnswer('drift')).json()
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'multipart/form-data; boundary=x' }
  const answer = await world.app.inject({ method: 'POST', url: '/api/v1/forsendelser', headers, payload: 'x' })
  expect([answer.statusCode, answer.json().code]).toEqual([403, 'MANGLER_TILGANG'])
})
