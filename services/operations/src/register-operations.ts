import { notAllowed } from '@samband/access'
import { registerHealth } from '@samband/process'
import type { FastifyInstance } from 'fastify'
import { notHere } from './access.ts'
import type { OperationsDeps } from './deps.ts'
import { sendProblem } from './problem.ts'
import { accountRoutes } from './routes/account.ts'
import { failureRoutes } from './routes/failures.ts'
import { journeyRoutes } from './routes/journey.ts'
import { listRoutes } from './routes/lists.ts'
import { replayRoutes } from './routes/replays.ts'
import { rowRoutes } from './routes/rows.ts'

const BODY_LIMIT_BYTES = 65_536
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/**
 * Registers the operators' API under `/api/v1/drift`, and `/metrics`, `/healthz` and `/readyz` beside it. Listens to nothing; the
 * routes are there once `app.ready()` has resolved. Every error of these routes is answered with a problem document (RFC 9457).
 */
export function registerOperations(app: FastifyInstance, deps: OperationsDeps): void {
  const codes = deps.errorCodes
  app.register(
    async (drift) => {
      drift.setErrorHandler((error, _request, reply) => sendProblem(reply, error, codes, deps.log))
      drift.setNotFoundHandler((_request, reply) =>
        sendProblem(reply, notHere('Adressen finnes ikke. Se README for driftstjenesten.', 'adresse'), codes, deps.log),
      )
      // Only JSON is read here; text would pass as an odd kind of body.
      drift.removeContentTypeParser('text/plain')
      const methodsOf = new Map<string, string[]>()
      drift.addHook('onRoute', (route) => {
        route.bodyLimit = BODY_LIMIT_BYTES
        methodsOf.set(route.routePath, [...(methodsOf.get(route.routePath) ?? []), route.method].flat())
      })
      // What is shown is of the moment and not for the shelves in between.
      drift.addHook('onSend', async (_request, reply) => void reply.header('cache-control', 'no-store'))
      failureRoutes(drift, deps)
      journeyRoutes(drift, deps)
      replayRoutes(drift, deps)
      rowRoutes(drift, deps)
      accountRoutes(drift, deps)
      listRoutes(drift, deps)
      for (const [url, allowed] of [...methodsOf]) {
        const others = METHODS.filter((method) => !allowed.includes(method))
        drift.route({ method: others, url, onRequest: notAllowed(...allowed), handler: async () => undefined })
      }
    },
    { prefix: '/api/v1/drift' },
  )
  app.register(async (machines) => {
    machines.setErrorHandler((error, _request, reply) => sendProblem(reply, error, codes, deps.log))
    registerHealth(machines, {
      runtime: deps.runtime,
      store: deps.store,
      clock: deps.time.clock,
      tenants: deps.tenants,
    })
  })
}
