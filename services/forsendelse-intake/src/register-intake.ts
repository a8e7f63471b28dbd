import { answerProblems, createAccess, registerTokenEndpoint } from '@samband/access'
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
  registerTokenEndpoint(app, { access, ids, log })
  app.register(
    async (scope) => {
      answerProblems(scope, { ids, log })
      registerForsendelser(scope, { ...deps, clock: time.clock, access, limits })
    },
    { prefix: '/api/v1/forsendelser' },
  )
}
