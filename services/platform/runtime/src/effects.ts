import {
  asHubError,
  type BoundDestination,
  canonicalJson,
  type Effect,
  type EffectKey,
  HubError,
  type Json,
  type Logger,
  NothingHappened,
  type Store,
  sha256Hex,
  type Time,
} from '@samband/kernel'
import {
  accountOf,
  closeNotThere,
  closeOwnAttempt,
  type EffectRow,
  inputDigest,
  openAttempts,
  readEffect,
  recordEvidence,
  recordForgotten,
  recordIntent,
} from './attempts.ts'
import type { AnyEffect } from './define-handler.ts'
import { effectKey, stableEffectName } from './effect-key.ts'
import { probeWithControl } from './probe.ts'
import type { OpenQuestions } from './questions.ts'
import { type InboxRow, type Lease, leasedRow } from './rows.ts'

/** What the effects of one run share. */
export interface EffectRun {
  readonly store: Store
  readonly time: Time
  readonly questions: OpenQuestions
  readonly holder: string
  readonly row: InboxRow
  readonly lease: Lease
  /** Bound at the first intent of the row, or what the configuration says until then (R19). */
  readonly destination: BoundDestination
  /** Values taken once; written with the next intent (R20). */
  readonly fixedValues: Record<string, Json>
  /** Set when the store was restored: what it does not know may have been done (R27). Names that restore. */
  readonly distrusted: string | undefined
  readonly handlerName: string
  readonly declared: ReadonlySet<unknown>
  readonly log: Logger
  readonly signal: AbortSignal
  /** True once this process knows that somebody else holds the row. */
  leaseLost(): boolean
  observe(event: 'intent' | 'evidence' | 'probe' | 'nothing-happened', effect: string): void
}

/** Rows with an open question come back soon at first: what is there is believed at once. */
const FIRST_PROBE_MS = 1_000

/**
 * The function through which everything goes that changes the outside world (protocol §3). Resolves only with durable evidence.
 * Rejects with a HubError whose disposition says what becomes of the row.
 */
export function createRunEffect(run: EffectRun) {
  const usedKeys = new Set<string>()

  return async function runEffect<Input extends Json, Prepared, Found extends Json>(
    effect: Effect<Input, Prepared, Found>,
    input: Input,
  ): Promise<Found> {
    if (!run.declared.has(effect)) throw new Error(`${run.handlerName} runs effect ${effect.name} without declaring it`)
    const key = effectKey(run.row.tenant, run.handlerName, effect, input)
    if (usedKeys.has(key))
      throw new Error(
        `${run.handlerName} runs effect ${effect.name} twice with one key: its discriminator does not tell the two apart`,
      )
    usedKeys.add(key)
    return attemptUntilAnswered(run, effect, key, input)
  }
}

async function attemptUntilAnswered<Input extends Json, Prepared, Found extends Json>(
  run: EffectRun,
  effect: Effect<Input, Prepared, Found>,
  key: EffectKey,
  input: Input,
): Promise<Found> {
  const digest = inputDigest(effect.fixed?.(input) ?? input, sha256Hex)
  const { known, open } = await run.store.read('runtime.effect', async (tx) => ({
    known: await readEffect(tx, key),
    open: await openAttempts(tx, key),
  }))
  if (known !== undefined && known.digest !== digest) {
    throw new HubError(
      'EFFECT_INPUT_CHANGED',
      'permanent',
      `Effect ${effect.name} was begun with other content than it has now: compare the message with what stands at the destination, then discard or answer.`,
    )
  }
  if (known?.evidence != null) return JSON.parse(known.evidence) as Found
  const newest = open[0]?.number ?? (await assumeForgotten(run, effect, key, input, digest))
  if (newest !== undefined) {
    // A key that several rows share may have been begun by a row that is bound elsewhere: it is asked for where it was begun (R19).
    const asked =
      known === undefined || open.length === 0
        ? run
        : { ...run, destination: JSON.parse(known.destination) as BoundDestination }
    const found = await answerOpenQuestion(asked, effect, key, input, digest, newest)
    if (found !== undefined) return found
  }
  return act(run, effect, key, input, digest)
}

/**
 * In a restored store an effect without evidence may have been begun in the time that was lost: an open attempt stands for that, once per
 * restore, so that it is asked for, and also when the row is discarded meanwhile (R27, R22). The wait counts from the start of this
 * process: whoever made the forgotten attempt was gone by then.
 */
