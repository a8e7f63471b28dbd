import { expect, test } from 'vitest'
import { aCore, fileLetter, link, NOARK, one, rel, sha256, TestClient, type Wire } from './test-support.ts'

const PDF = '%PDF-1.7 SAMBAND-MARK:brev-17 slutt'

test('the root shows login to anybody, and the packages only to whoever is logged in', async () => {
  const { sim, client } = await aCore()
  const open = await new TestClient(sim).get('/api/')
  expect(Object.keys(open._links)).toEqual([rel('login/oidc'), rel('login/rfc6749'), rel('login/rfc7617'), 'self'])
  const root = await client.get('/api/')
  const keys = Object.keys(root._links)
  expect(keys).toContain(rel('sakarkiv'))
  expect(keys).toContain(rel('admin/system'))
  expect(keys).toEqual([...keys].sort())
  const system = await client.get(link(root, 'admin/system'))
  expect(system).toMatchObject({ bulkgrense: 157_286_400, protokollversjon: '1.1' })
})

test('everything but the root and the login answers 401 with a challenge to whoever is not logged in', async () => {
  const { sim, client } = await aCore()
  const url = link(await client.get('/api/'), 'arkivstruktur')
  const answer = await new TestClient(sim).request('GET', url)
  expect(answer.statusCode).toBe(401)
  expect(answer.headers['www-authenticate']).toMatch(/^Basic realm=/)
  expect(answer.json().feil.kode).toBe(401)
  const wrong = await new TestClient(sim, `Basic ${btoa('arkivar:feil')}`).request('GET', '/api/')
  expect(wrong.statusCode).toBe(401)
})

test('a machine finds the token endpoint in the discovery document and works with client_credentials until it expires', async () => {
  const { sim, time } = await aCore({ tokenLifetimeS: 60 })
  const anonymous = new TestClient(sim)
  const discovery = await anonymous.get(link(await anonymous.get('/api/'), 'login/oidc'))
  const headers = {
    authorization: `Basic ${btoa('samband:samband-secret')}`,
    'content-type': 'application/x-www-form-urlencoded',
  }
  const answer = await anonymous.request('POST', String(discovery['token_endpoint']), {
    headers,
    payload: 'grant_type=client_credentials',
  })
  expect(answer.json()).toMatchObject({ token_type: 'bearer', expires_in: 60 })
  const client = new TestClient(sim, `Bearer ${answer.json().access_token}`)
  await client.package('sakarkiv')
  time.advance(60_000)
  expect((await client.request('GET', '/api/')).statusCode).toBe(401)
  const refused = await anonymous.request('POST', String(discovery['token_endpoint']), {
    headers: { ...headers, authorization: `Basic ${btoa('samband:feil')}` },
    payload: 'grant_type=client_credentials',
  })
  expect(refused.statusCode).toBe(401)
})

test('code lists are read from metadata, page by page', async () => {
  const { client } = await aCore({ pageSize: 5 })
  const metadata = await client.package('metadata')
  let page: Wire | undefined = await client.get(link(metadata, 'metadata/tilgangsrestriksjon'))
  const koder: string[] = []
  while (page !== undefined) {
    koder.push(...(page.results ?? []).map((value) => String(value['kode'])))
    const next: string | undefined = page._links['next']?.href
    page = next === undefined ? undefined : await client.get(next)
  }
  expect(koder).toHaveLength(13)
  expect(koder).toContain('UO')
})

