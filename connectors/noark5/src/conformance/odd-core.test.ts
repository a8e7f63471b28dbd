import type { FastifyReply, FastifyRequest } from 'fastify'
import { afterEach, describe, expect, test } from 'vitest'
import type { Noark5Simulator, Noark5SimulatorOptions } from '../../simulator/index.ts'
import { STANDARD_PROFILE } from '../profile.ts'
import type { Bench } from './bench.ts'
import { aBench, anArkiv, anInnhold, fileLetter } from './bench.ts'

let bench: Bench | undefined
afterEach(async () => {
  await bench?.close()
  bench = undefined
})

const R = 'https://rel.arkivverket.no/noark5/v5/api/'

type Rewrite = (json: string, request: FastifyRequest, reply: FastifyReply) => string

/** A core whose JSON answers go through `rewrite`. */
function rewriting(rewrite: Rewrite): (sim: Noark5Simulator) => void {
  return (sim) => {
    sim.app.addHook('onSend', async (request, reply, payload) =>
      typeof payload === 'string' && payload !== '' ? rewrite(payload, request, reply) : payload,
    )
  }
}

const odd = (rewrite: Rewrite, options: Partial<Noark5SimulatorOptions> = {}) =>
  aBench(options, anInnhold(), undefined, rewriting(rewrite))

const isSearch = (request: FastifyRequest) => decodeURIComponent(request.url).includes('$filter=systemID eq')

