import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CLIENTS, LILLEVIK, STOREVIK, startTestHub, type TestHub } from './test-support.ts'

let hub: TestHub
let parkedRow: number
let forsendelseId: string
let questionKey: string
let jobId: string

beforeAll(async () => {
  hub = await startTestHub()
  forsendelseId = await hub.accept({ tenant: LILLEVIK, reference: 'sak-1', behaviour: 'park' })
  parkedRow = await hub.rowIn(forsendelseId, 'parked')
  const asked = await hub.accept({ tenant: LILLEVIK, reference: 'sak-2', behaviour: 'lose the answer' })
  await hub.rowIn(asked, 'parked')
  const effect = await hub.store.read('test', (tx) =>
    tx.one<{ effect_key: string }>('SELECT effect_key FROM effect WHERE accepted_id = ?', asked),
  )
  questionKey = effect?.effect_key ?? ''
  const planned = await call('drift-alle', 'POST', '/omkjoringer', {
    utvalg: { radIder: [parkedRow] },
    arsak: 'til testen',
  })
  jobId = planned.json<{ omkjoringId: string }>().omkjoringId
})
afterAll(() => hub.stop())

async function call(klientId: string, method: 'GET' | 'POST', path: string, body?: object) {
  return hub.app.inject({
    method,
    url: `/api/v1/drift${path}`,
    headers: { authorization: `Bearer ${klientId}`, operator: 'Kari Prøve' },
    ...(body === undefined ? {} : { payload: body }),
  })
}

/** Every route, the scope it needs, and a call about something of Lillevik's that changes nothing when it is refused. */
const routes: readonly {
  readonly name: string
  readonly scope: string
  readonly method: 'GET' | 'POST'
  path(): string
  readonly body?: object
}[] = [
  { name: 'groups', scope: 'drift.les', method: 'GET', path: () => `/feil?kommune=${LILLEVIK}` },
  {
    name: 'rows',
    scope: 'drift.les',
    method: 'GET',
    path: () => `/feil/${encodeURIComponent('prove.send|PROVE_AVVIST|tittel')}`,
  },
  { name: 'journey by id', scope: 'drift.les', method: 'GET', path: () => `/reise/${forsendelseId}` },
  { name: 'journey by reference', scope: 'drift.les', method: 'GET', path: () => '/reise/sak-1' },
  { name: 'account', scope: 'drift.les', method: 'GET', path: () => `/regnskap?kommune=${LILLEVIK}` },
  { name: 'alarms', scope: 'drift.les', method: 'GET', path: () => `/alarmer?kommune=${LILLEVIK}` },
  { name: 'audit', scope: 'drift.les', method: 'GET', path: () => `/revisjon?kommune=${LILLEVIK}` },
  { name: 'replay', scope: 'drift.les', method: 'GET', path: () => `/omkjoringer/${jobId}` },
  {
    name: 'plan for a municipality',
    scope: 'drift.replay',
    method: 'POST',
    path: () => '/omkjoringer',
    body: {
      utvalg: { forsendelseId: '00000000-0000-4000-8000-00000000ffff', kommuner: [LILLEVIK] },
      arsak: 'til testen',
    },
  },
  { name: 'start', scope: 'drift.replay', method: 'POST', path: () => `/omkjoringer/${jobId}/start`, body: {} },
  { name: 'pause', scope: 'drift.replay', method: 'POST', path: () => `/omkjoringer/${jobId}/pause`, body: {} },
  { name: 'cancel', scope: 'drift.replay', method: 'POST', path: () => `/omkjoringer/${jobId}/avbryt`, body: {} },
  {
    name: 'discard',
    scope: 'drift.forkast',
    method: 'POST',
    path: () => `/rader/${parkedRow}/forkast`,
    body: { arsak: 'sendt på papir i stedet' },
  },
  {
    name: 'undo',
    scope: 'drift.forkast',
    method: 'POST',
    path: () => `/rader/${parkedRow}/angre`,
    body: { arsak: 'det var feil' },
  },
  {
    name: 'answer',
    scope: 'drift.svar',
    method: 'POST',
    path: () => `/sporsmal/${questionKey}/svar`,
    body: { svar: 'finnes-ikke', arsak: 'sett etter', sett: 'listen hos mottakeren' },
  },
]

describe.each(routes)('$name', ({ scope, method, path, body }) => {
  test('is refused without a token', async () => {
    expect((await call('ukjent', method, path(), body)).statusCode).toBe(401)
  })

  test.each(Object.keys(CLIENTS).filter((klientId) => !klientId.startsWith('drift-')))(
    'needs its scope, tried by %s',
    async (klientId) => {
      const { statusCode } = await call(klientId, method, path(), body)
      if (CLIENTS[klientId]?.scopes.includes(scope)) expect(statusCode).not.toBe(403)
      else expect(statusCode).toBe(403)
    },
  )

  test('does not exist for an operator of another municipality', async () => {
    const answer = await call('drift-storevik', method, path(), body)
    expect(answer.statusCode).toBe(404)
    expect(answer.headers['content-type']).toContain('application/problem+json')
    expect(answer.body).not.toContain('Lillevik')
  })
})

test('lists of everything hold nothing of another municipality', async () => {
  await hub.accept({ tenant: STOREVIK, reference: 'sak-9', behaviour: 'send' })
  for (const path of ['/feil', '/regnskap?dag=alle', '/alarmer', '/revisjon']) {
    const answer = await call('drift-storevik', 'GET', path)
    expect(answer.statusCode, path).toBe(200)
    expect(answer.body, path).not.toContain(LILLEVIK)
    expect(answer.body, path).not.toContain(jobId)
  }
})

test('a selection by cause takes only rows of the operator’s municipalities', async () => {
  const elsewhere = await hub.accept({ tenant: STOREVIK, reference: 'sak-10', behaviour: 'park' })
  const rowId = await hub.rowIn(elsewhere, 'parked')
  const here = await hub.accept({ tenant: LILLEVIK, reference: 'sak-11', behaviour: 'park' })
  const own = await hub.rowIn(here, 'parked')
  const utvalg = { fingerprint: 'prove.send|PROVE_AVVIST|tittel' }
  const planned = await call('drift-storevik', 'POST', '/omkjoringer', { utvalg, arsak: 'rettet hos mottakeren' })
  expect(planned.json()).toMatchObject({ rader: [{ radId: rowId }], prognose: { sum: 1 } })

  const named = await call('drift-storevik', 'POST', '/omkjoringer', {
    utvalg: { radIder: [own, rowId] },
    arsak: 'rettet hos mottakeren',
  })
  expect(named.json()).toMatchObject({ rader: [{ radId: rowId }], utelatt: [own] })
})

test('a replay over several municipalities is seen only by those who see all of it', async () => {
  const planned = await call('drift-alle', 'POST', '/omkjoringer', {
    utvalg: { fingerprint: 'prove.send|PROVE_AVVIST|tittel' },
    arsak: 'for alle',
  })
  const { omkjoringId } = planned.json<{ omkjoringId: string }>()
  expect((await call('bare-les', 'GET', `/omkjoringer/${omkjoringId}`)).statusCode).toBe(200)
  expect((await call('drift-lillevik', 'GET', `/omkjoringer/${omkjoringId}`)).statusCode).toBe(404)
  expect((await call('drift-lillevik', 'GET', '/revisjon')).body).not.toContain(omkjoringId)
  expect((await call('drift-alle', 'GET', '/revisjon')).body).toContain(omkjoringId)
})