test('a letter is filed from saksmappe to file, is numbered, and is found again', async () => {
  const { sim, client } = await aCore()
  const { sak, post, dokument, objekt } = await fileLetter(client, PDF, { referanse: 'hub:1' })
  expect(sak).toMatchObject({
    mappeID: '2026/1',
    saksaar: 2026,
    sakssekvensnummer: 1,
    opprettetDato: '2026-03-02T10:15:00+01:00',
    saksdato: '2026-03-02T00:00:00+01:00',
    saksstatus: { kode: 'B', kodenavn: 'Under behandling' },
  })
  expect(post).toMatchObject({
    registreringsID: '2026/1-1',
    journalaar: 2026,
    journalsekvensnummer: 1,
    journalpostnummer: 1,
  })
  expect(dokument).toMatchObject({ dokumentnummer: 1, eksternReferanse: 'hub:1' })
  const upload = await client.upload(objekt, PDF)
  expect(upload.statusCode).toBe(201)
  expect(upload.json()).toMatchObject({ sjekksum: sha256(PDF), filstoerrelse: Buffer.byteLength(PDF) })
  const download = await client.request('GET', link(objekt, 'arkivstruktur/fil'))
  expect(download.headers['content-type']).toBe('application/pdf')
  expect(download.body).toBe(PDF)

  expect(sim.received()).toMatchObject({
    saksmapper: [{ systemID: sak['systemID'], mappeID: '2026/1', klasseID: 'L42', deleted: false }],
    journalposter: [{ saksmappe: sak['systemID'], journalstatus: 'M', marks: ['brev-17'] }],
    korrespondanseparter: [{ journalpost: post['systemID'], type: 'EM', navnHash: sha256('Ane Prøve') }],
    dokumentbeskrivelser: [{ eksternReferanse: 'hub:1', tilknyttetRegistreringSom: 'H' }],
    dokumentobjekter: [{ dokumentbeskrivelse: dokument['systemID'], hasFile: true }],
    filer: [
      { journalpost: post['systemID'], sizeBytes: Buffer.byteLength(PDF), sha256: sha256(PDF), marks: ['brev-17'] },
    ],
  })
  const found = await client.search('sakarkiv/journalpost', "dokumentbeskrivelse/eksternReferanse eq 'hub:1'")
  expect(one(found)['systemID']).toBe(post['systemID'])
  const listed = await client.get(link(sak, 'arkivstruktur/registrering'))
  expect(one(listed)['systemID']).toBe(post['systemID'])
  expect(link(one(listed), 'sakarkiv/journalpost')).toBe(link(one(listed), 'self'))
})

test('a mark in a title is found as one in a file is', async () => {
  const { sim, client } = await aCore()
  await fileLetter(client, PDF, { sak: 'Sak SAMBAND-MARK:sak-1', post: 'Vedtak SAMBAND-MARK:post-1' })
  expect(sim.received().saksmapper[0]?.marks).toEqual(['sak-1'])
  expect(sim.received().journalposter[0]?.marks).toEqual(['post-1'])
})

test('addresses say nothing: those a client builds by a pattern do not exist', async () => {
  const { client } = await aCore()
  const { sak } = await fileLetter(client, PDF)
  expect(link(sak, 'self')).not.toContain(sak['systemID'])
  expect(link(sak, 'self')).not.toContain('saksmappe')
  for (const url of [
    `/api/sakarkiv/saksmappe/${sak['systemID']}/`,
    `${link(sak, 'self')}ny-journalpost/`,
    '/api/sakarkiv/',
  ]) {
    expect((await client.request('GET', url)).statusCode).toBe(404)
  }
})

test('a created object answers 201 with Location and ETag, and a template creates nothing', async () => {
  const { sim, client } = await aCore()
  const klasse = await client.klasse('L42')
  const url = link(klasse, 'sakarkiv/ny-saksmappe')
  const template = await client.request('GET', url)
  expect(template.headers['etag']).toBeUndefined()
  expect(template.json()).toMatchObject({ saksstatus: { kode: 'B' }, saksansvarlig: 'arkivar' })
  expect(Object.keys(template.json()._links)).toEqual([rel('metadata/dokumentmedium'), rel('metadata/saksstatus')])
  expect(sim.received().saksmapper).toEqual([])
  const made = await client.send('POST', url, { tittel: 'Sak' })
  expect(made.headers).toMatchObject({ etag: '"0"', location: link(made.json(), 'self') })
  expect(made.headers['content-type']).toContain(NOARK)
})