describe('a core is still understood when', () => {
  test('its relations have no final slash', async () => {
    bench = await odd((json) => json.replaceAll(/("https:\/\/rel\.arkivverket\.no[^"]*)\/"/g, '$1"'))
    expect((await fileLetter(bench)).trace).toEqual([])
  })

  test('it repeats members and adds unknown ones', async () => {
    bench = await odd((json) =>
      json
        .replace('"_links":{', '"_links":{"self":{"href":"http://127.0.0.1/old"},"x":7,"_links":{"href":1},')
        .replace('{"systemID"', '{"vendor":{"a":[1]},"systemID":"old","systemID"'),
    )
    expect((await fileLetter(bench)).trace).toEqual([])
  })

  test('one relation answers an object instead of a list', async () => {
    bench = await odd((json) => {
      const parsed = JSON.parse(json)
      return parsed.count === 1 ? JSON.stringify(parsed.results[0]) : json
    })
    expect((await fileLetter(bench)).trace).toEqual([])
  })

  test('its root without final slash redirects', async () => {
    bench = await aBench({ profile: 'nikita' })
    Object.assign(bench.to, { baseUrl: bench.to.baseUrl.slice(0, -1) })
    expect((await fileLetter(bench)).trace).toEqual([])
  })

  test('its root is closed to whoever is not logged in', async () => {
    bench = await odd((json, request, reply) => {
      if (request.headers.authorization !== undefined) return json
      reply.code(401)
      return '{"feil":{"kode":401}}'
    })
    expect((await fileLetter(bench)).trace).toEqual([])
  })

  test('a klasse lies deeper than the list of its system shows', async () => {
    let hidden = 0
    bench = await odd((json, request) => {
      if (hidden > 0 || !decodeURIComponent(request.url).includes('klasseID eq')) return json
      hidden += 1
      return '{"count":0}'
    })
    await fileLetter(bench)
    expect(hidden).toBe(1)
    expect(bench.sim.received().saksmapper).toMatchObject([{ klasseID: 'L42' }])
  })
})

describe('nothing is read out of', () => {
  test.each([
    ['leads to itself', (url: string) => url],
    ['leads to a page with nothing new', (url: string) => `${url}?again`],
  ])('a list whose next page %s: an error, not the end', async (_, next) => {
    bench = await odd((json, request) => {
      const parsed = JSON.parse(json)
      if (!Array.isArray(parsed.results) || parsed.results[0].kode === undefined) return json
      parsed._links.next = { href: next(`http://${request.headers.host}${request.url.replace('?again', '')}`) }
      return JSON.stringify(parsed)
    })
    await expect(fileLetter(bench)).rejects.toMatchObject({ code: 'NOARK5_LISTE_GAR_I_RING', disposition: 'permanent' })
  })

  test('a page that counts and shows nothing', async () => {
    bench = await odd((json, request) => {
      const isKlasse = decodeURIComponent(request.url).includes('klasseID eq')
      return isKlasse ? '{"count":3,"results":[]}' : json
    })
    await expect(fileLetter(bench)).rejects.toThrow(/no end after NOARK5_UVENTET_SVAR/)
    expect(bench.sim.received().saksmapper).toEqual([])
  })

  test('an empty answer to a question that does not find what is known to be there', async () => {
    let blind = false
    bench = await odd((json, request) => (blind && isSearch(request) ? '{"count":0}' : json))
    const { saksmappe } = await fileLetter(bench)
    blind = true
    bench.sim.faults.order({ operation: 'ny-journalpost', fault: 'answer-lost' })
    const filing = fileLetter(bench, undefined, { forsendelseId: 'brev-2', saksmappe })
    await expect(filing).rejects.toThrow(/NOARK5_INGEN_SVAR, cannot-tell, NOARK5_KAN_IKKE_SLA_OPP/)
    blind = false
    await fileLetter(bench, undefined, { forsendelseId: 'brev-2', saksmappe })
    expect(bench.sim.received().journalposter).toHaveLength(2)
  })

  test('a list that ignores the filter', async () => {
    bench = await aBench({}, anInnhold(), undefined, (sim) => {
      sim.app.addHook('onRequest', async (request) => {
        if (isSearch(request)) request.raw.url = request.url.replace(/\?.*/, '')
      })
    })
    await fileLetter(bench)
    bench.sim.faults.order({ operation: 'ny-saksmappe', fault: 'server-error' })
    const other = anArkiv({ saksmappe: { noekkel: 'another', tittel: 'Annen sak' } })
    await expect(fileLetter(bench, other)).rejects.toThrow(/NOARK5_UKJENT_UTFALL, cannot-tell/)
    expect(bench.sim.received().saksmapper).toHaveLength(1)
  })

  test('a code that is no longer in use', async () => {
    bench = await odd((json) => {
      const parsed = JSON.parse(json)
      for (const entry of parsed.results ?? []) if (entry.kodenavn === 'Under behandling') entry.inaktiv = true
      return JSON.stringify(parsed)
    })
    await expect(fileLetter(bench)).rejects.toMatchObject({ code: 'NOARK5_KODE_MANGLER' })
  })
})

test('the login is not sent to another host than that of the root', async () => {
  bench = await odd((json, request) =>
    json.replaceAll(`http://${request.headers.host}/api/`, 'http://localhost.invalid/api/'),
  )
  const { opprettSaksmappe } = bench.effects
  const input = { saksmappeKey: 'k', innhold: { ref: 'innhold-1' } }
  const prepared = opprettSaksmappe.prepare('k' as never, input, bench.to, new AbortController().signal)
  await expect(prepared).rejects.toMatchObject({ code: 'NOARK5_FREMMED_ADRESSE', disposition: 'paused' })
})

test('a klasse that was made anew is found again after its old address has failed', async () => {
  bench = await aBench()
  await fileLetter(bench)
  bench.sim.removeKlasse('L42')
  bench.sim.addKlasse({ klasseID: 'L42', tittel: 'Byggesaker på ny' })
  const other = anArkiv({ saksmappe: { noekkel: 'another', tittel: 'Annen sak' } })
  bench.payloads.put('innhold-1', JSON.stringify(anInnhold({ arkiv: other })))
  const { trace } = await fileLetter(bench, other, { forsendelseId: 'brev-2' })
  expect(trace).toEqual(['NOARK5_FORBIGAENDE_FEIL'])
  expect(bench.sim.received().saksmapper).toHaveLength(2)
})

test('links and code lists are kept for a while by the clock, and then read again', async () => {
  bench = await aBench()
  const rootReads = () => bench?.requests.filter((request) => request === 'GET /api/').length
  const { saksmappe } = await fileLetter(bench)
  // Once without login, once with.
  expect(rootReads()).toBe(2)
  await fileLetter(bench, undefined, { forsendelseId: 'brev-2', saksmappe })
  expect(rootReads()).toBe(2)
  bench.time.advance(61 * 60 * 1000)
  await fileLetter(bench, undefined, { forsendelseId: 'brev-3', saksmappe })
  expect(rootReads()).toBe(4)
})

test('the wait that a core asks for is passed on', async () => {
  bench = await odd((json, _request, reply) => {
    if (reply.statusCode === 429) reply.header('retry-after', '7')
    return json
  })
  bench.sim.faults.order({ operation: 'ny-saksmappe', fault: 'refuse', status: 429 })
  const { opprettSaksmappe } = bench.effects
  const key = 'f5d1c0de-0000-4000-8000-000000000001' as never
  const { signal } = new AbortController()
  const prepared = await opprettSaksmappe.prepare(
    key,
    { saksmappeKey: key, innhold: { ref: 'innhold-1' } },
    bench.to,
    signal,
  )
  const acted = opprettSaksmappe.act(prepared, {
    key,
    number: 1,
    destination: bench.to,
    signal,
    start: () => undefined,
  })
  await expect(acted).rejects.toMatchObject({ name: 'NothingHappened', details: { retryAfterMs: 7000 } })
})

test.each([
  [400, 'permanent', 'NOARK5_UGYLDIG_INNHOLD'],
  [500, 'unknown-outcome', 'NOARK5_UKJENT_UTFALL'],
])('an HTML page under %s is told by its status alone (%s)', async (status, disposition, code) => {
  bench = await aBench()
  const body = '<html><body>SQLException at /srv/arkiv</body></html>'
  bench.sim.faults.order({ operation: 'ny-saksmappe', fault: 'refuse', status, body })
  const key = 'f5d1c0de-0000-4000-8000-000000000001' as never
  const { signal } = new AbortController()
  const { opprettSaksmappe } = bench.effects
  const input = { saksmappeKey: key, innhold: { ref: 'innhold-1' } }
  const prepared = await opprettSaksmappe.prepare(key, input, bench.to, signal)
  const acted = opprettSaksmappe.act(prepared, {
    key,
    number: 1,
    destination: bench.to,
    signal,
    start: () => undefined,
  })
  await expect(acted).rejects.toMatchObject({ code, disposition })
  await expect(acted).rejects.not.toThrow(/SQL|srv/)
})

test('a start that is refused sends nothing and closes the attempt', async () => {
  bench = await aBench()
  const key = 'f5d1c0de-0000-4000-8000-000000000001' as never
  const { signal } = new AbortController()
  const { opprettSaksmappe } = bench.effects
  const input = { saksmappeKey: key, innhold: { ref: 'innhold-1' } }
  const prepared = await opprettSaksmappe.prepare(key, input, bench.to, signal)
  const start = () => {
    throw new Error('too late')
  }
  const acted = opprettSaksmappe.act(prepared, { key, number: 1, destination: bench.to, signal, start })
  await expect(acted).rejects.toMatchObject({ name: 'NothingHappened' })
  expect(bench.sim.received().saksmapper).toEqual([])
})

test('a part of the profile that the core does not have is named with its relation', async () => {
  bench = await odd((json) => json.replaceAll(`${R}arkivstruktur/ny-dokumentbeskrivelse/`, 'other'))
  bench.access = { ...bench.access, profile: STANDARD_PROFILE }
  await expect(fileLetter(bench)).rejects.toMatchObject({
    code: 'NOARK5_LENKE_MANGLER',
    message: expect.stringContaining('ny-dokumentbeskrivelse'),
  })
})
