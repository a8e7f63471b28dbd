import { createHash } from 'node:crypto'
import { PassThrough, Readable } from 'node:stream'
import type { ForsendelseMottattV1 } from '@samband/messages'
import type { StoredInnhold } from '@samband/outbound'
import { settle } from '@samband/runtime/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { aLetter, anArkiv, LONG_NAME, multipart, partsOf, piecesOf } from './testing/letters.ts'
import { KONTO, LILLEVIK, STOREVIK, startWorld, type World } from './testing/world.ts'

let world: World

beforeEach(async () => {
  world = await startWorld()
})
afterEach(() => world.stop())

const two = ['vedtak.pdf', 'klage.pdf'].map((filnavn) => ({ filnavn, mimeType: 'application/pdf' }))

test('a letter is accepted once documents, content, ledger and event are stored', async () => {
  const letter = aLetter({ dokumenter: two, arkiv: anArkiv(), kontoId: KONTO })
  const answer = await world.send(partsOf(letter, ['%PDF vedtak', '%PDF klageadgang']))

  expect(answer.statusCode, answer.body).toBe(202)
  const { id, ...rest } = answer.json()
  expect(rest).toEqual({ eksternReferanse: 'sak-2026-17', status: 'MOTTATT' })
  expect(answer.headers.location).toBe(`/api/v1/forsendelser/${id}`)
  const [event] = await world.events<ForsendelseMottattV1>()
  expect(event).toMatchObject({
    forsendelseId: id,
    eksternReferanse: 'sak-2026-17',
    mottakertype: 'person',
    klientId: `fagsystem-${LILLEVIK}`,
    kontoId: KONTO,
    mottattTidspunkt: '2026-03-02T09:00:00.000Z',
    arkiv: { saksmappeKey: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    dokumenter: [
      { sizeBytes: 11, mimeType: 'application/pdf', sha256: createHash('sha256').update('%PDF vedtak').digest('hex') },
      { sizeBytes: 16, mimeType: 'application/pdf' },
    ],
  })
  expect(JSON.stringify(event)).not.toMatch(/15859099928|Testesen|vedtak|båtplass/i)
  expect(await world.refs()).toEqual([event?.innhold.ref, ...(event?.dokumenter ?? []).map(({ ref }) => ref)].sort())
})

test('the stored content holds the forsendelse, the archive part and the documents of the event', async () => {
  await world.send(partsOf(aLetter({ arkiv: anArkiv(), kontoId: null, konteringskode: null })))

  const [event] = await world.events<ForsendelseMottattV1>()
  const bytes = await world.payloads.read(LILLEVIK, event?.innhold.ref ?? '', 1_000_000)
  expect(bytes.length).toBe(event?.innhold.sizeBytes)
  const stored = JSON.parse(Buffer.from(bytes).toString()) as StoredInnhold
  expect(stored).toEqual({
    forsendelse: aLetter(),
    arkiv: anArkiv(),
    dokumenter: [{ ref: event?.dokumenter[0]?.ref, filnavn: 'vedtak.pdf', mimeType: 'application/pdf' }],
  })
  expect(event?.kontoId).toBeUndefined()
})

test('nine digits are an organisation, and the parameters of a media type stay out of the event', async () => {
  const mottaker = { navn: 'Prøvebedrift', digitalId: '311094688' }
  const dokumenter = [{ filnavn: 'brev.PDF', mimeType: 'Application/PDF; version=1.7' }]
  const answer = await world.send(partsOf(aLetter({ mottaker, dokumenter, taushetsbelagtPost: true })))

  expect(answer.statusCode, answer.body).toBe(202)
  expect((await world.events<ForsendelseMottattV1>())[0]).toMatchObject({
    mottakertype: 'organisasjon',
    dokumenter: [{ mimeType: 'application/pdf' }],
  })
})

test('a repeat gives the same id, and nothing more is stored or published', async () => {
  const first = await world.send(partsOf(aLetter()))
  const refs = await world.refs()
  // Members in another order, and null for what is not given: the same letter.
  const again = Object.fromEntries([...Object.entries(aLetter({ korrelasjonsid: null }))].reverse())
  const second = await world.send(partsOf(again))

  expect([first.statusCode, second.statusCode]).toEqual([202, 200])
  expect(second.json()).toEqual(first.json())
  expect(second.headers.location).toBe(first.headers.location)
  expect(await world.refs()).toEqual(refs)
  expect(await world.events()).toHaveLength(1)
})

test.each([
  ['another title', aLetter({ tittel: 'Et annet vedtak' }), ['%PDF-1.7 vedtak']],
  ['another document', aLetter(), ['%PDF-1.7 et annet']],
  ['a part about the archive', aLetter({ arkiv: anArkiv() }), ['%PDF-1.7 vedtak']],
  ['another account', aLetter({ kontoId: KONTO }), ['%PDF-1.7 vedtak']],
])('the same reference with %s is refused', async (_what, letter, documents) => {
  const first = await world.send(partsOf(aLetter()))
  const refs = await world.refs()
  const second = await world.send(partsOf(letter, documents))

  expect(second.statusCode).toBe(409)
  expect(second.json()).toMatchObject({ code: 'REFERANSE_I_BRUK', errors: [{ path: 'eksternReferanse' }] })
  expect(second.json().detail).toContain(first.json().id)
  expect(await world.refs()).toEqual(refs)
})

test('documents in another order are another letter', async () => {
  const letter = aLetter({ dokumenter: two })
  await world.send(partsOf(letter, ['%PDF a', '%PDF b']))
  expect((await world.send(partsOf(letter, ['%PDF b', '%PDF a']))).statusCode).toBe(409)
})

test('two identical requests at the same moment: one is accepted, one repeated, and the payloads of the accepted one stay', async () => {
  const answers = await Promise.all([1, 2, 3].map(() => world.send(partsOf(aLetter()))))

  expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 200, 202])
  expect(new Set(answers.map((answer) => answer.json().id)).size).toBe(1)
  const [event, ...others] = await world.events<ForsendelseMottattV1>()
  expect(others).toEqual([])
  expect(await world.refs()).toEqual([event?.innhold.ref, event?.dokumenter[0]?.ref].sort())
})

