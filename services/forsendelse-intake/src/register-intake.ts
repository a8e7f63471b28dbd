import { type Access, answerProblems, createAccess, notAllowed, OAuthRefusal } from '@samband/access'
import type { IdSource, Logger, Payloads, Store, Time } from '@samband/kernel'
import type { Runtime } from '@samband/runtime'
import type { Operator, TenantRegistry } from '@samband/tenants'
import type { FastifyInstance } from 'fastify'
import { registerForsendelser } from './forsendelser-routes.ts'
import { DEFAULT_INTAKE_LIMITS, type IntakeLimits } from './limits.ts'

/** What the API is made of. Everything that touches the world is handed in. */
export interface IntakeDependencies {
  readonly runtime: Pick<Runtime, 'accept'>
  readonly store: Store
  readonly payloads: Payloads
  readonly tenants: TenantRegistry
  /** Who else may fetch tokens here; left out: the registry's own operators. */
  readonly operators?: () => readonly Operator[]
  readonly time: Time
  readonly ids: IdSource
  /** Signs access tokens; at least 32 bytes, the same in every process that shall take them. */
  readonly tokenKey: Uint8Array
  readonly log: Logger
  readonly limits?: Partial<IntakeLimits>
}

const MOST_FORM_BYTES = 8_192
const OTHER_THAN_POST = ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/**
 * Adds the API for case-archive systems to an app: `/oauth/token` and `/api/v1/forsendelser`. Does not listen; the routes are there when the app is
 * ready. Leaves the rest of the app alone, its error and not-found handlers too.
 * @throws RangeError when the token key is too short
 */
export function registerIntake(app: FastifyInstance, deps: IntakeDependencies): void {
  const { tenants, tokenKey, time, ids, log } = deps
  const operators = deps.operators ?? (() => tenants.operators())
  const access = createAccess({ tenants, operators, tokenKey, clock: time.clock })
  const limits: IntakeLimits = { ...DEFAULT_INTAKE_LIMITS, ...deps.limits }
  app.register(
    async (scope) => {
      answerProblems(scope, { ids, log })
      registerToken(scope, access, log)
    },
    { prefix: '/oauth' },
  )
  app.register(
    async (scope) => {
      answerProblems(scope, { ids, log })
      registerForsendelser(scope, { ...deps, clock: time.clock, access, limits })
    },
    { prefix: '/api/v1/forsendelser' },
  )
}

/** The token endpoint (RFC 6749 §3.2); answers errors as §5.2 says, and not as problem documents, which no OAuth client reads. */
function registerToken(scope: FastifyInstance, access: Access, log: Logger): void {
  scope.removeAllContentTypeParsers()
  const parsing = { parseAs: 'string', bodyLimit: MOST_FORM_BYTES } as const
  scope.addContentTypeParser('application/x-www-form-urlencoded', parsing, (_request, body, done) => done(null, body))
  scope.post('/token', async (request, reply) => {
    reply.header('cache-control', 'no-store').header('pragma', 'no-cache')
    try {
      if (typeof request.body !== 'string')
        throw new OAuthRefusal('invalid_request', 'Expected a form-urlencoded body.')
      return access.grant(request.headers.authorization, request.body)
    } catch (error) {
      if (!(error instanceof OAuthRefusal)) throw error
      log.info('token refused', { reason: error.error })
      if (error.status === 401) reply.header('www-authenticate', 'Basic realm="samband", charset="UTF-8"')
      return reply.code(error.status).send({ error: error.error, error_description: error.message })
    }
  })
  scope.route({ method: OTHER_THAN_POST, url: '/token', onRequest: notAllowed('POST'), handler: async () => undefined })
}
