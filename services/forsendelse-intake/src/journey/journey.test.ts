import { HubError } from '@samband/kernel'
import { COLLECTIONS, completionOf } from '@samband/letter-record'
import {
  ForsendelseAvvistV1,
  ForsendelseMottattV1,
  ForsendelseSendtV1,
  ForsendelseStatusEndretV1,
  JournalpostEkspedertV1,
  JournalpostReservertV1,
} from '@samband/messages'
import { defineHandler } from '@samband/runtime'
import { settle } from '@samband/runtime/testing'
import { afterEach, expect, test } from 'vitest'
import { aLetter, anArkiv, partsOf } from '../testing/letters.ts'
import { KONTO, LILLEVIK, STOREVIK, startWorld, type World } from '../testing/world.ts'
import type { LetterView } from './view.ts'

let world: World

afterEach(() => world.stop())

const eksternReferanse = 'sak-2026-17'
const svarUtId = '6f2b2f0a-5df5-4c55-8d5a-0d8e4a0c1b11'
const journalpostSystemId = '3d1a0a1c-30f5-4d5a-8c5e-6f2b2f0a0001'
const saksmappeSystemId = '3d1a0a1c-30f5-4d5a-8c5e-6f2b2f0a0002'

async function accept(changes: Record<string, unknown> = {}): Promise<string> {
  const answer = await world.send(partsOf(aLetter(changes)))
  expect(answer.statusCode, answer.body).toBe(202)
  return answer.json().id
}

async function view(id: string): Promise<LetterView> {
  const answer = await world.get(`/${id}`)
  expect(answer.statusCode, answer.body).toBe(200)
  return answer.json()
}

async function completion(id: string): Promise<string | undefined> {
  return (await completionOf(world.store)([id])).get(id)
}

const sendt = (forsendelseId: string, minute = 10) =>
  world.tell(ForsendelseSendtV1, {
    forsendelseId,
    eksternReferanse,
    svarUtId,
    kontoId: KONTO,
    sendtTidspunkt: at(minute),
  })
const status = (forsendelseId: string, code: string, minute: number) =>
  world.tell(ForsendelseStatusEndretV1, {
    forsendelseId,
    eksternReferanse,
    svarUtId,
    status: code,
    endretTidspunkt: at(minute),
  })
const avvist = (forsendelseId: string, minute = 5) =>
  world.tell(ForsendelseAvvistV1, {
    forsendelseId,
    eksternReferanse,
    code: 'SVARUT_DOKUMENT_AVVIST',
    arsak: 'SvarUt kan ikke lese et av dokumentene.',
    hvem: 'saksbehandler',
    avvistTidspunkt: at(minute),
  })
const ekspedert = (forsendelseId: string) =>
  world.tell(JournalpostEkspedertV1, {
    forsendelseId,
    journalpostSystemId,
    saksmappeSystemId,
    sendtDato: '2026-03-02',
    ekspedertTidspunkt: at(12),
  })
const reservert = async (forsendelseId: string) => {
  const [accepted] = await world.events<ForsendelseMottattV1>()
  if (accepted === undefined) throw new Error('nothing was accepted')
  const dokumenter = accepted.dokumenter.map((one) => ({ ...one, dokumentobjektSystemId: journalpostSystemId }))
  await world.tell(JournalpostReservertV1, {
    forsendelseId,
    eksternReferanse,
    journalpostSystemId,
    saksmappeSystemId,
    registreringsId: '2026/117-3',
    mottakertype: 'person',
    innhold: accepted.innhold,
    dokumenter,
    reservertTidspunkt: at(2),
  })
}

function at(minute: number): string {
  return `2026-03-02T09:${String(minute).padStart(2, '0')}:00.000Z`
}

