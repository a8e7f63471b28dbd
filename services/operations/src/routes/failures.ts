import { isoInstant } from '@samband/kernel'
import { readFailureGroups, readStuckRows, type StuckRow } from '@samband/runtime'
import type { FastifyInstance } from 'fastify'
import { narrowTo, notHere, sees, type Tenants } from '../access.ts'
import type { ApenKrets, ApentSporsmal, FailuresAnswer, Rad, RowsAnswer } from '../answers.ts'
import type { OperationsDeps } from '../deps.ts'
import { readOpenQuestions } from '../reading/open-rows.ts'
import { checked, KommuneQuery, RowsQuery } from '../requests.ts'
import { forklaring, kommune, stateWord } from '../wording.ts'
import { wildcardOf } from './wildcard.ts'

/** The most rows that are looked through for one group; the same as for the groups themselves. */
const MOST_ROWS = 100_000

/** GET /feil: what is stuck, grouped by cause and explained. GET /feil/{fingerprint}: the rows of one group. */
export function failureRoutes(app: FastifyInstance, deps: OperationsDeps): void {
  const { store, errorCodes, tenantNames } = deps

  app.get('/feil', async (request): Promise<FailuresAnswer> => {
    const operator = await deps.authorise(request, 'drift.les')
    const query = checked(KommuneQuery, request.query, 'kommune')
    const tenants = narrowTo(operator, query.kommune === undefined ? undefined : [query.kommune], 'kommune')
    const groups = await readFailureGroups(store, tenants)
    return {
      grupper: groups.map((group) => ({
        fingerprint: group.fingerprint,
        behandler: group.handler,
        kode: group.code,
        felt: group.path,
        kommuner: group.tenants.map((tenant) => kommune(tenantNames, tenant)),
        parkert: group.parked,
        venter: group.waiting,
        forkastes: group.discarding,
        eldsteMottatt: isoInstant(group.oldestReceivedAt),
        melding: group.message,
        forklaring: forklaring(errorCodes, group.code),
      })),
      apneKretser: openCircuits(deps, tenants),
    }
  })

  app.get('/feil/*', async (request): Promise<RowsAnswer> => {
    const operator = await deps.authorise(request, 'drift.les')
    const query = checked(RowsQuery, request.query, 'antall')
    const tenants = narrowTo(operator, query.kommune === undefined ? undefined : [query.kommune], 'kommune')
    const fingerprint = wildcardOf(request)
    const stuck = await readStuckRows(store, tenants, MOST_ROWS)
    const rows = stuck.filter((row) => fingerprintOf(row) === fingerprint)
    if (rows.length === 0) {
      throw notHere(
        'Ingen melding står fast med dette fingeravtrykket nå; den kan ha gått videre i mellomtiden.',
        'fingerprint',
      )
    }
    const shown = rows.slice(0, query.antall)
    const questions = await readOpenQuestions(
      store,
      shown.map((row) => row.rowId),
    )
    const [, kode = '', felt = ''] = fingerprint.split('|')
    return {
      fingerprint,
      kode,
      felt,
      forklaring: forklaring(errorCodes, kode),
      antall: rows.length,
      rader: shown.map((row) => toRad(row, tenantNames, questions.get(row.rowId) ?? [])),
    }
  })
}

/** The name of a row's group, as the groups have it. */
function fingerprintOf(row: StuckRow): string {
  return row.fingerprint ?? `${row.handler}|${row.code ?? ''}|`
}

function toRad(row: StuckRow, tenantNames: (orgnr: string) => string, questions: readonly ApentSporsmal[]): Rad {
  return {
    radId: row.rowId,
    behandler: row.handler,
    kommune: kommune(tenantNames, row.tenant),
    forsendelseId: row.acceptedId,
    tilstand: stateWord(row.state),
    kode: row.code,
    melding: row.message,
    parkeringsnummer: row.parkNumber,
    mottatt: isoInstant(row.receivedAt),
    nesteForsok: row.state === 'waiting' ? isoInstant(row.dueAt) : null,
    bakVenter: row.behind,
    apneSporsmal: [...questions],
  }
}

/** Destinations that refuse or are down, of the tenants given. */
export function openCircuits(deps: OperationsDeps, tenants: Tenants): ApenKrets[] {
  return deps.runtime
    .openCircuits()
    .filter((circuit) => sees(tenants, circuit.tenant))
    .map(({ tenant, system, code }) => ({
      kommune: kommune(deps.tenantNames, tenant),
      system,
      kode: code ?? null,
      forklaring: code === undefined ? null : forklaring(deps.errorCodes, code),
    }))
}
