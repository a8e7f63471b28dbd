import { type BoundDestination, canonicalJson, type Json, type Tx } from '@samband/kernel'
import { raiseAlarm } from './alarms.ts'
import { doneAlthoughDiscarded, endDiscarding, type InboxRow, type Lease, leasedRow } from './rows.ts'

/** An effect as it is read. Without a row nothing was ever begun. */
export interface EffectRow {
  readonly effect_key: string
  readonly tenant: string
  readonly handler: string
  readonly name: string
  readonly accepted_id: string | null
  readonly destination: string
  readonly account: string
  readonly input: string
  readonly digest: string
  readonly attempts: number
  readonly evidence: string | null
  readonly evidenced_at: number | null
  readonly other_evidence: string | null
  readonly looks_left: number
}

/** A numbered attempt of an effect. */
export interface AttemptRow {
  readonly effect_key: string
  readonly number: number
  readonly row_id: number
  readonly holder: string
  readonly started_at: number
  readonly state: 'open' | 'answered' | 'closed'
  readonly closed_as: string | null
  readonly code: string | null
  readonly ended_at: number | null
}

/** The effect of a key, or `undefined` when nothing was ever begun. */
export async function readEffect(tx: Tx, key: string): Promise<EffectRow | undefined> {
  return tx.one<EffectRow>('SELECT * FROM effect WHERE effect_key = ?', key)
}

/** Attempts of a key that have no answer yet, newest first. */
export async function openAttempts(tx: Tx, key: string): Promise<AttemptRow[]> {
  return tx.all<AttemptRow>("SELECT * FROM attempt WHERE effect_key = ? AND state = 'open' ORDER BY number DESC", key)
}

/** Every attempt of a row without an answer. */
export async function openAttemptsOfRow(tx: Tx, rowId: number): Promise<AttemptRow[]> {
  return tx.all<AttemptRow>(
    "SELECT * FROM attempt WHERE row_id = ? AND state = 'open' ORDER BY effect_key, number DESC",
    rowId,
  )
}

/** What an intent says, before anything leaves (R10). */
export interface Intent {
  readonly lease: Lease
  readonly key: string
  readonly handler: string
  readonly name: string
  readonly tenant: string
  readonly acceptedId: string | undefined
  readonly destination: BoundDestination
  readonly input: Json
  readonly digest: string
  readonly fixedValues: Readonly<Record<string, Json>>
  readonly holder: string
  readonly now: number
  /** True for destinations that may get the same key again while an attempt is open. */
  readonly mayRepeat: boolean
}

/** none, closed → open: attempt n+1, with the newest token, while the row is running. Returns n+1. @throws LeaseLost */
export async function recordIntent(tx: Tx, intent: Intent): Promise<number> {
  await leasedRow(tx, intent.lease)
  const before = await readEffect(tx, intent.key)
  if (before?.evidence != null) throw new Error('an intent for an effect that has evidence')
  if (!intent.mayRepeat && (await openAttempts(tx, intent.key)).length > 0)
    throw new Error('an intent while an attempt is open')
  const number = (before?.attempts ?? 0) + 1
  await tx.run(
    `INSERT INTO effect (effect_key, tenant, handler, name, accepted_id, destination, account, input, digest, attempts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (effect_key) DO UPDATE SET attempts = excluded.attempts, destination = excluded.destination, account = excluded.account`,
    intent.key,
    intent.tenant,
    intent.handler,
    intent.name,
    intent.acceptedId ?? null,
    JSON.stringify(intent.destination),
    accountOf(intent.destination),
    JSON.stringify(intent.input),
    intent.digest,
    number,
  )
  await tx.run(
    "INSERT INTO attempt (effect_key, number, row_id, holder, started_at, state) VALUES (?, ?, ?, ?, ?, 'open')",
    intent.key,
    number,
    intent.lease.rowId,
    intent.holder,
    intent.now,
  )
  await tx.run(
    'UPDATE inbox SET destination = COALESCE(destination, ?), fixed_values = ? WHERE row_id = ?',
    JSON.stringify(intent.destination),
    JSON.stringify(intent.fixedValues),
    intent.lease.rowId,
  )
  return number
}

/** What stands for an attempt that a restored store may have forgotten. */
export interface Forgotten {
  readonly rowId: number
  readonly whenUnknown: Omit<EffectRow, 'evidence' | 'evidenced_at' | 'other_evidence' | 'attempts' | 'looks_left'>
  /** Names the restore. */
  readonly restore: string
  readonly now: number
}

