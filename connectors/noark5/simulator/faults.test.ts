import type { FaultOrder } from '@samband/simulator-kit'
import { faultNames, listenAlone } from '@samband/simulator-kit'
import { describe, expect, test } from 'vitest'
import { aCore, fileLetter, link, type TestClient, type Wire } from './test-support.ts'

const PDF = '%PDF-1.7 brev'

async function aSak(): Promise<{ klasse: Wire; url: string } & Awaited<ReturnType<typeof aCore>>> {
  const core = await aCore()
  const klasse = await core.client.klasse('L42')
  return { ...core, klasse, url: link(klasse, 'sakarkiv/ny-saksmappe') }
}

describe('on a create', () => {
  const order = (fault: FaultOrder['fault'], more: Partial<FaultOrder> = {}): FaultOrder => ({
    operation: 'ny-saksmappe',
    fault,
    ...more,
  })

  test.each([
    ['refuse', 400, {}],
    ['unauthorized', 401, {}],
    ['not-found', 404, {}],
    ['conflict', 409, {}],
    ['server-error', 503, { status: 503 }],
  ] as const)('%s answers as the core words it, and nothing happens', async (fault, status, more) => {
    const { sim, client, url } = await aSak()
    sim.faults.order(order(fault, more))
    const answer = await client.send('POST', url, { tittel: 'Sak' })
    expect(answer.statusCode).toBe(status)
    expect(answer.json().feil.kode).toBe(status)
    expect(sim.received().saksmapper).toEqual([])
    expect((await client.send('POST', url, { tittel: 'Sak' })).statusCode).toBe(201)
  })

  test('answer-lost: the object is there, the connection is not', async () => {
    const { sim, client, url } = await aSak()
    sim.faults.order(order('answer-lost', { mark: 'SAMBAND-MARK:to' }))
    expect((await client.send('POST', url, { tittel: 'SAMBAND-MARK:en' })).statusCode).toBe(201)
    await expect(client.send('POST', url, { tittel: 'SAMBAND-MARK:to' })).rejects.toThrow(/destroyed/)
    expect(sim.received().saksmapper.map(({ marks }) => marks)).toEqual([['en'], ['to']])
  })

  test('down: the connection is destroyed and nothing happens, until it is cleared', async () => {
    const { sim, client, url } = await aSak()
    sim.faults.order(order('down'))
    await expect(client.send('POST', url, { tittel: 'Sak' })).rejects.toThrow(/destroyed/)
    await expect(client.send('POST', url, { tittel: 'Sak' })).rejects.toThrow(/destroyed/)
    sim.faults.clear()
    expect((await client.send('POST', url, { tittel: 'Sak' })).statusCode).toBe(201)
    expect(sim.received().saksmapper).toHaveLength(1)
  })

  test('slow: nothing happens before the delay has passed', async () => {
    const { sim, client, time, url } = await aSak()
    sim.faults.order(order('slow', { delayMs: 5000 }))
    const answer = client.send('POST', url, { tittel: 'Sak' })
    await expect.poll(() => time.pending()).toBe(1)
    expect(sim.received().saksmapper).toEqual([])
    time.advance(5000)
    expect((await answer).statusCode).toBe(201)
  })

  test('accept-late: the object comes to be after the client has been cut off', async () => {
    const { sim, client, time, url } = await aSak()
    sim.faults.order(order('accept-late', { delayMs: 60_000 }))
    await expect(client.send('POST', url, { tittel: 'Sak' })).rejects.toThrow(/destroyed/)
    expect(sim.received().saksmapper).toEqual([])
    time.advance(60_000)
    expect(sim.received().saksmapper).toMatchObject([{ opprettetMs: time.nowMs() }])
  })

  test('accept-then-hang: the object is there, the answer never comes, and closing lets the client go', async () => {
    const { sim, client, url } = await aSak()
    sim.faults.order(order('accept-then-hang'))
    const answer = client.send('POST', url, { tittel: 'Sak' })
    const settled = expect(answer).rejects.toThrow(/destroyed/)
    await expect.poll(() => sim.received().saksmapper.length).toBe(1)
    await sim.app.close()
    await settled
  })

  test('error-after-effect, error-under-200 and wrong-schema answer otherwise than the effect says', async () => {
    const { sim, client, url } = await aSak()
    sim.faults.order(order('error-after-effect'))
    expect((await client.send('POST', url, { tittel: 'A' })).statusCode).toBe(500)
    sim.faults.order(order('error-under-200'))
    const hidden = await client.send('POST', url, { tittel: 'B' })
    expect([hidden.statusCode, hidden.json().feil.kode]).toEqual([200, 500])
    sim.faults.order(order('wrong-schema'))
    const odd = await client.send('POST', url, { tittel: 'C' })
    expect([odd.statusCode, odd.json()]).toEqual([201, { resultat: ['ok'] }])
    expect(sim.received().saksmapper.map(({ tittel }) => tittel)).toEqual(['A', 'C'])
  })

  test('answer-twice: a repeated request makes two objects, unless the client chose the systemID', async () => {
    const { sim, client, url } = await aSak()
    sim.faults.order(order('answer-twice', { times: 2 }))
    await client.send('POST', url, { tittel: 'A' })
    expect(sim.received().saksmapper).toHaveLength(2)
    const systemID = 'a0ee1b6e-59a4-5d3a-9c0f-0d5a3c1f7e11'
    expect((await client.send('POST', url, { tittel: 'B', systemID })).statusCode).toBe(409)
    expect(sim.received().saksmapper).toHaveLength(3)
  })

  test('lookup-lag: what was made is not found by look-ups for a while, though its address works', async () => {
    const { sim, client, time, url } = await aSak()
    sim.faults.order(order('lookup-lag', { delayMs: 60_000 }))
    const made: Wire = (await client.send('POST', url, { tittel: 'Sak' })).json()
    expect((await client.search('sakarkiv/saksmappe', "tittel eq 'Sak'")).count).toBe(0)
    await client.get(link(made, 'self'))
    time.advance(60_000)
    expect((await client.search('sakarkiv/saksmappe', "tittel eq 'Sak'")).count).toBe(1)
  })
})