test('the sender sees the whole way of a filed letter', async () => {
  world = await startWorld()
  const id = await accept({ arkiv: anArkiv() })
  expect(await view(id)).toMatchObject({ status: 'MOTTATT', forklaring: 'Samband har tatt imot brevet.', venter: [] })
  await reservert(id)
  expect((await view(id)).status).toBe('ARKIVERT')
  await sendt(id)
  expect([(await view(id)).status, await completion(id)]).toEqual(['SENDT', 'under-way'])
  await ekspedert(id)
  expect(await completion(id)).toBe('complete')
  await status(id, 'LEST', 40)

  expect(await view(id)).toEqual({
    id,
    eksternReferanse,
    status: 'LEVERT',
    forklaring: 'Brevet er levert.',
    mottattTidspunkt: at(0),
    sendtTidspunkt: at(10),
    svarUt: {
      id: svarUtId,
      status: 'LEST',
      forklaring: 'Mottakeren har hentet eller lest forsendelsen.',
      endretTidspunkt: at(40),
    },
    journalpost: {
      systemID: journalpostSystemId,
      saksmappeSystemID: saksmappeSystemId,
      registreringsID: '2026/117-3',
      reservertTidspunkt: at(2),
      ekspedertTidspunkt: at(12),
      sendtDato: '2026-03-02',
    },
    hendelser: [
      { tidspunkt: at(0), hendelse: 'Samband tok imot brevet.' },
      { tidspunkt: at(2), hendelse: 'Brevet ble arkivert, og journalposten er reservert.' },
      { tidspunkt: at(10), hendelse: 'SvarUt overtok brevet.' },
      { tidspunkt: at(12), hendelse: 'Journalposten er satt til ekspedert.' },
      { tidspunkt: at(40), hendelse: 'LEST: Mottakeren har hentet eller lest forsendelsen.' },
    ],
    venter: [],
  })
  expect((await world.get(`/${id}`)).body).not.toMatch(/Testesen|15859099928|vedtak/i)
})

test('a late older status does not take the place of a newer one', async () => {
  world = await startWorld()
  const id = await accept()
  await status(id, 'LEST', 40)
  await status(id, 'VARSLET', 30)
  await status(id, 'VARSLET', 30)
  await sendt(id)

  const { svarUt, hendelser } = await view(id)
  expect(svarUt?.status).toBe('LEST')
  expect(hendelser.map(({ tidspunkt }) => tidspunkt)).toEqual([at(0), at(10), at(30), at(40)])
})

test('whatever order the events come in, the letter ends the same', async () => {
  world = await startWorld()
  const events = (id: string) => [
    () => sendt(id),
    () => status(id, 'VARSLET', 20),
    () => status(id, 'LEST', 30),
    () => ekspedert(id),
  ]
  const ends = new Set<string>()
  for (const order of permutations([0, 1, 2, 3])) {
    const id = await accept({ eksternReferanse: `sak-${order.join('')}`, arkiv: anArkiv() })
    await Promise.all(order.map((place) => events(id)[place]?.()))
    const { id: _id, eksternReferanse: _reference, ...rest } = await view(id)
    ends.add(JSON.stringify([rest, await completion(id)]))
  }
  expect([...ends]).toEqual([expect.stringContaining('"complete"')])
})

function permutations(items: readonly number[]): number[][] {
  if (items.length < 2) return [[...items]]
  return items.flatMap((item) => permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]))
}

test.each(['AVVIST', 'FEILET_UNDER_MOTTAK', 'IKKE_LEVERT'])(
  '%s is a bad end, also after SvarUt has tidied up',
  async (code) => {
    world = await startWorld()
    const id = await accept()
    await sendt(id)
    expect(await completion(id)).toBe('complete')
    await status(id, code, 20)
    await status(id, 'SLETTET', 50)
    expect([await completion(id), (await view(id)).status]).toEqual(['ended-badly', 'FEILET'])
  },
)

test('SLETTET after LEST stays delivered, and an unknown status is carried through', async () => {
  world = await startWorld()
  const id = await accept()
  await sendt(id)
  await status(id, 'HELT_NY_STATUS', 15)
  expect(await view(id)).toMatchObject({ status: 'SENDT', svarUt: { status: 'HELT_NY_STATUS' } })
  await status(id, 'LEST', 20)
  await status(id, 'SLETTET', 50)
  expect([await completion(id), (await view(id)).status]).toEqual(['complete', 'LEVERT'])
})

