import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { SvarUtSimulator, SvarUtSimulatorOptions } from './index.ts'
import {
  aLetter,
  aSvarUt,
  credentials,
  type FakeTime,
  fakeTime,
  kontoId,
  multipart,
  multipartType,
  otherKontoId,
  partsOf,
  type TestPart,
} from './letters-for-tests.ts'

let time: FakeTime
let svarut: SvarUtSimulator
beforeEach(() => {
  time = fakeTime()
  svarut = aSvarUt(time)
})
afterEach(() => svarut.app.close())

async function restart(more: Partial<SvarUtSimulatorOptions>): Promise<void> {
  await svarut.app.close()
  svarut = aSvarUt(time, more)
}

function sendParts(parts: readonly TestPart[], kind = 'person', konto = kontoId) {
  return svarut.app.inject({
    method: 'POST',
    url: `/api/v3/kontoer/${konto}/forsendelser/${kind}`,
    headers: { ...credentials, 'content-type': multipartType },
    payload: multipart(parts),
  })
}
const send = (letter: Record<string, unknown>, kind = 'person') => sendParts(partsOf(letter), kind)

async function lookUp(reference: string, path = ''): Promise<unknown> {
  const url = `/api/v2/kontoer/${kontoId}/forsendelser${path}?eksternRef=${encodeURIComponent(reference)}`
  return (await svarut.app.inject({ url, headers: credentials })).json()
}

async function statusOf(...ids: string[]): Promise<unknown> {
  const url = `/api/v3/kontoer/${kontoId}/forsendelser/status/sok`
  const answer = await svarut.app.inject({ method: 'POST', url, headers: credentials, payload: { id: ids } })
  return answer.json().statuser.map(({ status }: { status: string }) => status)
}

describe('a letter that is taken', () => {
  test('is received once, without a name or a number of a person', async () => {
    const answer = await send(aLetter())
    expect(answer.statusCode).toBe(200)
    const content = '%PDF SAMBAND-MARK:m-1 %%EOF'
    expect(svarut.received()).toEqual([
      {
        id: answer.json().id,
        kontoId,
        eksternReferanse: 'sak-17',
        mottakerDigitalIdHash: createHash('sha256').update('15859099928').digest('hex'),
        marks: ['m-1'],
        dokumenter: [
          {
            filnavn: 'brev.pdf',
            sizeBytes: content.length,
            sha256: createHash('sha256').update(content).digest('hex'),
          },
        ],
        receivedAtMs: time.nowMs(),
      },
    ])
    expect((await svarut.app.inject('/_simulator/received')).json()).toEqual(svarut.received())
  })

  test('can be found by its reference, whole and exact, on its own konto', async () => {
    const { id } = (await send(aLetter({ avgivendeSystem: 'sak' }))).json()
    const { id: second } = (await send(aLetter())).json()
    expect(await lookUp('sak-17')).toEqual({ forsendelseIds: [id, second] })
    expect(await lookUp('sak-17', '/metadata')).toEqual({
      forsendelser: [
        { id, dato: '2026-06-01T00:00:00.000Z', avgivendeSystem: 'sak' },
        { id: second, dato: '2026-06-01T00:00:00.000Z' },
      ],
    })
    expect(await lookUp('sak-1')).toEqual({ forsendelseIds: [] })
    expect(
      (await svarut.app.inject({ url: `/api/v2/kontoer/${kontoId}/forsendelser`, headers: credentials })).statusCode,
    ).toBe(400)
  })

  test('is found by look-ups only after their lag', async () => {
    await restart({ lookupLagMs: 5000 })
    await send(aLetter())
    expect(await lookUp('sak-17')).toEqual({ forsendelseIds: [] })
    time.move(5000)
    expect(await lookUp('sak-17')).toMatchObject({ forsendelseIds: [svarut.received()[0]!.id] })
  })

  test('moves through its statuses with time', async () => {
    const { id } = (await send(aLetter())).json()
    const unknown = 'dddddddd-dddd-4ddd-8ddd-dddddddddddd'
    const seen = []
    for (const ms of [0, 1_000, 59_000, 3_600_000]) {
      time.move(ms)
      seen.push(...((await statusOf(id, unknown)) as string[]))
    }
    expect(seen).toEqual(['MOTTATT', 'AKSEPTERT', 'VARSLET', 'LEST'])
  })

  test('takes another journey when its reference, title or mark is ordered to', async () => {
    svarut.orderJourney({
      mark: 'sak-18',
      steps: [
        { status: 'MOTTATT', afterMs: 0 },
        { status: 'AVVIST', afterMs: 10 },
      ],
    })
    svarut.orderJourney({ mark: 'm-1', steps: [{ status: 'NY_STATUS_2027', afterMs: 0 }] })
    const payload = { mark: 'sak-19', steps: [{ status: 'IKKE_LEVERT', afterMs: 0 }] }
    expect((await svarut.app.inject({ method: 'POST', url: '/_simulator/journeys', payload })).statusCode).toBe(204)
    expect((await svarut.app.inject({ method: 'POST', url: '/_simulator/journeys', payload: {} })).statusCode).toBe(400)
    const ids = []
    for (const eksternReferanse of ['sak-17', 'sak-18', 'sak-19']) {
      const content = eksternReferanse === 'sak-17' ? 'SAMBAND-MARK:m-1' : 'x'
      ids.push((await sendParts(partsOf(aLetter({ eksternReferanse }), content))).json().id)
    }
    expect(await statusOf(...ids)).toEqual(['NY_STATUS_2027', 'MOTTATT', 'IKKE_LEVERT'])
    time.move(10)
    expect(await statusOf(ids[1])).toEqual(['AVVIST'])
    svarut.moveTo(ids[1], 'MANUELT_HANDTERT')
    expect(await statusOf(ids[1])).toEqual(['MANUELT_HANDTERT'])
  })
})

