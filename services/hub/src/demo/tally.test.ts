import { expect, test } from 'vitest'
import { type ExpectedLetter, isAllWell, type SeenAtSvarUt, type SeenInCore, tallyOf } from './tally.ts'

const ORGNR = '310001007'
const letter: ExpectedLetter = {
  mark: 'm1',
  mottakerHash: 'person',
  orgnr: ORGNR,
  isFiled: true,
  documentHashes: ['a', 'b'],
}
const sent: SeenAtSvarUt = {
  marks: ['m1'],
  mottakerDigitalIdHash: 'person',
  dokumenter: [{ sha256: 'a' }, { sha256: 'b' }],
}
const post = { systemID: 'p1', marks: ['m1'], journalstatus: 'E', deleted: false }
const files = ['b', 'a'].map((sha256) => ({ journalpost: 'p1', sha256, deleted: false }))
const core: SeenInCore = { orgnr: ORGNR, journalposter: [post], filer: files }
const none: ReadonlySet<string> = new Set()

test('a letter that was sent and filed once with all its documents is well', () => {
  const tally = tallyOf([letter], none, [sent], [core])
  expect(tally).toEqual({ accepted: 1, sentAtSvarUt: 1, filedInCore: 1, parked: 0, lost: 0, twice: 0 })
  expect(isAllWell(tally, { letters: 1, toBeFiled: 1 })).toBe(true)
  expect(isAllWell(tally, { letters: 2, toBeFiled: 1 })).toBe(false)
})

test('what SvarUt has twice is counted as twice, and so are two journalposter', () => {
  expect(tallyOf([letter], none, [sent, sent], [core])).toMatchObject({ sentAtSvarUt: 1, twice: 1 })
  const again = { ...core, journalposter: [post, { ...post, systemID: 'p2' }] }
  expect(tallyOf([letter], none, [sent], [again])).toMatchObject({ filedInCore: 1, twice: 1 })
})

test('the same letter to another recipient is another letter', () => {
  expect(tallyOf([letter], none, [sent, { ...sent, mottakerDigitalIdHash: 'other' }], [core])).toMatchObject({
    sentAtSvarUt: 1,
    twice: 0,
  })
})

test('missing at SvarUt, missing in the core, not closed there, or a changed document: lost', () => {
  const lost = { lost: 1 }
  expect(tallyOf([letter], none, [], [core])).toMatchObject({ ...lost, sentAtSvarUt: 0 })
  expect(tallyOf([letter], none, [sent], [])).toMatchObject({ ...lost, filedInCore: 0 })
  expect(
    tallyOf([letter], none, [sent], [{ ...core, journalposter: [{ ...post, journalstatus: 'R' }] }]),
  ).toMatchObject(lost)
  expect(tallyOf([letter], none, [{ ...sent, dokumenter: [{ sha256: 'b' }, { sha256: 'a' }] }], [core])).toMatchObject(
    lost,
  )
  expect(tallyOf([letter], none, [sent], [{ ...core, filer: files.slice(1) }])).toMatchObject(lost)
})

test('a parked letter is not lost, and a letter that is not to be filed is not missed in the core', () => {
  expect(tallyOf([letter], new Set(['m1']), [], [])).toMatchObject({ parked: 1, lost: 0 })
  expect(tallyOf([{ ...letter, isFiled: false }], none, [sent], [])).toMatchObject({ filedInCore: 0, lost: 0 })
})

test('another municipality’s core does not count', () => {
  expect(tallyOf([letter], none, [sent], [{ ...core, orgnr: '310004006' }])).toMatchObject({ filedInCore: 0, lost: 1 })
})
