import { expect, test } from 'vitest'
import { retryAfterMs } from './retry-after.ts'

const clock = { now: () => Date.UTC(2026, 2, 2, 8) }

test.each([
  ['120', 120_000],
  ['Mon, 02 Mar 2026 08:00:30 GMT', 30_000],
  ['Mon, 02 Mar 2026 07:00:00 GMT', 0],
  ['999999999', 86_400_000],
  ['soon', undefined],
  ['', undefined],
])('Retry-After %s is %s ms', (value, expected) => {
  expect(retryAfterMs({ 'retry-after': value }, clock)).toBe(expected)
})

test('no header, no wait', () => {
  expect(retryAfterMs({}, clock)).toBeUndefined()
})
