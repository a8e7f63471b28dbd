import { expect, test } from 'vitest'
import { bar, inWidth, seconds, sizeText, tableLines, wrap } from './table.ts'

test('a cell is exactly as wide as its column, cut with an ellipsis', () => {
  expect(inWidth('Aukra', 8)).toBe('Aukra   ')
  expect(inWidth('NOARK5_KLASSE_MANGLER', 10)).toBe('NOARK5_KL…')
  expect(inWidth('Ærlig', 5)).toBe('Ærlig')
})

test('no line of a table is wider than asked for', () => {
  const columns = [
    { heading: 'Kommune', width: 8 },
    { heading: 'Nå', width: 30 },
  ]
  const lines = tableLines(columns, [['Vestnes', 'venter på at arkivkjernen skal svare igjen']], 40)
  expect(lines).toEqual([
    'Kommune   Nå',
    `${'─'.repeat(8)}  ${'─'.repeat(30)}`,
    'Vestnes   venter på at arkivkjernen ska…',
  ])
})

test('a long sentence goes on below its own beginning', () => {
  expect(wrap('  1,0 s  Molde  venter på svar fra kjernen', 26, 16)).toEqual([
    '  1,0 s  Molde  venter på',
    '                svar fra',
    '                kjernen',
  ])
  expect(wrap('kort', 20, 4)).toEqual(['kort'])
})

test('sizes, times and progress are written as people write them', () => {
  expect([sizeText(80_000), sizeText(1), sizeText(41_500_000)]).toEqual(['80 kB', '1 kB', '41,5 MB'])
  expect(seconds(12_440)).toBe('12,4 s')
  expect([bar(0, 4, 4), bar(1, 4, 4), bar(4, 4, 4), bar(0, 0, 2)]).toEqual(['░░░░', '█░░░', '████', '░░'])
})
