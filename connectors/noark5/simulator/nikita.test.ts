import { request } from 'node:http'
import { listenAlone } from '@samband/simulator-kit'
import { expect, test } from 'vitest'
import { memorySpool } from './spool.ts'
import { aCore, fileLetter, link, nikitaToken, one, rel, sha256, TestClient, type Wire } from './test-support.ts'

const PDF = '%PDF-1.7 brev'
const UUID = 'a0ee1b6e-59a4-5d3a-9c0f-0d5a3c1f7e11'
const SAK = { tittel: 'Sak', saksstatus: { kode: 'B' } }

test('login is a password grant found under authorization_endpoint; client_credentials, a secret in the body and Basic do not work', async () => {
  const { sim, client } = await aCore({ profile: 'nikita' })
  const anonymous = new TestClient(sim)
  const open = await anonymous.get('/api/')
  expect(Object.keys(open._links)).toEqual(['self', rel('login/oidc')])
  const discovery = await anonymous.get(link(open, 'login/oidc'))
  expect(discovery).not.toHaveProperty('token_endpoint')
  const token = (headers: Record<string, string>, form: Record<string, string>) =>
    anonymous.request('POST', String(discovery['authorization_endpoint']), {
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      payload: new URLSearchParams(form).toString(),
    })
  const basic = { authorization: `Basic ${btoa('nikita-client:secret')}` }
  const wrong = await token(basic, { grant_type: 'password', username: 'arkivar', password: 'feil' })
  expect([wrong.statusCode, wrong.json().error]).toEqual([400, 'invalid_grant'])
  expect((await token(basic, { grant_type: 'client_credentials' })).statusCode).toBe(401)
  const body = { client_id: 'nikita-client', client_secret: 'secret', grant_type: 'password', username: 'arkivar' }
  expect((await token({}, body)).statusCode).toBe(401)
  expect(await nikitaToken(sim)).toBe(client.authorization)
  const url = link(await client.get('/api/'), 'sakarkiv')
  const refused = await new TestClient(sim, `Basic ${btoa('arkivar:arkivar-passord')}`).request('GET', url)
  expect(refused.statusCode).toBe(401)
  expect(Object.keys(refused.json())).toEqual(['error', 'error_description'])
  expect((await anonymous.request('GET', '/api')).statusCode).toBe(302)
})

test('admin/system stands one step further away and tells no bulkgrense', async () => {
  const { client } = await aCore({ profile: 'nikita' })
  const admin = await client.get(link(await client.get('/api/'), 'admin'))
  expect(await client.get(link(admin, 'admin/system'))).not.toHaveProperty('bulkgrense')
})

test('a letter is filed, without any Location', async () => {
  const { sim, client } = await aCore({ profile: 'nikita' })
  const { sak, post, objekt, part } = await fileLetter(client, PDF, { referanse: 'hub:1' })
  expect(sak['mappeID']).toBe('2026/1')
  expect(part['personidentifikator']).toEqual({ foedselsnummer: '15859099928' })
  const upload = await client.upload(objekt, PDF)
  expect(upload.statusCode).toBe(201)
  expect(upload.headers['location']).toBeUndefined()
  const found = await client.search('sakarkiv/journalpost', "dokumentbeskrivelse/eksternReferanse eq 'hub:1'")
  expect(one(found)['systemID']).toBe(post['systemID'])
  expect(sim.received().filer).toMatchObject([{ sha256: sha256(PDF) }])
})

test('a systemID of the client is kept, and a second POST with it is a 400 of the database', async () => {
  const { sim, client } = await aCore({ profile: 'nikita' })
  const url = link(await client.klasse('L42'), 'sakarkiv/ny-saksmappe')
  const answers = await Promise.all([1, 2, 3].map(() => client.send('POST', url, { ...SAK, systemID: UUID })))
  expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([201, 400, 400])
  expect(answers.find(({ statusCode }) => statusCode === 400)?.json()).toMatchObject({
    status: 400,
    message: expect.stringContaining('constraint'),
    stackTrace: expect.anything(),
  })
  expect((await client.send('POST', url, { ...SAK, systemID: 'nei' })).statusCode).toBe(500)
  expect(sim.received().saksmapper).toHaveLength(1)
})

