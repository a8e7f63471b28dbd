import { asHubError, type HubError, type Logger, NothingHappened, type Store, type Time } from '@samband/kernel'
import { raiseAlarm } from './alarms.ts'
import { accountOf } from './attempts.ts'
import type { Circuits } from './circuits.ts'
import type { FindDestination, Handler } from './define-handler.ts'
import { createRunEffect } from './effects.ts'
import { judge, type Verdict } from './failures.ts'
import { runHandler, stableName, writeOutcome } from './handler-run.ts'
import type { Metrics } from './metrics.ts'
import type { OpenQuestions } from './questions.ts'
import {
  boundDestination,
  finishRow,
  fixedValues,
  type InboxRow,
  type Lease,
  LeaseLost,
  OpenAttempt,
  parkRow,
  releaseRow,
  waitRow,
} from './rows.ts'
import type { Standstills } from './standstills.ts'
import { startSpan, type WorkSpan } from './tracing.ts'

/** What every run of a process shares. */
export interface RunSurroundings {
  readonly store: Store
  readonly time: Time
  /** In [0, 1), for jitter. */
  fraction(): number
  readonly questions: OpenQuestions
  readonly circuits: Circuits
  readonly findDestination: FindDestination
  readonly holder: string
  readonly distrusted: string | undefined
  readonly log: Logger
  readonly metrics: Metrics
  readonly standstills: Standstills
  /** Something was committed to the outbox. */
  published(): void
}

/** A row under way in this process. */
export interface Running {
  readonly row: InboxRow
  readonly lease: Lease
  readonly handler: Handler
  readonly controller: AbortController
  leaseLost: boolean
  /** This run has got evidence: what comes next begins with patience anew. */
  madeProgress: boolean
}

/** Runs the handler over one row and ends the row. Never rejects: whatever goes wrong is decided here. */
export async function runRow(around: RunSurroundings, running: Running): Promise<void> {
  const { row, handler } = running
  const startedAt = around.time.clock.now()
  const log = around.log.with({
    handler: handler.name,
    eventId: row.event_id,
    tenant: row.tenant,
    acceptedId: row.accepted_id ?? undefined,
  })
  let span: WorkSpan | undefined
  try {
    span = startSpan(`${handler.name} run`, row)
    if (handler.system !== undefined) around.circuits.started(row.tenant, handler.system)
    await handleAndFinish(around, running, log, span.traceparent)
    around.metrics.rowEnded(handler.name, row.tenant, 'done', around.time.clock.now() - row.received_at)
    reached(around, running, log)
    span.end()
  } catch (thrown) {
    span?.end(thrown)
    await endFailed(around, running, thrown, startedAt, log).catch((error: unknown) => {
      // The row stays as it is in the store; the lease decides who goes on.
      if (!(error instanceof LeaseLost))
        log.error('the end of a run could not be written', { code: asHubError(error)?.code ?? 'defect' })
    })
  }
}

async function handleAndFinish(
  around: RunSurroundings,
  running: Running,
  log: Logger,
  traceparent: string | undefined,
): Promise<void> {
  const { row, handler, lease } = running
  const fixed = fixedValues(row)
  const outcome = await runHandler({
    store: around.store,
    row,
    handler,
    findDestination: around.findDestination,
    effectAt: (destination) =>
      createRunEffect({
        ...around,
        row,
        lease,
        destination,
        fixedValues: fixed,
        handlerName: stableName(handler),
        declared: new Set(handler.effects),
        log,
        signal: running.controller.signal,
        leaseLost: () => running.leaseLost,
        observe: (event, effect) => {
          if (event === 'evidence') running.madeProgress = true
          around.metrics.effect(handler.name, row.tenant, effect, event)
        },
      }),
    once: async (name, take) => {
      if (!(name in fixed)) {
        fixed[name] = take()
        await around.store.transaction('runtime.once', (tx) =>
          tx.run(
            "UPDATE inbox SET fixed_values = ? WHERE row_id = ? AND state = 'running' AND lease_token = ?",
            JSON.stringify(fixed),
            lease.rowId,
            lease.token,
          ),
        )
      }
      return fixed[name] ?? null
    },
    now: () => around.time.clock.now(),
    log,
    signal: running.controller.signal,
  })
  const now = around.time.clock.now()
  await around.store.transaction('runtime.finish', async (tx) => {
    await finishRow(tx, lease, now)
    await writeOutcome(tx, running, outcome, traceparent, now)
  })
  if (outcome.outgoing.length > 0) around.published()
}