describe('on a look-up', () => {
  test('lookup-error is a 500, error-under-200 an error body, lookup-lag hides what is young', async () => {
    const { sim, client, url } = await aSak()
    await client.send('POST', url, { tittel: 'Sak' })
    const list = link(await client.package('sakarkiv'), 'sakarkiv/saksmappe').split('{')[0] ?? ''
    const search = () => client.request('GET', `${list}?$filter=tittel%20eq%20'Sak'`)
    sim.faults.order({ operation: 'search', fault: 'lookup-error' })
    expect((await search()).statusCode).toBe(500)
    sim.faults.order({ operation: 'search', fault: 'error-under-200' })
    expect((await search()).json()).not.toHaveProperty('count')
    sim.faults.order({ operation: 'search', fault: 'lookup-lag', delayMs: 1000 })
    expect((await search()).json().count).toBe(0)
    expect((await search()).json().count).toBe(1)
  })

  test('each of the operations has its own name', async () => {
    const { sim, client } = await aCore()
    const { dokument, post, objekt } = await fileLetter(client, PDF)
    await client.upload(objekt, PDF)
    sim.faults.order({ operation: '*', fault: 'server-error', times: Number.POSITIVE_INFINITY })
    const sakarkiv = '/api/'
    const requests: (() => Promise<{ statusCode: number }>)[] = [
      () => client.request('GET', sakarkiv),
      () => client.request('POST', '/api/oauth/token', { payload: '' }),
      () => client.request('GET', link(post, 'self')),
      () => client.request('GET', link(post, 'metadata/journalstatus')),
      () => client.request('GET', link(post, 'arkivstruktur/dokumentbeskrivelse')),
      () => client.request('GET', `${link(post, 'arkivstruktur/dokumentbeskrivelse').split('{')[0]}?$filter=x`),
      () => client.send('POST', link(post, 'arkivstruktur/ny-korrespondansepartenhet'), {}),
      () => client.send('POST', link(post, 'arkivstruktur/ny-dokumentbeskrivelse'), {}),
      () => client.send('POST', link(dokument, 'arkivstruktur/ny-dokumentobjekt'), {}),
      () => client.upload(objekt, PDF),
      () => client.request('GET', link(objekt, 'arkivstruktur/fil')),
      () => client.send('PUT', link(post, 'self'), {}),
      () => client.request('DELETE', link(post, 'self')),
    ]
    for (const ask of requests) expect((await ask()).statusCode).toBe(500)
    expect(sim.faults.used().map(({ operation }) => operation)).toEqual([
      ...['root', 'token', 'get', 'metadata', 'list', 'search', 'ny-korrespondansepart', 'ny-dokumentbeskrivelse'],
      ...['ny-dokumentobjekt', 'upload', 'download', 'update', 'delete'],
    ])
  })
})

