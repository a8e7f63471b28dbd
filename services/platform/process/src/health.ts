import type { Clock, Store } from '@samband/kernel'
import { type Runtime, readMetricsPage } from '@samband/runtime'
import type { FastifyInstance } from 'fastify'

/**
 * GET /healthz, /readyz and /metrics: for machines, without a token; counts, codes and organisasjonsnummer only. An open circuit
 * does not make a process unready: it still takes letters, and they wait.
 */
export function registerHealth(
  app: FastifyInstance,
  deps: { readonly runtime: Runtime; readonly store: Store; readonly clock: Clock },
): void {
  const { runtime, store, clock } = deps

  app.get('/healthz', async () => ({ lever: true }))

  app.get('/readyz', async (_request, reply) => {
    const grunner = runtime.unready()
    reply.code(grunner.length === 0 ? 200 : 503)
    const apneKretser = runtime
      .openCircuits()
      .map(({ tenant, system, code }) => ({ kommune: tenant, system, kode: code ?? null }))
    return { klar: grunner.length === 0, grunner, apneKretser }
  })

  app.get('/metrics', async (_request, reply) => {
    const page = await readMetricsPage(store, runtime, clock.now())
    return reply.type(page.contentType).send(page.body)
  })
}
