import { NOARK5_ERROR_CODES } from '@samband/noark5'
import { SVARUT_ERROR_CODES } from '@samband/svarut'
import { expect, test } from 'vitest'
import { nextStepOf, wordsOf } from './sender-words.ts'

test.each([
  ['MASKINPORTEN_NOKKEL_UTLOPT', 'Maskinporten'],
  ['TENANT_KONTO_FINNES_IKKE', 'oppsett'],
  ['PAYLOAD_ODELAGT', 'innholdet'],
  ['STORE_DISK_FULL', 'Databasen'],
  ['EFFECT_UTFALL_UKJENT', 'spurt'],
  ['NOE_ANNET', 'Forrige forsøk'],
])('a sender reads what %s means, and that operators see to it', (code, word) => {
  const { meaning, owner } = wordsOf(code)
  expect([meaning, owner]).toEqual([expect.stringContaining(word), 'drift'])
})

test('no sender is told to do what only an operator can', () => {
  const owners = Object.values({ ...SVARUT_ERROR_CODES, ...NOARK5_ERROR_CODES }).map(({ owner }) => owner)
  for (const owner of new Set<string>(owners)) {
    for (const tilstand of ['venter', 'i-arbeid', 'stanset'])
      expect(nextStepOf(tilstand, owner)).not.toMatch(/kjør|raden|svar på spørsmålet/i)
  }
})

test('a letter that stands still for the sender’s sake is to be sent in under a new reference', () => {
  expect(nextStepOf('stanset', wordsOf('SVARUT_UGYLDIG_FORSENDELSE').owner)).toContain('ny eksternReferanse')
  expect(nextStepOf('stanset', wordsOf('NOARK5_FIL_AVVIST').owner)).toContain('ny eksternReferanse')
})

test('what operators have given up has no next step', () => {
  expect([nextStepOf('forkastet', 'saksbehandler'), nextStepOf('forkastes', 'drift')]).toEqual([undefined, undefined])
})