async function assumeForgotten<Input extends Json, Prepared, Found extends Json>(
  run: EffectRun,
  effect: Effect<Input, Prepared, Found>,
  key: EffectKey,
  input: Input,
  digest: string,
): Promise<number | undefined> {
  const { distrusted } = run
  if (distrusted === undefined || effect.guarantee === 'receiver-dedupes') return undefined
  const number = await run.store.transaction('runtime.distrust', async (tx) => {
    await leasedRow(tx, run.lease)
    return recordForgotten(tx, {
      rowId: run.lease.rowId,
      whenUnknown: unknownEffect(run, stableEffectName(effect), key, input, digest),
      restore: distrusted,
      now: run.time.clock.now(),
    })
  })
  if (number !== undefined) run.questions.see(key, number, run.questions.startedAtMs)
  return number
}

/** Asks the other side about an attempt without an answer. Returns evidence, or `undefined` when acting (again) is right. */
async function answerOpenQuestion<Input extends Json, Prepared, Found extends Json>(
  run: EffectRun,
  effect: Effect<Input, Prepared, Found>,
  key: EffectKey,
  input: Input,
  digest: string,
  newest: number,
): Promise<Found | undefined> {
  if (effect.guarantee === 'receiver-dedupes') return undefined
  if (effect.guarantee === 'once-or-ask') {
    throw new HubError(
      'EFFECT_UTFALL_UKJENT',
      'permanent',
      `Nobody can be asked whether ${effect.name} was done: look at the destination and answer for it.`,
    )
  }
  const timing = run.destination.timing
  run.questions.see(key, newest)
  // Read before the question: the answer speaks of the moment it was asked, not of the moment it came.
  const waitMs = run.questions.remainingMs(key, newest, timing)
  run.observe('probe', effect.name)
  const answer = await probeWithControl({ ...run, now: () => run.time.clock.now() }, effect, key, input)
  if (answer.kind === 'there') {
    await keepEvidence(run, effect, key, input, digest, answer.evidence, 'probe')
    return answer.evidence
  }
  if (answer.kind === 'cannot-tell') {
    throw new HubError(
      'EFFECT_UTFALL_UKJENT',
      'unknown-outcome',
      `The destination could not tell whether ${effect.name} was done (${answer.why.code}); it is asked again.`,
      {
        cause: answer.why,
      },
    )
  }
  // Where a second one is refused, what is on its way can do no harm.
  if (effect.guarantee === 'unique' && answer.believeLate !== true) return undefined
  if (waitMs > 0) {
    throw new HubError(
      'EFFECT_VENTER_PA_SVAR',
      'unknown-outcome',
      `${effect.name} is not at the destination yet; that is believed when a request can no longer be on its way.`,
      {
        retryAfterMs: Math.min(waitMs, FIRST_PROBE_MS * 60),
      },
    )
  }
  await run.store.transaction('runtime.close-not-there', (tx) => closeNotThere(tx, key, newest, run.time.clock.now()))
  return undefined
}

/** One attempt: prepare, intent, one request, evidence. */
async function act<Input extends Json, Prepared, Found extends Json>(
  run: EffectRun,
  effect: Effect<Input, Prepared, Found>,
  key: EffectKey,
  input: Input,
  digest: string,
): Promise<Found> {
  const { stopwatch, clock } = run.time
  const prepared = await effect.prepare(key, input, run.destination, run.signal)
  const askedAtMs = stopwatch.read()
  const begun = await run.store.transaction('runtime.intent', async (tx) => {
    // While this run prepared, a former holder of the row may have got its answer after all (R16).
    const evidence = (await readEffect(tx, key))?.evidence
    if (evidence != null) return { evidence }
    const number = await recordIntent(tx, {
      lease: run.lease,
      key,
      handler: run.handlerName,
      name: stableEffectName(effect),
      tenant: run.row.tenant,
      acceptedId: run.row.accepted_id ?? undefined,
      destination: run.destination,
      input,
      digest,
      fixedValues: run.fixedValues,
      holder: run.holder,
      now: clock.now(),
      mayRepeat: effect.guarantee === 'unique' || effect.guarantee === 'receiver-dedupes',
    })
    return { number }
  })
  if (begun.evidence !== undefined) return JSON.parse(begun.evidence) as Found
  const { number } = begun
  run.questions.see(key, number, askedAtMs)
  run.observe('intent', effect.name)
  const deadline = deadlineOf(run, askedAtMs)
  try {
    refuseLateStart(run, askedAtMs)
    const evidence = await effect.act(prepared, {
      key,
      number,
      destination: run.destination,
      signal: deadline.signal,
      start: startGuard(run, askedAtMs),
    })
    await keepEvidence(run, effect, key, input, digest, evidence, 'answer')
    return evidence
  } catch (error) {
    if (error instanceof NothingHappened) {
      run.observe('nothing-happened', effect.name)
      await run.store.transaction('runtime.nothing-happened', (tx) =>
        closeOwnAttempt(tx, key, number, error.code, clock.now()),
      )
      throw error
    }
    const known = asHubError(error)
    if (known !== undefined && known.disposition === 'unknown-outcome') throw known
    throw outcomeUnknown(effect.name, known, error)
  } finally {
    deadline.end()
  }
}

