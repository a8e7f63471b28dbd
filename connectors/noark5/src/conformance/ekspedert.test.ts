import { afterEach, describe, expect, test } from 'vitest'
import { STANDARD_PROFILE } from '../profile.ts'
import type { Bench } from './bench.ts'
import { aBench, anArkiv, anInnhold, fileLetter, keyOf, run, standardAccess } from './bench.ts'

let bench: Bench | undefined
afterEach(async () => {
  await bench?.close()
  bench = undefined
})

const sendtDato = '2026-03-02T09:00:00.000Z'
const authorization = `Basic ${btoa('arkivar:arkivar-passord')}`

async function change(self: string, changes: object): Promise<void> {
  const headers = { authorization, 'content-type': 'application/merge-patch+json' }
  const answer = await bench?.sim.app.inject({ method: 'PATCH', url: self, headers, payload: JSON.stringify(changes) })
  expect(answer?.statusCode).toBe(200)
}

async function read(self: string): Promise<Record<string, unknown>> {
  if (!bench) throw new Error('no bench')
  return (await bench.sim.app.inject({ method: 'GET', url: self, headers: { authorization } })).json()
}

const setSent = (parent: { readonly systemId: string; readonly self: string }) => {
  if (!bench) throw new Error('no bench')
  return run(bench, bench.effects.settEkspedert, { forsendelseId: 'f', journalpost: parent, sendtDato })
}

/** A letter that is filed and not yet sent: the status is put back, for the bench files to the end. */
async function reserved() {
  const { journalpost } = await fileLetter(bench as Bench)
  await change(journalpost.self, { journalstatus: { kode: 'R', kodenavn: 'Reservert dokument' }, sendtDato: null })
  return journalpost
}

describe.each(['patch', 'put'] as const)('by %s', (update) => {
  test('only journalstatus and sendtDato change', async () => {
    const journalpost = { tittel: 'Vedtak', offentligTittel: 'V', dokumentetsDato: '2026-03-01T00:00:00+01:00' }
    bench = await aBench({}, anInnhold({ arkiv: anArkiv({ journalpost }) }))
    bench.access = { ...standardAccess(), profile: { ...STANDARD_PROFILE, update } }
    const post = await reserved()
    const before = await read(post.self)
    const { evidence } = await setSent(post)
    expect(evidence).toEqual({ journalstatus: 'E', sendtDatoLagret: true })
    const after = await read(post.self)
    const changed = { journalstatus: { kode: 'E', kodenavn: 'Ekspedert' }, sendtDato, endretDato: after['endretDato'] }
    expect(after).toEqual({ ...before, ...changed })
  })
})

test.each([
  ['J', 'Journalført'],
  ['A', 'Arkivert'],
  ['E', 'Ekspedert'],
])('a journalpost that is %s already is left as it is', async (kode, kodenavn) => {
  bench = await aBench()
  const post = await reserved()
  await change(post.self, { journalstatus: { kode, kodenavn } })
  bench.requests.length = 0
  const { evidence } = await setSent(post)
  expect(evidence).toEqual({ journalstatus: kode, sendtDatoLagret: false })
  expect(bench.requests.filter((request) => !request.startsWith('GET '))).toEqual([])
})

test('a journalpost that was marked Utgår is not brought back', async () => {
  bench = await aBench()
  const post = await reserved()
  await change(post.self, { journalstatus: { kode: 'U', kodenavn: 'Utgår' } })
  await expect(setSent(post)).rejects.toMatchObject({ code: 'NOARK5_JOURNALPOST_UTGAR', disposition: 'permanent' })
})

test.each([409, 412, 428])('a %s means that somebody else wrote: read again, then changed', async (status) => {
  bench = await aBench()
  const post = await reserved()
  bench.sim.faults.order({ operation: 'update', fault: 'refuse', status })
  const { steps } = await setSent(post)
  expect(steps).toEqual(['NOARK5_SAMTIDIG_ENDRING'])
})

