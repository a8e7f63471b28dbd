import { type BoundDestination, HubError, type Json, type Store, type Time, type Tx } from '@samband/kernel'
import {
  askedSinceRestore,
  closeNotThere,
  type EffectRow,
  openAttempts,
  openAttemptsOfRow,
  readEffect,
  recordEvidence,
} from './attempts.ts'
import { isSamePerson, type Person, writeAudit } from './audit.ts'
import type { AnyEffect, Handler } from './define-handler.ts'
import { getDocument, putDocument } from './documents.ts'
import { stableEffectName } from './effect-key.ts'
import { evidenceReading } from './effects.ts'
import { stableName } from './handler-run.ts'
import type { OpenQuestions } from './questions.ts'
import { isOnlyEffect } from './resolver.ts'
import { discardRow, endDiscarding, type InboxRow, readRow, undoDiscard } from './rows.ts'

/** What an operator's verb says back. */
export interface VerbOutcome {
  readonly rowId: number
  readonly state: string
  /** For the operator, in Norwegian. */
  readonly sentence: string
}

/** An answer to a question that no look-up can answer. */
export type Answer =
  | { readonly kind: 'there'; readonly evidence: Json }
  /** Needs a second person: the first one's word is kept, the second one's makes it true. */
  | { readonly kind: 'not-there' }

/** What a person may do about a row; each verb is written into the audit in the same transaction. */
export interface OperatorVerbs {
  /** Gives up a row. While a question is open it is only *being* discarded and still holds its lane (R22). */
  discard(rowId: number, by: Person, reason: string): Promise<VerbOutcome>
  /** Takes a discard back (R23). */
  undo(rowId: number, by: Person, reason: string): Promise<VerbOutcome>
  /** A person has compared the store with the destinations: from now on a restored store is believed again (R27). */
  trust(by: Person, reason: string): Promise<void>
  /** Answers an open question after a look at the destination. `lookedAt` says what was looked at. */
  answer(effectKey: string, answer: Answer, by: Person, reason: string, lookedAt: string): Promise<VerbOutcome>
}

const ANSWERS = 'runtime.answers'

