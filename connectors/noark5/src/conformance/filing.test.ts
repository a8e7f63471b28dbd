import { type Effect, type Json, sha256Hex } from '@samband/kernel'
import { afterEach, describe, expect, test } from 'vitest'
import type { Noark5Simulator } from '../../simulator/index.ts'
import { Skjerming } from '../arkiv.ts'
import type { Bench } from './bench.ts'
import { aBench, anArkiv, anInnhold, fileLetter, keyOf, PDF } from './bench.ts'

let bench: Bench | undefined
afterEach(async () => {
  await bench?.close()
  bench = undefined
})

/** A core that stores skjerming, or not, and never shows it. */
function hideSkjerming(sim: Noark5Simulator): void {
  sim.app.addHook('onSend', async (_request, _reply, payload) => {
    if (typeof payload !== 'string' || !payload.includes('"skjerming"')) return payload
    const { skjerming: _, ...rest } = JSON.parse(payload)
    return JSON.stringify(rest)
  })
}

const methodsOf = (requests: readonly string[], method: string) =>
  requests.filter((request) => request.startsWith(`${method} `))

describe.each(['standard', 'nikita'] as const)('on a %s core', (profile) => {
  test('a letter is filed once, from saksmappe to file, and set sent', async () => {
    bench = await aBench({ profile })
    const { saksmappe, journalpost, filer, ekspedert, trace } = await fileLetter(bench)
    expect(trace).toEqual([])
    const received = bench.sim.received()
    expect(received.saksmapper).toMatchObject([
      { systemID: saksmappe.systemId, klasseID: 'L42', tittel: 'Byggesøknad' },
    ])
    expect(received.journalposter).toMatchObject([
      { systemID: journalpost.systemId, journalposttype: 'U', journalstatus: 'E', marks: ['brev-17'] },
    ])
    expect(received.korrespondanseparter).toMatchObject([{ type: 'EM', kind: 'korrespondansepartperson' }])
    const [dokument] = received.dokumentbeskrivelser
    expect(dokument).toMatchObject({ tilknyttetRegistreringSom: 'H', dokumentstatus: 'F' })
    expect(dokument?.eksternReferanse).toBe(dokument?.systemID)
    expect(received.dokumentobjekter).toMatchObject([{ variantformat: 'P', hasFile: true }])
    expect(received.filer).toMatchObject([{ sha256: sha256Hex(PDF), sizeBytes: PDF.length }])
    expect(filer).toEqual([{ sha256: sha256Hex(PDF), sizeBytes: PDF.length }])
    expect(ekspedert).toEqual({ journalstatus: 'E', sendtDatoLagret: profile === 'standard' })
    expect(saksmappe).toMatchObject({ egenId: true, laget: true, mappeId: '2026/1' })
  })

  test('a further letter of the case needs five POSTs, one read back, one read and one update', async () => {
    bench = await aBench({ profile })
    const { saksmappe } = await fileLetter(bench)
    bench.requests.length = 0
    await fileLetter(bench, anArkiv(), { forsendelseId: 'brev-2', saksmappe })
    expect(methodsOf(bench.requests, 'POST')).toHaveLength(5)
    expect(methodsOf(bench.requests, 'GET')).toHaveLength(2)
    expect(bench.requests).toHaveLength(8)
    expect(bench.sim.received().journalposter.map((post) => post.saksmappe)).toEqual([
      saksmappe.systemId,
      saksmappe.systemId,
    ])
  })

  test('a second attempt at everything, by a process that remembers nothing, finds what is there', async () => {
    bench = await aBench({ profile })
    const first = await fileLetter(bench)
    bench.effects = bench.restart()
    const second = await fileLetter(bench)
    expect(second).toMatchObject({ journalpost: { systemId: first.journalpost.systemId }, trace: [] })
    const received = bench.sim.received()
    expect(received.saksmapper).toHaveLength(1)
    expect(received.journalposter).toHaveLength(1)
    expect(received.korrespondanseparter).toHaveLength(1)
    expect(received.dokumentbeskrivelser).toHaveLength(1)
    expect(received.dokumentobjekter).toHaveLength(1)
    expect(received.filer).toHaveLength(1)
    expect(received.journalposter[0]?.journalstatus).toBe('E')
  })

  test('documents of equal content are filed each for itself, the first as main document', async () => {
    const dokumenter = ['dok-1', 'dok-2', 'dok-3'].map((ref) => ({
      ref,
      filnavn: `${ref}.pdf`,
      mimeType: 'application/pdf',
    }))
    bench = await aBench({ profile }, anInnhold({ dokumenter }), { 'dok-1': PDF, 'dok-2': '%PDF-1.4 to', 'dok-3': PDF })
    const { filer } = await fileLetter(bench)
    expect(filer).toHaveLength(3)
    const received = bench.sim.received()
    expect(received.dokumentbeskrivelser.map((one) => one.tilknyttetRegistreringSom)).toEqual(['H', 'V', 'V'])
    expect(new Set(received.dokumentobjekter.map((one) => one.systemID)).size).toBe(3)
    expect(received.filer).toHaveLength(3)
  })

  test('an organisation as recipient is a korrespondansepartenhet', async () => {
    const mottaker = { type: 'enhet' as const, navn: 'Prøvebedrift AS', organisasjonsnummer: '311094688' }
    bench = await aBench({ profile }, anInnhold({ mottaker }))
    await fileLetter(bench)
    expect(bench.sim.received().korrespondanseparter).toMatchObject([{ kind: 'korrespondansepartenhet', type: 'EM' }])
  })
})

