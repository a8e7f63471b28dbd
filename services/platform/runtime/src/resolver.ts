import {
  type BoundDestination,
  type EffectKey,
  type Json,
  type Logger,
  type Store,
  sleep,
  type Time,
} from '@samband/kernel'
import { askDiscard, type DiscardAsker } from './ask-discards.ts'
import {
  type AttemptRow,
  closeNotThere,
  type EffectRow,
  openAttemptsOfRow,
  readEffect,
  recordEvidence,
} from './attempts.ts'
import type { AnyEffect, FindDestination, Handler } from './define-handler.ts'
import { discardsInQuestion } from './discards-in-question.ts'
import { stableEffectName } from './effect-key.ts'
import { evidenceReading } from './effects.ts'
import { stableName } from './handler-run.ts'
import { probeWithControl } from './probe.ts'
import type { OpenQuestions } from './questions.ts'
import { endDiscarding, type InboxRow } from './rows.ts'
import { codeOf, type Standstills } from './standstills.ts'

/** What the resolver is built from. */
export interface ResolverOptions {
  readonly store: Store
  readonly time: Time
  readonly handlers: readonly Handler[]
  readonly questions: OpenQuestions
  readonly log: Logger
  readonly standstills: Standstills
  readonly findDestination: FindDestination
  /** Something was committed to the outbox. */
  published(): void
  /** Milliseconds between two looks at what is open. */
  readonly everyMs: number
}

const A_DAY_MS = 24 * 60 * 60_000
const AT_ONCE = 100
/** Of discards in question fewer: there may be thousands after a restore, and nothing waits behind them. */
const IN_QUESTION_AT_ONCE = 25

/**
 * Goes on asking where no worker does: for rows that were discarded while a question was open (R22), and once more for what needed
 * more than one attempt (R28). After a restore also for what was discarded before (R27).
 */
