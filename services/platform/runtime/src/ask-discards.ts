import {
  type BoundDestination,
  type EffectKey,
  HubError,
  type Json,
  type Logger,
  type RunEffect,
  type Store,
  sha256Hex,
  type Time,
  type Tx,
} from '@samband/kernel'
import { raiseAlarm, raiseAlarmOnce } from './alarms.ts'
import {
  foundSinceRestore,
  inputDigest,
  openAttempts,
  openAttemptsOfRow,
  readEffect,
  recordForgotten,
} from './attempts.ts'
import type { AnyEffect, FindDestination, Handler } from './define-handler.ts'
import { believeDiscard, doneBeforeRestore, isInQuestion } from './discards-in-question.ts'
import { effectKey, stableEffectName } from './effect-key.ts'
import { unknownEffect } from './effects.ts'
import { type HandlerOutcome, runHandler, stableName, writeOutcome } from './handler-run.ts'
import type { OpenQuestions } from './questions.ts'
import { fixedValues, type InboxRow } from './rows.ts'

/** What asking about discards needs. */
export interface DiscardAsker {
  readonly store: Store
  readonly time: Time
  readonly handlers: readonly Handler[]
  readonly findDestination: FindDestination
  readonly questions: OpenQuestions
  readonly log: Logger
  readonly signal: AbortSignal
  /** Asks the other side about every open attempt of a row. */
  askAttempts(row: InboxRow): Promise<void>
  /** Something was committed to the outbox. */
  published(): void
}

/** Where a run that only asks has come to a halt. */
type Halt =
  /** At an effect for which an open attempt now stands. */
  | 'asks'
  /** At an effect that another row is asking for. */
  | 'waits'
  /** At an effect that is not over there: nothing that comes after it can be. */
  | 'not-there'
  /** The discard was taken back, or ended, meanwhile. */
  | 'over'

/**
 * Asks on about one discarded row of a restored store (R27). Its handler is run with effects that only ask: evidence lets it go on to the next one,
 * and nothing is ever done. Whatever is not answered now is asked again in a later round.
 *
 * - an effect is not there, and so nothing that comes after it: the discard stands; with an alarm where something before it was found, for then it is partly done
 * - all are there, one of them found since the restore: the discard had been taken back, the row is done, and what follows from it is published
 * - all were known when it was discarded: nobody can tell, and a person is called
 */
export async function askDiscard(asker: DiscardAsker, row: InboxRow): Promise<void> {
  const handler = asker.handlers.find((one) => one.name === row.handler)
  if (handler === undefined) return
  if (handler.effects.every((effect) => effect.guarantee === 'receiver-dedupes'))
    return asker.store.transaction('runtime.discard-stands', (tx) => believeDiscard(tx, row))
  for (;;) {
    await asker.askAttempts(row)
    const open = await asker.store.read('runtime.questions', (tx) => openAttemptsOfRow(tx, row.row_id))
    if (open.length > 0) return
    const end = await runAsking(asker, row, handler)
    if (end === 'not-there') return letStand(asker, row, handler)
    if (typeof end !== 'string') return endDone(asker, row, handler, end)
    if (end !== 'asks') return
  }
}

/** Runs the handler up to the first effect without evidence, or to its end. Rejects when it cannot get that far. */
async function runAsking(asker: DiscardAsker, row: InboxRow, handler: Handler): Promise<Halt | HandlerOutcome> {
  let halt: Halt | undefined
  const fixed = fixedValues(row)
  try {
    const outcome = await runHandler({
      ...asker,
      row,
      handler,
      effectAt: (destination) =>
        (async (effect: AnyEffect, input: Json) => {
          const answer = await lookForEvidence(asker, row, handler, destination, effect, input)
          if (typeof answer !== 'string') return answer.evidence
          halt ??= answer
          throw new Error(`${effect.name} has no evidence: the run that asks ends here`)
        }) as RunEffect,
      once: async (name) => {
        const value = fixed[name]
        if (value === undefined) throw cannotTell(`${handler.name} had not taken "${name}" when it was discarded`)
        return value
      },
      now: () => asker.time.clock.now(),
    })
    return halt ?? outcome
  } catch (error) {
    if (halt === undefined) throw error
    return halt
  }
}

type Looked = Halt | { readonly evidence: Json } | { readonly asked: number }

