import type { Json, Store } from '@samband/kernel'
import type { AttemptRow, EffectRow } from './attempts.ts'
import { toldState } from './discards-in-question.ts'
import type { InboxRow } from './rows.ts'
import { storedHeader } from './stored-headers.ts'

/** Everything the hub knows of one accepted id, for whoever asks why. Times are wall milliseconds. */
export interface Journey {
  readonly acceptedId: string
  readonly tenant: string
  readonly eksternReferanse: string
  readonly acceptedAt: number
  readonly events: readonly {
    readonly eventId: string
    readonly type: string
    readonly recordedAt: number
    readonly publishedAt: number | null
  }[]
  readonly rows: readonly JourneyRow[]
  readonly effects: readonly JourneyEffect[]
  readonly alarms: readonly { readonly at: number; readonly kind: string; readonly sentence: string }[]
  readonly audit: readonly {
    readonly at: number
    readonly person: string
    readonly verb: string
    readonly reason: string
  }[]
}

/** What a handler did with an event. */
export interface JourneyRow {
  readonly rowId: number
  readonly handler: string
  readonly eventType: string
  readonly state: string
  readonly receivedAt: number
  readonly finishedAt: number | null
  readonly parkNumber: number
  readonly lastCode: string | null
  readonly lastMessage: string | null
  readonly remark: string | null
  /** Rows of the same lane that wait behind this one. */
  readonly behind: number
  readonly failedRuns: readonly {
    readonly number: number
    readonly startedAt: number
    readonly endedAt: number
    readonly outcome: string
    readonly code: string
    readonly message: string
  }[]
}

/** What was or may have been changed outside. */
export interface JourneyEffect {
  readonly effectKey: string
  readonly handler: string
  readonly name: string
  readonly evidence: Json
  readonly evidencedAt: number | null
  readonly attempts: readonly {
    readonly number: number
    readonly startedAt: number
    readonly state: string
    readonly closedAs: string | null
    readonly code: string | null
    readonly endedAt: number | null
  }[]
}

/** The journey of an accepted id, or `undefined` when the ledger does not know it. */
export async function readJourney(store: Store, acceptedId: string): Promise<Journey | undefined> {
  return store.read('runtime.journey', async (tx) => {
    const ledger = await tx.one<{ tenant: string; ekstern_referanse: string; accepted_at: number }>(
      'SELECT tenant, ekstern_referanse, accepted_at FROM ledger WHERE accepted_id = ?',
      acceptedId,
    )
    if (ledger === undefined) return undefined
    const events = await tx.all<{
      event_id: string
      headers: string
      recorded_at: number
      published_at: number | null
    }>(
      'SELECT event_id, headers, recorded_at, published_at FROM outbox WHERE accepted_id = ? ORDER BY place',
      acceptedId,
    )
    const rows = await tx.all<InboxRow & { finished_at: number | null; behind: number }>(
      `SELECT i.*, (SELECT COUNT(*) FROM inbox b WHERE b.handler = i.handler AND b.lane = i.lane AND b.place > i.place AND b.state IN ('waiting', 'running', 'parked', 'discarding')) AS behind
       FROM inbox i WHERE i.accepted_id = ? ORDER BY i.place`,
      acceptedId,
    )
    const journeyRows: JourneyRow[] = []
    for (const row of rows) {
      const failedRuns = await tx.all<{
        number: number
        started_at: number
        ended_at: number
        outcome: string
        code: string
        message: string
      }>(
        'SELECT number, started_at, ended_at, outcome, code, message FROM failed_run WHERE row_id = ? ORDER BY number',
        row.row_id,
      )
      journeyRows.push({
        rowId: row.row_id,
        handler: row.handler,
        eventType: row.event_type,
        state: toldState(row),
        receivedAt: row.received_at,
        finishedAt: toldState(row) === 'discarding' ? null : row.finished_at,
        parkNumber: row.park_number,
        lastCode: row.last_code,
        lastMessage: row.last_message,
        remark: row.remark,
        behind: row.state === 'done' || row.state === 'discarded' ? 0 : row.behind,
        failedRuns: failedRuns.map((run) => ({
          number: run.number,
          startedAt: run.started_at,
          endedAt: run.ended_at,
          outcome: run.outcome,
          code: run.code,
          message: run.message,
        })),
      })
    }
    const effects = await tx.all<EffectRow>(
      `SELECT e.* FROM effect e WHERE e.accepted_id = ? OR e.effect_key IN (SELECT a.effect_key FROM attempt a JOIN inbox i ON i.row_id = a.row_id WHERE i.accepted_id = ?)
       ORDER BY COALESCE((SELECT MIN(f.started_at) FROM attempt f WHERE f.effect_key = e.effect_key), e.evidenced_at, 0), e.effect_key`,
      acceptedId,
      acceptedId,
    )
    const journeyEffects: JourneyEffect[] = []
    for (const effect of effects) {
      const attempts = await tx.all<AttemptRow>(
        'SELECT * FROM attempt WHERE effect_key = ? ORDER BY number',
        effect.effect_key,
      )
      journeyEffects.push({
        effectKey: effect.effect_key,
        handler: effect.handler,
        name: effect.name,
        evidence: effect.evidence === null ? null : (JSON.parse(effect.evidence) as Json),
        evidencedAt: effect.evidenced_at,
        attempts: attempts.map((one) => ({
          number: one.number,
          startedAt: one.started_at,
          state: one.state,
          closedAs: one.closed_as,
          code: one.code,
          endedAt: one.ended_at,
        })),
      })
    }
    return {
      acceptedId,
      tenant: ledger.tenant,
      eksternReferanse: ledger.ekstern_referanse,
      acceptedAt: ledger.accepted_at,
      events: events.map((event) => ({
        eventId: event.event_id,
        type: storedHeader(event.headers, 'ce_type') ?? 'ukjent',
        recordedAt: event.recorded_at,
        publishedAt: event.published_at,
      })),
      rows: journeyRows,
      effects: journeyEffects,
      alarms: await tx.all('SELECT at, kind, sentence FROM alarm WHERE accepted_id = ? ORDER BY number', acceptedId),
      audit: await tx.all(
        'SELECT at, person, verb, reason FROM audit WHERE accepted_id = ? ORDER BY number',
        acceptedId,
      ),
    }
  })
}
