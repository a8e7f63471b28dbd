import { expect, test } from 'vitest'
import { isFodselsnummer } from './identifiers.ts'
import { holdsPersonNumber } from './person-numbers.ts'

test.each([
  ['as digits', '15859099928'],
  ['with a space', '158590 99928'],
  ['with a no-break space', '158590\u00a099928'],
  ['with a narrow no-break space', '158590\u202f99928'],
  ['with a hyphen', '158590-99928'],
  ['with a hyphen that does not break', '158590\u201199928'],
  ['with a dash between spaces', '158590 – 99928'],
  ['with a minus sign', '158590\u221299928'],
  ['with points', '15.85.90.99928'],
  ['in groups', '15 85 90 999 28'],
  ['in digits of full width', '１５８５９０９９９２８'],
  ['with a soft hyphen', '158590\u00ad99928'],
  ['with something before and after it', 'sak_15859099928/1'],
  ['after another number', 'sak 2026-117 158590 99928'],
  ['before another number', '158590 99928 2026'],
  ['with noughts before it', '00015859099928'],
  ['inside a longer number', '1158590999281'],
  ['as a D-nummer', '418190 77906'],
  ['under the rule of 2032', 'ref 158590-99936'],
])('a person number %s is found', (_how, text) => expect(holdsPersonNumber(text)).toBe(true))

test.each([
  ['', 'nothing'],
  ['sak-2026-17', 'a reference'],
  ['15859099929', 'a wrong check digit'],
  ['13527248013', 'a help number'],
  ['158590 x 99928', 'a letter in between'],
  ['158590    99928', 'more than a few separators'],
  ['3fa85f64-5717-4562-b3fc-158590999288', 'a UUID, by chance'],
  ['2026-11-25T13:17:59.123Z', 'a time'],
  ['314758625', 'an organisasjonsnummer'],
  ['115859099936', 'inside a longer number, the rule of 2032 by chance'],
])('%s is no person number: %s', (text) => expect(holdsPersonNumber(text)).toBe(false))

test('few long numbers are taken for one that hold none', () => {
  let seed = 1
  const digit = () => {
    seed = (seed * 48_271) % 2_147_483_647
    return Math.floor((seed / 2_147_483_647) * 10)
  }
  const numbers = Array.from({ length: 10_000 }, () => Array.from({ length: 20 }, digit).join(''))
  const refused = numbers.filter(holdsPersonNumber).length
  const byBothRules = numbers.filter((number) =>
    Array.from({ length: 10 }, (_, first) => number.slice(first, first + 11)).some(isFodselsnummer),
  ).length

  expect(refused / numbers.length).toBeLessThan(0.02)
  expect(byBothRules / numbers.length).toBeGreaterThan(0.03)
})
