import { Counter, Gauge, Histogram, Registry } from 'prom-client'

/** What the runtime counts. Labels are names and organisasjonsnummer; never a person, a title or a reference. */
export interface Metrics {
  readonly registry: Registry
  rowEnded(handler: string, tenant: string, outcome: 'done' | 'parked' | 'waits', ageMs: number): void
  effect(handler: string, tenant: string, effect: string, event: string): void
  /** Set when the metrics page is asked for. */
  readonly gauges: {
    readonly rows: Gauge<'handler' | 'tenant' | 'state'>
    readonly oldest: Gauge<'handler' | 'tenant'>
    readonly circuits: Gauge<'tenant' | 'system'>
    readonly outbox: Gauge
    readonly unread: Gauge<'topic'>
    readonly alarms: Gauge<'kind'>
  }
}

/** A registry of its own, so that several hubs in one process do not share counts. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  const rowsEnded = new Counter({
    name: 'samband_rows_ended_total',
    help: 'Runs of inbox rows by outcome.',
    labelNames: ['handler', 'tenant', 'outcome'],
    registers,
  })
  const age = new Histogram({
    name: 'samband_row_age_seconds',
    help: 'From the arrival of a row in the inbox until it was done.',
    labelNames: ['handler'],
    buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120, 600, 3600, 86400],
    registers,
  })
  const effects = new Counter({
    name: 'samband_effects_total',
    help: 'Intents, evidences, probes and certain nothings.',
    labelNames: ['handler', 'tenant', 'effect', 'event'],
    registers,
  })
  return {
    registry,
    rowEnded(handler, tenant, outcome, ageMs) {
      rowsEnded.inc({ handler, tenant, outcome })
      if (outcome === 'done') age.observe({ handler }, Math.max(0, ageMs) / 1000)
    },
    effect: (handler, tenant, effect, event) => effects.inc({ handler, tenant, effect, event }),
    gauges: {
      rows: new Gauge({
        name: 'samband_rows',
        help: 'Open inbox rows by state.',
        labelNames: ['handler', 'tenant', 'state'],
        registers,
      }),
      oldest: new Gauge({
        name: 'samband_oldest_row_seconds',
        help: 'Age of the oldest open row.',
        labelNames: ['handler', 'tenant'],
        registers,
      }),
      circuits: new Gauge({
        name: 'samband_circuit_open',
        help: '1 while messages wait because a destination refuses or is down.',
        labelNames: ['tenant', 'system'],
        registers,
      }),
      outbox: new Gauge({ name: 'samband_outbox_pending', help: 'Events that are not in the log yet.', registers }),
      unread: new Gauge({
        name: 'samband_log_unread',
        help: 'Events in the log that this service has not taken in yet.',
        labelNames: ['topic'],
        registers,
      }),
      alarms: new Gauge({
        name: 'samband_alarms',
        help: 'What must never happen, and did.',
        labelNames: ['kind'],
        registers,
      }),
    },
  }
}
