import { expect, test } from 'vitest'
import type { ArchiveReceived } from '../../support/simulators.ts'
import { type JudgedLetter, judge, unfinished } from './judge.ts'

const LETTER: JudgedLetter = {
  mark: 'L1',
  documents: ['a1', 'b2'],
  saksmappe: 'Sak 1',
  forsendelseId: 'id-1',
  eksternReferanse: 'sak-2026-1',
}
const SENT = { marks: ['L1'], dokumenter: [{ sha256: 'a1' }, { sha256: 'b2' }] }

/** An archive that has the letter once and whole, with these changes. */
function anArchive(changes: Partial<ArchiveReceived> = {}): ArchiveReceived {
  const made = { opprettetMs: 1, deleted: false }
  const journalpost = 'jp-1'
  return {
    saksmapper: [
      { ...made, systemID: 'sm-1', mappeID: '1', tittel: 'Sak 1', klasseID: 'L42', saksstatus: 'B', marks: [] },
    ],
    journalposter: [
      {
        ...made,
        systemID: journalpost,
        saksmappe: 'sm-1',
        registreringsID: '1',
        tittel: 'Vedtak',
        journalposttype: 'U',
        journalstatus: 'E',
        sendtDato: undefined,
        marks: ['L1'],
      },
    ],
    korrespondanseparter: [
      { ...made, systemID: 'kp-1', journalpost, kind: 'korrespondansepartperson', type: 'EM', navnHash: 'x' },
    ],
    dokumentbeskrivelser: ['db-1', 'db-2'].map((systemID, place) => ({
      ...made,
      systemID,
      journalpost,
      tittel: 'Dokument',
      eksternReferanse: undefined,
      tilknyttetRegistreringSom: 'H',
      dokumentstatus: 'F',
      dokumentnummer: place + 1,
    })),
    dokumentobjekter: ['do-1', 'do-2'].map((systemID) => ({
      ...made,
      systemID,
      dokumentbeskrivelse: 'db-1',
      journalpost,
      variantformat: 'P',
      hasFile: true,
    })),
    filer: ['a1', 'b2'].map((sha256) => ({
      dokumentobjekt: 'do-1',
      journalpost,
      sizeBytes: 1,
      sha256,
      marks: ['L1'],
      mimeType: 'text/plain',
      receivedMs: 1,
      deleted: false,
    })),
    ...changes,
  }
}

test('finds nothing where each letter is at SvarUt and in the archive once', () => {
  expect(judge([LETTER], [SENT], anArchive())).toEqual({ lost: [], twice: [] })
})

test('a letter that SvarUt never got is lost', () => {
  expect(judge([LETTER], [], anArchive()).lost).toEqual([expect.stringContaining('not at SvarUt')])
})

test('a letter that came without one of its documents is lost', () => {
  expect(judge([LETTER], [{ ...SENT, dokumenter: [{ sha256: 'a1' }] }], anArchive()).lost).toEqual([
    expect.stringContaining('other documents'),
  ])
})

test('a second letter with one mark is twice', () => {
  expect(judge([LETTER], [SENT, SENT], anArchive()).twice).toEqual([expect.stringContaining('2 letters at SvarUt')])
})

test('a letter of nobody is told', () => {
  expect(judge([LETTER], [SENT, { ...SENT, marks: ['X9'] }], anArchive()).twice).toEqual([
    expect.stringContaining('X9'),
  ])
})

test.each([
  ['saksmapper'],
  ['journalposter'],
  ['korrespondanseparter'],
  ['dokumentbeskrivelser'],
  ['dokumentobjekter'],
  ['filer'],
] as const)('one of the %s too many is twice, one too few is lost', (kind) => {
  const whole = anArchive()
  const [first, ...others] = whole[kind] as readonly object[]
  const more = { ...whole, [kind]: [first, first, ...others] } as ArchiveReceived
  const less = { ...whole, [kind]: others } as ArchiveReceived

  expect(judge([LETTER], [SENT], more).twice).not.toEqual([])
  expect(judge([LETTER], [SENT], less).lost).not.toEqual([])
})

test('a journalpost that was never set to sent is lost, and its letter unfinished', () => {
  const [journalpost] = anArchive().journalposter
  const archive = anArchive({
    journalposter: journalpost === undefined ? [] : [{ ...journalpost, journalstatus: 'R' }],
  })

  expect(judge([LETTER], [SENT], archive).lost).toEqual([expect.stringContaining('left at R')])
  expect(unfinished([LETTER], [SENT], archive)).toEqual([LETTER])
  expect(unfinished([LETTER], [SENT], anArchive())).toEqual([])
})
