import { damagedDocument } from '@samband/connector-kit/testing'
import { sha256Hex } from '@samband/kernel'
import { afterEach, describe, expect, test } from 'vitest'
import { STANDARD_PROFILE } from '../profile.ts'
import type { Bench } from './bench.ts'
import { aBench, anInnhold, fileLetter, standardAccess } from './bench.ts'

let bench: Bench | undefined
afterEach(async () => {
  await bench?.close()
  bench = undefined
})

const large = Buffer.from(`%PDF-1.7 SAMBAND-MARK:stor-1 ${'0123456789'.repeat(40)}`)
const contents = { 'dok-1': large }
const uploads = (requests: readonly string[]) => requests.filter((request) => request.startsWith('PUT ')).length

describe('a file larger than bulkgrense', () => {
  test('goes up in pieces, in order, and is read back', async () => {
    bench = await aBench({ bulkgrense: 100 }, anInnhold(), contents)
    const { filer, trace } = await fileLetter(bench)
    expect(trace).toEqual([])
    expect(uploads(bench.requests)).toBe(Math.ceil(large.byteLength / 100))
    expect(filer).toEqual([{ sha256: sha256Hex(large), sizeBytes: large.byteLength }])
    expect(bench.sim.received().filer).toMatchObject([{ sha256: sha256Hex(large), marks: ['stor-1'] }])
  })

  test('whose size is a multiple of it has no empty last piece', async () => {
    bench = await aBench({ bulkgrense: 50 }, anInnhold(), { 'dok-1': large.subarray(0, 200) })
    await fileLetter(bench)
    expect(uploads(bench.requests)).toBe(4)
  })

  test('goes up whole where the core sets no limit', async () => {
    bench = await aBench({ bulkgrense: 0 }, anInnhold(), contents)
    await fileLetter(bench)
    expect(uploads(bench.requests)).toBe(0)
    expect(bench.sim.received().filer).toHaveLength(1)
  })

  test('is never begun a second time on the same dokumentobjekt after a piece was lost', async () => {
    bench = await aBench({ bulkgrense: 100 }, anInnhold(), contents)
    bench.sim.breakNextUpload({ afterBytes: 60 })
    await expect(fileLetter(bench)).rejects.toMatchObject({
      name: 'NothingHappened',
      code: 'NOARK5_OPPLASTING_SPERRET',
      disposition: 'permanent',
      steps: ['NOARK5_INGEN_SVAR', 'not-there', 'NOARK5_OPPLASTING_SPERRET'],
    })
    expect(bench.sim.received().filer).toEqual([])
  })

  test('is tried again when the session was refused before it was opened', async () => {
    bench = await aBench({ bulkgrense: 100 }, anInnhold(), contents)
    bench.sim.faults.order({ operation: 'upload', fault: 'refuse', status: 429 })
    const { trace } = await fileLetter(bench)
    expect(trace).toEqual(['NOARK5_FORBIGAENDE_FEIL'])
    expect(bench.sim.received().filer).toHaveLength(1)
  })

  test('is found when only the answer to its last piece was lost', async () => {
    bench = await aBench({ bulkgrense: 300 }, anInnhold(), contents)
    // One harmless order for the opening and each piece but the last, which the lost answer then hits.
    const before = Math.ceil(large.byteLength / 300)
    bench.sim.faults.order({ operation: 'upload', fault: 'lookup-lag', delayMs: 0, times: before })
    bench.sim.faults.order({ operation: 'upload', fault: 'answer-lost' })
    const { trace } = await fileLetter(bench)
    expect(trace).toEqual(['NOARK5_INGEN_SVAR', 'there'])
    expect(bench.sim.received().filer).toHaveLength(1)
  })

  test('says bytes in Content-Range where the profile wants it as in HTTP', async () => {
    bench = await aBench({ bulkgrense: 100 }, anInnhold(), contents)
    bench.access = { ...standardAccess(), profile: { ...STANDARD_PROFILE, contentRangeUnit: 'bytes ' } }
    expect((await fileLetter(bench)).trace).toEqual([])
  })

  test('goes in pieces from the next attempt when the core has lowered its limit', async () => {
    let asked = 0
    bench = await aBench({ bulkgrense: 100 }, anInnhold(), contents, (sim) => {
      sim.app.addHook('onSend', async (_request, _reply, payload) => {
        if (typeof payload !== 'string' || !payload.includes('"bulkgrense"')) return payload
        asked += 1
        return asked === 1 ? payload.replace('"bulkgrense":100', '"bulkgrense":1000000') : payload
      })
    })
    const { trace } = await fileLetter(bench)
    expect(trace).toEqual(['NOARK5_FORBIGAENDE_FEIL'])
    expect(uploads(bench.requests)).toBeGreaterThan(1)
    expect(bench.sim.received().filer).toHaveLength(1)
  })
})

describe('a file in one request', () => {
  test.each(['standard', 'nikita'] as const)(
    'that broke off in the middle is sent again, or parked (%s)',
    async (profile) => {
      bench = await aBench({ profile })
      bench.sim.breakNextUpload({ afterBytes: 5 })
      if (profile === 'standard') {
        const { trace } = await fileLetter(bench)
        expect(trace).toEqual(['NOARK5_INGEN_SVAR', 'not-there'])
        expect(bench.sim.received().filer).toHaveLength(1)
        return
      }
      await expect(fileLetter(bench)).rejects.toMatchObject({
        name: 'NothingHappened',
        code: 'NOARK5_OPPLASTING_SPERRET',
        disposition: 'permanent',
      })
      expect(bench.sim.received().filer).toEqual([])
    },
  )

  test('that comes back with other bytes is no evidence, and the question stays open', async () => {
    bench = await aBench({}, anInnhold(), undefined, (sim) => {
      sim.app.addHook('onSend', async (request, reply, payload) =>
        request.method === 'GET' && String(reply.getHeader('content-type')).includes('pdf')
          ? Buffer.from('x'.repeat(Number(reply.getHeader('content-length'))))
          : payload,
      )
    })
    await expect(fileLetter(bench)).rejects.toThrow(/NOARK5_FIL_AVVIKER, cannot-tell, NOARK5_FIL_AVVIKER/)
  })

  test('whose payload is not what the event says is not sent', async () => {
    bench = await aBench()
    bench.payloads.put('dok-1', 'another content')
    await expect(fileLetter(bench)).rejects.toMatchObject({ code: 'NOARK5_UGYLDIG_INNHOLDSFIL' })
    expect(bench.sim.received().filer).toEqual([])
  })

  test('whose payload is damaged in the middle is parked as that, before anything leaves', async () => {
    bench = await aBench()
    bench.payloads.open = async () => damagedDocument()
    const filing = fileLetter(bench)
    await expect(filing).rejects.toMatchObject({ code: 'PAYLOAD_ODELAGT', steps: ['PAYLOAD_ODELAGT'] })
    expect(bench.requests.filter((request) => request.startsWith('POST') && request.includes('fil'))).toEqual([])
  })

  test('of no bytes is sent as such', async () => {
    bench = await aBench({}, anInnhold(), { 'dok-1': '' })
    const { filer } = await fileLetter(bench)
    expect(filer).toEqual([{ sha256: sha256Hex(''), sizeBytes: 0 }])
  })

  test('when the read back fails, the look-up tells', async () => {
    bench = await aBench()
    bench.sim.faults.order({ operation: 'download', fault: 'server-error', status: 502 })
    const { trace } = await fileLetter(bench)
    expect(trace).toEqual(['NOARK5_UKJENT_UTFALL', 'there'])
    expect(bench.sim.received().filer).toHaveLength(1)
  })
})
