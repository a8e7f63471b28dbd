import type { Person, VerbOutcome } from '@samband/runtime'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import { notHere, personOf, sees } from '../access.ts'
import type { VerbAnswer } from '../answers.ts'
import type { OperationsDeps } from '../deps.ts'
import { orRefused } from '../problem.ts'
import { tenantOfEffect, tenantOfRow } from '../reading/owners.ts'
import { AnswerBody, checked, DiscardBody, RowIdParam, UndoBody } from '../requests.ts'
import { stateWord } from '../wording.ts'

/** What a person decides about one row or one open question. */
export function rowRoutes(app: FastifyInstance, deps: OperationsDeps): void {
  const { store, runtime, log } = deps
  const { verbs } = runtime

  rowVerb('forkast', DiscardBody, (rowId, by, reason) => verbs.discard(rowId, by, reason))
  rowVerb('angre', UndoBody, (rowId, by, reason) => verbs.undo(rowId, by, reason))

  function rowVerb(
    name: string,
    body: z.ZodType<{ readonly arsak: string }>,
    act: (rowId: number, by: Person, reason: string) => Promise<VerbOutcome>,
  ): void {
    app.post(`/rader/:rowId/${name}`, async (request): Promise<VerbAnswer> => {
      const operator = await deps.authorise(request, 'drift.forkast')
      const by = { person: personOf(request), klientId: operator.klientId }
      const rowId = checked(RowIdParam, param(request, 'rowId'), 'rowId')
      const { arsak } = checked(body, request.body, 'arsak')
      if (!sees(operator.tenants, await tenantOfRow(store, rowId)))
        throw notHere('Ingen melding har denne rad-id-en.', 'rowId')
      const outcome = await act(rowId, by, arsak)
      log.info('operator decided over a row', { verb: name, rowId, klientId: by.klientId })
      return toAnswer(outcome)
    })
  }

  app.post('/tillit', async (request) => {
    const operator = await deps.authorise(request, 'drift.svar')
    const { arsak } = checked(DiscardBody, request.body, 'arsak')
    const by = { person: personOf(request), klientId: operator.klientId }
    if (operator.tenants !== 'alle') throw notHere('Bare en operatør for alle kommuner kan gjøre dette.', 'tillit')
    await orRefused(
      verbs.trust(by, arsak),
      'Lageret er ikke merket som gjenopprettet, eller er alt regnet som fullstendig igjen. Er det nettopp gjort, gjelder det fra neste start.',
      'tillit',
    )
    log.warn('a person trusts the restored store again', { klientId: by.klientId })
    return {
      setning:
        'Lageret regnes igjen som fullstendig, men først fra neste start: start navet på nytt. Til da spør det fortsatt før det sender.',
    }
  })

  app.post('/sporsmal/:effectKey/svar', async (request): Promise<VerbAnswer> => {
    const operator = await deps.authorise(request, 'drift.svar')
    const by = { person: personOf(request), klientId: operator.klientId }
    const { svar, bevis, arsak, sett } = checked(AnswerBody, request.body, 'svar')
    const effectKey = param(request, 'effectKey')
    if (!sees(operator.tenants, await tenantOfEffect(store, effectKey))) {
      throw notHere('Ingen effekt har denne nøkkelen.', 'effectKey')
    }
    const answer =
      svar === 'finnes' ? ({ kind: 'there', evidence: bevis ?? null } as const) : ({ kind: 'not-there' } as const)
    const outcome = await verbs.answer(effectKey, answer, by, arsak, sett)
    log.info('operator answered a question', { verb: svar, rowId: outcome.rowId, klientId: by.klientId })
    return toAnswer(outcome)
  })
}

function toAnswer(outcome: VerbOutcome): VerbAnswer {
  return { radId: outcome.rowId, tilstand: stateWord(outcome.state), setning: outcome.sentence }
}

function param(request: FastifyRequest, name: string): string {
  return String((request.params as Readonly<Record<string, unknown>>)[name] ?? '')
}
