import { isFodselsnummer, isOrganisasjonsnummer, personNumber } from '@samband/connector-kit'
import { expect, test } from 'vitest'
import {
  contentOf,
  DEMO_KOMMUNER,
  DEMO_LETTERS,
  forsendelseOf,
  LARGE_LETTER,
  MISSING_KLASSE,
  SILENT_LETTER,
} from './letters.ts'
import { multipartBody } from './multipart.ts'

test('recipients are synthetic, and every reference and mark is used once', () => {
  for (const { digitalId } of DEMO_LETTERS) {
    const isSynthetic = digitalId.length === 11 ? personNumber(digitalId)?.synthetic : /^[23]/.test(digitalId)
    expect([isSynthetic, isFodselsnummer(digitalId) || isOrganisasjonsnummer(digitalId)]).toEqual([true, true])
  }
  expect(new Set(DEMO_LETTERS.map(({ eksternReferanse }) => eksternReferanse)).size).toBe(DEMO_LETTERS.length)
  expect(new Set(DEMO_LETTERS.map(({ mark }) => mark)).size).toBe(DEMO_LETTERS.length)
})

test('the letters hold what the demo is about', () => {
  const bytes =
    DEMO_LETTERS.find(({ eksternReferanse }) => eksternReferanse === LARGE_LETTER)?.dokumenter.map(
      ({ sizeBytes }) => sizeBytes,
    ) ?? []
  expect(Math.max(...bytes)).toBe(40_000_000)
  expect(
    DEMO_LETTERS.filter(({ kommune, arkiv }) => kommune === 'aukra' && arkiv?.klasse === MISSING_KLASSE.klasseID),
  ).toHaveLength(2)
  expect(DEMO_LETTERS.some(({ eksternReferanse }) => eksternReferanse === SILENT_LETTER)).toBe(true)
  expect(
    DEMO_KOMMUNER.every((kommune) =>
      DEMO_LETTERS.some((letter) => letter.kommune === kommune && letter.arkiv !== undefined),
    ),
  ).toBe(true)
})

test('a document has the announced size and carries the mark', () => {
  const content = contentOf({ mark: 'demo-1' }, { filnavn: 'brev.pdf', sizeBytes: 5_000 })
  expect(content.length).toBe(5_000)
  expect(content.toString('latin1').startsWith('%PDF-1.7\n% SAMBAND-MARK:demo-1\n')).toBe(true)
})

test('the body has the JSON first and then the documents in order', () => {
  const [letter] = DEMO_LETTERS
  if (letter === undefined) throw new Error('there is no letter')
  const files = [{ filnavn: 'brev.pdf', mimeType: 'application/pdf', content: Buffer.from('innhold') }]
  const body = multipartBody('skille', forsendelseOf(letter), files).toString('utf8')
  expect(body.split('\r\n').filter((line) => line.startsWith('Content-Disposition') || line.startsWith('--'))).toEqual([
    '--skille',
    'Content-Disposition: form-data; name="forsendelse"',
    '--skille',
    'Content-Disposition: form-data; name="fil"; filename="brev.pdf"',
    '--skille--',
  ])
})
