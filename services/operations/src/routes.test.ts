import { afterEach, beforeEach, expect, test } from 'vitest'
import type { AuditAnswer, FailuresAnswer, JourneyAnswer, ReplayAnswer, RowsAnswer } from './answers.ts'
import { LILLEVIK, STOREVIK, startTestHub, type TestHub } from './test-support.ts'

let hub: TestHub

beforeEach(async () => {
  hub = await startTestHub({ fourEyesAbove: 3 })
})
afterEach(() => hub.stop())

const PARKED = 'prove.send|PROVE_AVVIST|tittel'

async function get<Answer>(path: string): Promise<Answer> {
  const answer = await hub.app.inject({
    method: 'GET',
    url: `/api/v1/drift${path}`,
    headers: { authorization: 'Bearer drift-alle' },
  })
  expect(answer.statusCode, answer.body).toBe(200)
  return answer.json()
}

function post(path: string, payload: object | undefined, headers: Record<string, string> = {}) {
  return hub.app.inject({
    method: 'POST',
    url: `/api/v1/drift${path}`,
    headers: { authorization: 'Bearer drift-alle', operator: 'Kari Prøve', ...headers },
    ...(payload === undefined ? {} : { payload }),
  })
}

async function parked(reference: string, tenant = LILLEVIK): Promise<{ id: string; rowId: number }> {
  const id = await hub.accept({ reference, tenant, behaviour: 'park' })
  return { id, rowId: await hub.rowIn(id, 'parked') }
}

async function openQuestion(reference: string): Promise<{ id: string; rowId: number; key: string }> {
  const id = await hub.accept({ reference, behaviour: 'lose the answer' })
  const rowId = await hub.rowIn(id, 'parked')
  const rows = await get<RowsAnswer>(`/feil/${encodeURIComponent('prove.send|EFFECT_UTFALL_UKJENT|')}`)
  return { id, rowId, key: rows.rader.find((row) => row.radId === rowId)?.apneSporsmal[0]?.effectKey ?? '' }
}

/** Longer than a request of the test's destination may be under way, look-up included. */
const WAIT_MS = 60 * 60_000

test('failures are grouped by cause over municipalities and explained in Norwegian', async () => {
  await parked('a')
  await parked('b', STOREVIK)
  await hub.rowIn(await hub.accept({ reference: 'c', behaviour: 'retry' }), 'waiting')
  await hub.until(async () => (await get<FailuresAnswer>('/feil')).grupper.length === 2)

  const { grupper } = await get<FailuresAnswer>('/feil')
  expect(grupper[0]).toMatchObject({
    fingerprint: PARKED,
    kode: 'PROVE_AVVIST',
    felt: 'tittel',
    parkert: 2,
    kommuner: [
      { orgnr: STOREVIK, navn: 'Storevik' },
      { orgnr: LILLEVIK, navn: 'Lillevik' },
    ],
    forklaring: { betydning: 'Prøvemottakeren godtar ikke brevet.', hvem: 'saksbehandler' },
  })
  expect(grupper[1]).toMatchObject({ kode: 'STORE_UTILGJENGELIG', venter: 1, forklaring: { hvem: 'drift' } })
})

test('the rows of a group tell how many wait behind each, and which questions are open', async () => {
  const first = await hub.accept({ reference: 'a', behaviour: 'park', sak: 'sak-1' })
  await hub.rowIn(first, 'parked')
  await hub.rowIn(await hub.accept({ reference: 'b', behaviour: 'send', sak: 'sak-1' }), 'waiting')
  const { key } = await openQuestion('c')
  const rows = await get<RowsAnswer>(`/feil/${encodeURIComponent(PARKED)}`)
  expect(rows).toMatchObject({
    antall: 1,
    rader: [{ forsendelseId: first, tilstand: 'parkert', bakVenter: 1, nesteForsok: null }],
  })
  expect(key).toMatch(/^[0-9a-f-]{36}$/)
})

