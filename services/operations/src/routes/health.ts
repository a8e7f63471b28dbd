import { readMetricsPage } from '@samband/runtime'
import type { FastifyInstance } from 'fastify'
import type { OperationsDeps } from '../deps.ts'
import { openCircuits } from './failures.ts'

/**
 * GET /healthz, /readyz and /metrics: for machines, without a token; counts, codes and organisasjonsnummer only. An open circuit
 * does not make the hub unready: it still takes letters, and they wait.
 */
export function healthRoutes(app: FastifyInstance, deps: OperationsDeps): void {
  const { runtime, store, time } = deps

  app.get('/healthz', async () => ({ lever: true }))

  app.get('/readyz', async (_request, reply) => {
    const grunner = runtime.unready()
    reply.code(grunner.length === 0 ? 200 : 503)
    const apneKretser = openCircuits(deps, 'alle').map(({ kommune, system, kode }) => ({
      kommune: kommune.orgnr,
      system,
      kode,
    }))
    return { klar: grunner.length === 0, grunner, apneKretser }
  })

  app.get('/metrics', async (_request, reply) => {
    const page = await readMetricsPage(store, runtime, time.clock.now())
    return reply.type(page.contentType).send(page.body)
  })
}