test('what it demands and what it refuses differs from the standard', async () => {
  const { client } = await aCore({ profile: 'nikita' })
  const { post, dokument } = await fileLetter(client, PDF)
  const klasse = await client.klasse('L42')
  const status = async (on: Wire, name: string, body: unknown): Promise<number> =>
    (await client.send('POST', link(on, name), body)).statusCode
  const dokumentbeskrivelse = {
    tittel: 'Vedlegg',
    tilknyttetRegistreringSom: { kode: 'V', kodenavn: 'Vedlegg' },
    dokumenttype: { kode: 'B' },
    dokumentstatus: { kode: 'F' },
  }
  expect(await status(klasse, 'sakarkiv/ny-saksmappe', { tittel: 'Sak' })).toBe(400)
  expect(await status(klasse, 'sakarkiv/ny-saksmappe', { ...SAK, administrativEnhet: 'Plan' })).toBe(400)
  expect(await status(klasse, 'sakarkiv/ny-saksmappe', { ...SAK, saksstatus: { kode: 'Q' } })).toBe(404)
  expect(await status(klasse, 'sakarkiv/ny-saksmappe', { ...SAK, saksdato: '2026-03-02+01:00' })).toBe(400)
  expect(await status(klasse, 'sakarkiv/ny-saksmappe', { ...SAK, tittel: '' })).toBe(201)
  expect(await status(post, 'arkivstruktur/ny-dokumentbeskrivelse', dokumentbeskrivelse)).toBe(400)
  const named = { ...dokumentbeskrivelse, dokumenttype: { kode: 'B', kodenavn: 'Brev' } }
  expect(await status(post, 'arkivstruktur/ny-dokumentbeskrivelse', named)).toBe(201)
  expect(await status(dokument, 'arkivstruktur/ny-dokumentobjekt', {})).toBe(400)
  expect(Object.keys(dokument._links)).not.toContain(rel('arkivstruktur/fil'))
  expect(Object.keys(post._links)).not.toContain(rel('arkivstruktur/ny-korrespondansepartintern'))
})

test('skjerming of a journalpost is shown among registreringer only, its codes unchecked; postnr is dropped in silence', async () => {
  const { client } = await aCore({ profile: 'nikita' })
  const { sak, post: other } = await fileLetter(client, PDF)
  const post = await client.make(sak, 'sakarkiv/ny-journalpost', {
    tittel: 'Skjermet',
    journalposttype: { kode: 'U' },
    journalstatus: { kode: 'M' },
    skjerming: { tilgangsrestriksjon: { kode: 'ZZZ' }, skjermingshjemmel: 'Offentleglova § 13' },
  })
  expect(post).not.toHaveProperty('skjerming')
  expect(post._links).toHaveProperty(['https://nikita.arkivlab.no/noark5/v5/ny-skjermingmetadata/'])
  expect(other._links).not.toHaveProperty(['https://nikita.arkivlab.no/noark5/v5/ny-skjermingmetadata/'])
  const seen = await client.search('arkivstruktur/registrering', `systemID eq '${post['systemID']}'`)
  expect(one(seen)['skjerming']).toMatchObject({ tilgangsrestriksjon: { kode: 'ZZZ' } })
  const part = await client.make(post, 'arkivstruktur/ny-korrespondansepartperson', {
    korrespondanseparttype: { kode: 'EM' },
    postadresse: { postnr: { kode: '0155' }, postnummer: '0155', poststed: 'OSLO', landkode: { kode: 'NO' } },
  })
  expect(part['postadresse']).toEqual({ postnummer: '0155', poststed: 'OSLO' })
})

