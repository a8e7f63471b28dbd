import { expect, test } from 'vitest'
import { EVERY_ERROR_CODE } from './every-code.ts'

const steps = Object.entries(EVERY_ERROR_CODE).map(([code, { nextStep }]) => ({ code, nextStep }))

test('whoever is told to send a letter again is told to give it a new reference, since the old one leads to the old letter', () => {
  const sendsAgain = steps.filter(({ nextStep }) =>
    /send(?:e)? (?:brevet|forsendelsen|det|den)?\b.*på nytt/.test(nextStep),
  )
  expect(sendsAgain.length).toBeGreaterThan(8)
  expect(sendsAgain.filter(({ nextStep }) => !nextStep.includes('ny eksternReferanse'))).toEqual([])
})

test('no next step leads to a page that does not exist', () => {
  expect(steps.filter(({ nextStep }) => /konsoll|lagringstid/i.test(nextStep))).toEqual([])
})
