import { notAllowed } from '@samband/access'
import type { Clock, Store } from '@samband/kernel'
import { type Runtime, readMetricsPage } from '@samband/runtime'
import type { TenantRegistry } from '@samband/tenants'
import type { FastifyInstance } from 'fastify'

const OTHER_THAN_GET = ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/**
 * GET /healthz, /readyz and /metrics: for machines, without a token; counts, codes, organisasjonsnummer, and names of files and settings only. An open
 * circuit does not make a process unready: it still takes letters, and they wait. Nor does a tenant's file that is not in force as it stands.
 */
export function registerHealth(
  app: FastifyInstance,
  deps: {
    readonly runtime: Runtime
    readonly store: Store
    readonly clock: Clock
    readonly tenants: Pick<TenantRegistry, 'problems'>
    /** Reasons beside the runtime's own. */
    readonly alsoUnready?: () => readonly string[]
  },
): void {
  const { runtime, store, clock, tenants, alsoUnready = () => [] } = deps

  app.get('/healthz', async () => ({ lever: true }))

  app.get('/readyz', async (_request, reply) => {
    const grunner = [...runtime.unready(), ...alsoUnready()]
    reply.code(grunner.length === 0 ? 200 : 503)
    const apneKretser = runtime
      .openCircuits()
      .map(({ tenant, system, code }) => ({ kommune: tenant, system, kode: code ?? null }))
    const avvisteFiler = tenants.problems().map(({ file, orgnr, formerInForce, faults }) => ({
      fil: file,
      kommune: orgnr ?? null,
      forrigeGjelder: formerInForce,
      felt: faults.map(({ path }) => path),
    }))
    return { klar: grunner.length === 0, grunner, apneKretser, avvisteFiler }
  })

  app.get('/metrics', async (_request, reply) => {
    const page = await readMetricsPage(store, runtime, clock.now())
    return reply.type(page.contentType).send(`${page.body}${refusedFiles(tenants.problems().length)}`)
  })

  for (const url of ['/healthz', '/readyz', '/metrics'])
    app.route({ method: OTHER_THAN_GET, url, onRequest: notAllowed('GET', 'HEAD'), handler: async () => undefined })
}

/** The one gauge that is not the runtime's, in the same text format. */
function refusedFiles(count: number): string {
  return [
    '# HELP samband_tenant_files_refused Files of tenants and operators that are not in force as they stand.',
    '# TYPE samband_tenant_files_refused gauge',
    `samband_tenant_files_refused ${count}`,
    '',
  ].join('\n')
}