test('a replay is planned, forecast, started and followed to its end', async () => {
  const { id, rowId } = await parked('a')
  const planned = await post('/omkjoringer', { utvalg: { fingerprint: PARKED }, arsak: 'tittelen er rettet' })
  expect(planned.statusCode).toBe(201)
  const job = planned.json<ReplayAnswer>()
  expect(planned.headers['location']).toBe(`/api/v1/drift/omkjoringer/${job.omkjoringId}`)
  expect(job).toMatchObject({
    tilstand: 'planlagt',
    planlagtAv: 'Kari Prøve',
    prognose: { sum: 1, kjoresPaNytt: 1, fortsetter: 0, sporForst: 0, kanIkke: 0 },
    rader: [{ radId: rowId, tilstand: 'ikke begynt' }],
  })
  await parked('later')
  hub.behave(id, 'send')
  expect((await post(`/omkjoringer/${job.omkjoringId}/start`, undefined)).json()).toMatchObject({ tilstand: 'kjører' })
  await hub.until(async () => (await get<ReplayAnswer>(`/omkjoringer/${job.omkjoringId}`)).tilstand === 'ferdig')

  expect(await get<ReplayAnswer>(`/omkjoringer/${job.omkjoringId}`)).toMatchObject({
    prognose: { sum: 1 },
    resultat: { ferdig: 1, frosset: 0 },
  })
  expect(hub.sent).toEqual([`post ${id}`, `kvitter ${id}`])
  expect((await post(`/omkjoringer/${job.omkjoringId}/pause`, {})).json()).toMatchObject({
    status: 409,
    code: 'DRIFT_FEIL_TILSTAND',
    detail: expect.stringMatching(/^Omkjøringen er ferdig og kan ikke settes på pause\./),
  })
})

test('a store that is trusted has nothing to be trusted again for', async () => {
  expect((await post('/tillit', { arsak: 'alt er sammenlignet' })).json()).toMatchObject({
    status: 409,
    code: 'DRIFT_FEIL_TILSTAND',
    detail: expect.stringMatching(/^Lageret er ikke merket som gjenopprettet/),
  })
})

test('a cancelled replay releases nothing', async () => {
  const { rowId } = await parked('a')
  const { omkjoringId } = (
    await post('/omkjoringer', { utvalg: { radIder: [rowId] }, arsak: 'prøver igjen' })
  ).json<ReplayAnswer>()
  const cancelled = await post(`/omkjoringer/${omkjoringId}/avbryt`, { arsak: 'feil utvalg' })
  expect(cancelled.json()).toMatchObject({ tilstand: 'avbrutt', resultat: { avbrutt: 1 } })
})

test('a replay of one municipality stands in the audit as that municipality’s', async () => {
  const { rowId } = await parked('a')
  await post('/omkjoringer', { utvalg: { radIder: [rowId] }, arsak: 'prøver igjen' })
  const line = { handling: 'replay-plan', kommune: { orgnr: LILLEVIK } }
  for (const path of ['/revisjon', `/revisjon?kommune=${LILLEVIK}`])
    expect((await get<AuditAnswer>(path)).linjer).toMatchObject([line])
  expect((await get<AuditAnswer>(`/revisjon?kommune=${STOREVIK}`)).linjer).toEqual([])
})

test('a large replay is started by another person than planned it', async () => {
  for (const reference of ['a', 'b', 'c', 'd']) await parked(reference)
  const { omkjoringId } = (
    await post('/omkjoringer', { utvalg: { fingerprint: PARKED }, arsak: 'rettet' })
  ).json<ReplayAnswer>()
  const alone = await post(`/omkjoringer/${omkjoringId}/start`, {})
  expect(alone.json()).toMatchObject({ status: 403, code: 'DRIFT_TO_PERSONER' })
  const otherwiseSpelt = await post(`/omkjoringer/${omkjoringId}/start`, {}, { operator: 'KARI  prøve' })
  expect(otherwiseSpelt.json()).toMatchObject({ status: 403, code: 'DRIFT_TO_PERSONER' })
  expect((await post(`/omkjoringer/${omkjoringId}/start`, {}, { operator: 'Ola Prøve' })).statusCode).toBe(200)
})

