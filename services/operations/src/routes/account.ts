import { isoInstant } from '@samband/kernel'
import type { AccountClass, AccountLine } from '@samband/runtime'
import type { FastifyInstance } from 'fastify'
import { narrowTo } from '../access.ts'
import { type AccountAnswer, KLASSER, type Klasse } from '../answers.ts'
import type { OperationsDeps } from '../deps.ts'
import { AccountQuery, checked } from '../requests.ts'
import { kommune } from '../wording.ts'

const CLASS_OF: Readonly<Record<Klasse, AccountClass>> = {
  uregnskapsfort: 'unaccounted',
  parkert: 'parked',
  forkastes: 'discarding',
  venter: 'waiting',
  endteDarlig: 'endedBadly',
  forkastet: 'discarded',
  ferdig: 'done',
}
/** Of what has gone well or goes on, a count is enough. */
const WITHOUT_IDS: ReadonlySet<Klasse> = new Set(['venter', 'ferdig'])
const MOST_IDS = 200

/** GET /regnskap: every accepted id in exactly one class (R26). */
export function accountRoutes(app: FastifyInstance, deps: OperationsDeps): void {
  app.get('/regnskap', async (request): Promise<AccountAnswer> => {
    const operator = await deps.authorise(request, 'drift.les')
    const query = checked(AccountQuery, request.query, 'dag')
    const tenants = narrowTo(operator, query.kommune === undefined ? undefined : [query.kommune], 'kommune')
    const dag = query.dag ?? isoInstant(deps.time.clock.now()).slice(0, 10)
    const lines = await deps.runtime.account(dag === 'alle' ? { tenants } : { tenants, day: dag }, deps.completion)
    const missing = lines.reduce((sum, line) => sum + line.classes.unaccounted.length, 0)
    if (missing > 0) deps.log.error('accepted ids are not accounted for', { count: missing })
    return { dag, stemmer: missing === 0, linjer: lines.map((line) => toLine(line, deps.tenantNames)) }
  })
}

function toLine(line: AccountLine, tenantNames: (orgnr: string) => string): AccountAnswer['linjer'][number] {
  const perClass = <Value>(value: (klasse: Klasse, ids: readonly string[]) => Value) =>
    Object.fromEntries(KLASSER.map((klasse) => [klasse, value(klasse, line.classes[CLASS_OF[klasse]])])) as Record<
      Klasse,
      Value
    >
  return {
    kommune: kommune(tenantNames, line.tenant),
    dag: line.day,
    mottatt: line.accepted,
    antall: perClass((_klasse, ids) => ids.length),
    ider: perClass((klasse, ids) => (WITHOUT_IDS.has(klasse) ? [] : ids.slice(0, MOST_IDS))),
  }
}