test('a systemID of the client is kept, and a second POST with it is a conflict', async () => {
  const { sim, client } = await aCore()
  const klasse = await client.klasse('L42')
  const systemID = 'a0ee1b6e-59a4-5d3a-9c0f-0d5a3c1f7e11'
  const made = await client.make(klasse, 'sakarkiv/ny-saksmappe', { tittel: 'Sak', systemID })
  expect(made['systemID']).toBe(systemID)
  const again = await client.send('POST', link(klasse, 'sakarkiv/ny-saksmappe'), { tittel: 'Sak', systemID })
  expect(again.statusCode).toBe(409)
  expect(sim.received().saksmapper).toHaveLength(1)
  expect(one(await client.search('sakarkiv/saksmappe', `systemID eq '${systemID}'`))['mappeID']).toBe('2026/1')
})

test('a core that chooses systemID itself takes none from the client, and a repeated POST makes two', async () => {
  const { sim, client } = await aCore({ keepsClientSystemId: false })
  const klasse = await client.klasse('L42')
  const systemID = 'a0ee1b6e-59a4-5d3a-9c0f-0d5a3c1f7e11'
  const made = await client.make(klasse, 'sakarkiv/ny-saksmappe', { tittel: 'Sak', systemID })
  await client.make(klasse, 'sakarkiv/ny-saksmappe', { tittel: 'Sak', systemID })
  expect(made['systemID']).not.toBe(systemID)
  expect(sim.received().saksmapper).toHaveLength(2)
})

test('unknown attributes, unknown codes, other names for codes and empty titles are refused by name', async () => {
  const { sim, client } = await aCore()
  const klasse = await client.klasse('L42')
  const url = link(klasse, 'sakarkiv/ny-saksmappe')
  const refusals: [unknown, RegExp][] = [
    [{ tittel: 'Sak', sporing: 1, annet: 2 }, /sporing, annet/],
    [{ tittel: '\u200b ' }, /tittel/],
    [{ tittel: 'Sak', saksstatus: { kode: 'Q' } }, /saksstatus/],
    [{ tittel: 'Sak', saksstatus: { kode: 'B', kodenavn: 'Avsluttet' } }, /saksstatus/],
    [{ tittel: 'Sak', saksdato: '2026-03-02T10:00:00' }, /saksdato/],
    [
      { tittel: 'Sak', skjerming: { tilgangsrestriksjon: { kode: 'UO' }, skjermingshjemmel: 'x' } },
      /skjermingMetadata/,
    ],
    [{ tittel: 'Sak', skjerming: { noe: 1 } }, /noe/],
    [{ tittel: 'Sak', virksomhetsspesifikkeMetadata: { 'vnd-hub-v1:id': 'x' } }, /vnd-hub-v1:id/],
    [{ tittel: 'Sak', systemID: 'nei' }, /systemID/],
  ]
  for (const [body, message] of refusals) {
    const answer = await client.send('POST', url, body)
    expect(answer.statusCode).toBe(400)
    expect(answer.json().feil.beskrivelse).toMatch(message)
  }
  const json = await client.send('POST', url, { tittel: 'Sak' }, { 'content-type': 'application/json' })
  expect(json.statusCode).toBe(415)
  expect(sim.received().saksmapper).toEqual([])
})

test('skjerming is kept with the names of its codes, and registered metadata is stored and searchable', async () => {
  const { client } = await aCore({ registeredMetadata: { 'vnd-hub-v1:id': 'string' } })
  const sak = await client.make(await client.klasse('L42'), 'sakarkiv/ny-saksmappe', {
    tittel: 'Sak',
    skjerming: {
      tilgangsrestriksjon: { kode: 'UO' },
      skjermingshjemmel: 'Offentleglova § 13',
      skjermingMetadata: [{ kode: 'TMO' }],
    },
    virksomhetsspesifikkeMetadata: { 'vnd-hub-v1:id': 'abc' },
  })
  expect(sak['skjerming']).toMatchObject({ tilgangsrestriksjon: { kodenavn: 'Unntatt etter offentleglova' } })
  const found = await client.search('sakarkiv/saksmappe', "vnd-hub-v1:id eq 'abc'")
  expect(one(found)['systemID']).toBe(sak['systemID'])
})