describe('what the clients of KS put on the wire', () => {
  test('unset fields as null, unknown fields, and a part without a type', async () => {
    const letter = aLetter({ korrelasjonsid: null, lenker: [], signering: null, kryptert: false, nyttFelt: { a: 1 } })
    const [first, ...rest] = partsOf(letter)
    expect((await sendParts([{ name: 'forsendelse', content: first!.content }, ...rest])).statusCode).toBe(200)
  })

  test.each([
    [
      'the name of filename* although filename stands before it',
      `filename="brev ___.pdf"; filename*=UTF-8''brev%20%C3%A6%C3%B8%C3%A5.pdf`,
    ],
    [
      'the name of filename* when it stands first',
      `filename*=utf-8'nb'brev%20%C3%A6%C3%B8%C3%A5.pdf; filename="brev.pdf"`,
    ],
    ['a plain name in UTF-8', 'filename="brev æøå.pdf"'],
  ])('%s', async (_what, filename) => {
    const filnavn = 'brev æøå.pdf'
    const letter = aLetter({ dokumenter: [{ filnavn, mimeType: 'application/pdf' }] })
    const [first] = partsOf(letter)
    const part = {
      disposition: `form-data; name="filer_0"; ${filename}`,
      type: 'application/octet-stream',
      content: '%PDF',
    }
    expect((await sendParts([first!, part])).statusCode).toBe(200)
    expect(svarut.received()[0]!.dokumenter).toMatchObject([{ filnavn }])
  })
})

