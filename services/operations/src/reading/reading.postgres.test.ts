import { schemaUnderTest } from '@samband/store/conformance/postgres'
import { withPostgres } from '@samband/tests/servers/postgres'
import { expect, test } from 'vitest'
import type { OperatorAccess, Tenants } from '../access.ts'
import { readAlarms } from './alarms.ts'
import { readAuditLines } from './audit-lines.ts'
import { readOpenQuestions, readOpenRows } from './open-rows.ts'
import { findAccepted, seesReplay, tenantOfEffect, tenantOfRow } from './owners.ts'

const LILLEVIK = '314758625'
const STOREVIK = '311094688'
const TENANTS: readonly Tenants[] = ['alle', [LILLEVIK], [LILLEVIK, STOREVIK], []]

const ROWS = `
  INSERT INTO ledger (accepted_id, tenant, ekstern_referanse, content_digest, klient_id, accepted_at, accepted_day)
    VALUES ('a-1', '${LILLEVIK}', 'sak-1', 'd', 'k', 1, '2026-03-02');
  INSERT INTO inbox (place, handler, event_id, event_type, topic, lane, tenant, accepted_id, headers, value, state, head, due_at, received_at)
    VALUES (1, 'h', 'e-0', 't', 'test', 'l', '${LILLEVIK}', 'a-0', '{}', '', 'parked', 1, 0, 0),
           (2, 'h', 'e-1', 't', 'test', 'l', '${LILLEVIK}', 'a-1', '{}', '', 'waiting', 0, 0, 0);
  INSERT INTO effect (effect_key, tenant, handler, name, destination, account, input, digest, attempts)
    VALUES ('k', '${LILLEVIK}', 'h', 'n', '{}', 'x', '{}', 'd', 1);
  INSERT INTO attempt (effect_key, number, row_id, holder, started_at, state) VALUES ('k', 1, 1, 'holder', 0, 'open');
  INSERT INTO replay_job (job_id, state, person, reason, selection, created_at, changed_at)
    VALUES ('j', 'planned', 'p', 'r', '{"tenants":["${LILLEVIK}"]}', 0, 0);
  INSERT INTO replay_item (job_id, row_id, park_number, forecast, state, changed_at) VALUES ('j', 1, 1, 'run again', 'frozen', 0);
  INSERT INTO audit (at, person, klient_id, verb, reason, tenant, row_id, details)
    VALUES (1, 'p', 'k', 'discard', 'r', '${LILLEVIK}', 1, '{}'), (2, 'p', 'k', 'replay-plan', 'r', NULL, NULL, '{"jobId":"j"}');
  INSERT INTO alarm (at, kind, tenant, sentence) VALUES (1, 'defect', '${LILLEVIK}', 's'), (2, 'log-stopped', NULL, 's')`

await withPostgres('what operators read, on PostgreSQL', ({ url }) => {
  async function withRows() {
    const { open, sql } = schemaUnderTest(url)
    const store = await open()
    await sql(ROWS)
    return store
  }

  test('alarms and lines of the audit, for every kind of operator', async () => {
    const store = await withRows()
    const seen: number[][] = []
    for (const tenants of TENANTS) {
      const operator = { klientId: 'k', tenants } as OperatorAccess
      const alarms = await readAlarms(store, tenants, { limit: 10, below: undefined, withInstallation: true })
      const filter = { tenants, acceptedId: undefined, rowId: undefined, withInstallation: true }
      const audit = await readAuditLines(store, operator, filter, { limit: 10, below: undefined })
      seen.push([alarms.length, audit.lines.length])
    }

    expect(seen).toEqual([
      [2, 2],
      [2, 2],
      [2, 2],
      [1, 0],
    ])
    const operator = { klientId: 'k', tenants: 'alle' } as OperatorAccess
    const narrow = { tenants: 'alle', acceptedId: 'a-1', rowId: 1, withInstallation: false } as const
    expect((await readAuditLines(store, operator, narrow, { limit: 1, below: 99 })).lines).toEqual([])
  })

  test('open rows with what is ahead of them, and open questions', async () => {
    const store = await withRows()

    expect([...(await readOpenRows(store, 'a-1')).values()]).toEqual([
      { rowId: 2, dueAt: 0, ahead: { rowId: 1, acceptedId: 'a-0', state: 'parked' }, inQuestion: false },
    ])
    expect((await readOpenQuestions(store, [1, 2])).get(1)).toMatchObject([{ effectKey: 'k', effekt: 'n', forsok: 1 }])
  })

  test('whose a row, an effect, a replay and a reference are', async () => {
    const store = await withRows()

    expect(await tenantOfRow(store, 1)).toBe(LILLEVIK)
    expect(await tenantOfEffect(store, 'k')).toBe(LILLEVIK)
    expect(
      await store.read('test.replay', (tx) => seesReplay(tx, { klientId: 'k', tenants: [STOREVIK] } as never, 'j')),
    ).toBe(false)
    for (const name of ['a-1', 'sak-1'])
      expect(await findAccepted(store, [LILLEVIK], name)).toEqual([{ acceptedId: 'a-1', tenant: LILLEVIK }])
  })
})
