import { afterEach, describe, expect, test } from 'vitest'
import type { Received } from '../../simulator/index.ts'
import type { Bench } from './bench.ts'
import { aBench, anArkiv, anInnhold, fileLetter } from './bench.ts'

let bench: Bench | undefined
afterEach(async () => {
  await bench?.close()
  bench = undefined
})

const creates = [
  'ny-saksmappe',
  'ny-journalpost',
  'ny-korrespondansepart',
  'ny-dokumentbeskrivelse',
  'ny-dokumentobjekt',
]
const operations = [...creates, 'upload']

function oneOfEach(received: Received): void {
  const counts = Object.fromEntries(Object.entries(received).map(([name, list]) => [name, list.length]))
  expect(counts).toEqual({
    saksmapper: 1,
    journalposter: 1,
    korrespondanseparter: 1,
    dokumentbeskrivelser: 1,
    dokumentobjekter: 1,
    filer: 1,
  })
  expect(received.journalposter).toMatchObject([{ journalstatus: 'E' }])
}

describe.each(['standard', 'nikita'] as const)('on a %s core', (profile) => {
  describe.each(operations)('%s', (operation) => {
    test.each([
      ['the answer is lost', { fault: 'answer-lost' }, 'there'],
      ['a 503 came after the effect', { fault: 'error-after-effect', status: 503 }, 'there'],
      ['the answer has another shape', { fault: 'wrong-schema' }, operation === 'upload' ? undefined : 'there'],
      ['an error came under 200 and nothing was done', { fault: 'error-under-200' }, 'not-there'],
      ['a 500 came before the effect', { fault: 'server-error', status: 500 }, 'not-there'],
      ['a 502 came before the effect', { fault: 'server-error', status: 502 }, 'not-there'],
    ] as const)('when %s, the letter is filed exactly once', async (_, fault, answer) => {
      bench = await aBench({ profile })
      bench.sim.faults.order({ operation, ...fault })
      const { trace } = await fileLetter(bench)
      oneOfEach(bench.sim.received())
      if (answer === undefined) expect(trace).toEqual([])
      else expect(trace.at(-1)).toBe(answer)
    })

    test.each([
      ['409', { fault: 'conflict' }],
      ['401', { fault: 'unauthorized' }],
      ['404', { fault: 'not-found' }],
      ['429', { fault: 'refuse', status: 429 }],
    ] as const)('when it is refused with %s once, the next attempt files it exactly once', async (status, fault) => {
      bench = await aBench({ profile })
      bench.sim.faults.order({ operation, ...fault })
      const { trace } = await fileLetter(bench)
      oneOfEach(bench.sim.received())
      expect(trace).toHaveLength(1)
      expect(trace[0]).toBe(
        { '409': 'NOARK5_KONFLIKT', '401': 'NOARK5_INNLOGGING_AVVIST' }[status as string] ?? 'NOARK5_FORBIGAENDE_FEIL',
      )
    })

    test('when the content is refused, it is parked, and a later run goes on where it stopped', async () => {
      bench = await aBench({ profile })
      bench.sim.faults.order({ operation, fault: 'refuse', status: 400 })
      await expect(fileLetter(bench)).rejects.toMatchObject({
        name: 'NothingHappened',
        disposition: 'permanent',
        code: operation === 'upload' ? 'NOARK5_FIL_AVVIST' : 'NOARK5_UGYLDIG_INNHOLD',
      })
      await fileLetter(bench)
      oneOfEach(bench.sim.received())
    })

    test('when a proxy repeats the request, the letter is filed exactly once', async () => {
      bench = await aBench({ profile })
      bench.sim.faults.order({ operation, fault: 'answer-twice' })
      await fileLetter(bench)
      oneOfEach(bench.sim.received())
    })

    test('when the connection breaks and the core does it later all the same, it is done once', async () => {
      bench = await aBench({ profile })
      bench.sim.faults.order({ operation, fault: 'accept-late', delayMs: 1000 })
      const { trace } = await fileLetter(bench)
      bench.time.advance(1000)
      oneOfEach(bench.sim.received())
      // Only the first thing of all is made while nothing has shown yet that the core refuses a second one.
      const after = operation === 'ny-saksmappe' ? ['not-there', 'waited', 'there'] : ['not-there']
      expect(trace).toEqual(['NOARK5_INGEN_SVAR', ...after])
    })

    test('when the core hangs after it took the request, the end of the wait leads to the question', async () => {
      bench = await aBench({ profile })
      bench.sim.faults.order({ operation, fault: 'accept-then-hang' })
      const filing = fileLetter(bench)
      await expect.poll(() => bench?.sim.faults.used()).toHaveLength(1)
      bench.time.advance(70_000)
      const { trace } = await filing
      oneOfEach(bench.sim.received())
      expect(trace).toEqual(['NOARK5_INGEN_SVAR', 'there'])
    })
  })

  test.each(creates)('an error body under 200 to the look-up of %s is never read as "not there"', async (operation) => {
    bench = await aBench({ profile })
    bench.sim.faults.order({ operation, fault: 'answer-lost' })
    bench.sim.faults.order({ operation: 'search', fault: 'error-under-200', mark: 'systemID eq' })
    const { trace } = await fileLetter(bench)
    oneOfEach(bench.sim.received())
    expect(trace).toContain('cannot-tell')
    expect(trace).not.toContain('not-there')
  })

  test('a look-up that fails with 500 cannot tell', async () => {
    bench = await aBench({ profile })
    bench.sim.faults.order({ operation: 'ny-journalpost', fault: 'answer-lost' })
    bench.sim.faults.order({ operation: 'search', fault: 'lookup-error', mark: 'systemID eq' })
    const { trace } = await fileLetter(bench)
    oneOfEach(bench.sim.received())
    expect(trace.slice(0, 2)).toEqual(['NOARK5_INGEN_SVAR', 'cannot-tell'])
  })

  test.each(['answer-lost', 'error-after-effect', 'wrong-schema', 'server-error', 'unauthorized', 'conflict'] as const)(
    'setting the journalpost sent survives %s',
    async (fault) => {
      bench = await aBench({ profile })
      bench.sim.faults.order({ operation: 'update', fault })
      const { ekspedert } = await fileLetter(bench)
      expect(ekspedert.journalstatus).toBe('E')
      oneOfEach(bench.sim.received())
    },
  )

  test('a core that is down is waited for, and nothing is made twice', async () => {
    bench = await aBench({ profile })
    await bench.listening.down()
    const { opprettSaksmappe } = bench.effects
    const input = { saksmappeKey: 'k', innhold: { ref: 'innhold-1' } }
    const prepared = opprettSaksmappe.prepare('k' as never, input, bench.to, new AbortController().signal)
    await expect(prepared).rejects.toMatchObject({ code: 'NOARK5_UTILGJENGELIG', disposition: 'transient' })
    await bench.listening.up()
    await fileLetter(bench)
    oneOfEach(bench.sim.received())
  })
})