test('no address and no evidence holds a title, a name, a number or a file name', async () => {
  bench = await aBench()
  const { trace: _, ...evidence } = await fileLetter(bench)
  const left = `${bench.requests.map(decodeURIComponent).join(' ')} ${JSON.stringify(evidence)}`
  expect(left).not.toMatch(/Byggesøknad|Vedtak|Synt|15859099928|Prøveveien|vedtak\.pdf/i)
})

test('the case worker and the unit are filed as internal sender where the core takes one', async () => {
  const journalpost = { tittel: 'Vedtak', saksbehandler: 'Prøve Saksbehandler', administrativEnhet: 'Byggesak' }
  bench = await aBench({}, anInnhold({ arkiv: anArkiv({ journalpost }) }))
  const { avsender } = await fileLetter(bench)
  expect(avsender).toMatchObject({ registrert: true, egenId: true })
  expect(bench.sim.received().korrespondanseparter.map((part) => part.type)).toEqual(['EM', 'IA'])
})

test('an internal sender is left out where the core takes none, and nothing is sent for it', async () => {
  const journalpost = { tittel: 'Vedtak', saksbehandler: 'Prøve Saksbehandler' }
  bench = await aBench({ profile: 'nikita' }, anInnhold({ arkiv: anArkiv({ journalpost }) }))
  const { avsender } = await fileLetter(bench)
  expect(avsender).toEqual({ registrert: false })
})

test('a saksmappe is made on the arkivdel where that has no klassifikasjonssystem', async () => {
  const { klasse: _, ...arkiv } = anArkiv()
  bench = await aBench({ arkivdel: { tittel: 'Sakarkiv' } }, anInnhold({ arkiv }))
  await fileLetter(bench)
  expect(bench.sim.received().saksmapper).toMatchObject([{ klasseID: undefined }])
})

test('a saksmappe given by mappeID is found and never made', async () => {
  bench = await aBench()
  const { systemID, mappeID } = bench.sim.addSaksmappe({ tittel: 'Fra før', klasseID: '000' })
  const arkiv = anArkiv({ saksmappe: { mappeID } })
  bench.payloads.put('innhold-1', JSON.stringify(anInnhold({ arkiv })))
  const { saksmappe, trace } = await fileLetter(bench, arkiv)
  expect(saksmappe).toMatchObject({ systemId: systemID, laget: false, egenId: null, mappeId: mappeID })
  expect(trace).toEqual([])
  expect(bench.sim.received().saksmapper).toEqual([])
  expect(bench.sim.received().journalposter).toMatchObject([{ saksmappe: systemID }])
})

test('where nothing is to be made, a look-up finds that as evidence, and not that something is missing', async () => {
  bench = await aBench()
  const { mappeID } = bench.sim.addSaksmappe({ tittel: 'Fra før', klasseID: '000' })
  const arkiv = anArkiv({ saksmappe: { mappeID } })
  bench.payloads.put('innhold-1', JSON.stringify(anInnhold({ arkiv })))
  const { saksmappe, journalpost, avsender } = await fileLetter(bench, arkiv)
  const innhold = { ref: 'innhold-1' }
  const effects = bench.restart()
  const { to } = bench
  const lookUp = <Input extends Json, Prepared, Evidence extends Json>(
    effect: Effect<Input, Prepared, Evidence>,
    input: Input,
  ) => effect.probe?.(keyOf(effect, input), input, to, new AbortController().signal)

  expect(await lookUp(effects.opprettSaksmappe, { saksmappeKey: 'sak-17', innhold })).toEqual({
    kind: 'there',
    evidence: saksmappe,
  })
  expect(
    await lookUp(effects.opprettKorrespondansepart, {
      forsendelseId: 'brev-1',
      innhold,
      journalpost,
      part: 'avsender',
    }),
  ).toEqual({ kind: 'there', evidence: avsender })
  expect(effects.opprettSaksmappe.madeNothing?.(saksmappe)).toBe(true)
  expect(effects.opprettKorrespondansepart.madeNothing?.(avsender)).toBe(true)
})

