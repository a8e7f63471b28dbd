import { expect, test } from 'vitest'
import { aCore, fileLetter, link, one, type TestClient, type Wire } from './test-support.ts'

const PDF = '%PDF-1.7 brev'

async function threeCases(): Promise<{ client: TestClient; saker: Wire[] }> {
  const { client } = await aCore()
  const klasse = await client.klasse('L42')
  const saker: Wire[] = []
  for (const tittel of ['Byggesak Storgata', "O'Hara & sønn 100%", 'Barnehage']) {
    saker.push(await client.make(klasse, 'sakarkiv/ny-saksmappe', { tittel }))
  }
  return { client, saker }
}

function titles(list: Wire): string[] {
  return (list.results ?? []).map((sak) => String(sak['tittel']))
}

test.each([
  ["tittel eq 'Barnehage'", ['Barnehage']],
  ["tittel ne 'Barnehage'", ['Byggesak Storgata', "O'Hara & sønn 100%"]],
  ["tittel eq 'O''Hara & sønn 100%'", ["O'Hara & sønn 100%"]],
  ["startswith(tittel,'Byg')", ['Byggesak Storgata']],
  ["contains(tittel, 'a') and saksaar eq 2026 and sakssekvensnummer gt 1", ["O'Hara & sønn 100%", 'Barnehage']],
  ["klasse/klasseID eq 'L42' and mappeID eq '2026/3'", ['Barnehage']],
  ["klasse/klasseID eq '000'", []],
  [
    "saksstatus/kode eq 'B' and (mappeID eq '2026/1' or mappeID eq '2026/2')",
    ['Byggesak Storgata', "O'Hara & sønn 100%"],
  ],
  ['year(opprettetDato) eq 2026 and offentligTittel eq null and sakssekvensnummer le 1', ['Byggesak Storgata']],
  ["saksdato ge '2026-03-01T23:00:00Z' and saksdato lt 2026-03-02T00:00:00+02:00", []],
  ["saksdato eq '2026-03-01T23:00:00Z' and substring(tittel,0,3) eq 'Bar'", ['Barnehage']],
  ["not endswith(tolower(tittel),'gata')", ["O'Hara & sønn 100%", 'Barnehage']],
])('$filter %s', async (filter, expected) => {
  const { client } = await threeCases()
  const found = await client.search('sakarkiv/saksmappe', filter)
  expect(titles(found)).toEqual(expected)
  expect(found.count).toBe(expected.length)
})

test('an empty list has a count of 0 and no results', async () => {
  const { client } = await aCore()
  const found = await client.search('sakarkiv/saksmappe', "tittel eq 'Ingen'")
  expect(found).toMatchObject({ count: 0 })
  expect(found).not.toHaveProperty('results')
})

test.each([
  ["ukjent eq 'x'", 400],
  ["klasse/ukjent eq 'x'", 400],
  ["saksaar eq '2026'", 400],
  ['tittel eq Barnehage', 400],
  ["tittel eq 'x", 400],
  ["tittel er 'x'", 400],
  ["korrespondansepart/any(k: k/navn eq 'x')", 501],
  ["length(tittel) eq 'x'", 501],
])('a query that is wrong is an error and never an empty list: %s', async (filter, status) => {
  const { client } = await aCore()
  const url = link(await client.package('sakarkiv'), 'sakarkiv/saksmappe')
  const answer = await client.request('GET', `${url.split('{')[0]}?$filter=${encodeURIComponent(filter)}`)
  expect(answer.statusCode).toBe(status)
  expect(answer.json().feil.kode).toBe(status)
})

test('$top, $skip and $orderby cut and sort, and next leads on with the same query', async () => {
  const { client } = await threeCases()
  const first = await client.search('sakarkiv/saksmappe', "saksstatus/kode eq 'B'", '&$top=2&$orderby=tittel%20desc')
  expect(first.count).toBe(3)
  expect(titles(first)).toEqual(["O'Hara & sønn 100%", 'Byggesak Storgata'])
  const second = await client.get(link(first, 'next'))
  expect(titles(second)).toEqual(['Barnehage'])
  expect(second._links).not.toHaveProperty('next')
  const url = link(await client.package('sakarkiv'), 'sakarkiv/saksmappe')
  expect(titles(await client.get(url, '?$skip=2'))).toEqual(['Barnehage'])
  expect(titles(await client.get(url, '?$search=barn'))).toEqual(['Barnehage'])
})

test('a long list pages by itself', async () => {
  const { client } = await aCore({ pageSize: 2 })
  const klasse = await client.klasse('L42')
  for (let at = 0; at < 5; at += 1) await client.make(klasse, 'sakarkiv/ny-saksmappe', { tittel: `Sak ${at}` })
  const seen: string[] = []
  let url: string | undefined = link(klasse, 'arkivstruktur/mappe')
  while (url !== undefined) {
    const page: Wire = await client.get(url)
    seen.push(...titles(page))
    url = page._links['next']?.href
  }
  expect(seen).toEqual(['Sak 0', 'Sak 1', 'Sak 2', 'Sak 3', 'Sak 4'])
})

test('a journalpost is found by its saksmappe, and a dokumentobjekt by its checksum', async () => {
  const { client } = await aCore()
  const { post, objekt } = await fileLetter(client, PDF)
  expect(one(await client.search('sakarkiv/journalpost', "mappe/mappeID eq '2026/1'"))['systemID']).toBe(
    post['systemID'],
  )
  const found = await client.search('arkivstruktur/dokumentobjekt', `sjekksum eq '${objekt['sjekksum']}'`)
  expect(one(found)['systemID']).toBe(objekt['systemID'])
  const parts = await client.get(
    link(post, 'arkivstruktur/korrespondansepart'),
    `?$filter=${encodeURIComponent("navn eq 'Ane Prøve'")}`,
  )
  expect(parts.count).toBe(1)
})
