import { expect, test } from 'vitest'
import { facts, osloTime, printable, table } from './layout.ts'

test.each([
  ['2026-01-15T12:00:00.000Z', '15.01.2026 13:00:00'],
  ['2026-07-15T22:30:05.999Z', '16.07.2026 00:30:05'],
  ['2026-10-25T01:30:00.000Z', '25.10.2026 02:30:00'],
  ['ikke en tid', 'ikke en tid'],
])('%s is shown as %s', (instant, shown) => {
  expect(osloTime(instant)).toBe(shown)
})

test('a table aligns its columns and wraps the last one', () => {
  const columns = [{ title: 'NR', align: 'right' as const }, { title: 'NAVN' }, { title: 'HVA' }]
  expect(
    table(
      columns,
      [
        [7, 'Lillevik', 'venter på arkivet som er nede i dag'],
        [12, 'Vik', 'ferdig'],
      ],
      36,
    ),
  ).toBe(
    [
      'NR  NAVN      HVA',
      '──  ────────  ──────────────────────',
      ' 7  Lillevik  venter på arkivet som',
      '              er nede i dag',
      '12  Vik       ferdig',
    ].join('\n'),
  )
})

test('facts are aligned below each other', () => {
  expect(
    facts(
      [
        ['A', 'en to'],
        ['Lang', 'tre'],
      ],
      80,
      2,
    ),
  ).toBe('  A:    en to\n  Lang: tre')
})

test('what others have written cannot steer the terminal', () => {
  const evil = 'a\u001b[2Jb\u202Ec\u0085d'
  expect(printable(evil)).toBe('a·[2Jb·c·d')
  expect(table([{ title: 'X' }], [[`${evil}\nny linje`]], 80)).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u)
  expect(printable('to\nlinjer')).toBe('to\nlinjer')
})