test('PATCH is not allowed; PUT demands a quoted ETag header, answers with the old one, and ignores sendtDato', async () => {
  const { sim, client } = await aCore({ profile: 'nikita' })
  const { post } = await fileLetter(client, PDF)
  const url = link(post, 'self')
  const patch = await client.send('PATCH', url, { tittel: 'Ny' })
  expect([patch.statusCode, patch.body]).toEqual([405, ''])
  const read = await client.request('GET', url)
  // The korrespondansepart and the dokumentbeskrivelse raised the version of their parent.
  expect(read.headers['etag']).toBe('"2"')
  const body = {
    ...read.json(),
    journalstatus: { kode: 'E', kodenavn: 'Ekspedert' },
    sendtDato: '2026-03-03T08:00:00+01:00',
  }
  expect((await client.send('PUT', url, body, { 'if-match': '"2"' })).statusCode).toBe(400)
  expect((await client.send('PUT', url, body, { etag: '2' })).statusCode).toBe(400)
  expect((await client.send('PUT', url, body, { etag: '"1"' })).statusCode).toBe(409)
  const { journalposttype: _without, ...incomplete } = body
  expect((await client.send('PUT', url, incomplete, { etag: '"2"' })).statusCode).toBe(400)
  const put = await client.send('PUT', url, body, { etag: '"2"' })
  expect([put.statusCode, put.headers['etag'], put.headers['location']]).toEqual([200, '"2"', undefined])
  expect(put.json()).not.toHaveProperty('sendtDato')
  expect(sim.received().journalposter).toMatchObject([{ journalstatus: 'E', sendtDato: undefined }])
  expect((await client.request('GET', url)).headers['etag']).toBe('"3"')
})

test('dates come back in UTC with microseconds, though the POST repeats what was sent', async () => {
  const { client } = await aCore({ profile: 'nikita' })
  const klasse = await client.klasse('L42')
  const sak = await client.make(klasse, 'sakarkiv/ny-saksmappe', { ...SAK, saksdato: '2026-03-02T00:00:00+01:00' })
  expect(sak['saksdato']).toBe('2026-03-02T00:00:00+01:00')
  expect((await client.get(link(sak, 'self')))['saksdato']).toBe('2026-03-01T23:00:00.000000Z')
})

test('a query that is wrong comes as HTTP 200 with an error object', async () => {
  const { client } = await aCore({ profile: 'nikita' })
  for (const filter of [
    "ukjent eq 'x'",
    "vnd-hub-v1:id eq 'x'",
    'journalaar eq 2026',
    "any(k: k eq 'x')",
    "tittel ne ''",
  ]) {
    const answer = await client.search('sakarkiv/journalpost', filter)
    expect(answer).toMatchObject({ status: expect.any(Number), message: expect.any(String) })
    expect(answer).not.toHaveProperty('count')
  }
})

test('queries that are wrong without an error find nothing', async () => {
  const { client } = await aCore({ profile: 'nikita' })
  const { post } = await fileLetter(client, PDF)
  for (const filter of [
    `systemID eq ${post['systemID']}`,
    "not tittel eq 'x'",
    "korrespondansepart/navn eq 'Ane Prøve'",
  ]) {
    expect((await client.search('sakarkiv/journalpost', filter)).count).toBe(0)
  }
})

test('a filter finds only what the logged-in user made, while the whole list and self show everything', async () => {
  const { sim, client } = await aCore({ profile: 'nikita', arkivdel: { tittel: 'Sakarkiv' } })
  const laid = sim.addSaksmappe({ tittel: 'Saksbehandlers sak' })
  expect((await client.search('sakarkiv/saksmappe', `mappeID eq '${laid.mappeID}'`)).count).toBe(0)
  const all = await client.get(link(await client.package('sakarkiv'), 'sakarkiv/saksmappe'))
  expect((await client.get(link(one(all), 'self')))['systemID']).toBe(laid.systemID)
})

test('a long list without a filter leads to 404, and put right to itself; with a filter it pages', async () => {
  const { sim, client } = await aCore({ profile: 'nikita', arkivdel: { tittel: 'Sakarkiv' } })
  for (let at = 0; at < 12; at += 1) sim.addSaksmappe({ tittel: `Sak ${at}`, owner: 'arkivar' })
  const list = link(await client.package('sakarkiv'), 'sakarkiv/saksmappe')
  const page = await client.get(list)
  const next = link(page, 'next')
  expect((await client.request('GET', next)).json()).toMatchObject({ status: 404, path: expect.any(String) })
  expect(await client.get(next.replace('&', '?'))).toEqual(page)
  const filtered = await client.search('sakarkiv/saksmappe', 'tittel ne null')
  expect((await client.get(link(filtered, 'next'))).results).toHaveLength(2)
})