test('a row is discarded with a reason, taken back, and the audit says who and why', async () => {
  const { rowId, id } = await parked('a')
  expect((await post(`/rader/${rowId}/forkast`, { arsak: 'Sendt på papir av arkivet' })).json()).toMatchObject({
    tilstand: 'forkastet',
  })
  expect((await post(`/rader/${rowId}/forkast`, { arsak: 'Sendt på papir av arkivet' })).statusCode).toBe(409)
  expect((await post(`/rader/${rowId}/angre`, { arsak: 'feil rad' })).json()).toMatchObject({ tilstand: 'venter' })
  const { linjer } = await get<{ linjer: unknown[] }>(`/revisjon?forsendelseId=${id}`)
  expect(linjer).toMatchObject([
    { handling: 'undo', person: 'Kari Prøve', klientId: 'drift-alle', arsak: 'feil rad' },
    { handling: 'discard', arsak: 'Sendt på papir av arkivet', kommune: { orgnr: LILLEVIK } },
  ])
})

test('a discard does not end an open question; two persons end it together', async () => {
  const { rowId, key } = await openQuestion('a')
  expect((await post(`/rader/${rowId}/forkast`, { arsak: 'Sendt på papir av arkivet' })).json()).toMatchObject({
    tilstand: 'forkastes',
  })
  const no = { svar: 'finnes-ikke', arsak: 'ikke i listen', sett: 'listen over sendte brev' }
  expect((await post(`/sporsmal/${key}/svar`, no)).json()).toMatchObject({
    status: 409,
    code: 'DRIFT_KAN_VAERE_UNDERVEIS',
  })
  hub.time.advance(WAIT_MS)
  expect((await post(`/sporsmal/${key}/svar`, no)).json()).toMatchObject({ tilstand: 'ubesvart' })
  expect((await post(`/sporsmal/${key}/svar`, no)).json()).toMatchObject({ tilstand: 'ubesvart' })
  expect((await post(`/sporsmal/${key}/svar`, no, { operator: 'Ola Prøve' })).json()).toMatchObject({
    tilstand: 'finnes ikke',
  })
  await hub.rowIn(
    (
      await hub.store.read('test', (tx) =>
        tx.one<{ accepted_id: string }>('SELECT accepted_id FROM inbox WHERE row_id = ?', rowId),
      )
    )?.accepted_id ?? '',
    'discarded',
  )
  expect((await post(`/sporsmal/${key}/svar`, no)).json()).toMatchObject({
    status: 409,
    code: 'DRIFT_INGEN_APEN_FORESPORSEL',
  })
})

test('an answer with evidence lets a replay finish the letter without sending it again', async () => {
  const { id, rowId, key } = await openQuestion('a')
  const answered = await post(`/sporsmal/${key}/svar`, {
    svar: 'finnes',
    bevis: { postId: 'post-77' },
    arsak: 'funnet',
    sett: 'listen over sendte brev',
  })
  expect(answered.json()).toMatchObject({ radId: rowId, tilstand: 'finnes' })
  hub.behave(id, 'send')
  const job = (await post('/omkjoringer', { utvalg: { forsendelseId: id }, arsak: 'besvart' })).json<ReplayAnswer>()
  expect(job.prognose).toMatchObject({ fortsetter: 1 })
  await post(`/omkjoringer/${job.omkjoringId}/start`, {})
  await hub.rowIn(id, 'done')
  expect(hub.sent).toEqual([`kvitter ${id}`])
})

test('a journey is found by reference and tells what it waits for and what waits behind it', async () => {
  const first = await hub.accept({ reference: 'sak 2026/17', behaviour: 'park', sak: 'sak-1' })
  const rowId = await hub.rowIn(first, 'parked')
  const second = await hub.accept({ reference: 'b', behaviour: 'send', sak: 'sak-1' })
  await hub.rowIn(second, 'waiting')

  const journey = await get<JourneyAnswer>(`/reise/${encodeURIComponent('sak 2026/17')}`)
  expect(journey).toMatchObject({
    forsendelseId: first,
    kommune: { navn: 'Lillevik' },
    na: [{ radId: rowId, tilstand: 'parkert', bakVenter: 1 }],
  })
  expect(journey.konklusjon).toContain('parkert')
  expect(journey.trinn.map((step) => step.slag)).toEqual(['mottatt', 'hendelse', 'behandling', 'behandling'])
  expect(journey.trinn.at(-1)?.tekst).toContain('Prøvemottakeren godtar ikke brevet. (PROVE_AVVIST)')

  const behind = await get<JourneyAnswer>(`/reise/${second}`)
  expect(behind.na[0]).toMatchObject({ foran: { radId: rowId, forsendelseId: first, tilstand: 'parkert' } })
  expect(behind.na[0]?.tekst).toContain(`Venter bak rad ${rowId} (forsendelse ${first})`)
})