/** The verbs over one store. */
export function createOperatorVerbs(options: {
  readonly store: Store
  readonly time: Time
  readonly handlers: readonly Handler[]
  readonly questions: OpenQuestions
  readonly changed: (tenant: string) => void
}): OperatorVerbs {
  const { store, time } = options

  function handlerOf(row: InboxRow): Handler | undefined {
    return options.handlers.find((handler) => handler.name === row.handler)
  }

  /** Wakes the worker for a tenant it may not know: all its rows may have been discarded when it started. */
  function told({ tenant, ...outcome }: VerbOutcome & { readonly tenant: string }): VerbOutcome {
    options.changed(tenant)
    return outcome
  }

  /** A row whose only effect has evidence is done; discarding it would tell a lie. */
  async function refuseDone(tx: Tx, row: InboxRow): Promise<readonly string[]> {
    const handler = handlerOf(row)
    // Without attempts: evidence that a look-up found for what a restored store had forgotten (R27).
    const begun = await tx.all<{ name: string; evidenced: number }>(
      `SELECT e.name AS name, CASE WHEN e.evidence IS NULL THEN 0 ELSE 1 END AS evidenced FROM effect e
       WHERE e.effect_key IN (SELECT effect_key FROM attempt WHERE row_id = ?) OR (e.attempts = 0 AND e.handler = ? AND e.accepted_id = ?)`,
      row.row_id,
      handler === undefined ? row.handler : stableName(handler),
      row.accepted_id,
    )
    const evidenced = begun.filter((effect) => effect.evidenced === 1)
    if (handler?.effects.length === 1 && begun.length === 1 && evidenced.length === 1) {
      throw new HubError(
        'DRIFT_ALLEREDE_UTFORT',
        'permanent',
        'The only thing this message does has been done: replay it, so that it is finished, instead of discarding it.',
      )
    }
    return [...new Set(evidenced.map((effect) => effect.name))]
  }

  /**
   * In a restored store nobody knows what was done before the restore: a row with one effect may be discarded when that has been asked for
   * since; one with several is a step on a longer way, and what came after it may have been done as well (R27, R22).
   */
  async function refuseUnasked(tx: Tx, row: InboxRow): Promise<void> {
    const restored = await tx.one<{ value: string }>("SELECT value FROM meta WHERE name = 'distrust_since'")
    const asking = handlerOf(row)?.effects.filter((effect) => effect.guarantee !== 'receiver-dedupes') ?? []
    if (restored === undefined || asking.length === 0) return
    if (asking.length === 1 && (await askedSinceRestore(tx, row.row_id, restored.value))) return
    throw new HubError(
      'DRIFT_IKKE_SPURT_ENNA',
      'permanent',
      'The store was restored and nobody has been asked whether this was done before. Let it run, or look at the destinations by its reference and lift the distrust first.',
    )
  }

  /** What may still be on its way can arrive after anybody has looked: people wait as the look-up does (R14, R15). */
  async function refuseTooEarly(tx: Tx, effectKey: string, attempt: number, rowId: number): Promise<void> {
    const effect = await readEffect(tx, effectKey)
    const running = (await readRow(tx, rowId))?.state === 'running'
    const timing = effect === undefined ? undefined : (JSON.parse(effect.destination) as BoundDestination).timing
    const waitMs = timing === undefined ? 0 : options.questions.remainingMs(effectKey, attempt, timing)
    if (!running && waitMs === 0) return
    throw new HubError(
      'DRIFT_KAN_VAERE_UNDERVEIS',
      'permanent',
      `A request may still be on its way${running ? '' : ` for ${Math.ceil(waitMs / 1000)} s`}: "not there" can only be said after that. Look again then.`,
      { retryAfterMs: waitMs },
    )
  }

  return {
    async discard(rowId, by, reason) {
      const outcome = await store.transaction('runtime.discard', async (tx) => {
        const row = await mustRead(tx, rowId, ['waiting', 'running', 'parked'], 'discarded')
        await refuseUnasked(tx, row)
        const partlyDone = await refuseDone(tx, row)
        const now = time.clock.now()
        const state = await discardRow(tx, row, now)
        await writeAudit(tx, {
          ...by,
          verb: 'discard',
          reason,
          at: now,
          tenant: row.tenant,
          acceptedId: row.accepted_id ?? undefined,
          rowId,
          details: { from: row.state, state, partlyDone },
        })
        const sentence =
          state === 'discarding'
            ? 'Forkastes: det er ikke avklart om den er utført hos mottakersystemet. Den holder plassen sin til det er besvart.'
            : partlyDone.length > 0
              ? `Forkastet, men delvis utført: ${partlyDone.join(', ')}.`
              : 'Forkastet.'
        return { rowId, state, sentence, tenant: row.tenant }
      })
      return told(outcome)
    },

    async undo(rowId, by, reason) {
      const outcome = await store.transaction('runtime.undo', async (tx) => {
        const row = await mustRead(tx, rowId, ['discarding', 'discarded'], 'taken back')
        const now = time.clock.now()
        const place = await undoDiscard(tx, row, now)
        await writeAudit(tx, {
          ...by,
          verb: 'undo',
          reason,
          at: now,
          tenant: row.tenant,
          acceptedId: row.accepted_id ?? undefined,
          rowId,
          details: { from: row.state, place },
        })
        const sentence =
          place === 'kept its place'
            ? 'Forkastingen er angret; meldingen beholdt plassen sin.'
            : 'Forkastingen er angret; en senere melding var begynt, så denne står nå sist.'
        return { rowId, state: 'waiting', sentence, tenant: row.tenant }
      })
      return told(outcome)
    },

    async trust(by, reason) {
      await store.transaction('runtime.trust', async (tx) => {
        const lifted = await tx.run("DELETE FROM meta WHERE name = 'distrust_since'")
        if (lifted === 0)
          throw new HubError(
            'DRIFT_FEIL_TILSTAND',
            'permanent',
            'The store is not distrusted: there is nothing to lift.',
          )
        await writeAudit(tx, { ...by, verb: 'trust', reason, at: time.clock.now() })
      })
    },

    async answer(effectKey, answer, by, reason, lookedAt) {
      const outcome = await store.transaction('runtime.answer', async (tx) => {
        const effect = await readEffect(tx, effectKey)
        const open = await openAttempts(tx, effectKey)
        const [newest] = open
        if (effect === undefined || newest === undefined) {
          throw new HubError(
            'DRIFT_INGEN_APEN_FORESPORSEL',
            'permanent',
            'There is no open question under this effect key: look at the journey of the message.',
            { path: 'effectKey' },
          )
        }
        const now = time.clock.now()
        const line = {
          ...by,
          reason,
          at: now,
          tenant: effect.tenant,
          acceptedId: effect.accepted_id ?? undefined,
          rowId: newest.row_id,
        }
        if (answer.kind === 'there') {
          const declared = findEffect(options.handlers, effect)
          refuseUnfit(declared, answer.evidence)
          const reading =
            declared === undefined
              ? { identity: JSON.stringify, showsDouble: false }
              : evidenceReading(declared, answer.evidence)
          await recordEvidence(tx, {
            key: effectKey,
            evidence: answer.evidence,
            ...reading,
            onlyEffect: isOnlyEffect(options.handlers, effect),
            by: `person ${by.person}`,
            now,
            whenUnknown: effect,
            lookAgainAt: now,
          })
          await writeAudit(tx, {
            ...line,
            verb: 'answer-there',
            details: { effectKey, lookedAt, evidence: answer.evidence },
          })
          return {
            rowId: newest.row_id,
            state: 'there',
            sentence: 'Svaret er lagret: den finnes hos mottakersystemet.',
            tenant: effect.tenant,
          }
        }
        return {
          ...(await answerNotThere(tx, effectKey, newest.number, newest.row_id, line, lookedAt)),
          tenant: effect.tenant,
        }
      })
      return told(outcome)
    },
  }

  async function answerNotThere(
    tx: Tx,
    effectKey: string,
    attempt: number,
    rowId: number,
    line: Person & { reason: string; at: number; tenant: string; acceptedId: string | undefined; rowId: number },
    lookedAt: string,
  ): Promise<VerbOutcome> {
    await refuseTooEarly(tx, effectKey, attempt, rowId)
    const first = await getDocument<{ person: string; attempt: number }>(tx, ANSWERS, effectKey)
    const isSecond =
      first !== undefined && first.body.attempt === attempt && !isSamePerson(first.body.person, line.person)
    await writeAudit(tx, {
      ...line,
      verb: isSecond ? 'answer-not-there' : 'answer-not-there-proposed',
      details: { effectKey, lookedAt, attempt },
    })
    if (!isSecond) {
      await putDocument(tx, {
        collection: ANSWERS,
        id: effectKey,
        tenant: line.tenant,
        acceptedId: line.acceptedId,
        body: { person: line.person, attempt },
        dueAt: undefined,
      })
      return {
        rowId,
        state: 'open',
        sentence: 'Svaret «finnes ikke» er notert. En annen person må bekrefte det før det gjelder.',
      }
    }
    await closeNotThere(tx, effectKey, attempt, line.at, `${first.body.person}, ${line.person}`)
    const row = await readRow(tx, rowId)
    if (row?.state === 'discarding' && (await openAttemptsOfRow(tx, rowId)).length === 0)
      await endDiscarding(tx, row, line.at)
    return { rowId, state: 'not-there', sentence: 'To personer har svart at den ikke finnes hos mottakersystemet.' }
  }
}