async function endFailed(
  around: RunSurroundings,
  running: Running,
  thrown: unknown,
  startedAt: number,
  log: Logger,
): Promise<void> {
  const { row, handler, lease } = running
  if (thrown instanceof LeaseLost) {
    log.info('another worker holds the row now; this run ends without a word')
    undecided(around, running)
    return
  }
  const now = around.time.clock.now()
  if (running.controller.signal.aborted && !(thrown instanceof OpenAttempt)) {
    undecided(around, running)
    await around.store.transaction('runtime.release', (tx) => releaseRow(tx, lease, now))
    return
  }
  const verdict = judge(
    thrown,
    {
      handler: handler.name,
      runs: running.madeProgress ? 0 : row.runs,
      defects: row.defects,
      failingForMs: row.failing_since === null || running.madeProgress ? 0 : now - row.failing_since,
      madeProgress: running.madeProgress,
      giveUpAfterMs: giveUpAfterMs(around, row, handler),
    },
    startedAt,
    now,
    around.fraction(),
  )
  noteCircuit(around, running, verdict, log)
  await writeVerdict(around, running, verdict, log, now)
}

function giveUpAfterMs(around: RunSurroundings, row: InboxRow, handler: Handler): number {
  try {
    return handler.system === undefined
      ? DEFAULT_GIVE_UP_MS
      : around.findDestination(row.tenant, handler.system).giveUpAfterMs
  } catch {
    return DEFAULT_GIVE_UP_MS
  }
}

/** How long a paused row waits that no circuit will call. */
const WITHOUT_CIRCUIT_MS = 60_000

const DEFAULT_GIVE_UP_MS = 24 * 60 * 60_000

async function writeVerdict(
  around: RunSurroundings,
  running: Running,
  verdict: Verdict,
  log: Logger,
  now: number,
): Promise<void> {
  const { row, handler, lease } = running
  const fields = { code: verdict.error.code, disposition: verdict.error.disposition, path: verdict.error.details.path }
  if (verdict.failure.defect)
    log.error('a defect in the program stopped a run', { ...fields, defect: describeDefect(verdict.error) })
  if (verdict.kind === 'park') {
    await around.store.transaction('runtime.park', async (tx) => {
      await parkRow(tx, lease, verdict.failure)
      if (verdict.error.code === 'EFFECT_INPUT_CHANGED' || verdict.failure.defect) {
        await raiseAlarm(tx, {
          kind: verdict.failure.defect ? 'defect' : 'input-changed',
          at: now,
          tenant: row.tenant,
          acceptedId: row.accepted_id ?? undefined,
          rowId: row.row_id,
          sentence: verdict.error.message,
        })
      }
    })
    around.metrics.rowEnded(handler.name, row.tenant, 'parked', now - row.received_at)
    log.warn('message parked', fields)
    return
  }
  const pauseMs = handler.system === undefined ? 0 : (around.circuits.nextTrialMs(row.tenant, handler.system) ?? 0)
  const delayMs =
    verdict.kind === 'pause' ? (pauseMs > 0 ? Math.max(1_000, pauseMs) : WITHOUT_CIRCUIT_MS) : verdict.delayMs
  await around.store.transaction('runtime.wait', (tx) => waitRow(tx, lease, now + delayMs, verdict.failure))
  around.metrics.rowEnded(handler.name, row.tenant, 'waits', now - row.received_at)
  log.info('message waits for another try', { ...fields, delayMs })
}

/** Where the defect was thrown, without its message: that might hold anything. */
function describeDefect(error: HubError): string {
  const cause = error.cause
  return cause instanceof Error
    ? `${cause.name} ${(cause.stack ?? '')
        .split('\n')
        .filter((line) => /^\s*at /.test(line))
        .slice(0, 3)
        .map((line) => line.trim())
        .join(' ')}`
    : typeof cause
}

/** Whether the row's account is another than the one that new rows go to. */
function isBoundElsewhere(around: RunSurroundings, row: InboxRow, system: string): boolean {
  const bound = boundDestination(row)
  if (bound === undefined) return false
  try {
    return accountOf(bound) !== accountOf(around.findDestination(row.tenant, system).destination)
  } catch {
    return false
  }
}

function reached(around: RunSurroundings, { handler, row }: Running, log: Logger): void {
  if (handler.system !== undefined && around.circuits.reached(row.tenant, handler.system))
    log.info('destination answers again', { system: handler.system })
}

function undecided(around: RunSurroundings, { handler, row }: Running): void {
  if (handler.system !== undefined) around.circuits.undecided(row.tenant, handler.system)
}

function noteCircuit(around: RunSurroundings, running: Running, verdict: Verdict, log: Logger): void {
  const { handler, row } = running
  if (handler.system === undefined) return
  const { code } = verdict.error
  if (verdict.kind === 'pause' && isBoundElsewhere(around, row, handler.system)) {
    // One old row at an account that is no longer configured must not stop the letters of today.
    log.error('a message is bound to an account that is not configured any more: it waits', {
      system: handler.system,
      code,
    })
    undecided(around, running)
    return
  }
  const opened =
    verdict.kind === 'pause'
      ? around.circuits.refused(row.tenant, handler.system, code)
      : verdict.error instanceof NothingHappened &&
          verdict.error.disposition === 'transient' &&
          verdict.error.details.retryAfterMs === undefined
        ? around.circuits.unreachable(row.tenant, handler.system, code)
        : false
  if (opened) log.error('destination refused or down: messages wait', { system: handler.system, code })
  else if (verdict.error.disposition === 'permanent') reached(around, running, log)
  else undecided(around, running)
}
