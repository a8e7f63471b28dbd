import { expect, test } from 'vitest'
import { isFodselsnummer, isOrganisasjonsnummer, personNumber } from './identifiers.ts'

test.each([
  ['15859099928', 0],
  ['15859099936', 1],
  ['15859099944', 2],
  ['15859099952', 3],
  ['30908299902', 2],
  ['03851598730', 0],
  ['10915596784', 0],
])('%s is a synthetic fødselsnummer, remainder %i of the first check digit', (text) => {
  expect(personNumber(text)).toEqual({ kind: 'fodselsnummer', synthetic: true })
})

test.each(['41819077906', '41819077302', '50846202355', '47906701517'])('%s is a synthetic D-nummer', (text) => {
  expect(personNumber(text)).toEqual({ kind: 'd-nummer', synthetic: true })
})

test.each(['30108299920', '30108299939', '02013299997', '29020073150'])(
  '%s, an official example under the rule of 1964 or 2032, is a fødselsnummer',
  (text) => {
    expect(personNumber(text)).toEqual({ kind: 'fodselsnummer', synthetic: false })
  },
)

test.each(['55102499947', '53097248016'])('%s, with 40 added to the day, is a D-nummer', (text) => {
  expect(personNumber(text)).toEqual({ kind: 'd-nummer', synthetic: false })
})

test.each(['13527248013', '68467038838'])(
  '%s, a help number, is well-formed but identifies nobody nationally',
  (text) => {
    expect(personNumber(text)?.kind).toBe('annet')
    expect(isFodselsnummer(text)).toBe(false)
  },
)

test.each([
  ['20036914712', 'a wrong second check digit'],
  ['29020105729', 'a leap day in a year without one'],
  ['01039012345', 'two wrong check digits'],
  ['1585909992', 'ten digits'],
  ['158590 99928', 'a space'],
  ['１５８５９０９９９２８', 'other digits than ASCII'],
  ['', 'nothing'],
])('%s is refused: %s', (text) => {
  expect(personNumber(text)).toBeUndefined()
})

test('only the four remainders of the first check digit pass, whatever the second', () => {
  const accepted = Array.from({ length: 100 }, (_, last) => `158590999${String(last).padStart(2, '0')}`).filter(
    isFodselsnummer,
  )
  expect(accepted).toEqual(['15859099928', '15859099936', '15859099944', '15859099952'])
})

test.each([
  '974760673',
  '991825827',
  '987464291',
  '984661185',
  '922020175',
  '961381096',
  '975274624',
  '314758625',
  '311094688',
])('%s is an organisasjonsnummer', (text) => expect(isOrganisasjonsnummer(text)).toBe(true))

test.each(['987654321', '123456789', '31475862', '3147586250', 'NO314758625', ''])(
  '%s is no organisasjonsnummer',
  (text) => expect(isOrganisasjonsnummer(text)).toBe(false),
)
