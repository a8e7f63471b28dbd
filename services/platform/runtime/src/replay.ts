import { HubError, type IdSource, type Json, type Store, sleep, type Time, type Tx } from '@samband/kernel'
import { type Person, writeAudit } from './audit.ts'
import { type InboxRow, readRow, unparkRow } from './rows.ts'
import type { Standstills } from './standstills.ts'

/** Which parked rows a replay is about; everything given must hold. */
export interface ReplaySelection {
  readonly tenants: readonly string[] | 'alle'
  readonly fingerprint?: string
  readonly rowIds?: readonly number[]
  readonly acceptedId?: string
}

/** States of a job: planned → running ⇄ paused or braked → finished or cancelled. */
export type ReplayJobState = 'planned' | 'running' | 'paused' | 'braked' | 'finished' | 'cancelled'

/** What will probably become of an item; the effects decide when it runs (R24). */
export type Forecast = 'run again' | 'resume after what is done' | 'ask first' | 'cannot'

/** A replay as shown: the frozen set, its forecast and its results. */
export interface ReplayJob {
  readonly jobId: string
  readonly state: ReplayJobState
  readonly person: string
  readonly reason: string
  readonly createdAt: number
  readonly items: readonly {
    readonly rowId: number
    readonly parkNumber: number
    readonly forecast: Forecast
    readonly state: string
    readonly why: string | null
  }[]
}

const MOST_ITEMS = 100_000
const CANARIES = 3
const AT_ONCE = 50