/** Whatever an effect throws, and however it is called: without a certain nothing the outcome is open (R12). */
function outcomeUnknown(name: string, known: HubError | undefined, cause: unknown): HubError {
  return new HubError(
    known?.code ?? 'EFFECT_UTFALL_UKJENT',
    'unknown-outcome',
    `The outcome of ${name} is not known; the destination is asked before it is done again.`,
    { cause, retryAfterMs: FIRST_PROBE_MS },
  )
}

/** The attempt ends, for us, when start deadline and time in flight have passed; the outcome stays open. */
function deadlineOf(run: EffectRun, askedAtMs: number): { signal: AbortSignal; end: () => void } {
  const { timing } = run.destination
  const controller = new AbortController()
  const abort = (reason: unknown) => controller.abort(reason)
  const passedMs = run.time.stopwatch.read() - askedAtMs
  const cancel = run.time.timers.after(Math.max(0, timing.startWithinMs + timing.inFlightMs - passedMs), () =>
    abort(
      new HubError('EFFECT_FRIST_UTE', 'unknown-outcome', 'No answer within the time a request may be on its way.'),
    ),
  )
  const onDrain = () => abort(run.signal.reason)
  run.signal.addEventListener('abort', onDrain, { once: true })
  return {
    signal: controller.signal,
    end: () => {
      cancel()
      run.signal.removeEventListener('abort', onDrain)
    },
  }
}

/** R11: the first byte leaves within D of the moment the intent was asked for, by this process's own stopwatch. */
function refuseLateStart(run: EffectRun, askedAtMs: number): void {
  const lateMs = run.time.stopwatch.read() - askedAtMs
  if (lateMs <= run.destination.timing.startWithinMs && !run.leaseLost() && !run.signal.aborted) return
  throw new NothingHappened(
    'RUNTIME_FOR_SENT_A_STARTE',
    'transient',
    'The attempt was not begun in time and was given up before anything left.',
  )
}

/** How evidence of this effect is compared. */
export function evidenceReading(
  effect: AnyEffect,
  evidence: Json,
): { identity: (found: Json) => string; showsDouble: boolean } {
  return {
    identity: (found) => effect.identity?.(found) ?? canonicalJson(found),
    showsDouble: effect.doubled?.(evidence) ?? false,
  }
}

/**
 * What an effect asks before its first byte, and may ask again before the byte that completes the request (A1): the first time for the
 * start deadline, later only whether the time in flight is over or somebody else is known to hold the row. A large letter takes its time.
 */
function startGuard(run: EffectRun, askedAtMs: number): () => void {
  let started = false
  return () => {
    if (!started) {
      refuseLateStart(run, askedAtMs)
      started = true
      return
    }
    const { startWithinMs, inFlightMs } = run.destination.timing
    if (run.time.stopwatch.read() - askedAtMs <= startWithinMs + inFlightMs && !run.leaseLost()) return
    throw new HubError(
      'EFFECT_FRIST_UTE',
      'unknown-outcome',
      'The request was not completed while it was still ours; the destination is asked before it is done again.',
    )
  }
}

/** Evidence is committed alone, at once, and needs no token (R16). */
async function keepEvidence<Input extends Json, Prepared, Found extends Json>(
  run: EffectRun,
  effect: Effect<Input, Prepared, Found>,
  key: EffectKey,
  input: Input,
  digest: string,
  evidence: Found,
  by: string,
): Promise<void> {
  const now = run.time.clock.now()
  const { timing } = run.destination
  await run.store.transaction('runtime.evidence', (tx) =>
    recordEvidence(tx, {
      key,
      evidence,
      ...evidenceReading(effect, evidence),
      onlyEffect: run.declared.size === 1,
      by,
      now,
      whenUnknown: unknownEffect(run, stableEffectName(effect), key, input, digest),
      lookAgainAt: now + timing.startWithinMs + timing.inFlightMs + timing.lookUpLagMs,
    }),
  )
  run.questions.forget(key)
  run.observe('evidence', effect.name)
}

/** An effect as it is kept when nothing is known of it yet. */
export function unknownEffect(
  run: Pick<EffectRun, 'row' | 'handlerName' | 'destination'>,
  name: string,
  key: EffectKey,
  input: Json,
  digest: string,
): EffectRowWhenUnknown {
  return {
    effect_key: key,
    tenant: run.row.tenant,
    handler: run.handlerName,
    name,
    accepted_id: run.row.accepted_id,
    destination: JSON.stringify(run.destination),
    account: accountOf(run.destination),
    input: JSON.stringify(input),
    digest,
  }
}

type EffectRowWhenUnknown = Omit<EffectRow, 'evidence' | 'evidenced_at' | 'other_evidence' | 'attempts' | 'looks_left'>