test('a letter the hub gave up has ended badly, until it has been sent after all', async () => {
  world = await startWorld()
  const id = await accept()
  await avvist(id)
  expect(await completion(id)).toBe('ended-badly')
  expect(await view(id)).toMatchObject({
    status: 'FEILET',
    avvist: { kode: 'SVARUT_DOKUMENT_AVVIST', ansvarlig: 'saksbehandler', tidspunkt: at(5) },
  })
  await sendt(id, 30)
  expect([await completion(id), (await view(id)).status]).toEqual(['complete', 'SENDT'])
})

test('many letters are looked up at once, and an unknown id is under way', async () => {
  world = await startWorld()
  const ids: string[] = []
  for (let number = 0; number < 450; number += 1) ids.push(await accept({ eksternReferanse: `sak-${number}` }))
  await sendt(ids[0] ?? '')
  await sendt(ids[449] ?? '')
  const found = await completionOf(world.store)([...ids, 'ukjent', ids[0] ?? ''])
  expect(found.size).toBe(451)
  expect([...found].filter(([, end]) => end === 'complete').map(([id]) => id)).toEqual([ids[0], ids[449]])
  expect((await completionOf(world.store)([])).size).toBe(0)
})

test('the sender sees what waits, what stands still and why', async () => {
  let thrown = new HubError('SVARUT_UTILGJENGELIG', 'transient', 'internal words')
  const handler = defineHandler({
    name: 'forsendelse.send',
    consumes: ForsendelseMottattV1,
    async handle() {
      throw thrown
    },
  })
  world = await startWorld({ handlers: [handler] })
  const id = await accept()
  await settle()
  expect((await view(id)).venter).toEqual([
    {
      hva: 'Sending gjennom SvarUt',
      tilstand: 'venter',
      siden: at(0),
      kode: 'SVARUT_UTILGJENGELIG',
      forklaring: 'SvarUt kunne ikke nås; ingenting ble sendt. Det prøves igjen av seg selv.',
      ansvarlig: 'drift',
      nesteSteg: 'Vent; ingenting skal gjøres i fagsystemet.',
    },
  ])

  thrown = new HubError('NOE_ANNET', 'permanent', 'internal words')
  await world.time.advance(600_000)
  const stopped = await view(id)
  expect(stopped).toMatchObject({
    status: 'MOTTATT',
    venter: [
      {
        tilstand: 'stanset',
        kode: 'NOE_ANNET',
        forklaring: 'Forrige forsøk lyktes ikke. Steget er stanset til drift har sett på det.',
      },
    ],
  })
  expect(JSON.stringify(stopped)).not.toContain('internal words')
})

test('a letter is found by its reference', async () => {
  world = await startWorld()
  const id = await accept({ eksternReferanse: 'sak 2026/17 æ' })
  const found = await world.get(`?eksternReferanse=${encodeURIComponent('sak 2026/17 æ')}`)
  expect([found.statusCode, found.json().id]).toEqual([200, id])
  expect((await world.get('?eksternReferanse=ukjent')).statusCode).toBe(404)
  for (const query of ['', '?eksternReferanse=', '?eksternReferanse=a&eksternReferanse=b']) {
    expect((await world.get(query)).json(), query).toMatchObject({
      status: 400,
      errors: [{ path: 'eksternReferanse' }],
    })
  }
})

test('a letter of another municipality is not there, by id or by reference', async () => {
  world = await startWorld()
  const id = await accept()
  const answers = [
    await world.get(`/${id}`, STOREVIK),
    await world.get(`?eksternReferanse=${eksternReferanse}`, STOREVIK),
  ]
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([404, 404])
  expect((await world.get(`/${id}`, LILLEVIK)).statusCode).toBe(200)
})

test('what is kept of a letter holds its payloads and nothing personal', async () => {
  world = await startWorld()
  await accept({ arkiv: anArkiv() })
  const rows = await world.store.read('test', (tx) =>
    tx.all<{ body: string }>('SELECT body FROM document WHERE collection = ?', COLLECTIONS.forsendelse),
  )
  expect(rows.map(({ body }) => JSON.parse(body))).toEqual([
    {
      eksternReferanse,
      klientId: `fagsystem-${LILLEVIK}`,
      arkiv: true,
      mottattTidspunkt: at(0),
      payloads: expect.any(Array),
    },
  ])
  expect(JSON.parse(rows[0]?.body ?? '').payloads.sort()).toEqual(await world.refs())
})