/** Replays over one store: a job only makes rows due, and nothing else (R24). */
export function createReplays(options: {
  readonly store: Store
  readonly time: Time
  readonly ids: IdSource
  readonly standstills: Standstills
  readonly everyMs: number
  readonly released: (tenants: Iterable<string>) => void
}) {
  const { store, time } = options
  const stopping = new AbortController()
  let loop: Promise<void> | undefined
  let wakeUp: AbortController | undefined

  /** Freezes the set at this moment and forecasts what will become of it. Nothing runs yet. */
  async function plan(selection: ReplaySelection, by: Person, reason: string): Promise<ReplayJob> {
    const jobId = options.ids.uuid()
    await store.transaction('runtime.replay-plan', async (tx) => {
      const now = time.clock.now()
      const rows = await selectParked(tx, selection)
      await tx.run(
        "INSERT INTO replay_job (job_id, state, person, reason, selection, created_at, changed_at) VALUES (?, 'planned', ?, ?, ?, ?, ?)",
        jobId,
        by.person,
        reason,
        JSON.stringify(selection),
        now,
        now,
      )
      for (const row of rows) {
        await tx.run(
          "INSERT INTO replay_item (job_id, row_id, park_number, forecast, state, why, changed_at) VALUES (?, ?, ?, ?, 'frozen', NULL, ?)",
          jobId,
          row.row_id,
          row.park_number,
          await forecast(tx, row),
          now,
        )
      }
      await writeAudit(tx, {
        ...by,
        verb: 'replay-plan',
        reason,
        at: now,
        details: { jobId, items: rows.length, selection: selection as unknown as Json },
      })
    })
    return mustShow(jobId)
  }

  /** Changes the state, only from one of `from`: two people cannot both be right. */
  async function change(
    jobId: string,
    from: readonly ReplayJobState[],
    to: ReplayJobState,
    by: Person,
    reason: string,
  ): Promise<ReplayJob> {
    await store.transaction('runtime.replay-change', async (tx) => {
      const now = time.clock.now()
      const job = await tx.one<{ state: ReplayJobState }>('SELECT state FROM replay_job WHERE job_id = ?', jobId)
      if (job === undefined)
        throw new HubError('DRIFT_FINNES_IKKE', 'permanent', 'There is no replay with this id.', { path: 'jobId' })
      if (!from.includes(job.state))
        throw new HubError(
          'DRIFT_FEIL_TILSTAND',
          'permanent',
          `The replay is ${job.state}; only ${from.join(', ')} can become ${to}.`,
          { path: 'jobId' },
        )
      await tx.run(
        'UPDATE replay_job SET state = ?, round = round + ?, changed_at = ? WHERE job_id = ?',
        to,
        to === 'running' ? 1 : 0,
        now,
        jobId,
      )
      if (to === 'cancelled')
        await tx.run(
          "UPDATE replay_item SET state = 'cancelled', changed_at = ? WHERE job_id = ? AND state = 'frozen'",
          now,
          jobId,
        )
      await writeAudit(tx, { ...by, verb: `replay-${to}`, reason, at: now, details: { jobId } })
    })
    wakeUp?.abort()
    return mustShow(jobId)
  }

  /** Releases the next items of a running job, first a few, then the rest if those did not fail again. */
  async function advance(jobId: string): Promise<void> {
    const tenants = new Set<string>()
    await store.transaction('runtime.replay-advance', async (tx) => {
      const now = time.clock.now()
      const job = await tx.one<{ state: ReplayJobState; round: number }>(
        'SELECT state, round FROM replay_job WHERE job_id = ?',
        jobId,
      )
      await noteResults(tx, jobId, now)
      if (job?.state !== 'running') return
      const { released = 0, frozen = 0 } = await itemCounts(tx, jobId)
      // Since somebody last set the job going: after a brake a person has decided, and new canaries go first.
      const recent = await itemCounts(tx, jobId, job.round)
      const failed = recent['parked again'] ?? 0
      const ended = (recent['done'] ?? 0) + failed + (recent['discarded'] ?? 0)
      if (frozen > 0 && ended >= CANARIES && failed * 2 > ended) {
        await tx.run("UPDATE replay_job SET state = 'braked', changed_at = ? WHERE job_id = ?", now, jobId)
        return
      }
      if (frozen === 0 && released === 0) {
        await tx.run("UPDATE replay_job SET state = 'finished', changed_at = ? WHERE job_id = ?", now, jobId)
        return
      }
      const room = ended >= CANARIES ? AT_ONCE - released : CANARIES - released - ended
      for (const tenant of await releaseNext(tx, jobId, Math.max(0, room), now)) tenants.add(tenant)
    })
    if (tenants.size > 0) options.released(tenants)
  }

  async function round(): Promise<boolean> {
    const jobs = await store.read('runtime.replays', (tx) =>
      tx.all<{ job_id: string }>(
        "SELECT job_id FROM replay_job j WHERE state = 'running' OR EXISTS (SELECT 1 FROM replay_item i WHERE i.job_id = j.job_id AND i.state = 'released') ORDER BY created_at",
      ),
    )
    for (const job of jobs) await advance(job.job_id)
    return jobs.length > 0
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      let busy = true
      try {
        busy = await round()
        options.standstills.worked('replays')
      } catch (error) {
        options.standstills.failed('replays', error)
      }
      wakeUp = new AbortController()
      const signal = AbortSignal.any([stopping.signal, wakeUp.signal])
      await sleep(time.timers, busy ? options.everyMs : options.everyMs * 20, signal).catch(() => {})
    }
  }

  async function show(jobId: string): Promise<ReplayJob | undefined> {
    return store.read('runtime.replay', async (tx) => {
      const job = await tx.one<{ state: ReplayJobState; person: string; reason: string; created_at: number }>(
        'SELECT state, person, reason, created_at FROM replay_job WHERE job_id = ?',
        jobId,
      )
      if (job === undefined) return undefined
      const items = await tx.all<{
        row_id: number
        park_number: number
        forecast: Forecast
        state: string
        why: string | null
      }>('SELECT row_id, park_number, forecast, state, why FROM replay_item WHERE job_id = ? ORDER BY row_id', jobId)
      return {
        jobId,
        state: job.state,
        person: job.person,
        reason: job.reason,
        createdAt: job.created_at,
        items: items.map((item) => ({
          rowId: item.row_id,
          parkNumber: item.park_number,
          forecast: item.forecast,
          state: item.state,
          why: item.why,
        })),
      }
    })
  }

  async function mustShow(jobId: string): Promise<ReplayJob> {
    const job = await show(jobId)
    if (job === undefined)
      throw new HubError('DRIFT_FINNES_IKKE', 'permanent', 'There is no replay with this id.', { path: 'jobId' })
    return job
  }

  return {
    plan,
    show,
    run: (jobId: string, by: Person, reason: string) =>
      change(jobId, ['planned', 'paused', 'braked'], 'running', by, reason),
    pause: (jobId: string, by: Person, reason: string) => change(jobId, ['running'], 'paused', by, reason),
    cancel: (jobId: string, by: Person, reason: string) =>
      change(jobId, ['planned', 'running', 'paused', 'braked'], 'cancelled', by, reason),
    start(): void {
      loop ??= run()
    },
    async stop(): Promise<void> {
      stopping.abort(new Error('the process is stopping'))
      await loop
    },
  }
}

/** Replays over one store. */
export type Replays = ReturnType<typeof createReplays>

/** What planning needs of a row. Narrow: there may be very many of them. */
type ParkedRow = Pick<InboxRow, 'row_id' | 'park_number' | 'last_code' | 'event_type'>