/** A later step reads the evidence as if the destination had given it. */
function refuseUnfit(declared: AnyEffect | undefined, evidence: Json): void {
  const fault = declared?.evidenceFault?.(evidence)
  if (fault === undefined) return
  throw new HubError(
    'DRIFT_BEVIS_PASSER_IKKE',
    'permanent',
    "The evidence is not of the form that this effect gives: see the member at fault, and the connector's README.",
    { path: ['bevis', fault].filter(Boolean).join('.') },
  )
}

function findEffect(handlers: readonly Handler[], effect: EffectRow) {
  return handlers
    .find((handler) => stableName(handler) === effect.handler)
    ?.effects.find((one) => stableEffectName(one) === effect.name)
}

async function mustRead(tx: Tx, rowId: number, states: readonly string[], what: string): Promise<InboxRow> {
  const row = await readRow(tx, rowId)
  if (row === undefined)
    throw new HubError('DRIFT_FINNES_IKKE', 'permanent', `There is no message with row id ${rowId}.`, { path: 'rowId' })
  if (!states.includes(row.state)) {
    throw new HubError(
      'DRIFT_FEIL_TILSTAND',
      'permanent',
      `The message is ${row.state}; only ${states.join(', ')} can be ${what}. Look at it again.`,
      { path: 'rowId' },
    )
  }
  return row
}
