import { NothingHappened } from '@samband/kernel'
import { describe, expect, test } from 'vitest'
import { readError, SVARUT_ERROR_CODES, sendError } from './errors.ts'

const clock = { now: () => 0 }
const ERROR_ID = '3f1b7c3e-0000-4000-8000-000000000001'

function fiks(status: number, message: string, part: object = {}, headers: Record<string, string> = {}) {
  const body = { timestamp: 0, status, error: 'x', errorId: ERROR_ID, path: '/x', message, ...part }
  return { status, headers, body: Buffer.from(JSON.stringify(body)) }
}
const html = (status: number) => ({ status, headers: {}, body: Buffer.from(`<html>${status}`) })

describe('after a send, it is certain that nothing happened', () => {
  test.each([
    [fiks(400, 'Ugyldig innhold: tittel: mangler'), 'SVARUT_UGYLDIG_FORSENDELSE', 'permanent', 'tittel'],
    [
      fiks(400, 'Ugyldig innhold: dokumenter[1].filnavn: er ikke lik'),
      'SVARUT_UGYLDIG_FORSENDELSE',
      'permanent',
      'dokumenter[1].filnavn',
    ],
    [
      fiks(400, 'Feil i mottaker.digitalId.15859099928'),
      'SVARUT_UGYLDIG_FORSENDELSE',
      'permanent',
      'mottaker.digitalId',
    ],
    [fiks(400, 'Ugyldig tittel.Vedtak om plass'), 'SVARUT_UGYLDIG_FORSENDELSE', 'permanent', 'tittel'],
    [fiks(400, 'Noe var galt'), 'SVARUT_UGYLDIG_FORSENDELSE', 'permanent', undefined],
    [fiks(400, 'Kan ikke lagre tomt dokument'), 'SVARUT_DOKUMENT_AVVIST', 'permanent', undefined],
    [fiks(400, 'Feil under lesing av fil'), 'SVARUT_DOKUMENT_AVVIST', 'permanent', undefined],
    [fiks(400, 'Feil under lesing av forsendelse'), 'SVARUT_UGYLDIG_FORSENDELSE', 'permanent', undefined],
    [fiks(401, 'Klarte ikke å validere access_token'), 'SVARUT_TOKEN_AVVIST', 'paused', undefined],
    [fiks(401, 'Autentisering feilet for integrasjon med id x'), 'SVARUT_INTEGRASJON_AVVIST', 'paused', undefined],
    [html(401), 'SVARUT_TOKEN_AVVIST', 'paused', undefined],
    [fiks(403, 'mangler rettighet'), 'SVARUT_MANGLER_RETTIGHET', 'paused', undefined],
    [fiks(404, 'Fant ikke ressursen'), 'SVARUT_KONTO_UKJENT', 'paused', undefined],
    [html(413), 'SVARUT_FOR_STOR', 'permanent', undefined],
    [html(429), 'SVARUT_FOR_MANGE_KALL', 'transient', undefined],
  ] as const)('%# %s gives %s (%s)', (response, code, disposition, path) => {
    const error = sendError(response, clock)
    expect(error).toBeInstanceOf(NothingHappened)
    expect(error).toMatchObject({ code, disposition })
    expect(error.details.path).toBe(path)
  })
})

describe('after a send, the outcome is unknown', () => {
  test.each([
    [fiks(400, 'x', { errorCode: 'GJENTAGENDE_FORSENDELSE' }), 'SVARUT_GJENTAGENDE_FORSENDELSE'],
    [fiks(409, 'Duplikat'), 'SVARUT_GJENTAGENDE_FORSENDELSE'],
    [
      fiks(400, 'Forsendelse med samme mottaker, tittel, avsender og filer er forsøkt sendt tidligere'),
      'SVARUT_GJENTAGENDE_FORSENDELSE',
    ],
    [fiks(500, 'Noe gikk galt'), 'SVARUT_UKJENT_UTFALL'],
    [html(502), 'SVARUT_UKJENT_UTFALL'],
    [html(503), 'SVARUT_UKJENT_UTFALL'],
    [html(504), 'SVARUT_UKJENT_UTFALL'],
    [html(400), 'SVARUT_UKJENT_UTFALL'],
    [html(403), 'SVARUT_UKJENT_UTFALL'],
    [html(404), 'SVARUT_UKJENT_UTFALL'],
    [html(302), 'SVARUT_UKJENT_UTFALL'],
    [fiks(409, 'Konflikt'), 'SVARUT_UKJENT_UTFALL'],
  ])('%# %s gives %s', (response, code) => {
    const error = sendError(response, clock)
    expect(error).not.toBeInstanceOf(NothingHappened)
    expect(error).toMatchObject({ code, disposition: 'unknown-outcome' })
  })
})

describe('after a look-up', () => {
  test.each([
    [fiks(400, 'x'), 'SVARUT_UGYLDIG_OPPSLAG', 'permanent'],
    [fiks(401, 'Klarte ikke å validere access_token'), 'SVARUT_TOKEN_AVVIST', 'paused'],
    [fiks(401, 'Autentisering feilet for integrasjon med id x'), 'SVARUT_INTEGRASJON_AVVIST', 'paused'],
    [html(403), 'SVARUT_MANGLER_RETTIGHET', 'paused'],
    [html(404), 'SVARUT_KONTO_UKJENT', 'paused'],
    [html(429), 'SVARUT_FOR_MANGE_KALL', 'transient'],
    [fiks(500, 'x'), 'SVARUT_SERVERFEIL', 'transient'],
    [html(503), 'SVARUT_SERVERFEIL', 'transient'],
  ])('%# %s gives %s (%s)', (response, code, disposition) => {
    expect(readError(response, clock)).toMatchObject({ code, disposition })
  })
})

test("the message carries SvarUt's errorId and nothing of its text", () => {
  const { message } = sendError(
    fiks(400, 'mottaker Syntetisk Person 15859099928 finnes ikke', { errorCode: 'X_1' }),
    clock,
  )
  expect(message).toContain(ERROR_ID)
  expect(message).toContain('errorCode X_1')
  expect(message).not.toMatch(/Syntetisk|1585/)
})

test('how long SvarUt asks us to wait is carried on', () => {
  expect(sendError(fiks(429, 'x', {}, { 'retry-after': '7' }), clock).details.retryAfterMs).toBe(7000)
})

test('an odd error body, or none, is no reason to fail', () => {
  expect(sendError({ status: 500, headers: {}, body: Buffer.from('{"errorId":7,"message":[]}') }, clock).code).toBe(
    'SVARUT_UKJENT_UTFALL',
  )
  expect(sendError({ status: 500, headers: {}, body: new Uint8Array() }, clock).code).toBe('SVARUT_UKJENT_UTFALL')
})

test('every code is explained', () => {
  for (const help of Object.values(SVARUT_ERROR_CODES)) {
    expect(help.meaning).toMatch(/\.$/)
    expect(help.nextStep).toMatch(/\.$/)
  }
})