test('an unknown mappeID parks the letter and names the field', async () => {
  bench = await aBench({}, anInnhold({ arkiv: anArkiv({ saksmappe: { mappeID: '1999/1' } }) }))
  await expect(fileLetter(bench, anArkiv({ saksmappe: { mappeID: '1999/1' } }))).rejects.toMatchObject({
    code: 'NOARK5_SAKSMAPPE_FINNES_IKKE',
    disposition: 'permanent',
    details: { path: 'arkiv.saksmappe.mappeID' },
  })
})

test.each([
  ['is not given', undefined],
  ['does not exist', 'X99'],
])('a klasse that %s parks the letter before anything is sent', async (_, klasse) => {
  const { klasse: __, ...arkiv } = anArkiv()
  const with_ = klasse === undefined ? arkiv : { ...arkiv, klasse }
  bench = await aBench({}, anInnhold({ arkiv: with_ }))
  await expect(fileLetter(bench, with_)).rejects.toMatchObject({
    name: 'NothingHappened',
    code: 'NOARK5_KLASSE_MANGLER',
    disposition: 'permanent',
    details: { path: 'arkiv.klasse' },
  })
  expect(methodsOf(bench.requests, 'POST')).toEqual([])
})

test('a klasse that is added later is found without a restart', async () => {
  bench = await aBench({}, anInnhold({ arkiv: anArkiv({ klasse: 'N1' }) }))
  await expect(fileLetter(bench)).rejects.toMatchObject({ code: 'NOARK5_KLASSE_MANGLER' })
  bench.sim.addKlasse({ klasseID: 'N1', tittel: 'Ny' })
  await fileLetter(bench)
  expect(bench.sim.received().saksmapper).toMatchObject([{ klasseID: 'N1' }])
})

test('a closed saksmappe parks the letter before anything is sent', async () => {
  bench = await aBench()
  const { mappeID } = bench.sim.addSaksmappe({ tittel: 'Lukket', klasseID: '000', saksstatus: 'A' })
  const arkiv = anArkiv({ saksmappe: { mappeID } })
  bench.payloads.put('innhold-1', JSON.stringify(anInnhold({ arkiv })))
  const closed = { name: 'NothingHappened', code: 'NOARK5_SAKSMAPPE_LUKKET', disposition: 'permanent' }
  await expect(fileLetter(bench, arkiv)).rejects.toMatchObject(closed)
  expect(methodsOf(bench.requests, 'POST')).toEqual([])
})

test('a saksmappe that closes right after it was made is told from other conflicts', async () => {
  let sim: Noark5Simulator | undefined
  bench = await aBench({}, anInnhold(), undefined, (made) => {
    sim = made
    made.app.addHook('onResponse', async (request, reply) => {
      if (request.method === 'POST' && reply.statusCode === 201) sim?.setArkivdelstatus('P')
    })
  })
  const closed = { name: 'NothingHappened', code: 'NOARK5_SAKSMAPPE_LUKKET', disposition: 'permanent' }
  await expect(fileLetter(bench)).rejects.toMatchObject(closed)
  expect(bench.sim.received().journalposter).toEqual([])
})

test('a kode that the core does not have parks the letter and names list and kode', async () => {
  bench = await aBench({ codeLists: { saksstatus: { A: 'Avsluttet' } } })
  await expect(fileLetter(bench)).rejects.toMatchObject({
    code: 'NOARK5_KODE_MANGLER',
    disposition: 'permanent',
    message: expect.stringMatching(/saksstatus.* B /),
  })
})

test('code lists that page are read to the end', async () => {
  bench = await aBench({ pageSize: 2 })
  const { trace } = await fileLetter(bench)
  expect(trace).toEqual([])
})

