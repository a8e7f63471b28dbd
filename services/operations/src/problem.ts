import { asHubError, HubError, type Logger } from '@samband/kernel'
import type { FastifyReply } from 'fastify'
import { type ErrorCodes, explain } from './error-codes.ts'

/** A problem document (RFC 9457), of the same form as those of the hub's other APIs. Texts in Norwegian. */
export interface ProblemDocument {
  /** `urn:samband:problem:<code>`; names the kind, is not an address. */
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: string
  /** The field, parameter or header at fault. */
  readonly errors?: readonly { readonly path: string; readonly code: string; readonly detail: string }[]
}

/** An error that brings its own problem document, as those of the token check do. */
interface ReadyProblem {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: ProblemDocument
}

interface Answer {
  readonly document: ProblemDocument
  readonly headers: Readonly<Record<string, string>>
}

/** A refusal whose message is in Norwegian and meant for the caller. */
class Refusal extends HubError {
  override readonly name: string = 'Refusal'
}

/** The codes by which this service and the operators' verbs refuse. */
const REFUSALS = {
  DRIFT_UGYLDIG_FORESPORSEL: { status: 400, title: 'Forespørselen er ikke gyldig' },
  DRIFT_FOR_STORT_UTVALG: { status: 400, title: 'Utvalget er for stort' },
  DRIFT_BEVIS_PASSER_IKKE: { status: 400, title: 'Beviset passer ikke' },
  DRIFT_TO_PERSONER: { status: 403, title: 'Krever en person til' },
  DRIFT_FINNES_IKKE: { status: 404, title: 'Finnes ikke' },
  DRIFT_FEIL_TILSTAND: { status: 409, title: 'Tilstanden tillater det ikke' },
  DRIFT_ALLEREDE_UTFORT: { status: 409, title: 'Allerede utført' },
  DRIFT_INGEN_APEN_FORESPORSEL: { status: 409, title: 'Ingenting å svare på' },
  DRIFT_FLERE_TREFF: { status: 409, title: 'Flere treff' },
  DRIFT_KAN_VAERE_UNDERVEIS: { status: 409, title: 'Kan være underveis' },
  DRIFT_IKKE_SPURT_ENNA: { status: 409, title: 'Ikke avklart etter gjenoppretting' },
} as const

/** A code of `REFUSALS`. */
export type RefusalCode = keyof typeof REFUSALS

/** An error that ends as a problem document. `detail` is Norwegian, says what was expected and never repeats what came. */
export function refusal(code: RefusalCode, detail: string, path?: string): HubError {
  return new Refusal(code, 'permanent', detail, path === undefined ? {} : { path })
}

/** Waits for a verb, and says in this sentence why the state of what it is about does not allow it. */
export async function orRefused<T>(verb: Promise<T>, sentence: string, path: string): Promise<T> {
  try {
    return await verb
  } catch (error) {
    if (asHubError(error)?.code === 'DRIFT_FEIL_TILSTAND') throw refusal('DRIFT_FEIL_TILSTAND', sentence, path)
    throw error
  }
}

/** Answers with the problem document for whatever a route threw; what is our fault is logged, without its message. */
export function sendProblem(reply: FastifyReply, thrown: unknown, errorCodes: ErrorCodes, log: Logger): FastifyReply {
  const { document, headers } = answerFor(thrown, errorCodes)
  if (document.status >= 500) {
    const code = asHubError(thrown)?.code ?? 'defect'
    log.error('a request to the operations API failed', { code, status: document.status, defect: whereThrown(thrown) })
  }
  return reply
    .code(document.status)
    .headers({ 'cache-control': 'no-store', ...headers })
    .type('application/problem+json; charset=utf-8')
    .send(JSON.stringify(document))
}

function answerFor(thrown: unknown, errorCodes: ErrorCodes): Answer {
  if (isReady(thrown)) return { document: thrown.body, headers: thrown.headers }
  const error = asHubError(thrown)
  if (error !== undefined && isRefusalCode(error.code)) {
    const { status, title } = REFUSALS[error.code]
    const { meaning, nextStep } = explain(errorCodes, error.code)
    const detail = error instanceof Refusal ? error.message : `${meaning} ${nextStep}`
    return answer(error.code, status, title, detail, error.details.path)
  }
  if (error !== undefined && error.disposition !== 'permanent') {
    const { document } = answer(error.code, 503, 'Kan ikke svare nå', 'Prøv den samme forespørselen igjen om litt.')
    return { document, headers: { 'retry-after': '5' } }
  }
  return (
    refusedByFramework(thrown) ??
    answer('INTERN_FEIL', 500, 'Intern feil', 'Noe gikk galt i Samband. Se i loggen på dette tidspunktet.')
  )
}

function answer(code: string, status: number, title: string, detail: string, path?: string): Answer {
  const type = `urn:samband:problem:${code.toLowerCase().replaceAll('_', '-')}`
  const errors = path === undefined ? {} : { errors: [{ path, code, detail }] }
  return { document: { type, title, status, detail, code, ...errors }, headers: {} }
}

function isRefusalCode(code: string): code is RefusalCode {
  return Object.hasOwn(REFUSALS, code)
}

function isReady(thrown: unknown): thrown is Error & ReadyProblem {
  return (
    thrown instanceof Error &&
    'status' in thrown &&
    typeof thrown.status === 'number' &&
    'headers' in thrown &&
    'body' in thrown &&
    typeof thrown.body === 'object' &&
    thrown.body !== null &&
    'title' in thrown.body
  )
}

/** What the HTTP framework refused before a route saw it: form of the body, size, media type. */
function refusedByFramework(thrown: unknown): Answer | undefined {
  if (!(thrown instanceof Error) || !('statusCode' in thrown) || typeof thrown.statusCode !== 'number') return undefined
  const { statusCode: status } = thrown
  if (status === 413) return answer('FOR_STOR', status, 'Forespørselen er for stor', 'Innholdet er større enn 64 kB.')
  if (status === 415)
    return answer('FEIL_MEDIETYPE', status, 'Medietypen støttes ikke', 'Innholdet skal være application/json.')
  if (status < 400 || status >= 500) return undefined
  return answer(
    'DRIFT_UGYLDIG_FORESPORSEL',
    status,
    'Forespørselen er ikke gyldig',
    'Innholdet kan ikke leses som JSON, eller adressen er feil skrevet.',
  )
}

/** Where it was thrown, without the message: that might hold anything. */
function whereThrown(thrown: unknown): string {
  if (!(thrown instanceof Error)) return typeof thrown
  const frames = (thrown.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  return [thrown.name, ...frames.slice(0, 3).map((line) => line.trim())].join(' ')
}
