import { asHubError, type HubError, type IdSource, type Logger } from '@samband/kernel'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from './problem.ts'

/** What answering needs. */
export interface AnswerOptions {
  readonly ids: IdSource
  readonly log: Logger
  /** The code for a body that cannot be read, where an API has codes of its own. */
  readonly unreadableCode?: string
}

const RETRY_AFTER_S = 30

/**
 * Makes an app, or the part of it that `scope` is, answer every refusal with a problem document: unknown addresses, what routes throw,
 * and defects, whose details stay in the log under an `errorId`. To be called once per prefix.
 */
export function answerProblems(scope: FastifyInstance, options: AnswerOptions): void {
  scope.setErrorHandler((error, request, reply) => send(reply, problemOf(error, request, options)))
  scope.setNotFoundHandler((_request, reply) => send(reply, notFound()))
}

/** For an app's `frameworkErrors`: an address that cannot be read belongs to no part of the app, and is not repeated. */
export function answerMalformed(error: { readonly statusCode?: number }, _request: unknown, reply: FastifyReply): void {
  const status = error.statusCode ?? 400
  send(
    reply,
    new Problem({
      status,
      code: 'UGYLDIG_FORESPORSEL',
      title: 'Ugyldig forespørsel',
      detail: 'Adressen kan ikke leses: prosentkodingen er feil, eller en del er for lang.',
    }),
  )
}

/** A hook for known addresses with another method: 405 and what is allowed (RFC 9110 §15.5.6). */
export function notAllowed(...methods: readonly string[]): () => Promise<never> {
  const allow = methods.join(', ')
  return async () => {
    throw new Problem({
      status: 405,
      code: 'METODE_IKKE_TILLATT',
      title: 'Metoden er ikke tillatt',
      detail: `Adressen finnes, men tar bare imot ${allow}.`,
      headers: { allow },
    })
  }
}

function send(reply: FastifyReply, problem: Problem): FastifyReply {
  return reply
    .code(problem.status)
    .headers(problem.headers)
    .header('cache-control', 'no-store')
    .type('application/problem+json; charset=utf-8')
    .send(JSON.stringify(problem.body))
}

function notFound(): Problem {
  return new Problem({
    status: 404,
    code: 'FINNES_IKKE',
    title: 'Finnes ikke',
    detail: 'Det er ingenting på denne adressen.',
  })
}

function problemOf(error: unknown, request: FastifyRequest, options: AnswerOptions): Problem {
  const { ids, log, unreadableCode = 'UGYLDIG_FORESPORSEL' } = options
  if (error instanceof Problem) return error
  const hub = asHubError(error)
  if (hub !== undefined && hub.disposition !== 'permanent') {
    log.warn('request refused for now', { code: hub.code, disposition: hub.disposition, method: request.method })
    return unavailable(hub)
  }
  return refusedByFramework(error, unreadableCode) ?? defect(error, hub, request, ids, log)
}

function unavailable(error: HubError): Problem {
  const retryAfterS = Math.ceil((error.details.retryAfterMs ?? RETRY_AFTER_S * 1000) / 1000)
  return new Problem({
    status: 503,
    code: error.code,
    title: 'Kan ikke svare nå',
    detail: 'Samband kan ikke utføre dette akkurat nå. Det er trygt å sende den samme forespørselen igjen om litt.',
    headers: { 'retry-after': String(retryAfterS) },
  })
}

/** What fastify refuses before a route sees it. */
function refusedByFramework(error: unknown, unreadableCode: string): Problem | undefined {
  if (!(error instanceof Error) || !('statusCode' in error) || typeof error.statusCode !== 'number') return undefined
  const { statusCode: status } = error
  if (status === 413) {
    return new Problem({
      status,
      code: 'FOR_STOR',
      title: 'Forespørselen er for stor',
      detail: 'Innholdet er større enn adressen tar imot.',
      headers: { connection: 'close' },
    })
  }
  if (status === 415) {
    return new Problem({
      status,
      code: 'FEIL_MEDIETYPE',
      title: 'Medietypen støttes ikke',
      detail: 'Content-Type mangler, eller er en annen enn den adressen tar imot.',
    })
  }
  if (status < 400 || status >= 500) return undefined
  return new Problem({
    status,
    code: unreadableCode,
    title: 'Ugyldig forespørsel',
    detail: 'Forespørselen følger ikke HTTP slik adressen venter det.',
  })
}

function defect(
  error: unknown,
  hub: HubError | undefined,
  request: FastifyRequest,
  ids: IdSource,
  log: Logger,
): Problem {
  const errorId = ids.uuid()
  const { method } = request
  // The route as it was declared, for the address itself may hold anything.
  const route = request.routeOptions.url ?? ''
  log.error('request failed', { errorId, method, route, code: hub?.code ?? 'defect', defect: whereThrown(error) })
  return new Problem({
    status: 500,
    code: 'INTERN_FEIL',
    title: 'Intern feil',
    detail: 'Noe gikk galt i Samband. Oppgi errorId til drift. Det er trygt å sende den samme forespørselen igjen.',
    errorId,
  })
}

/** Where it was thrown, without the message: that might hold anything. */
function whereThrown(error: unknown): string {
  if (!(error instanceof Error)) return typeof error
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  return `${error.name} ${frames
    .slice(0, 3)
    .map((line) => line.trim())
    .join(' ')}`
}
