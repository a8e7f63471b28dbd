import type { Store } from '@samband/kernel'
import type { Runtime } from './runtime.ts'

/** The Prometheus page: counters as they stand, gauges read from the store at this moment. */
export async function readMetricsPage(
  store: Store,
  runtime: Runtime,
  now: number,
): Promise<{ readonly contentType: string; readonly body: string }> {
  const { gauges, registry } = runtime.metrics
  const read = await store.read('runtime.metrics', async (tx) => ({
    rows: await tx.all<{ handler: string; tenant: string; state: string; count: number; oldest: number }>(
      "SELECT handler, tenant, state, COUNT(*) AS count, MIN(received_at) AS oldest FROM inbox WHERE state IN ('waiting', 'running', 'parked', 'discarding') GROUP BY handler, tenant, state",
    ),
    pending: await tx.one<{ count: number }>("SELECT COUNT(*) AS count FROM outbox WHERE state = 'pending'"),
    alarms: await tx.all<{ kind: string; count: number }>('SELECT kind, COUNT(*) AS count FROM alarm GROUP BY kind'),
  }))
  for (const gauge of Object.values(gauges)) gauge.reset()
  const oldest = new Map<string, { handler: string; tenant: string; at: number }>()
  for (const row of read.rows) {
    gauges.rows.set({ handler: row.handler, tenant: row.tenant, state: row.state }, row.count)
    const name = `${row.handler} ${row.tenant}`
    const known = oldest.get(name)
    if (known === undefined || row.oldest < known.at)
      oldest.set(name, { handler: row.handler, tenant: row.tenant, at: row.oldest })
  }
  for (const { handler, tenant, at } of oldest.values())
    gauges.oldest.set({ handler, tenant }, Math.max(0, (now - at) / 1000))
  for (const circuit of runtime.openCircuits())
    gauges.circuits.set({ tenant: circuit.tenant, system: circuit.system }, 1)
  gauges.outbox.set(read.pending?.count ?? 0)
  for (const [topic, count] of runtime.unreadLog()) gauges.unread.set({ topic }, count)
  for (const alarm of read.alarms) gauges.alarms.set({ kind: alarm.kind }, alarm.count)
  return { contentType: registry.contentType, body: await registry.metrics() }
}