describe('on an upload', () => {
  async function ordered(
    fault: FaultOrder['fault'],
    client: TestClient,
    sim: Awaited<ReturnType<typeof aCore>>['sim'],
  ) {
    const { objekt } = await fileLetter(client, PDF, { post: `Vedtak SAMBAND-MARK:${fault}` })
    sim.faults.order({
      operation: 'upload',
      fault,
      mark: `SAMBAND-MARK:${fault}`,
      ...(fault === 'refuse' ? { status: 422 } : {}),
    })
    return objekt
  }

  test('the mark of a letter reaches its upload; a lost answer leaves the file there, a refusal does not', async () => {
    const { sim, client } = await aCore()
    const lost = await ordered('answer-lost', client, sim)
    await expect(client.upload(lost, PDF)).rejects.toThrow(/destroyed/)
    expect((await client.request('GET', link(lost, 'arkivstruktur/fil'))).body).toBe(PDF)
    const refused = await ordered('refuse', client, sim)
    expect((await client.upload(refused, PDF)).statusCode).toBe(422)
    const twice = await ordered('answer-twice', client, sim)
    expect((await client.upload(twice, PDF)).statusCode).toBe(409)
    expect(sim.received().filer).toHaveLength(2)
  })

  test('accept-late: the file comes to be later, with its own bytes', async () => {
    const { sim, client, time } = await aCore()
    const objekt = await ordered('accept-late', client, sim)
    await expect(client.upload(objekt, PDF)).rejects.toThrow(/destroyed/)
    expect(sim.received().filer).toEqual([])
    time.advance(1000)
    expect(sim.received().filer).toHaveLength(1)
    expect((await client.request('GET', link(objekt, 'arkivstruktur/fil'))).body).toBe(PDF)
  })

  test('a download answered with an error or in another shape does not carry the file', async () => {
    const { sim, client } = await aCore()
    const { objekt } = await fileLetter(client, PDF)
    await client.upload(objekt, PDF)
    const url = link(objekt, 'arkivstruktur/fil')
    sim.faults.order({ operation: 'download', fault: 'error-after-effect' })
    expect((await client.request('GET', url)).statusCode).toBe(500)
    sim.faults.order({ operation: 'download', fault: 'wrong-schema' })
    expect((await client.request('GET', url)).json()).toEqual({ resultat: ['ok'] })
    expect((await client.request('GET', url)).body).toBe(PDF)
  })
})

test('on Nikita faults speak as Nikita does', async () => {
  const { sim, client } = await aCore({ profile: 'nikita' })
  const list = link(await client.package('sakarkiv'), 'sakarkiv/saksmappe').split('{')[0] ?? ''
  const ask = () => client.request('GET', `${list}?$filter=tittel%20ne%20null`)
  sim.faults.order({ operation: 'search', fault: 'error-under-200', status: 400 })
  const hidden = await ask()
  expect([hidden.statusCode, hidden.json().status]).toEqual([200, 400])
  sim.faults.order({ operation: 'search', fault: 'unauthorized' })
  expect((await ask()).json()).toHaveProperty('error_description')
})

test('orders and what was received go over HTTP as well, and the whole core can be taken down and up', async () => {
  const { sim, client } = await aCore()
  await fileLetter(client, PDF)
  const listening = await listenAlone(sim.app)
  try {
    const received = await (await fetch(`${listening.url}/_simulator/received`)).json()
    expect(received).toMatchObject([{ saksmapper: [{ mappeID: '2026/1' }] }])
    const ordered = await fetch(`${listening.url}/_simulator/faults`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ operation: 'root', fault: 'server-error' }),
    })
    expect(ordered.status).toBe(201)
    expect((await fetch(`${listening.url}/api/`)).status).toBe(500)
    await listening.down()
    await expect(fetch(`${listening.url}/api/`)).rejects.toThrow()
    await listening.up()
    const root = (await (await fetch(`${listening.url}/api/`)).json()) as Wire
    expect(root._links['self']?.href).toBe(`${listening.url}/api/`)
  } finally {
    await sim.app.close()
  }
})

test('every fault of the desk has been ordered in this file', () => {
  expect([...faultNames].sort()).toEqual(
    [
      ...['slow', 'down', 'refuse', 'accept-then-hang', 'answer-lost', 'accept-late', 'lookup-lag', 'lookup-error'],
      ...['error-under-200', 'answer-twice', 'unauthorized', 'conflict', 'server-error', 'error-after-effect'],
      ...['wrong-schema', 'not-found'],
    ].sort(),
  )
})