test('application/json is refused, going in with 415 and coming out with 406, both empty', async () => {
  const { client } = await aCore({ profile: 'nikita' })
  const klasse = await client.klasse('L42')
  const sent = await client.send('POST', link(klasse, 'sakarkiv/ny-saksmappe'), SAK, {
    'content-type': 'application/json',
  })
  expect([sent.statusCode, sent.body]).toEqual([415, ''])
  const got = await client.request('GET', link(klasse, 'self'), { headers: { accept: 'application/json' } })
  expect([got.statusCode, got.body]).toEqual([406, ''])
})

test('a file needs Content-Length, is typed by its content, and a second one is refused with 400', async () => {
  const { client } = await aCore({ profile: 'nikita' })
  const { objekt } = await fileLetter(client, PDF)
  const url = link(objekt, 'arkivstruktur/fil')
  const started = await client.request('POST', url, {
    headers: { 'content-length': '0', 'x-upload-content-type': 'application/pdf', 'x-upload-content-length': '13' },
  })
  expect(started.statusCode).toBe(400)
  const unmeasured = await client.request('POST', url, { payload: PDF, headers: { 'content-length': '' } })
  expect(unmeasured.statusCode).toBe(400)
  expect((await client.request('GET', url)).statusCode).toBe(400)
  const upload = await client.upload(objekt, PDF, 'image/png')
  expect(upload.json().mimeType).toBe('application/pdf')
  expect((await client.upload(objekt, PDF)).statusCode).toBe(400)
})

test('a client that leaves in the middle of an upload blocks the dokumentobjekt', async () => {
  const kept = memorySpool()
  const [arrived, left] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const spool = {
    ...kept,
    write: () => arrived.resolve(),
    remove: () => left.resolve(),
  }
  const { sim, client } = await aCore({ profile: 'nikita', spool })
  const { objekt } = await fileLetter(client, PDF)
  const { port } = await listenAlone(sim.app)
  try {
    const path = new URL(link(objekt, 'arkivstruktur/fil')).pathname
    const headers = { authorization: client.authorization ?? '', 'content-length': PDF.length }
    const broken = request({ port, path, method: 'POST', headers })
    broken.on('error', () => {})
    broken.write('%PDF-')
    await arrived.promise
    broken.destroy()
    await left.promise
    expect((await client.upload(objekt, PDF)).json().message).toContain('FileAlreadyExistsException')
  } finally {
    await sim.app.close()
  }
})

test('an ordered break in the middle of an upload blocks the dokumentobjekt; a new one takes the file', async () => {
  const { sim, client } = await aCore({ profile: 'nikita' })
  const { dokument, objekt } = await fileLetter(client, PDF)
  sim.breakNextUpload({ afterBytes: 4 })
  await expect(client.upload(objekt, PDF)).rejects.toThrow(/destroyed/)
  const blocked = await client.upload(objekt, PDF)
  expect(blocked.statusCode).toBe(400)
  expect(blocked.json().message).toContain('FileAlreadyExistsException')
  expect((await client.request('DELETE', link(objekt, 'self'))).statusCode).toBe(204)
  const fresh = await client.make(dokument, 'arkivstruktur/ny-dokumentobjekt', { variantformat: { kode: 'A' } })
  expect((await client.upload(fresh, PDF)).statusCode).toBe(201)
})

test('a deleted journalpost leaves its dokumentbeskrivelser behind, and a mappe with content is not deleted', async () => {
  const { client } = await aCore({ profile: 'nikita' })
  const { sak, post, dokument } = await fileLetter(client, PDF)
  expect((await client.request('DELETE', link(sak, 'self'))).statusCode).toBe(400)
  expect((await client.request('DELETE', link(post, 'self'))).statusCode).toBe(204)
  expect((await client.request('DELETE', link(post, 'self'))).statusCode).toBe(404)
  expect((await client.request('GET', link(dokument, 'self'))).statusCode).toBe(200)
})
