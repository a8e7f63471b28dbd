import type { HttpResponse } from '@samband/connector-kit'
import { jsonOf, retryAfterMs } from '@samband/connector-kit'
import type { HubError } from '@samband/kernel'
import type { Core } from './core.ts'
import { loginRefused } from './core.ts'
import { failed, nothing } from './errors.ts'
import type { KnownRefusal } from './profile.ts'
import type { Wire } from './wire.ts'
import { errorText } from './wire.ts'

/** A refusal of a changing request, classified. */
export interface Refusal {
  /** A NothingHappened where the standard or the profile says that nothing was done; else an unknown outcome (protocol rule R12). */
  readonly error: HubError
  /** How the profile reads the core's own words. */
  readonly means: KnownRefusal['means'] | undefined
}

/** What was asked for: where a field of the body is at fault, its name tells. */
interface Asked {
  readonly kind: string
  readonly body?: Wire
}

/**
 * What an answer other than success to a changing request means (TG 1.1 §6.1, tables of status codes). The core's text is looked at and never
 * repeated: it may hold SQL, paths or the sender's words.
 */
export function refusalOf(core: Core, answer: HttpResponse, asked: Asked): Refusal {
  const text = errorText(jsonOf(answer), answer.body).toLowerCase()
  const known = core.profile.knownRefusals.find(
    ({ status, contains }) => status === answer.status && text.includes(contains),
  )
  if (known?.means === 'concurrent') return { error: concurrent(answer.status), means: 'concurrent' }
  return {
    error: errorOf(core, answer, asked, text),
    means: known?.means ?? (answer.status === 409 ? 'exists' : undefined),
  }
}

function errorOf(core: Core, answer: HttpResponse, asked: Asked, text: string): HubError {
  const { status } = answer
  switch (status) {
    case 401:
      core.refused()
      return loginRefused()
    case 403:
      return nothing(
        'NOARK5_INGEN_TILGANG',
        'permanent',
        `The core answered 403 to ${asked.kind}. Give the user the right.`,
      )
    case 404:
    case 410:
      // The address came from the core: what it belongs to was moved or deleted, and the next attempt finds out.
      core.discovery.drop()
      core.recent.clear()
      return nothing(
        'NOARK5_FORBIGAENDE_FEIL',
        'transient',
        `The core answered ${status} to an address it gave itself.`,
      )
    case 400:
    case 422: {
      const field = fieldIn(text, asked.body)
      const message = `The core refused the content of ${asked.kind} with ${status}${field ? `; it names ${field}` : ''}.`
      return nothing('NOARK5_UGYLDIG_INNHOLD', 'permanent', message, field ? { path: `${asked.kind}.${field}` } : {})
    }
    case 409:
      return nothing('NOARK5_KONFLIKT', 'transient', `The core answered 409 to ${asked.kind}, and ours is not there.`)
    case 412:
    case 428:
      return concurrent(status)
    case 405:
    case 406:
    case 415:
    case 501: {
      const message = `The core does not know this way to make or change ${asked.kind} (${status}). Choose another profile.`
      return nothing('NOARK5_IKKE_STOTTET', 'permanent', message)
    }
    case 413:
      return nothing('NOARK5_FIL_AVVIST', 'permanent', `The core answered 413 to ${asked.kind}: too large.`)
    case 429: {
      const wait = retryAfterMs(answer.headers, core.http.time.clock)
      return nothing('NOARK5_FORBIGAENDE_FEIL', 'transient', 'The core answered 429.', { retryAfterMs: wait })
    }
    default:
      return failed('NOARK5_UKJENT_UTFALL', 'unknown-outcome', `The core answered ${status} to ${asked.kind}.`)
  }
}

function concurrent(status: number): HubError {
  const message = `The core answered ${status}: another change came in between. Nothing of ours was stored.`
  return nothing('NOARK5_SAMTIDIG_ENDRING', 'transient', message)
}

/** The first of our own fields that the core's text names as a word. */
function fieldIn(text: string, body: Wire | undefined): string | undefined {
  return Object.keys(body ?? {}).find((field) => new RegExp(`\\b${field.toLowerCase()}\\b`).test(text))
}
