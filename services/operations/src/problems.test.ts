import { HubError } from '@samband/kernel'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { LILLEVIK, startTestHub, type TestHub } from './test-support.ts'

let hub: TestHub
let parkedRow: number

beforeAll(async () => {
  hub = await startTestHub()
  parkedRow = await hub.rowIn(await hub.accept({ reference: 'a', behaviour: 'park' }), 'parked')
})
afterAll(() => hub.stop())

function post(path: string, payload: object | undefined, headers: Record<string, string> = {}) {
  return hub.app.inject({
    method: 'POST',
    url: `/api/v1/drift${path}`,
    headers: { authorization: 'Bearer drift-alle', operator: 'Kari Prøve', ...headers },
    ...(payload === undefined ? {} : { payload }),
  })
}

test.each([
  ['DELETE', '/feil', 'GET, HEAD'],
  ['PUT', '/reise/sak-17', 'GET, HEAD'],
  ['GET', '/rader/1/forkast', 'POST'],
] as const)('%s %s is answered with 405 and what is allowed', async (method, path, allow) => {
  const answer = await hub.app.inject({ method, url: `/api/v1/drift${path}` })
  expect([answer.statusCode, answer.json().code]).toEqual([405, 'METODE_IKKE_TILLATT'])
  expect(String(answer.headers.allow).split(', ').sort().join(', ')).toBe(allow)
})

const refusals: readonly {
  readonly what: string
  readonly path: string
  readonly body: unknown
  readonly field: string
}[] = [
  { what: 'a discard with a short reason', path: '/rader/1/forkast', body: { arsak: 'fordi' }, field: 'arsak' },
  { what: 'a reason of blanks', path: '/rader/1/angre', body: { arsak: '          ' }, field: 'arsak' },
  {
    what: 'a reason with a fødselsnummer',
    path: '/rader/1/forkast',
    body: { arsak: 'gjelder 158590 99928, levert for hånd' },
    field: 'arsak',
  },
  {
    what: 'a fingerprint with a fødselsnummer',
    path: '/omkjoringer',
    body: { utvalg: { fingerprint: 'x|158590-99928' }, arsak: 'alle av denne feilen' },
    field: 'utvalg.fingerprint',
  },
  {
    what: 'a field that is not known',
    path: '/rader/1/forkast',
    body: { arsak: 'Sendt på papir av arkivet', tvang: true },
    field: 'tvang',
  },
  {
    what: 'a row id that is no number',
    path: '/rader/x/forkast',
    body: { arsak: 'Sendt på papir av arkivet' },
    field: 'rowId',
  },
  { what: 'an empty selection', path: '/omkjoringer', body: { utvalg: {}, arsak: 'alt' }, field: 'utvalg' },
  {
    what: 'a list that is none',
    path: '/omkjoringer',
    body: { utvalg: { radIder: 'alle' }, arsak: 'alt' },
    field: 'utvalg.radIder',
  },
  {
    what: 'a municipality that is none',
    path: '/omkjoringer',
    body: { utvalg: { fingerprint: 'x', kommuner: ['Lillevik'] }, arsak: 'alt' },
    field: 'utvalg.kommuner.0',
  },
  {
    what: 'there without evidence',
    path: '/sporsmal/x/svar',
    body: { svar: 'finnes', arsak: 'sett', sett: 'listen' },
    field: 'bevis',
  },
  {
    what: 'not there with evidence',
    path: '/sporsmal/x/svar',
    body: { svar: 'finnes-ikke', bevis: {}, arsak: 'sett', sett: 'listen' },
    field: 'bevis',
  },
  {
    what: 'an answer without what was looked at',
    path: '/sporsmal/x/svar',
    body: { svar: 'finnes-ikke', arsak: 'sett' },
    field: 'sett',
  },
  { what: 'no body', path: '/omkjoringer', body: undefined, field: 'utvalg' },
]

test.each(refusals)('refuses $what and names the field, not the value', async ({ path, body, field }) => {
  const answer = await post(path, body as object | undefined)
  expect(answer.headers['content-type']).toContain('application/problem+json')
  expect(answer.json()).toMatchObject({
    status: 400,
    code: 'DRIFT_UGYLDIG_FORESPORSEL',
    title: 'Forespørselen er ikke gyldig',
    errors: [{ path: field }],
  })
  expect(answer.body).not.toContain('99928')
})

test.each(['today', '2026-13-45'])('tells how a day is written when asked for the account of %s', async (day) => {
  const url = `/api/v1/drift/regnskap?dag=${day}`
  const answer = await hub.app.inject({ url, headers: { authorization: 'Bearer drift-alle' } })
  const detail = 'Forventet en dag på formen ÅÅÅÅ-MM-DD, eller alle.'
  expect(answer.json()).toMatchObject({ status: 400, errors: [{ path: 'dag', detail }] })
})

