import type { Tx } from '@samband/kernel'

/** What must never happen, and did. Shown until somebody has looked at it. */
export interface Alarm {
  readonly kind:
    | 'doubled'
    | 'although-discarded'
    | 'log-stopped'
    | 'unaccounted'
    | 'input-changed'
    | 'defect'
    | 'standstill'
    | 'unknown-name'
    | 'sequence-gap'
  /** Wall milliseconds. */
  readonly at: number
  readonly tenant?: string | undefined
  readonly acceptedId?: string | undefined
  readonly rowId?: number | undefined
  readonly effectKey?: string | undefined
  /** For the operator: what is the matter and what to do. No personal data. */
  readonly sentence: string
}

/** Keeps an alarm, in the transaction of what caused it. */
export async function raiseAlarm(tx: Tx, alarm: Alarm): Promise<void> {
  await tx.run(
    'INSERT INTO alarm (at, kind, tenant, accepted_id, row_id, effect_key, sentence) VALUES (?, ?, ?, ?, ?, ?, ?)',
    alarm.at,
    alarm.kind,
    alarm.tenant ?? null,
    alarm.acceptedId ?? null,
    alarm.rowId ?? null,
    alarm.effectKey ?? null,
    alarm.sentence,
  )
}

/** Keeps an alarm unless the same kind was raised for the same letter and row before. */
export async function raiseAlarmOnce(tx: Tx, alarm: Alarm): Promise<void> {
  const known = await tx.one(
    "SELECT 1 AS found FROM alarm WHERE kind = ? AND COALESCE(accepted_id, '') = ? AND COALESCE(row_id, 0) = ?",
    alarm.kind,
    alarm.acceptedId ?? '',
    alarm.rowId ?? 0,
  )
  if (known === undefined) await raiseAlarm(tx, alarm)
}