test('two different letters with one reference at the same moment: one is accepted, the other leaves nothing behind', async () => {
  const letters = [aLetter(), aLetter({ tittel: 'Et annet vedtak' })]
  const answers = await Promise.all(letters.map((letter) => world.send(partsOf(letter))))

  expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([202, 409])
  expect(await world.refs()).toHaveLength(2)
})

test('two municipalities may use the same reference', async () => {
  const answers = [await world.send(partsOf(aLetter())), await world.send(partsOf(aLetter()), { orgnr: STOREVIK })]
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([202, 202])
  expect(answers[0]?.json().id).not.toBe(answers[1]?.json().id)
})

test('the digest of the content is the same when a letter is sent in again to a restored hub', async () => {
  await world.send(partsOf(aLetter()))
  const restored = await startWorld()
  await restored.send(partsOf(aLetter({ eksternReferanse: 'sak-2026-16' })))
  await restored.send(partsOf(aLetter()))
  const before = (await world.events<ForsendelseMottattV1>())[0]
  const after = (await restored.events<ForsendelseMottattV1>())[1]
  await restored.stop()

  expect(after?.innhold.avtrykk).toBe(before?.innhold.avtrykk)
  expect(after?.forsendelseId).toBe(before?.forsendelseId)
  expect(after?.innhold.ref).not.toBe(before?.innhold.ref)
})

test("a name that KS's client sends in filename* is compared with filnavn", async () => {
  const dokumenter = [{ filnavn: LONG_NAME, mimeType: 'application/pdf' }]
  const [json, document] = partsOf(aLetter({ dokumenter }))
  const disposition = `form-data; name="filer_0"; filename="s_knad om b_tplass.pdf"; filename*=UTF-8''${encodeURIComponent(LONG_NAME)}`
  const parts = [json, { ...document, disposition }].flatMap((part) =>
    part === undefined ? [] : [{ content: '', ...part }],
  )
  const answer = await world.send(parts)
  expect(answer.statusCode, answer.body).toBe(202)
})

test('a letter is the same wherever the network has cut it', async () => {
  const body = multipart(partsOf(aLetter({ dokumenter: two }), ['%PDF\r\n--skille-mellom', '\r\n-\r\n%PDF']))
  expect((await world.send(body)).statusCode).toBe(202)
  for (let at = 1; at < body.length; at += 1) {
    const answer = await world.send(Readable.from([body.subarray(0, at), body.subarray(at)], { objectMode: false }))
    expect(answer.statusCode, `cut at ${at}: ${answer.body}`).toBe(200)
  }
  const bytes = Readable.from(
    [...body].map((byte) => Buffer.from([byte])),
    { objectMode: false },
  )
  expect((await world.send(bytes)).statusCode).toBe(200)
})

test('a client that leaves, wherever that is, leaves nothing behind', async () => {
  const letter = aLetter({ dokumenter: two })
  const pieces = piecesOf(partsOf(letter, ['%PDF vedtak', Buffer.alloc(300_000, 'x')]))
  for (let sent = 0; sent <= pieces.length; sent += 1) {
    const body = new PassThrough()
    const answer = world.send(body).then(
      ({ statusCode }) => statusCode,
      () => 'gone',
    )
    for (const piece of pieces.slice(0, sent)) body.write(piece)
    await settle()
    body.destroy(new Error('connection reset'))
    expect(await answer, `after ${sent} pieces`).toBe(sent === pieces.length ? 202 : 'gone')
    await settle()
    if (sent < pieces.length) expect(await world.refs(), `after ${sent} pieces`).toEqual([])
  }
  expect(await world.accepted()).toBe(1)
})

test('the traceparent of the request goes on with the event, and a broken one does not', async () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
  await world.send(partsOf(aLetter()), { headers: { traceparent } })
  await world.send(partsOf(aLetter({ eksternReferanse: 'sak-2026-18' })), { headers: { traceparent: 'tull' } })

  const rows = await world.store.read('test', (tx) =>
    tx.all<{ headers: string }>('SELECT headers FROM outbox ORDER BY place'),
  )
  expect(rows.map(({ headers }) => JSON.parse(headers).ce_traceparent)).toEqual([traceparent, undefined])
})
