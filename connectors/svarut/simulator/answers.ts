import { STATUS_CODES } from 'node:http'
import type { Answer, ErrorAnswer, SimulatorRandom, SimulatorTime } from '@samband/simulator-kit'

/** Makes the error bodies of Fiks: one field set for every error, `errorCode` only where a service has one. */
export interface FiksErrors {
  /** @param url path and query; the query is left out of the body */
  error(status: number, message: string, url: string, errorCode?: string): Answer
  /** How the same system words the faults that tests order. */
  readonly ordered: ErrorAnswer
}

/** What a token that cannot be used is answered. */
export const tokenRefused = 'Klarte ikke å validere access_token'

/** Joins the error bodies to the simulator's clock and ids. */
export function fiksErrors(time: SimulatorTime, random: SimulatorRandom): FiksErrors {
  const error: FiksErrors['error'] = (status, message, url, errorCode) => {
    const path = url.split('?', 1)[0] ?? ''
    return {
      status,
      // without this header KS's own client reports a protocol error and hides the message
      headers: status === 401 ? { 'www-authenticate': 'Bearer' } : {},
      body: {
        timestamp: time.nowMs(),
        status,
        error: STATUS_CODES[status] ?? 'Error',
        errorId: random.uuid(),
        path,
        originalPath: path,
        message,
        ...(errorCode === undefined ? {} : { errorCode }),
      },
    }
  }
  return {
    error,
    ordered: (status, fault, request) => {
      if (status >= 502 && status <= 504) return gateway(status)
      const message = {
        refuse: 'Ugyldig innhold: avvist etter bestilling',
        unauthorized: tokenRefused,
        'not-found': 'Fant ikke ressursen',
        conflict: 'Konflikt',
      }[fault as string]
      return error(status, message ?? 'Noe gikk galt', request.url)
    },
  }
}

/** 502, 503 and 504 come from what stands in front of SvarUt, which does not know Fiks's error body. */
function gateway(status: number): Answer {
  return {
    status,
    headers: { 'content-type': 'text/html' },
    body: `<html><body><h1>${status} ${STATUS_CODES[status]}</h1></body></html>`,
  }
}