/** @throws HubError DRIFT_FOR_STORT_UTVALG when there are more than one replay takes: none is left out without a word */
async function selectParked(tx: Tx, selection: ReplaySelection): Promise<ParkedRow[]> {
  const conditions = ["state = 'parked'"]
  const values: (string | number)[] = []
  const among = (column: string, wanted: readonly (string | number)[] | undefined) => {
    if (wanted === undefined) return
    conditions.push(`${column} IN (${wanted.map(() => '?').join(', ')})`)
    values.push(...wanted)
  }
  among('tenant', selection.tenants === 'alle' ? undefined : selection.tenants)
  among('fingerprint', selection.fingerprint === undefined ? undefined : [selection.fingerprint])
  among('accepted_id', selection.acceptedId === undefined ? undefined : [selection.acceptedId])
  among('row_id', selection.rowIds)
  const rows = await tx.all<ParkedRow>(
    `SELECT row_id, park_number, last_code, event_type FROM inbox WHERE ${conditions.join(' AND ')} ORDER BY row_id LIMIT ?`,
    ...values,
    MOST_ITEMS + 1,
  )
  if (rows.length <= MOST_ITEMS) return rows
  throw new HubError(
    'DRIFT_FOR_STORT_UTVALG',
    'permanent',
    `More than ${MOST_ITEMS} messages fit the selection: take one municipality or cause at a time.`,
    { path: 'utvalg' },
  )
}

async function forecast(tx: Tx, row: ParkedRow): Promise<Forecast> {
  if (row.last_code?.startsWith('BUS_') || row.event_type === 'unreadable') return 'cannot'
  const states = await tx.all<{ state: string; evidenced: number }>(
    'SELECT a.state AS state, CASE WHEN e.evidence IS NULL THEN 0 ELSE 1 END AS evidenced FROM attempt a JOIN effect e ON e.effect_key = a.effect_key WHERE a.row_id = ?',
    row.row_id,
  )
  if (states.some((one) => one.state === 'open')) return 'ask first'
  return states.some((one) => one.evidenced === 1) ? 'resume after what is done' : 'run again'
}

/** Items of a job by state; with `round` only those that came into it in that round. */
async function itemCounts(tx: Tx, jobId: string, round?: number): Promise<Record<string, number>> {
  const rows = await tx.all<{ state: string; count: number }>(
    `SELECT state, COUNT(*) AS count FROM replay_item WHERE job_id = ?${round === undefined ? '' : ' AND round = ?'} GROUP BY state`,
    jobId,
    ...(round === undefined ? [] : [round]),
  )
  return Object.fromEntries(rows.map((row) => [row.state, row.count]))
}

/** What has become of released items, read from their rows. */
async function noteResults(tx: Tx, jobId: string, now: number): Promise<void> {
  const released = await tx.all<{ row_id: number; park_number: number; state: string; now_parked: number }>(
    `SELECT i.row_id AS row_id, i.park_number AS park_number, r.state AS state, r.park_number AS now_parked
     FROM replay_item i JOIN inbox r ON r.row_id = i.row_id WHERE i.job_id = ? AND i.state = 'released'`,
    jobId,
  )
  for (const item of released) {
    if (item.state === 'done') await setItem(tx, jobId, item.row_id, 'done', null, now)
    if (item.state === 'discarded' || item.state === 'discarding')
      await setItem(tx, jobId, item.row_id, 'discarded', null, now)
    if (item.state === 'parked' && item.now_parked > item.park_number)
      await setItem(tx, jobId, item.row_id, 'parked again', null, now)
  }
}

/** Makes the next frozen items due, each only at the park number that was seen. Returns the tenants whose rows were. */
async function releaseNext(tx: Tx, jobId: string, room: number, now: number): Promise<readonly string[]> {
  const next = await tx.all<{ row_id: number; park_number: number; forecast: Forecast }>(
    "SELECT row_id, park_number, forecast FROM replay_item WHERE job_id = ? AND state = 'frozen' ORDER BY row_id LIMIT ?",
    jobId,
    room,
  )
  const tenants: string[] = []
  for (const item of next) {
    if (item.forecast === 'cannot') {
      await setItem(tx, jobId, item.row_id, 'skipped', 'cannot be run', now)
      continue
    }
    const row = await readRow(tx, item.row_id)
    const freed = await unparkRow(tx, item.row_id, item.park_number, now)
    if (freed && row !== undefined) tenants.push(row.tenant)
    await setItem(tx, jobId, item.row_id, freed ? 'released' : 'skipped', freed ? null : whySkipped(row), now)
  }
  return tenants
}

async function setItem(
  tx: Tx,
  jobId: string,
  rowId: number,
  state: string,
  why: string | null,
  now: number,
): Promise<void> {
  await tx.run(
    `UPDATE replay_item SET state = ?, why = ?, changed_at = ?,
       round = (SELECT round FROM replay_job WHERE job_id = replay_item.job_id) WHERE job_id = ? AND row_id = ?`,
    state,
    why,
    now,
    jobId,
    rowId,
  )
}

function whySkipped(row: InboxRow | undefined): string {
  if (row === undefined) return 'changed'
  return row.state === 'done' || row.state === 'discarded' || row.state === 'discarding'
    ? row.state
    : 'changed since the replay was planned'
}