/** Evidence that is known, or what stands in its place: at the first look an open attempt for what may have been forgotten. */
async function lookForEvidence(
  asker: DiscardAsker,
  row: InboxRow,
  handler: Handler,
  destination: BoundDestination,
  effect: AnyEffect,
  input: Json,
): Promise<Halt | { readonly evidence: Json }> {
  const { questions } = asker
  const key: EffectKey = effectKey(row.tenant, stableName(handler), effect, input)
  const digest = inputDigest(effect.fixed?.(input) ?? input, sha256Hex)
  const unknown = unknownEffect(
    { row, handlerName: stableName(handler), destination },
    stableEffectName(effect),
    key,
    input,
    digest,
  )
  const answer = await asker.store.transaction('runtime.ask-discard', async (tx): Promise<Looked> => {
    if (row.in_question === null || !(await isInQuestion(tx, row))) return 'over'
    const known = await readEffect(tx, key)
    if (known !== undefined && known.digest !== digest)
      throw cannotTell(`effect ${effect.name} was begun with other content than it has now`)
    if (known?.evidence != null) return { evidence: JSON.parse(known.evidence) as Json }
    if (effect.guarantee === 'receiver-dedupes') throw cannotTell(`effect ${effect.name} cannot be asked for`)
    if ((await openAttempts(tx, key)).length > 0) return 'waits'
    const number = await recordForgotten(tx, {
      rowId: row.row_id,
      whenUnknown: unknown,
      restore: row.in_question,
      now: asker.time.clock.now(),
    })
    return number === undefined ? 'not-there' : { asked: number }
  })
  if (typeof answer === 'string' || 'evidence' in answer) return answer
  questions.see(key, answer.asked, questions.startedAtMs)
  return 'asks'
}

function cannotTell(why: string): HubError {
  return new HubError(
    'EFFECT_UTFALL_UKJENT',
    'unknown-outcome',
    `Nobody can tell whether a discard was taken back before the restore: ${why}. Look at the destination.`,
  )
}

/** Whether something was made over there that the restored store had forgotten: then somebody had taken the discard back. */
async function wasMadeSince(tx: Tx, row: InboxRow, handler: Handler, restore: string): Promise<boolean> {
  const found = await foundSinceRestore(tx, row.row_id, restore)
  return found.some(({ name, evidence }) => {
    const effect = handler.effects.find((one) => stableEffectName(one) === name)
    return evidence !== null && effect?.madeNothing?.(JSON.parse(evidence)) !== true
  })
}

async function letStand(asker: DiscardAsker, row: InboxRow, handler: Handler): Promise<void> {
  await asker.store.transaction('runtime.discard-stands', async (tx) => {
    if (row.in_question === null || !(await isInQuestion(tx, row))) return
    // A handler that runs several effects at once may have come to others as well.
    if ((await openAttemptsOfRow(tx, row.row_id)).length > 0) return
    const partly = await wasMadeSince(tx, row, handler, row.in_question)
    await believeDiscard(tx, row)
    if (!partly) return
    await raiseAlarm(tx, {
      ...alarmOf(asker, row),
      sentence: `A message that was discarded before the restore is partly done over there (${row.handler}): its discard may have been taken back. Look at its journey, and take the discard back or clear up.`,
    })
  })
}

async function endDone(asker: DiscardAsker, row: InboxRow, handler: Handler, outcome: HandlerOutcome): Promise<void> {
  const now = asker.time.clock.now()
  const isDone = await asker.store.transaction('runtime.taken-back', async (tx) => {
    if (row.in_question === null || !(await isInQuestion(tx, row))) return false
    if (!(await wasMadeSince(tx, row, handler, row.in_question))) {
      await raiseAlarmOnce(tx, {
        ...alarmOf(asker, row),
        sentence: `All that a discarded message does was done before it was discarded (${row.handler}), and the restored store cannot tell whether the discard was taken back. Look whether the message went on: take the discard back if it did, else lift the distrust when all is compared.`,
      })
      return false
    }
    await doneBeforeRestore(tx, row, now)
    await writeOutcome(tx, { row, handler }, outcome, undefined, now)
    await raiseAlarm(tx, {
      ...alarmOf(asker, row),
      sentence: `A message that the restored store showed as discarded is over there (${row.handler}): its discard was taken back after the backup. It counts as done.`,
    })
    return true
  })
  if (isDone) asker.published()
}

function alarmOf(asker: DiscardAsker, row: InboxRow) {
  return {
    kind: 'although-discarded',
    at: asker.time.clock.now(),
    tenant: row.tenant,
    acceptedId: row.accepted_id ?? undefined,
    rowId: row.row_id,
  } as const
}
