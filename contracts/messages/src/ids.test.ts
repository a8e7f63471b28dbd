import { expect, test } from 'vitest'
import {
  EksternReferanse,
  EventId,
  ForsendelseId,
  Orgnr,
  PayloadRef,
  SaksmappeKey,
  Sha256,
  Tidspunkt,
} from './index.ts'

test.each(['314758625', '311094688', '974760673', '991825827'])(
  'organisasjonsnummer %s has a valid check digit',
  (orgnr) => {
    expect(Orgnr.safeParse(orgnr).success).toBe(true)
  },
)

test.each([
  '987654321',
  '123456789',
  '314758626',
  '31475862',
  '3147586250',
  '314 758 625',
  'NO314758625',
  '٣١٤٧٥٨٦٢٥',
  '',
])('organisasjonsnummer "%s" is refused', (orgnr) => {
  expect(Orgnr.safeParse(orgnr).success).toBe(false)
})

test('an organisasjonsnummer whose check digit would be 10 does not exist', () => {
  const weights = [3, 2, 7, 6, 5, 4, 3, 2]
  const stem = Array.from({ length: 10_000 }, (_, n) => String(20_000_000 + n)).find(
    (digits) => weights.reduce((sum, weight, index) => sum + weight * Number(digits[index]), 0) % 11 === 1,
  )
  const accepted = Array.from({ length: 10 }, (_, last) => Orgnr.safeParse(`${stem}${last}`).success)

  expect(accepted).not.toContain(true)
})

test('our own ids are lower case, since they are compared as text', () => {
  expect(ForsendelseId.safeParse('5f0e0f1c-9a53-5f0e-8c52-5b1c0c6f2a11').success).toBe(true)
  expect(ForsendelseId.safeParse('5F0E0F1C-9A53-5F0E-8C52-5B1C0C6F2A11').success).toBe(false)
  expect(ForsendelseId.safeParse('00000000-0000-0000-0000-000000000000').success).toBe(false)
})

test('an event id made at random is refused: ids come from the cause', () => {
  expect(EventId.safeParse('5f0e0f1c-9a53-5f0e-8c52-5b1c0c6f2a11').success).toBe(true)
  expect(EventId.safeParse('5f0e0f1c-9a53-4f0e-8c52-5b1c0c6f2a11').success).toBe(false)
})

test.each([
  ['1 character', 'x', true],
  ['100 characters', 'x'.repeat(100), true],
  ['Norwegian letters', 'sak/2026-17 æøå', true],
  ['none', '', false],
  ['101 characters', 'x'.repeat(101), false],
  ['a line break', 'sak\n17', false],
])('an eksternReferanse of %s', (_, value, accepted) => {
  expect(EksternReferanse.safeParse(value).success).toBe(accepted)
})

test('references, checksums and keys hold no room for a title or a file name', () => {
  expect(PayloadRef.safeParse('vedtak om skoleplass').success).toBe(false)
  expect(PayloadRef.safeParse('../f-1').success).toBe(false)
  expect(Sha256.safeParse('A'.repeat(64)).success).toBe(false)
  expect(SaksmappeKey.safeParse('Byggesak i sentrum').success).toBe(false)
})

test.each([
  ['2026-03-02T09:15:30Z', true],
  ['2026-03-02T09:15:30.250Z', true],
  ['2026-03-02T10:15:30+01:00', false],
  ['2026-03-02T10:15:30', false],
  ['2026-02-29T10:15:30Z', false],
  ['2026-03-02', false],
])('the instant %s', (value, accepted) => {
  expect(Tidspunkt.safeParse(value).success).toBe(accepted)
})