export function createResolver(options: ResolverOptions) {
  const { store, time, questions, log } = options
  const stopping = new AbortController()
  // What belongs to other services on the same store is theirs to ask.
  const names = options.handlers.map((handler) => handler.name)
  const stableNames = options.handlers.map(stableName)
  let loop: Promise<void> | undefined
  /** Where the last round ended: what nobody can answer must not keep the others from being asked. */
  let lastRowId = 0
  let lastInQuestion = 0

  const asker: DiscardAsker = {
    ...options,
    signal: stopping.signal,
    askAttempts: async (row) => void (await askAttempts(row)),
    published: () => options.published(),
  }

  function findEffect(handler: string, name: string): AnyEffect | undefined {
    return options.handlers
      .find((one) => stableName(one) === handler)
      ?.effects.find((effect) => stableEffectName(effect) === name)
  }

  /** Asks about the newest open attempt of each effect of a row. Returns how many there were. */
  async function askAttempts(row: InboxRow): Promise<number> {
    const open = await store.read('runtime.questions', (tx) => openAttemptsOfRow(tx, row.row_id))
    const newest = new Map<string, AttemptRow>()
    for (const attempt of open) if (!newest.has(attempt.effect_key)) newest.set(attempt.effect_key, attempt)
    for (const attempt of newest.values()) await resolveAttempt(row, attempt)
    return newest.size
  }

  async function resolveDiscarding(row: InboxRow): Promise<void> {
    if ((await askAttempts(row)) === 0)
      await store.transaction('runtime.discarded', async (tx) => {
        // Looked at anew: since it was read, the discard may have been undone, the row run, and discarded again over an open question (R22).
        if ((await openAttemptsOfRow(tx, row.row_id)).length === 0) await endDiscarding(tx, row, time.clock.now())
      })
  }

  async function resolveAttempt(row: InboxRow, attempt: AttemptRow): Promise<void> {
    const known = await store.read('runtime.effect', (tx) => readEffect(tx, attempt.effect_key))
    const effect = known === undefined ? undefined : findEffect(known.handler, known.name)
    if (known === undefined || effect?.probe === undefined) return
    const destination = JSON.parse(known.destination) as BoundDestination
    questions.see(attempt.effect_key, attempt.number)
    const waitMs = questions.remainingMs(attempt.effect_key, attempt.number, destination.timing)
    const answer = await probeWithControl(
      { store, destination, log, signal: stopping.signal, now: () => time.clock.now() },
      effect,
      attempt.effect_key as EffectKey,
      JSON.parse(known.input),
    )
    const now = time.clock.now()
    if (answer.kind === 'there') await keep(known, effect, answer.evidence as Json, now)
    if (answer.kind === 'not-there' && waitMs === 0) {
      await store.transaction('runtime.close-discarded', async (tx) => {
        if (!(await closeNotThere(tx, attempt.effect_key, attempt.number, now))) return
        if ((await openAttemptsOfRow(tx, row.row_id)).length === 0) await endDiscarding(tx, row, now)
      })
    }
  }

  async function keep(known: EffectRow, effect: AnyEffect, evidence: Json, now: number): Promise<void> {
    await store.transaction('runtime.evidence', (tx) =>
      recordEvidence(tx, {
        key: known.effect_key,
        evidence,
        ...evidenceReading(effect, evidence),
        onlyEffect: isOnlyEffect(options.handlers, known),
        by: 'probe',
        now,
        whenUnknown: known,
        lookAgainAt: now + A_DAY_MS,
      }),
    )
    questions.forget(known.effect_key)
  }

  async function lookAgain(known: EffectRow): Promise<void> {
    const effect = findEffect(known.handler, known.name)
    const destination = JSON.parse(known.destination) as BoundDestination
    const answer =
      effect?.probe === undefined
        ? undefined
        : await probeWithControl(
            { store, destination, log, signal: stopping.signal, now: () => time.clock.now() },
            effect,
            known.effect_key as EffectKey,
            JSON.parse(known.input),
          )
    const now = time.clock.now()
    if (effect !== undefined && answer?.kind === 'there') await keep(known, effect, answer.evidence as Json, now)
    const told = answer === undefined || answer.kind === 'there'
    const looksLeft = told ? known.looks_left - 1 : known.looks_left
    await store.transaction('runtime.looked', (tx) =>
      tx.run(
        'UPDATE effect SET looks_left = ?, look_again_at = ? WHERE effect_key = ?',
        looksLeft,
        looksLeft > 0 ? now + A_DAY_MS : null,
        known.effect_key,
      ),
    )
  }

  async function round(): Promise<void> {
    if (names.length === 0) return
    const { discarding, inQuestion, due } = await store.read('runtime.resolver', async (tx) => ({
      discarding: await tx.all<InboxRow>(
        `SELECT * FROM inbox WHERE state = 'discarding' AND handler IN (${marks(names)}) AND row_id > ? ORDER BY row_id LIMIT ?`,
        ...names,
        lastRowId,
        AT_ONCE,
      ),
      inQuestion: await discardsInQuestion(tx, names, lastInQuestion, IN_QUESTION_AT_ONCE),
      due: await tx.all<EffectRow>(
        `SELECT * FROM effect WHERE look_again_at IS NOT NULL AND look_again_at <= ? AND handler IN (${marks(stableNames)}) ORDER BY look_again_at LIMIT ?`,
        time.clock.now(),
        ...stableNames,
        AT_ONCE,
      ),
    }))
    lastRowId = discarding.length < AT_ONCE ? 0 : (discarding.at(-1)?.row_id ?? 0)
    lastInQuestion = inQuestion.length < IN_QUESTION_AT_ONCE ? 0 : (inQuestion.at(-1)?.row_id ?? 0)
    for (const row of discarding) await resolveDiscarding(row).catch((error) => goOn(error, row))
    for (const row of inQuestion) await askDiscard(asker, row).catch((error) => goOn(error, row))
    for (const known of due) await lookAgain(known).catch((error) => goOn(error, known))
  }

  /** One question that cannot be asked must not keep the others from it. */
  function goOn(error: unknown, of: { readonly handler: string; readonly accepted_id: string | null }): void {
    const fields = { handler: of.handler, acceptedId: of.accepted_id ?? undefined, code: codeOf(error) }
    log.warn('an open question could not be asked; it is asked again', fields)
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await round()
        options.standstills.worked('asking open questions')
      } catch (error) {
        options.standstills.failed('asking open questions', error)
      }
      await sleep(time.timers, options.everyMs, stopping.signal).catch(() => {})
    }
  }

  return {
    start(): void {
      loop ??= run()
    },
    async stop(): Promise<void> {
      stopping.abort(new Error('the process is stopping'))
      await loop
    },
  }
}

function marks(values: readonly string[]): string {
  return values.map(() => '?').join(', ')
}

/** Whether the handler of an effect has no other one. */
export function isOnlyEffect(handlers: readonly Handler[], known: Pick<EffectRow, 'handler'>): boolean {
  return handlers.find((one) => stableName(one) === known.handler)?.effects.length === 1
}