test('two letters that need the same new saksmappe at the same moment get one', async () => {
  bench = await aBench()
  const [one, two] = await Promise.all([fileLetter(bench), fileLetter(bench, undefined, { forsendelseId: 'brev-2' })])
  expect(one.saksmappe.systemId).toBe(two.saksmappe.systemId)
  expect(bench.sim.received().saksmapper).toHaveLength(1)
  expect(bench.sim.received().journalposter).toHaveLength(2)
})

test('a lagging index does not make a second one: the core refuses our systemID, and the attempt is repeated', async () => {
  bench = await aBench()
  bench.sim.faults.order({ operation: 'ny-journalpost', fault: 'lookup-lag', delayMs: 60_000 })
  const { saksmappe } = await fileLetter(bench)
  bench.effects = bench.restart()
  const filing = fileLetter(bench, undefined, { saksmappe })
  await expect(filing).rejects.toThrow(/no end|NOARK5_KONFLIKT/)
  bench.time.advance(60_000)
  await fileLetter(bench, undefined, { saksmappe })
  oneOfEach(bench.sim.received())
})

test('on a core that gives its own systemID, that one is kept as evidence, and a look-up cannot tell', async () => {
  bench = await aBench({ keepsClientSystemId: false })
  const { saksmappe, journalpost, trace } = await fileLetter(bench)
  expect(trace).toEqual([])
  const received = bench.sim.received()
  expect(saksmappe).toMatchObject({ egenId: false, systemId: received.saksmapper[0]?.systemID })
  expect(journalpost).toMatchObject({ egenId: false, systemId: received.journalposter[0]?.systemID })
  bench.sim.faults.order({ operation: 'ny-journalpost', fault: 'answer-lost' })
  const second = fileLetter(bench, undefined, { forsendelseId: 'brev-2', saksmappe })
  await expect(second).rejects.toThrow(/cannot-tell, NOARK5_KAN_IKKE_SLA_OPP/)
  expect(bench.sim.received().journalposter).toHaveLength(2)
})

