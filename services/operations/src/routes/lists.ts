import { isoInstant, type Json } from '@samband/kernel'
import type { FastifyInstance } from 'fastify'
import { narrowTo } from '../access.ts'
import type { AlarmsAnswer, AuditAnswer } from '../answers.ts'
import type { OperationsDeps } from '../deps.ts'
import { readAlarms } from '../reading/alarms.ts'
import { readAuditLines } from '../reading/audit-lines.ts'
import { AlarmsQuery, AuditQuery, checked } from '../requests.ts'
import { alarmWords, kommune, verbWord } from '../wording.ts'

/** GET /alarmer and GET /revisjon, newest first. */
export function listRoutes(app: FastifyInstance, deps: OperationsDeps): void {
  const { store, tenantNames } = deps
  const kommuneOrNull = (tenant: string | null) => (tenant === null ? null : kommune(tenantNames, tenant))

  app.get('/alarmer', async (request): Promise<AlarmsAnswer> => {
    const operator = await deps.authorise(request, 'drift.les')
    const query = checked(AlarmsQuery, request.query, 'antall')
    const tenants = narrowTo(operator, query.kommune === undefined ? undefined : [query.kommune], 'kommune')
    const rows = await readAlarms(store, tenants, {
      limit: query.antall,
      below: query.for,
      withInstallation: query.kommune === undefined,
    })
    return {
      alarmer: rows.map((row) => ({
        nummer: row.number,
        tid: isoInstant(row.at),
        slag: row.kind,
        ...alarmWords(row.kind),
        setning: row.sentence,
        kommune: kommuneOrNull(row.tenant),
        forsendelseId: row.accepted_id,
        radId: row.row_id,
        effectKey: row.effect_key,
      })),
      eldre: rows.length === query.antall ? (rows.at(-1)?.number ?? null) : null,
    }
  })

  app.get('/revisjon', async (request): Promise<AuditAnswer> => {
    const operator = await deps.authorise(request, 'drift.les')
    const query = checked(AuditQuery, request.query, 'antall')
    const tenants = narrowTo(operator, query.kommune === undefined ? undefined : [query.kommune], 'kommune')
    const filter = {
      tenants,
      acceptedId: query.forsendelseId,
      rowId: query.radId,
      withInstallation: query.kommune === undefined,
    }
    const { lines, last } = await readAuditLines(store, operator, filter, { limit: query.antall, below: query.for })
    return {
      linjer: lines.map((row) => ({
        nummer: row.number,
        tid: isoInstant(row.at),
        person: row.person,
        klientId: row.klient_id,
        handling: row.verb,
        tekst: `${row.person} ${verbWord(row.verb)}`,
        arsak: row.reason,
        kommune: kommuneOrNull(row.tenant),
        forsendelseId: row.accepted_id,
        radId: row.row_id,
        detaljer: JSON.parse(row.details) as Json,
      })),
      eldre: last ?? null,
    }
  })
}