/** none, closed → open, for what may have been begun in the time a restore has lost; once per restore. Returns its number. The caller holds the row. */
export async function recordForgotten(
  tx: Tx,
  { rowId, whenUnknown, restore, now }: Forgotten,
): Promise<number | undefined> {
  const key = whenUnknown.effect_key
  const holder = forgottenHolder(restore)
  if ((await tx.one('SELECT 1 AS found FROM attempt WHERE effect_key = ? AND holder = ?', key, holder)) !== undefined)
    return undefined
  const number = ((await readEffect(tx, key))?.attempts ?? 0) + 1
  await tx.run(
    `INSERT INTO effect (effect_key, tenant, handler, name, accepted_id, destination, account, input, digest, attempts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (effect_key) DO UPDATE SET attempts = excluded.attempts`,
    key,
    whenUnknown.tenant,
    whenUnknown.handler,
    whenUnknown.name,
    whenUnknown.accepted_id,
    whenUnknown.destination,
    whenUnknown.account,
    whenUnknown.input,
    whenUnknown.digest,
    number,
  )
  await tx.run(
    "INSERT INTO attempt (effect_key, number, row_id, holder, started_at, state) VALUES (?, ?, ?, ?, ?, 'open')",
    key,
    number,
    rowId,
    holder,
    now,
  )
  return number
}

/** Whether a row of a restored store has been asked for since: only then can anybody say that nothing of it is over there. */
export async function askedSinceRestore(tx: Tx, rowId: number, restore: string): Promise<boolean> {
  return (
    (await tx.one(
      'SELECT 1 AS found FROM attempt WHERE row_id = ? AND holder = ?',
      rowId,
      forgottenHolder(restore),
    )) !== undefined
  )
}

/** What was found of a row that the restored store had forgotten. */
export async function foundSinceRestore(
  tx: Tx,
  rowId: number,
  restore: string,
): Promise<Pick<EffectRow, 'name' | 'evidence'>[]> {
  return tx.all<Pick<EffectRow, 'name' | 'evidence'>>(
    "SELECT e.name AS name, e.evidence AS evidence FROM attempt a JOIN effect e ON e.effect_key = a.effect_key WHERE a.row_id = ? AND a.holder = ? AND a.state = 'answered'",
    rowId,
    forgottenHolder(restore),
  )
}

function forgottenHolder(restore: string): string {
  return `forgotten by the restore of ${restore}`
}

/** One name for "the same account and user at the same place": what the control of a look-up is taken from (R13). */
export function accountOf(destination: BoundDestination): string {
  return [destination.system, destination.tenant, destination.baseUrl, destination.account, destination.user].join(' ')
}

/** Evidence as it arrives, from an answer, a probe or a person. */
export interface Evidence {
  readonly key: string
  readonly evidence: Json
  /** What identifies the thing made. */
  readonly identity: (evidence: Json) => string
  /** True when the handler has no other effect: its row is then done; else it is only partly done. */
  readonly onlyEffect: boolean
  /** Whether the evidence itself shows more than one thing made. */
  readonly showsDouble: boolean
  readonly by: string
  readonly now: number
  /** For an effect that was never begun in this store (after a restore, R16). */
  readonly whenUnknown: Omit<EffectRow, 'evidence' | 'evidenced_at' | 'other_evidence' | 'attempts' | 'looks_left'>
  /** When to look once more, if there was more than one attempt (R28). */
  readonly lookAgainAt: number
}

/**
 * any → evidenced; never refused, for lack of a token or anything else (R16). A second, different evidence raises the alarm `doubled`.
 * Returns the evidence that stands.
 */