test('a classified arkivdel offers no folders of its own and refuses them; an unclassified one takes them', async () => {
  const classified = await aCore()
  const arkivdel = one(
    await classified.client.get(link(await classified.client.package('arkivstruktur'), 'arkivstruktur/arkivdel')),
  )
  expect(Object.keys(arkivdel._links)).not.toContain(rel('sakarkiv/ny-saksmappe'))
  const slug = link(arkivdel, 'self').split('/').at(-2)
  const klasse = await classified.client.klasse('L42')
  const url = link(klasse, 'sakarkiv/ny-saksmappe').replace(link(klasse, 'self').split('/').at(-2) ?? '', slug ?? '')
  expect((await classified.client.send('POST', url, { tittel: 'Sak' })).statusCode).toBe(409)

  const plain = await aCore({ arkivdel: { tittel: 'Sakarkiv' } })
  const other = one(await plain.client.get(link(await plain.client.package('arkivstruktur'), 'arkivstruktur/arkivdel')))
  await plain.client.make(other, 'sakarkiv/ny-saksmappe', { tittel: 'Sak' })
  expect(plain.sim.received().saksmapper).toMatchObject([{ klasseID: undefined }])
})

test('a klasse can come and go, and a saksmappe laid by a case worker does not count as received', async () => {
  const { sim, client } = await aCore()
  sim.addKlasse({ klasseID: 'A10', tittel: 'Barnehage' })
  await client.klasse('A10')
  const laid = sim.addSaksmappe({ tittel: 'Gammel sak', klasseID: 'A10' })
  expect(one(await client.search('sakarkiv/saksmappe', `mappeID eq '${laid.mappeID}'`))['systemID']).toBe(laid.systemID)
  expect(sim.removeKlasse('A10')).toBe(true)
  expect((await client.search('arkivstruktur/klasse', "klasseID eq 'A10'")).count).toBe(0)
  expect(sim.received().saksmapper).toEqual([])
})

test('a closed saksmappe offers no journalpost and refuses one', async () => {
  const { sim, client } = await aCore()
  const { sak } = await fileLetter(client, PDF)
  const url = link(sak, 'sakarkiv/ny-journalpost')
  const closing = { saksstatus: { kode: 'A', kodenavn: 'Avsluttet' } }
  const open = await client.send('PATCH', link(sak, 'self'), closing)
  expect(open.json().feil.beskrivelse).toMatch(/open journalposter/)
  const laid = sim.addSaksmappe({ tittel: 'Lukket', klasseID: 'L42', saksstatus: 'A' })
  const closed = one(await client.search('sakarkiv/saksmappe', `systemID eq '${laid.systemID}'`))
  expect(Object.keys(closed._links)).not.toContain(rel('sakarkiv/ny-journalpost'))
  const slugs = [sak, closed].map((mappe) => link(mappe, 'self').split('/').at(-2) ?? '')
  const answer = await client.send('POST', url.replace(slugs[0] ?? '', slugs[1] ?? ''), { tittel: 'Nei' })
  expect(answer.statusCode).toBe(409)
})

test('an arkivdel that overlaps takes no new folders, and one that is closed takes nothing', async () => {
  const { sim, client } = await aCore()
  const { sak } = await fileLetter(client, PDF)
  sim.setArkivdelstatus('O')
  expect(Object.keys((await client.klasse('L42'))._links)).not.toContain(rel('sakarkiv/ny-saksmappe'))
  await client.make(sak, 'sakarkiv/ny-journalpost', { tittel: 'Svar' })
  sim.setArkivdelstatus('P')
  expect((await client.send('POST', link(sak, 'sakarkiv/ny-journalpost'), { tittel: 'Svar' })).statusCode).toBe(409)
})

