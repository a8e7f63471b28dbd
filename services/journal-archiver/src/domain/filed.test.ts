import { expect, test } from 'vitest'
import { osloDate } from './filed.ts'

test.each([
  ['2026-03-02T08:00:00.000Z', '2026-03-02'],
  ['2026-03-02T23:30:00.000Z', '2026-03-03'],
  ['2026-07-01T22:30:00.000Z', '2026-07-02'],
  ['2026-12-31T23:00:00.000Z', '2027-01-01'],
])('a letter that SvarUt took at %s has sendtDato %s in Norway', (instant, date) => {
  expect(osloDate(instant)).toBe(date)
})