const pdf = { mimeType: 'application/pdf' }
const faultyLetters: [string, object, string?][] = [
  ['tittel: mangler', { tittel: null }],
  ['tittel: lengden', { tittel: 'x'.repeat(1001) }],
  ['mottaker.digitalId: må være et gyldig fødselsnummer', { mottaker: { navn: 'Test', digitalId: '15859099927' } }],
  [
    'mottaker.digitalId: må være et gyldig organisasjonsnummer',
    { mottaker: { navn: 'Test', digitalId: '314758626' } },
    'organisasjon',
  ],
  [
    'mottaker.adresse.poststed: mangler',
    { mottaker: { navn: 'Test', digitalId: '15859099928', adresse: { adresselinje1: 'Veien 1' } } },
  ],
  ['eksternReferanse: lengden', { eksternReferanse: 'x'.repeat(101) }],
  ['sikkerhetsniva: må være en av', { sikkerhetsniva: 'LAV' }],
  ['kryptert: må være true', { sikkerhetsniva: 'HOYESTE' }],
  ['konteringskode: har ugyldig format', { konteringskode: 'a b' }],
  ['eksponertFor: kan ikke ha like', { eksponertFor: ['15859099928', '15859099928'] }],
  ['lenker: kan ha høyst 5', { lenker: Array.from({ length: 6 }, () => ({ url: 'https://a.no', tekst: 't' })) }],
  ['lenker[0].url: må være en gyldig URL', { lenker: [{ url: 'https://a.no/å', tekst: 't' }] }],
  ['svarPaForsendelseId: må være en UUID', { svarPaForsendelseId: '17' }],
  ['kanSvareViaEdialog: krever', { kanSvareViaEdialog: true }],
  ['dokumenter[0].filnavn: har ugyldig format', { dokumenter: [{ filnavn: 'a:b.pdf', ...pdf }] }],
  [
    'filnavn må være unikt',
    {
      dokumenter: [
        { filnavn: 'A.pdf', ...pdf },
        { filnavn: 'a.pdf', ...pdf },
      ],
    },
  ],
  [
    'dokumenter[0].mimeType: kun application/pdf kan printes',
    { dokumenter: [{ filnavn: 'a.txt', mimeType: 'text/plain' }] },
  ],
  ['dokumenter[0].giroarkSide: må være et heltall', { dokumenter: [{ filnavn: 'a.pdf', ...pdf, giroarkSide: 0 }] }],
  [
    'kun ett dokument kan signeres',
    { dokumenter: ['a', 'b'].map((filnavn) => ({ filnavn, ...pdf, skalSigneres: true })) },
  ],
  [
    'signeringUtloper: må være minst én dag',
    { signering: { signeringUtloper: '2026-06-01T12:00:00Z', signaturType: 'AVANSERT_SIGNATUR' } },
  ],
  [
    'metadataForImport.saksaar: må være et heltall',
    { mottaker: { navn: 'T', digitalId: '314758625' }, metadataForImport: { saksaar: 26 } },
    'organisasjon',
  ],
  [
    'forsendelsestype: er ikke',
    { mottaker: { navn: 'T', digitalId: '314758625' }, forsendelsestype: 'ukjent' },
    'organisasjon',
  ],
]

describe('a letter that is refused', () => {
  test.each(faultyLetters)('%s', async (message, more, kind) => {
    await restart({ forsendelsestyper: ['ks.kjent'] })
    const answer = await send(aLetter(more), kind)
    expect(answer.statusCode).toBe(400)
    expect(answer.json().message).toContain(
      `Ugyldig innhold: ${message.startsWith('kun') || message.startsWith('filnavn') ? 'dokumenter: ' : ''}`,
    )
    expect(answer.json().message).toContain(message)
    expect(svarut.received()).toEqual([])
  })

  test('tells it in the error body of Fiks', async () => {
    const answer = await send(aLetter({ tittel: '' }))
    const path = `/api/v3/kontoer/${kontoId}/forsendelser/person`
    expect(answer.json()).toEqual({
      timestamp: time.nowMs(),
      status: 400,
      error: 'Bad Request',
      errorId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      path,
      originalPath: path,
      message: 'Ugyldig innhold: tittel: lengden må være mellom 1 og 1000',
    })
  })

  const [first, document] = partsOf(aLetter())
  test.each<[string, number, string, readonly TestPart[]]>([
    ['an empty document', 400, 'Kan ikke lagre tomt dokument', [first!, { ...document!, content: '' }]],
    ['a document of another name', 400, 'er ikke lik filename', [first!, { ...document!, filename: 'annet.pdf' }]],
    ['a document too few', 400, 'metadata for 1 dokumenter, men 0', [first!]],
    ['a document too many', 400, 'metadata for 1 dokumenter, men 2', [first!, document!, document!]],
    ['another first part', 400, 'første del må hete forsendelse', [document!, first!]],
    ['JSON that is none', 400, 'Feil under lesing av forsendelse', [{ ...first!, content: '{' }, document!]],
    ['no part at all', 400, 'første del må hete forsendelse', []],
  ])('%s', async (_what, status, message, parts) => {
    const answer = await sendParts(parts)
    expect([answer.statusCode, answer.json().message]).toEqual([status, expect.stringContaining(message)])
    expect(svarut.received()).toEqual([])
  })

  test('documents in another order than their metadata', async () => {
    const letter = aLetter({
      dokumenter: [
        { filnavn: 'a.pdf', ...pdf },
        { filnavn: 'b.pdf', ...pdf },
      ],
    })
    const [json, a, b] = partsOf(letter)
    expect((await sendParts([json!, b!, a!])).statusCode).toBe(400)
    expect((await sendParts([json!, a!, b!])).statusCode).toBe(200)
  })

  test('a body cut off before its closing boundary, and one that is no multipart', async () => {
    const post = (type: string, payload: Buffer) =>
      svarut.app.inject({
        method: 'POST',
        url: `/api/v3/kontoer/${kontoId}/forsendelser/person`,
        headers: { ...credentials, 'content-type': type },
        payload,
      })
    const whole = multipart(partsOf(aLetter()))
    for (const cut of [1, 10, 60, 100, 200, whole.length - 60]) {
      const answer = await post(multipartType, whole.subarray(0, cut))
      expect([cut, answer.statusCode, answer.json().message]).toEqual([cut, 400, 'Feil under lesing av multipart'])
    }
    expect((await post('application/json', Buffer.from('{}'))).statusCode).toBe(415)
    expect((await post('application/pdf', Buffer.from('%PDF'))).statusCode).toBe(415)
    expect(svarut.received()).toEqual([])
  })

  test('PDFs too large to be printed, unless the letter is digital only or they are not to be printed', async () => {
    await restart({ printLimitBytes: 10 })
    expect((await send(aLetter())).statusCode).toBe(400)
    expect((await send(aLetter({ kunDigitalLevering: true }))).statusCode).toBe(200)
    const dokumenter = [{ filnavn: 'brev.pdf', ...pdf, skalEkskluderesFraUtskrift: true }]
    expect((await send(aLetter({ dokumenter }))).statusCode).toBe(200)
  })

  test('other types than PDF are taken when they are not to be printed', async () => {
    const dokumenter = [{ filnavn: 'a.txt', mimeType: 'text/plain' }]
    expect((await send(aLetter({ dokumenter, kunDigitalLevering: true }))).statusCode).toBe(200)
    const excluded = [{ ...dokumenter[0], skalEkskluderesFraUtskrift: true }]
    expect((await send(aLetter({ dokumenter: excluded }))).statusCode).toBe(200)
  })

  test('one repeated too often, when the guard is switched on', async () => {
    await restart({ repeatGuard: { times: 2 } })
    const seen = []
    for (let i = 0; i < 3; i += 1) seen.push((await send(aLetter({ eksternReferanse: `sak-${i}` }))).statusCode)
    expect(seen).toEqual([200, 200, 400])
    expect((await send(aLetter())).json()).toMatchObject({ errorCode: 'GJENTAGENDE_FORSENDELSE' })
    expect((await send(aLetter({ tittel: 'Annet' }))).statusCode).toBe(200)
    time.move(172_800_000)
    expect((await send(aLetter())).statusCode).toBe(200)
  })
})