test('a journey shows attempts, answers, alarms and what people did', async () => {
  const { id, rowId, key } = await openQuestion('a')
  await post(`/rader/${rowId}/forkast`, { arsak: 'Sendt på papir av arkivet' })
  await post(`/sporsmal/${key}/svar`, { svar: 'finnes', bevis: { postId: 'post-77' }, arsak: 'funnet', sett: 'listen' })
  const { trinn, konklusjon } = await get<JourneyAnswer>(`/reise/${id}`)
  const texts = trinn.map((step) => step.tekst).join('\n')
  expect(texts).toContain('post, forsøk 1 begynte.')
  expect(texts).toContain('post: finnes hos mottakersystemet, postId post-77.')
  expect(texts).toContain('ALARM: En forkastet melding var likevel utført hos mottakersystemet, helt eller delvis.')
  expect(texts).toContain('Kari Prøve forkastet. Begrunnelse: Sendt på papir av arkivet')
  // Its handler has a second effect, which never began: the row stays discarded, only partly done.
  expect(texts).toContain('prove.send ble forkastet.')
  expect(konklusjon).toBe('Avsluttet; en del av behandlingen er forkastet.')
  expect(await get('/alarmer')).toMatchObject({
    alarmer: [{ slag: 'although-discarded', forsendelseId: id, kommune: { navn: 'Lillevik' } }],
  })
})

test('a reference that two municipalities use asks for the municipality', async () => {
  await parked('felles')
  await parked('felles', STOREVIK)
  const both = await hub.app.inject({
    url: '/api/v1/drift/reise/felles',
    headers: { authorization: 'Bearer drift-alle' },
  })
  expect(both.json()).toMatchObject({ status: 409, code: 'DRIFT_FLERE_TREFF', errors: [{ path: 'kommune' }] })
  expect(await get<JourneyAnswer>(`/reise/felles?kommune=${STOREVIK}`)).toMatchObject({ kommune: { navn: 'Storevik' } })
})

test('the account of today has every accepted id in one class', async () => {
  const { id } = await parked('a')
  const sent = await hub.accept({ reference: 'b', behaviour: 'send' })
  await hub.rowIn(sent, 'done')
  hub.completed.set(sent, 'complete')
  expect(await get('/regnskap')).toMatchObject({
    dag: '2026-03-02',
    stemmer: true,
    linjer: [{ mottatt: 2, antall: { parkert: 1, ferdig: 1, uregnskapsfort: 0 }, ider: { parkert: [id], ferdig: [] } }],
  })
  hub.completed.delete(sent)
  expect(await get('/regnskap?dag=alle')).toMatchObject({
    stemmer: false,
    linjer: [{ ider: { uregnskapsfort: [sent] } }],
  })
  expect(await get('/regnskap?dag=2025-01-01')).toMatchObject({ linjer: [] })
})

test('lists go on below a number until their end', async () => {
  const { rowId } = await parked('a')
  await post(`/rader/${rowId}/forkast`, { arsak: 'Sendt på papir av arkivet' })
  await post(`/rader/${rowId}/angre`, { arsak: 'feil rad' })
  const first = await get<{ linjer: unknown[]; eldre: number }>('/revisjon?antall=1')
  expect(first.linjer).toHaveLength(1)
  const second = await get<{ linjer: { handling: string }[]; eldre: number | null }>(
    `/revisjon?antall=1&for=${first.eldre}`,
  )
  expect(second.linjer).toMatchObject([{ handling: 'discard' }])
})
