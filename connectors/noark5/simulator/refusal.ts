import type { Answer } from '@samband/simulator-kit'
import type { Dialect } from './dialect.ts'

/** Media type of everything in the interface (TG 1.1, chapter 5). */
export const NOARK_JSON = 'application/vnd.noark5+json'

/** Thrown by a rule; becomes an error answer in the words of the profile. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: number
  /** `query` becomes HTTP 200 on Nikita; `empty` has no body there; `unknown-url` has the body of its web server. */
  readonly form: 'usual' | 'query' | 'empty' | 'unknown-url'

  constructor(status: number, message: string, form: Refusal['form'] = 'usual') {
    super(message)
    this.status = status
    this.form = form
  }
}

/** One JSON answer in the media type of the interface. */
export function json(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers: { 'content-type': NOARK_JSON, ...headers }, body: JSON.stringify(body) }
}

function plainJson(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) }
}

const EMPTY_ON_NIKITA = new Set([405, 406, 415, 501])

/**
 * An error as the profile words it: `feil` in the standard (TG 1.1, 6.1), and on Nikita 0.6 its own object, nothing at all, or
 * an object under HTTP 200 when a query was wrong.
 */
export function errorAnswer(dialect: Dialect, refusal: Refusal, path: string, nowMs: number, basic: boolean): Answer {
  const { status, message, form } = refusal
  if (dialect.name === 'standard') {
    const challenge = basic ? 'Basic realm="noark5", charset="UTF-8"' : 'Bearer realm="noark5"'
    const headers: Record<string, string> = status === 401 ? { 'www-authenticate': challenge } : {}
    return json(status, { feil: { kode: status, beskrivelse: message } }, headers)
  }
  if (status === 401) {
    return plainJson(
      401,
      { error: 'unauthorized', error_description: message },
      { 'www-authenticate': 'Bearer realm="nikita"' },
    )
  }
  if (form === 'unknown-url') {
    return plainJson(404, { timestamp: nowMs, status: 404, error: 'Not Found', path })
  }
  const body = { status, message, developerMessage: message, stackTrace: 'no.arkivlab.hioa.nikita' }
  if (form === 'query') return json(200, body)
  if (form === 'empty' || EMPTY_ON_NIKITA.has(status)) return { status, body: '' }
  if (status === 500) return { status, headers: { 'content-type': 'text/plain' }, body: message }
  return json(status, body)
}