describe('access', () => {
  const badToken = [401, 'Klarte ikke å validere access_token', 'Bearer']
  const badIntegration = [401, expect.stringContaining('Autentisering feilet for integrasjon med id '), 'Bearer']
  test.each<[string, object, unknown[]]>([
    ['no token', { authorization: '' }, badToken],
    ['a token that is not accepted', { authorization: 'Bearer bad' }, badToken],
    ['a token without the scope', { authorization: 'Bearer narrow' }, badToken],
    ['a token of another organisation', { authorization: 'Bearer stranger' }, badIntegration],
    ['a wrong password', { integrasjonpassord: 'feil' }, badIntegration],
    ['an unknown integration', { integrasjonid: '1' }, badIntegration],
  ])('is refused with %s', async (_what, headers, expected) => {
    const url = `/api/v2/kontoer/${kontoId}/forsendelser?eksternRef=a`
    const answer = await svarut.app.inject({ url, headers: { ...credentials, ...headers } })
    expect([answer.statusCode, answer.json().message, answer.headers['www-authenticate']]).toEqual(expected)
  })

  test('is refused to a konto without rights, and to what is no konto', async () => {
    expect((await sendParts(partsOf(aLetter()), 'person', otherKontoId)).statusCode).toBe(403)
    expect((await sendParts(partsOf(aLetter()), 'person', 'x')).statusCode).toBe(400)
    expect((await svarut.app.inject('/api/v2/nowhere')).statusCode).toBe(404)
  })
})

test('a status search takes JSON of any type, and refuses what is no list of ids', async () => {
  const url = `/api/v3/kontoer/${kontoId}/forsendelser/status/sok`
  const search = (payload: string, type: string) =>
    svarut.app.inject({ method: 'POST', url, headers: { ...credentials, 'content-type': type }, payload })
  expect((await search('{"id":[]}', 'text/plain')).json()).toEqual({ statuser: [] })
  expect((await search('{"id":["1"]}', 'application/json')).statusCode).toBe(400)
  expect((await search('{', 'application/json')).statusCode).toBe(400)
})