export async function recordEvidence(tx: Tx, arrived: Evidence): Promise<Json> {
  const before = await readEffect(tx, arrived.key)
  if (before?.evidence != null) {
    const standing = JSON.parse(before.evidence) as Json
    if (arrived.showsDouble || arrived.identity(standing) !== arrived.identity(arrived.evidence))
      await recordDoubled(tx, before, arrived)
    return standing
  }
  const unknown = arrived.whenUnknown
  await tx.run(
    `INSERT INTO effect (effect_key, tenant, handler, name, accepted_id, destination, account, input, digest, attempts, evidence, evidenced_at, evidenced_by)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?)
     ON CONFLICT (effect_key) DO UPDATE SET evidence = excluded.evidence, evidenced_at = excluded.evidenced_at, evidenced_by = excluded.evidenced_by`,
    unknown.effect_key,
    unknown.tenant,
    unknown.handler,
    unknown.name,
    unknown.accepted_id,
    unknown.destination,
    unknown.account,
    unknown.input,
    unknown.digest,
    JSON.stringify(arrived.evidence),
    arrived.now,
    arrived.by,
  )
  if ((before?.attempts ?? 0) > 1) {
    await tx.run(
      'UPDATE effect SET look_again_at = ?, looks_left = 2 WHERE effect_key = ?',
      arrived.lookAgainAt,
      arrived.key,
    )
  }
  // Rows that share a key: what the newest attempt made says nothing of a row whose own attempt was closed before.
  const rows = await tx.all<{ row_id: number }>(
    "SELECT DISTINCT row_id FROM attempt WHERE effect_key = ? AND (state = 'open' OR number = (SELECT MAX(number) FROM attempt WHERE effect_key = ?))",
    arrived.key,
    arrived.key,
  )
  await tx.run(
    "UPDATE attempt SET state = 'answered', ended_at = ? WHERE effect_key = ? AND state = 'open'",
    arrived.now,
    arrived.key,
  )
  for (const { row_id } of rows) await endDiscardedRow(tx, row_id, arrived)
  if (arrived.showsDouble)
    await recordDoubled(
      tx,
      { ...unknown, attempts: 0, evidence: null, evidenced_at: null, other_evidence: null, looks_left: 0 },
      arrived,
    )
  return arrived.evidence
}

async function recordDoubled(tx: Tx, before: EffectRow, arrived: Evidence): Promise<void> {
  const others = before.other_evidence === null ? [] : (JSON.parse(before.other_evidence) as Json[])
  const identity = arrived.identity(arrived.evidence)
  if (others.some((other) => arrived.identity(other) === identity)) return
  await tx.run(
    'UPDATE effect SET other_evidence = ? WHERE effect_key = ?',
    JSON.stringify([...others, arrived.evidence]),
    arrived.key,
  )
  await raiseAlarm(tx, {
    kind: 'doubled',
    at: arrived.now,
    tenant: before.tenant,
    acceptedId: before.accepted_id ?? undefined,
    effectKey: arrived.key,
    sentence: `Two different answers exist for one ${before.name}: it was done twice over there. Look at both and have one withdrawn.`,
  })
}

/** Evidence came for a row that was being, or was, discarded. */
async function endDiscardedRow(tx: Tx, rowId: number, arrived: Evidence): Promise<void> {
  const row = await tx.one<InboxRow>('SELECT * FROM inbox WHERE row_id = ?', rowId)
  if (row === undefined || (row.state !== 'discarding' && row.state !== 'discarded')) return
  if ((await openAttemptsOfRow(tx, rowId)).length > 0) return
  // It is asked on, to its end: the discard may have been taken back, and what follows from it may have been done.
  if (row.state === 'discarded' && row.in_question !== null) return
  if (arrived.onlyEffect) await doneAlthoughDiscarded(tx, row, arrived.now)
  else await endDiscarding(tx, row, arrived.now)
  await raiseAlarm(tx, {
    kind: 'although-discarded',
    at: arrived.now,
    tenant: row.tenant,
    acceptedId: row.accepted_id ?? undefined,
    rowId,
    effectKey: arrived.key,
    sentence: `A discarded message had been done over there after all (${row.handler}). Tell the case worker who discarded it.`,
  })
}

/** open → closed, nothing happened: only by the owner of that very attempt; needs no token. */
export async function closeOwnAttempt(tx: Tx, key: string, number: number, code: string, now: number): Promise<void> {
  await tx.run(
    "UPDATE attempt SET state = 'closed', closed_as = 'nothing happened', code = ?, ended_at = ? WHERE effect_key = ? AND number = ? AND state = 'open'",
    code,
    now,
    key,
    number,
  )
}

/** open → closed, not there: every open attempt of the key up to `newest`, which is the one the wait was counted from (R14). */
export async function closeNotThere(tx: Tx, key: string, newest: number, now: number, by = 'probe'): Promise<boolean> {
  const [latest] = await openAttempts(tx, key)
  if (latest === undefined || latest.number !== newest) return false
  await tx.run(
    "UPDATE attempt SET state = 'closed', closed_as = 'not there', code = ?, ended_at = ? WHERE effect_key = ? AND state = 'open'",
    by,
    now,
    key,
  )
  return true
}

/** Digest of what may not change between attempts (R20). */
export function inputDigest(value: Json, digest: (text: string) => string): string {
  return digest(canonicalJson(value))
}
