import type { Kind } from '../resilience/crash/fleet/fleet-run.ts'
import type { Edit, Sabotage } from './sabotages.ts'

/** A way of treating an installation. Sabotages that share one share the run of the untouched copy. */
export interface Ordeal {
  readonly kinds: readonly Kind[]
  readonly kills: number
}

/** A rule taken out that only shows with a second process, a broker or a restore. */
export interface FleetSabotage extends Sabotage {
  readonly ordeal: keyof typeof ORDEALS
  /**
   * Edits that change no rule: they make a moment longer that is short on a quiet machine, so that few kills meet it. The copy that has to pass has
   * them too.
   */
  readonly wider?: readonly Edit[]
}

/** What the copies are put through. */
export const ORDEALS = {
  services: { kinds: ['service'], kills: 14 },
  frozen: { kinds: ['frozen', 'service'], kills: 8 },
  'frozen-long': { kinds: ['frozen-long'], kills: 5 },
  database: { kinds: ['database'], kills: 6 },
  restore: { kinds: ['restore'], kills: 2 },
} as const satisfies Record<string, Ordeal>

const runtime = (file: string) => `services/platform/runtime/src/${file}`
const postgres = (file: string) => `services/platform/store/src/postgres/${file}`
const kafka = (file: string) => `services/platform/bus/src/kafka/${file}`

/** An edit that puts a pause in front of a line. */
const pauseBefore = (file: string, line: string, ms: number): Edit => ({
  file,
  from: line,
  to: `${/^ */.exec(line)?.[0] ?? ''}await new Promise((resolve) => setTimeout(resolve, ${ms}))\n${line}`,
})

/** The table of protocol §5, as far as it takes several processes and real servers. */
export const FLEET_SABOTAGES: readonly FleetSabotage[] = [
  {
    rule: 'R1',
    name: 'PostgreSQL answers before it has written',
    finding: ['lost', 'twice', 'stuck'],
    ordeal: 'database',
    edits: [
      {
        file: postgres('connection.ts'),
        from: "'synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
        to: "'synchronous_commit', 'off', false)",
      },
    ],
  },
  {
    rule: 'R2',
    name: 'marked as published before the log has acknowledged',
    finding: ['lost', 'stuck'],
    ordeal: 'services',
    wider: [pauseBefore(runtime('relay.ts'), '    const now = time.clock.now()', 400)],
    edits: [
      { file: runtime('relay.ts'), from: '      await bus.append(records)\n', to: '' },
      {
        file: runtime('relay.ts'),
        from: "    pace.published(keys)\n    return 'published'",
        to: "    await new Promise((resolve) => setTimeout(resolve, 400))\n    await bus.append(records)\n    pace.published(keys)\n    return 'published'",
      },
    ],
  },
  {
    rule: 'R5',
    name: 'offset committed before the rows',
    finding: ['lost', 'stuck'],
    ordeal: 'services',
    edits: [
      {
        file: runtime('ingest.ts'),
        from: "  return store.transaction('runtime.ingest', async (tx) => {\n    await tx.lock(...arrivals.flatMap(({ rows }) => rows.map(laneLock)))\n    await advance(tx, group, batch)",
        to: "  await store.transaction('runtime.offset', (tx) => advance(tx, group, batch))\n  await new Promise((resolve) => setTimeout(resolve, 400))\n  return store.transaction('runtime.ingest', async (tx) => {\n    await tx.lock(...arrivals.flatMap(({ rows }) => rows.map(laneLock)))",
      },
    ],
  },
  {
    rule: 'R5',
    name: 'where a group stands is known to the broker alone, then a restore',
    finding: ['lost', 'stuck'],
    ordeal: 'restore',
    wider: [pauseBefore(runtime('ingest.ts'), "  return store.transaction('runtime.ingest', async (tx) => {", 400)],
    edits: [
      {
        file: kafka('member.ts'),
        from: '      consumer.seek({ topic, partition, offset: String(offset) })\n',
        to: '      if (offset < 0) return\n',
      },
      {
        file: kafka('partition-reader.ts'),
        from: '      const fresh = records.filter(({ offset }) => offset >= nextOffset)',
        to: '      nextOffset = records[0]?.offset ?? nextOffset\n      const fresh = records',
      },
      {
        file: runtime('ingest.ts'),
        from: '  if (first > (standing?.next_offset ?? 0)) {',
        to: '  if (first > (standing?.next_offset ?? 0) && first < 0) {',
      },
    ],
  },
  {
    rule: 'R7',
    name: 'leases per row, without the order of the lane',
    finding: ['outOfOrder', 'twice'],
    ordeal: 'services',
    edits: [
      {
        file: runtime('rows.ts'),
        from: "tenant = ? AND head = 1 AND state = 'waiting' ORDER BY",
        to: "tenant = ? AND state = 'waiting' ORDER BY",
      },
      {
        file: runtime('rows.ts'),
        from: "WHERE row_id = ? AND state = 'waiting' AND head = 1 RETURNING",
        to: "WHERE row_id = ? AND state = 'waiting' RETURNING",
      },
    ],
  },
  {
    rule: 'R8',
    name: 'leases never lapse',
    finding: ['lost', 'stuck'],
    ordeal: 'services',
    edits: [
      {
        file: runtime('worker.ts'),
        from: 'nowMs - seen.sinceMs >= limits.leaseMs',
        to: 'nowMs - seen.sinceMs >= limits.leaseMs * 1e6',
      },
    ],
  },
  {
    rule: 'R11',
    name: 'no deadline between intent and first byte, and a process that is stopped between the two',
    finding: ['twice'],
    ordeal: 'frozen-long',
    wider: [pauseBefore(runtime('effects.ts'), '    refuseLateStart(run, askedAtMs)\n    const evidence', 1_500)],
    edits: [
      {
        file: runtime('effects.ts'),
        from: '  if (lateMs <= run.destination.timing.startWithinMs && !run.leaseLost() && !run.signal.aborted) return',
        to: '  if (lateMs >= 0) return',
      },
      {
        file: runtime('effects.ts'),
        from: '    if (run.time.stopwatch.read() - askedAtMs <= startWithinMs + inFlightMs && !run.leaseLost()) return',
        to: '    if (startWithinMs + inFlightMs > 0) return',
      },
      {
        file: runtime('effects.ts'),
        from: 'Math.max(0, timing.startWithinMs + timing.inFlightMs - passedMs)',
        to: 'Math.max(0, timing.startWithinMs + timing.inFlightMs + 1e6 - passedMs)',
      },
    ],
  },
  {
    rule: 'R7, R10',
    name: 'state changes without the token',
    finding: ['twice', 'lost', 'outOfOrder', 'stuck'],
    ordeal: 'frozen',
    edits: [
      {
        file: runtime('rows.ts'),
        from: "  if (row === undefined || row.state !== 'running' || row.lease_token !== lease.token)\n",
        to: '  if (row === undefined)\n',
      },
    ],
  },
  {
    rule: 'R27',
    name: 'a restored database is trusted',
    finding: ['twice'],
    ordeal: 'restore',
    edits: [
      {
        file: postgres('lineage.ts'),
        from: "  if (changed) await writeMeta(connection, 'distrust_since', String(clock.now()))\n",
        to: '',
      },
    ],
  },
]