test('an update needs the ETag of what was read, under either header, and says so with 409', async () => {
  const { sim, client } = await aCore()
  const { post } = await fileLetter(client, PDF)
  const url = link(post, 'self')
  const read = await client.request('GET', url)
  const etag = String(read.headers['etag'])
  const journalstatus = { kode: 'E', kodenavn: 'Ekspedert' }
  const body = { ...read.json(), journalstatus, sendtDato: '2026-03-03T08:00:00+01:00' }
  const put = await client.send('PUT', url, body, { 'if-match': etag })
  expect(put.statusCode).toBe(200)
  expect(put.headers).toMatchObject({ etag: '"1"', location: url })
  expect((await client.send('PUT', url, body, { etag })).statusCode).toBe(409)
  const patch = await client.send('PATCH', url, { offentligTittel: 'Vedtak ******' }, { etag: '"1"' })
  expect(patch.json()).toMatchObject({ offentligTittel: 'Vedtak ******', journalstatus, endretAv: 'arkivar' })
  expect(sim.received().journalposter).toMatchObject([{ journalstatus: 'E', sendtDato: '2026-03-03T08:00:00+01:00' }])
  expect((await client.request('GET', url, { headers: { 'if-none-match': '"2"' } })).statusCode).toBe(304)
})

test('a core may demand a precondition', async () => {
  const { client } = await aCore({ missingPrecondition: 428 })
  const { dokument } = await fileLetter(client, PDF)
  const change = { dokumentstatus: { kode: 'F', kodenavn: 'Dokumentet er ferdigstilt' } }
  expect((await client.send('PATCH', link(dokument, 'self'), change)).statusCode).toBe(428)
  const done = await client.send('PATCH', link(dokument, 'self'), change, { 'if-match': '"0"' })
  expect(done.json().dokumentstatus.kode).toBe('F')
})

test('numbers and identities cannot be changed, and an archived journalpost not at all', async () => {
  const { client } = await aCore()
  const { post, objekt } = await fileLetter(client, PDF)
  const number = await client.send('PATCH', link(post, 'self'), { journalpostnummer: 7 })
  expect(number.json().feil.beskrivelse).toMatch(/journalpostnummer/)
  const sum = await client.send('PATCH', link(objekt, 'self'), { sjekksum: sha256('annet') })
  expect(sum.statusCode).toBe(400)
  const archived = await client.send('PATCH', link(post, 'self'), {
    journalstatus: { kode: 'A', kodenavn: 'Arkivert' },
  })
  expect(archived.json()).toMatchObject({ arkivertAv: 'arkivar' })
  expect(Object.keys(archived.json()._links)).not.toContain(rel('arkivstruktur/ny-dokumentbeskrivelse'))
  expect((await client.send('PATCH', link(post, 'self'), { tittel: 'Ny' })).statusCode).toBe(409)
})

test('what is unfinished can be deleted from the bottom up, and what is journalled cannot', async () => {
  const { sim, client } = await aCore()
  const { sak, post, dokument, objekt } = await fileLetter(client, PDF)
  expect((await client.request('DELETE', link(dokument, 'self'))).statusCode).toBe(409)
  for (const instance of [objekt, dokument, post, sak]) {
    expect((await client.request('DELETE', link(instance, 'self'))).statusCode).toBe(204)
    expect((await client.request('GET', link(instance, 'self'))).statusCode).toBe(404)
  }
  expect(sim.received().journalposter).toMatchObject([{ deleted: true }])

  const second = await fileLetter(client, PDF)
  await client.send('PATCH', link(second.post, 'self'), { journalstatus: { kode: 'J', kodenavn: 'Journalført' } })
  expect((await client.request('DELETE', link(second.objekt, 'self'))).statusCode).toBe(409)
})

test('a reply closes the incoming journalpost', async () => {
  const { client } = await aCore()
  const { post } = await fileLetter(client, PDF)
  const avskrivning = await client.make(post, 'sakarkiv/ny-avskrivning', {
    avskrivningsmaate: { kode: 'BU' },
    referanseAvskrivesAvJournalpost: post['systemID'],
  })
  expect(avskrivning).toMatchObject({ avskrevetAv: 'arkivar', avskrivningsmaate: { kodenavn: 'Besvart med brev' } })
})

test('preflights are answered', async () => {
  const { sim } = await aCore()
  const answer = await new TestClient(sim).request('OPTIONS', '/api/')
  expect(answer.statusCode).toBe(204)
  expect(answer.headers['access-control-allow-methods']).toContain('PATCH')
})

test('two simulators with the same time and ids give the same answers', async () => {
  const [first, second] = [await aCore(), await aCore()]
  expect(await fileLetter(first.client, PDF)).toEqual(await fileLetter(second.client, PDF))
})