test('a machine logs in by client_credentials, and again when its token has run out', async () => {
  bench = await aBench({ tokenLifetimeS: 300 })
  bench.access = { login: { type: 'oauth2', clientId: 'samband', clientSecret: 'samband-secret' } }
  const { saksmappe } = await fileLetter(bench)
  bench.sim.expireTokens()
  const again = await fileLetter(bench, anArkiv(), { forsendelseId: 'brev-2', saksmappe })
  expect(again.trace).toEqual(['NOARK5_INNLOGGING_AVVIST'])
  bench.time.advance(300_000)
  const third = await fileLetter(bench, anArkiv(), { forsendelseId: 'brev-3', saksmappe })
  expect(third.trace).toEqual([])
  expect(bench.sim.received().journalposter).toHaveLength(3)
})

test.each([
  ['Basic', { type: 'basic' as const, user: 'arkivar', password: 'feil' }],
  ['OAuth2', { type: 'oauth2' as const, clientId: 'samband', clientSecret: 'feil' }],
])('a wrong secret for %s pauses and does not park', async (_, login) => {
  bench = await aBench()
  bench.access = { login }
  const { opprettSaksmappe } = bench.effects
  const input = { saksmappeKey: 'k', innhold: { ref: 'innhold-1' } }
  const prepared = opprettSaksmappe.prepare('k' as never, input, bench.to, new AbortController().signal)
  await expect(prepared).rejects.toMatchObject({ code: 'NOARK5_INNLOGGING_AVVIST', disposition: 'paused' })
})

describe('shielding', () => {
  const skjerming = Skjerming.parse({
    tilgangsrestriksjon: 'UO',
    skjermingshjemmel: 'Offentleglova § 13 jf. forvaltningsloven § 13',
    skjermingMetadata: ['TRO', 'NM'],
  })
  const arkiv = anArkiv({
    saksmappe: { noekkel: 'sak-17', tittel: 'Byggesøknad', offentligTittel: '******', skjerming },
    journalpost: { tittel: 'Vedtak', offentligTittel: '******', skjerming },
  })

  test('is sent with saksmappe, journalpost and dokumentbeskrivelse, and confirmed by the answers alone', async () => {
    bench = await aBench({}, anInnhold({ arkiv }))
    const { saksmappe, journalpost } = await fileLetter(bench, arkiv)
    expect(saksmappe.skjerming).toMatch(/^[0-9a-f]{64}$/)
    expect(journalpost.skjerming).toBe(saksmappe.skjerming)
  })

  test('that the core does not show stops the filing before any file is uploaded', async () => {
    bench = await aBench({}, anInnhold({ arkiv }), undefined, hideSkjerming)
    await expect(fileLetter(bench, arkiv)).rejects.toMatchObject({
      code: 'NOARK5_SKJERMING_IKKE_BEKREFTET',
      disposition: 'permanent',
      details: { path: 'arkiv.saksmappe.skjerming' },
    })
    expect(bench.sim.received().journalposter).toEqual([])
    expect(bench.sim.received().filer).toEqual([])
  })

  test('that nobody could tell of a saksmappe a person found is asked for before the next step', async () => {
    bench = await aBench({}, anInnhold({ arkiv }))
    const { saksmappe } = await fileLetter(bench, arkiv)
    const input = {
      forsendelseId: 'brev-2',
      innhold: { ref: 'innhold-1' },
      saksmappe: { ...saksmappe, egenId: null, skjerming: null },
    }
    const { opprettJournalpost } = bench.effects
    const prepared = opprettJournalpost.prepare('k' as never, input, bench.to, new AbortController().signal)
    await expect(prepared).resolves.toMatchObject({ kind: 'journalpost' })
  })

  test('of a letter in a case that was made without it stops too', async () => {
    bench = await aBench()
    await fileLetter(bench)
    bench.payloads.put('innhold-1', JSON.stringify(anInnhold({ arkiv })))
    await expect(fileLetter(bench, arkiv, { forsendelseId: 'brev-2' })).rejects.toMatchObject({
      code: 'NOARK5_SKJERMING_IKKE_BEKREFTET',
    })
  })

  test('is read from the list of registreringer on a core that hides it in the journalpost', async () => {
    const { skjermingMetadata: _, ...withoutMetadata } = { ...skjerming, tilgangsrestriksjon: 'P' }
    const plain = anArkiv({
      saksmappe: { noekkel: 'sak-17', tittel: 'Byggesøknad', skjerming: withoutMetadata },
      journalpost: { tittel: 'Vedtak', skjerming: withoutMetadata },
    })
    bench = await aBench({ profile: 'nikita' }, anInnhold({ arkiv: plain }))
    const { journalpost, trace } = await fileLetter(bench, plain)
    expect(journalpost.skjerming).toBeNull()
    expect(trace).toEqual([])
    expect(bench.sim.received().filer).toHaveLength(1)
  })
})
