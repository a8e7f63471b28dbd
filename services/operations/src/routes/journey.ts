import { isoInstant } from '@samband/kernel'
import { readJourney } from '@samband/runtime'
import type { FastifyInstance } from 'fastify'
import { narrowTo, notHere } from '../access.ts'
import type { JourneyAnswer } from '../answers.ts'
import type { OperationsDeps } from '../deps.ts'
import { conclusionOf, journeySteps, standingNow } from '../journey-steps.ts'
import { refusal } from '../problem.ts'
import { readOpenQuestions, readOpenRows } from '../reading/open-rows.ts'
import { findAccepted } from '../reading/owners.ts'
import { checked, KommuneQuery } from '../requests.ts'
import { closedWord, kommune, stateWord } from '../wording.ts'
import { wildcardOf } from './wildcard.ts'

/** GET /reise/{id or eksternReferanse}: everything the hub knows of one forsendelse, told in order. */
export function journeyRoutes(app: FastifyInstance, deps: OperationsDeps): void {
  const { store, errorCodes, runtime } = deps

  app.get('/reise/*', async (request): Promise<JourneyAnswer> => {
    const operator = await deps.authorise(request, 'drift.les')
    const query = checked(KommuneQuery, request.query, 'kommune')
    const tenants = narrowTo(operator, query.kommune === undefined ? undefined : [query.kommune], 'kommune')
    const [found, ...others] = await findAccepted(store, tenants, wildcardOf(request))
    if (others.length > 0) {
      throw refusal(
        'DRIFT_FLERE_TREFF',
        `${others.length + 1} kommuner har denne referansen; oppgi kommune i spørringen, eller bruk forsendelsens id.`,
        'kommune',
      )
    }
    const openRows = found === undefined ? undefined : await readOpenRows(store, found.acceptedId)
    const journey = found === undefined ? undefined : await readJourney(store, found.acceptedId)
    if (journey === undefined || openRows === undefined) {
      throw notHere(
        'Ingen forsendelse med denne id-en eller referansen er mottatt. Se om den som sendte, fikk et svar fra navet.',
        'id',
      )
    }
    const questions = await readOpenQuestions(
      store,
      journey.rows.map((row) => row.rowId),
    )
    const na = standingNow(journey, { errorCodes, openRows, questions, openCircuits: runtime.openCircuits() })
    return {
      forsendelseId: journey.acceptedId,
      eksternReferanse: journey.eksternReferanse,
      kommune: kommune(deps.tenantNames, journey.tenant),
      mottatt: isoInstant(journey.acceptedAt),
      konklusjon: conclusionOf(journey, na),
      trinn: journeySteps(journey, errorCodes),
      na,
      effekter: journey.effects.map((effect) => ({
        effectKey: effect.effectKey,
        effekt: effect.name,
        behandler: effect.handler,
        bevis: effect.evidence,
        besvart: effect.evidencedAt === null ? null : isoInstant(effect.evidencedAt),
        forsok: effect.attempts.map((attempt) => ({
          nummer: attempt.number,
          begynt: isoInstant(attempt.startedAt),
          tilstand: stateWord(attempt.state),
          slutt: attempt.endedAt === null ? null : isoInstant(attempt.endedAt),
          lukketSom: attempt.closedAs === null ? null : closedWord(attempt.closedAs),
          kode: attempt.code,
        })),
      })),
    }
  })
}