test.each([
  ['nothing', undefined],
  ['blanks', '   '],
  ['a control character', 'Kari\u0007'],
  ['101 characters', 'k'.repeat(101)],
  ['a fødselsnummer', 'Kari 158590 99928'],
])('refuses a changing verb whose person is %s', async (_what, operator) => {
  const answer = await hub.app.inject({
    method: 'POST',
    url: '/api/v1/drift/omkjoringer',
    headers: { authorization: 'Bearer drift-alle', ...(operator === undefined ? {} : { operator }) },
    payload: { utvalg: { radIder: [1] }, arsak: 'prøver' },
  })
  expect(answer.json()).toMatchObject({ status: 400, errors: [{ path: 'Operator' }] })
})

test('the name of a person may come as UTF-8, and is in no log', async () => {
  const operator = Buffer.from('Čáhppe Prøve', 'utf8').toString('latin1')
  await post(`/rader/${parkedRow}/forkast`, { arsak: 'Sendt på papir av arkivet' }, { operator })
  const audit = await hub.app.inject({ url: '/api/v1/drift/revisjon', headers: { authorization: 'Bearer drift-alle' } })
  expect(audit.json()).toMatchObject({ linjer: [{ person: 'Čáhppe Prøve' }] })
  expect(hub.logged.join('\n')).not.toContain('hppe')
})

test.each([
  ['text', { 'content-type': 'text/plain' }, 'hei', 415],
  ['half a JSON document', { 'content-type': 'application/json' }, '{"arsak":', 400],
  ['too much', { 'content-type': 'application/json' }, JSON.stringify({ arsak: 'x'.repeat(70_000) }), 413],
])('refuses %s with a problem document', async (_what, headers, payload, status) => {
  const answer = await hub.app.inject({
    method: 'POST',
    url: '/api/v1/drift/rader/1/forkast',
    headers: { authorization: 'Bearer drift-alle', operator: 'Kari Prøve', ...headers },
    payload,
  })
  expect(answer.headers['content-type']).toContain('application/problem+json')
  expect(answer.json()).toMatchObject({ status, ...(status === 400 ? { code: 'DRIFT_UGYLDIG_FORESPORSEL' } : {}) })
})

test('an unknown address below the API is a problem document too', async () => {
  const answer = await hub.app.inject('/api/v1/drift/finnes-ikke')
  expect(answer.json()).toMatchObject({ status: 404, code: 'DRIFT_FINNES_IKKE' })
})

test.each([
  [
    'a store that cannot answer',
    new HubError('STORE_UTILGJENGELIG', 'transient', 'The store is closed.'),
    { status: 503, code: 'STORE_UTILGJENGELIG' },
  ],
  ['a defect', new Error('password=hemmelig'), { status: 500, code: 'INTERN_FEIL' }],
])('%s is answered without its inside', async (_what, error, problem) => {
  const { read } = hub.store
  Object.assign(hub.store, { read: () => Promise.reject(error) })
  const answer = await hub.app.inject({ url: '/api/v1/drift/feil', headers: { authorization: 'Bearer drift-alle' } })
  Object.assign(hub.store, { read })
  expect(answer.json()).toMatchObject(problem)
  expect(answer.headers['retry-after']).toBe(problem.status === 503 ? '5' : undefined)
  expect(answer.body + hub.logged.join()).not.toContain('hemmelig')
})

test('machines see that the hub lives, whether it is ready, and its metrics', async () => {
  await hub.rowIn(await hub.accept({ reference: 'b', behaviour: 'park' }), 'parked')
  expect((await hub.app.inject('/healthz')).json()).toEqual({ lever: true })
  expect((await hub.app.inject('/readyz')).json()).toEqual({
    klar: true,
    grunner: [],
    apneKretser: [],
    avvisteFiler: [],
  })
  const metrics = await hub.app.inject('/metrics')
  expect(metrics.headers['content-type']).toContain('text/plain')
  expect(metrics.body).toContain(`samband_rows{handler="prove.send",tenant="${LILLEVIK}",state="parked"} 1`)

  expect(metrics.body).toContain('\nsamband_tenant_files_refused 0\n')

  for (const url of ['/healthz', '/readyz', '/metrics']) {
    const posted = await hub.app.inject({ method: 'POST', url })
    expect([posted.statusCode, posted.headers.allow]).toEqual([405, 'GET, HEAD'])
  }

  const fault = { path: 'connectors.svarut.kontoId', expected: 'a text', came: 'nothing', todo: 'Write it.' }
  hub.tenantProblems.push({ file: 'lillevik.yaml', orgnr: LILLEVIK, formerInForce: true, faults: [fault] })
  const refused = await hub.app.inject('/readyz')
  expect([refused.statusCode, refused.json().avvisteFiler]).toEqual([
    200,
    [{ fil: 'lillevik.yaml', kommune: LILLEVIK, forrigeGjelder: true, felt: ['connectors.svarut.kontoId'] }],
  ])
  expect((await hub.app.inject('/metrics')).body).toContain('\nsamband_tenant_files_refused 1\n')

  let stopped = false
  void hub.runtime.stop(0).then(() => {
    stopped = true
  })
  await hub.until(() => stopped)
  const unready = await hub.app.inject('/readyz')
  expect(unready.statusCode).toBe(503)
  expect(unready.json()).toMatchObject({ klar: false, grunner: ['the runtime is stopped'] })
})