describe('as long as nothing has shown whether the core keeps our systemID', () => {
  test('one that replaces it gets no second saksmappe', async () => {
    bench = await aBench({ keepsClientSystemId: false })
    bench.sim.faults.order({ operation: 'ny-saksmappe', fault: 'answer-lost' })
    await expect(fileLetter(bench)).rejects.toThrow(/cannot-tell, NOARK5_KAN_IKKE_SLA_OPP/)
    expect(bench.sim.received().saksmapper).toHaveLength(1)
  })

  test('nor a second journalpost in a saksmappe that others made', async () => {
    bench = await aBench({ keepsClientSystemId: false })
    await fileLetter(bench)
    const { mappeID } = bench.sim.received().saksmapper[0] ?? { mappeID: '' }
    bench.payloads.put('innhold-1', JSON.stringify(anInnhold({ arkiv: anArkiv({ saksmappe: { mappeID } }) })))
    bench.effects = bench.restart()
    bench.sim.faults.order({ operation: 'ny-journalpost', fault: 'answer-lost' })
    const second = fileLetter(bench, anArkiv({ saksmappe: { mappeID } }), { forsendelseId: 'brev-2' })
    await expect(second).rejects.toThrow(/cannot-tell, NOARK5_KAN_IKKE_SLA_OPP/)
    expect(bench.sim.received().journalposter).toHaveLength(2)
  })

  test('a request that is still on its way to one that replaces it makes the only saksmappe', async () => {
    bench = await aBench({ keepsClientSystemId: false })
    bench.sim.faults.order({ operation: 'ny-saksmappe', fault: 'accept-late', delayMs: 30_000 })
    await expect(fileLetter(bench)).rejects.toThrow(/not-there, waited, cannot-tell, NOARK5_KAN_IKKE_SLA_OPP/)
    expect(bench.sim.received().saksmapper).toHaveLength(1)
  })

  test('and the only journalpost in a saksmappe that others made', async () => {
    bench = await aBench({ keepsClientSystemId: false })
    const { saksmappe } = await fileLetter(bench)
    bench.effects = bench.restart()
    bench.payloads.put('innhold-1', JSON.stringify(anInnhold({ arkiv: anArkiv({ journalpost: { tittel: 'Svar' } }) })))
    bench.sim.faults.order({ operation: 'ny-journalpost', fault: 'accept-late', delayMs: 30_000 })
    const others = { ...saksmappe, egenId: null }
    const second = fileLetter(bench, anArkiv(), { forsendelseId: 'brev-2', saksmappe: others })
    await expect(second).rejects.toThrow(/not-there, waited, cannot-tell, NOARK5_KAN_IKKE_SLA_OPP/)
    expect(bench.sim.received().journalposter).toHaveLength(2)
  })

  test('another object of ours with the same title shows that it is kept', async () => {
    bench = await aBench()
    await fileLetter(bench)
    bench.effects = bench.restart()
    bench.sim.faults.order({ operation: 'ny-saksmappe', fault: 'error-under-200' })
    const { trace } = await fileLetter(bench, anArkiv({ saksmappe: { noekkel: 'sak-18', tittel: 'Byggesøknad' } }), {
      forsendelseId: 'brev-2',
    })
    expect(trace.at(-1)).toBe('not-there')
    expect(bench.sim.received().saksmapper).toHaveLength(2)
  })

  test('one that keeps it is asked again, and tells by what it finds', async () => {
    bench = await aBench()
    bench.sim.faults.order({ operation: 'ny-saksmappe', fault: 'error-under-200' })
    const { trace } = await fileLetter(bench)
    expect(trace.at(-1)).toBe('not-there')
    oneOfEach(bench.sim.received())
  })
})

test('after the core has moved to another host, what was made before is found by its systemID', async () => {
  bench = await aBench()
  const { saksmappe } = await fileLetter(bench)
  const before = { ...saksmappe, self: saksmappe.self.replace(new URL(saksmappe.self).host, 'gammel-kjerne.invalid') }
  bench.effects = bench.restart()
  await fileLetter(bench, undefined, { forsendelseId: 'brev-2', saksmappe: before })
  expect(bench.sim.received().saksmapper).toHaveLength(1)
  expect(bench.sim.received().journalposter).toHaveLength(2)
})

test('on a core that gives its own systemID a dokumentbeskrivelse is found by eksternReferanse', async () => {
  bench = await aBench({ keepsClientSystemId: false })
  bench.sim.faults.order({ operation: 'ny-dokumentbeskrivelse', fault: 'answer-lost' })
  const { trace } = await fileLetter(bench)
  expect(trace).toEqual(['NOARK5_INGEN_SVAR', 'there'])
  oneOfEach(bench.sim.received())
})

test('no error shows what the core or the sender wrote', async () => {
  const secret = 'Hemmelig tittel'
  bench = await aBench({}, anInnhold(), undefined)
  const body = { feil: { kode: 400, beskrivelse: `SELECT * FROM ${secret} /srv/arkiv` } }
  bench.sim.faults.order({ operation: 'ny-journalpost', fault: 'refuse', body })
  const error = await fileLetter(bench).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(Error)
  expect(String((error as Error).stack)).not.toMatch(/Hemmelig|SELECT|srv/)
})

test('a field that the core names is passed on as the path', async () => {
  bench = await aBench()
  const body = { feil: { kode: 400, beskrivelse: 'offentligTittel: for lang, dokumentetsDato: feil' } }
  bench.sim.faults.order({ operation: 'ny-journalpost', fault: 'refuse', body })
  await expect(fileLetter(bench)).rejects.toMatchObject({ details: { path: 'journalpost.dokumentetsDato' } })
})