test("Nikita's locking failure under 400 is transient, not the content's fault", async () => {
  bench = await aBench({ profile: 'nikita' })
  const body = { status: 400, message: 'Object was changed: optimistic locking failed' }
  bench.sim.faults.order({ operation: 'update', fault: 'refuse', status: 400, body })
  const { trace } = await fileLetter(bench)
  expect(trace).toEqual(['NOARK5_SAMTIDIG_ENDRING'])
})

test('a core that demands a precondition gets the ETag it gave', async () => {
  bench = await aBench({ missingPrecondition: 428 })
  const { ekspedert, trace } = await fileLetter(bench)
  expect(ekspedert.journalstatus).toBe('E')
  expect(trace).toEqual([])
})

test('where the profile names the wrong way to update, the next attempt uses the other', async () => {
  bench = await aBench({ profile: 'nikita' })
  const profile = bench.access.profile ?? STANDARD_PROFILE
  bench.access = { ...bench.access, profile: { ...profile, update: 'patch' } }
  const { trace } = await fileLetter(bench)
  expect(trace).toEqual(['NOARK5_IKKE_STOTTET'])
  expect(bench.sim.received().journalposter).toMatchObject([{ journalstatus: 'E' }])
})

test('a journalpost that is no longer there parks the row', async () => {
  bench = await aBench()
  const gone = { systemId: 'f5d1c0de-0000-4000-8000-000000000001', self: `${bench.to.baseUrl}borte/` }
  await expect(setSent(gone)).rejects.toMatchObject({ code: 'NOARK5_FORELDER_MANGLER', disposition: 'permanent' })
})

test('a journalpost whose address has changed is found by its systemID', async () => {
  bench = await aBench()
  const post = await reserved()
  const { evidence } = await setSent({ systemId: post.systemId, self: `${bench.to.baseUrl}gammel/adresse/` })
  expect(evidence.journalstatus).toBe('E')
})

test('a core that answers 200 and keeps the old status parks the row', async () => {
  bench = await aBench()
  const post = await reserved()
  const unchanged = await read(post.self)
  bench.sim.faults.order({ operation: 'update', fault: 'refuse', status: 200, body: unchanged })
  await expect(setSent(post)).rejects.toMatchObject({ code: 'NOARK5_ENDRING_IKKE_TATT', disposition: 'permanent' })
})

describe('asked whether it was set sent, the core', () => {
  const ask = (journalpost: Parameters<typeof setSent>[0]) => {
    const { effects, to } = bench as Bench
    const input = { forsendelseId: 'f', journalpost, sendtDato }
    return effects.settEkspedert.probe?.(keyOf(effects.settEkspedert, input), input, to, new AbortController().signal)
  }

  test('shows the journalpost sent, or not yet', async () => {
    bench = await aBench()
    const post = await reserved()
    expect(await ask(post)).toEqual({ kind: 'not-there' })
    await setSent(post)
    expect(await ask(post)).toMatchObject({ kind: 'there', evidence: { journalstatus: 'E' } })
  })

  test('cannot tell while it does not show the journalpost at all', async () => {
    let hidden: readonly string[] = []
    bench = await aBench({}, anInnhold(), undefined, (sim) => {
      sim.app.addHook('onSend', async (request, reply, payload) => {
        const url = decodeURIComponent(request.url)
        if (request.method !== 'GET' || !hidden.some((part) => url.includes(part))) return payload
        if (url.includes('$filter')) return '{"count":0}'
        reply.code(404)
        return '{"feil":{"kode":404}}'
      })
    })
    const { journalpost } = await fileLetter(bench)
    hidden = [journalpost.systemId, new URL(journalpost.self).pathname]
    expect(await ask(journalpost)).toMatchObject({ kind: 'cannot-tell', why: { code: 'NOARK5_KAN_IKKE_SLA_OPP' } })
  })
})
