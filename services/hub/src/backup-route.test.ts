import { type OperatorCaller, Problem } from '@samband/access'
import { countingIds, manualTime } from '@samband/connector-kit/testing'
import type { Logger } from '@samband/kernel'
import { createSqliteStore, migrate, openDatabase, readMigrations, type SqliteStore } from '@samband/store'
import fastify, { type FastifyInstance } from 'fastify'
import { afterEach, expect, test } from 'vitest'
import type { BackupFolder } from './backup-folder.ts'
import { registerBackup } from './backup-route.ts'

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, with: () => silent }
const ALL: OperatorCaller = { kind: 'operator', klientId: 'drift', tenants: 'alle', scopes: ['drift.kopi'] }

let close: () => Promise<unknown> = async () => {}
afterEach(() => close())

async function aRoute(
  change: { readonly folder?: BackupFolder | 'none'; readonly operator?: OperatorCaller | Problem } = {},
) {
  const time = manualTime()
  const database = openDatabase(':memory:', { exclusive: true, synchronous: 'OFF' })
  migrate(database, readMigrations())
  const store: SqliteStore = createSqliteStore({ database, exclusive: true, timers: time.timers, ownsDatabase: true })
  const asked: string[] = []
  const folder: BackupFolder =
    change.folder === undefined || change.folder === 'none'
      ? { write: async (fil) => ({ path: `/kopier/${fil}`, sizeBytes: 4_096 }) }
      : change.folder
  const app: FastifyInstance = fastify()
  registerBackup(app, {
    folder: change.folder === 'none' ? undefined : folder,
    store,
    time,
    ids: countingIds(),
    log: silent,
    authorise: (_request, scope) => {
      asked.push(scope)
      const operator = change.operator ?? ALL
      if (operator instanceof Problem) throw operator
      return operator
    },
  })
  close = async () => {
    await app.close()
    await store.close()
  }
  const post = (body: unknown, headers: Record<string, string> = { operator: 'Driftsvakt' }) =>
    app.inject({
      method: 'POST',
      url: '/api/v1/drift/sikkerhetskopi',
      headers: { 'content-type': 'application/json', ...headers },
      payload: JSON.stringify(body),
    })
  const audit = () =>
    store.read('test.audit', (tx) =>
      tx.all<{ person: string; verb: string; details: string }>('SELECT person, verb, details FROM audit'),
    )
  return { app, post, audit, asked }
}

test('an operator with all municipalities takes a copy, and the audit names the person', async () => {
  const { post, audit, asked } = await aRoute()
  const answer = await post({ fil: 'natt-2026-11-25.db' })
  expect(answer.statusCode).toBe(201)
  expect(answer.json()).toMatchObject({
    fil: 'natt-2026-11-25.db',
    sti: '/kopier/natt-2026-11-25.db',
    storrelseBytes: 4_096,
  })
  expect(asked).toEqual(['drift.kopi'])
  const line = { person: 'Driftsvakt', details: '{"fil":"natt-2026-11-25.db"}' }
  expect(await audit()).toEqual([
    { ...line, verb: 'backup-asked' },
    { ...line, verb: 'backup' },
  ])
})

test('paths, hidden files and other endings are refused before anything is written', async () => {
  const { post, audit } = await aRoute()
  for (const fil of ['../ut.db', '/etc/natt.db', 'a/b.db', '.natt.db', 'natt.sqlite', 7, undefined]) {
    const answer = await post({ fil })
    expect([answer.statusCode, answer.json().errors[0].path]).toEqual([400, 'fil'])
  }
  expect((await post({ fil: 'a.db', mappe: '/etc' })).statusCode).toBe(400)
  expect(await audit()).toEqual([])
})

test('whoever acts has to be named', async () => {
  const { post } = await aRoute()
  const answer = await post({ fil: 'natt.db' }, {})
  expect([answer.statusCode, answer.json().errors[0].path]).toEqual([400, 'Operator'])
})

test('a person is named by name, not by number', async () => {
  const { post, audit } = await aRoute()
  const answer = await post({ fil: 'natt.db' }, { operator: 'Kari 158590 99928' })
  expect([answer.statusCode, answer.json().errors[0].path]).toEqual([400, 'Operator'])
  expect(answer.body).not.toContain('99928')
  expect(await audit()).toEqual([])
})

test('an operator for some municipalities does not get a copy of all', async () => {
  const { post, audit } = await aRoute({ operator: { ...ALL, tenants: ['314758625'] } })
  expect((await post({ fil: 'natt.db' })).statusCode).toBe(403)
  expect(await audit()).toEqual([])
})

test('a token without the scope is refused as the token check says', async () => {
  const { post } = await aRoute({
    operator: new Problem({
      status: 403,
      code: 'MANGLER_TILGANG',
      title: 'Ikke tilgang',
      detail: 'drift.kopi mangler',
    }),
  })
  expect((await post({ fil: 'natt.db' })).json()).toMatchObject({ status: 403, code: 'MANGLER_TILGANG' })
})

test('a taken name, a copy under way and a hub without a folder are conflicts that say what to do', async () => {
  for (const [folder, code, audited] of [
    [{ write: async () => 'exists' as const }, 'KOPI_FINNES', ['backup-asked', 'backup-refused']],
    [{ write: async () => 'busy' as const }, 'KOPI_PAGAR', ['backup-asked', 'backup-refused']],
    ['none', 'KOPI_IKKE_SATT_OPP', []],
  ] as const) {
    const { post, audit } = await aRoute({ folder })
    const answer = await post({ fil: 'natt.db' })
    expect([answer.statusCode, answer.json().code]).toEqual([409, code])
    expect((await audit()).map(({ verb }) => verb)).toEqual(audited)
    await close()
  }
})

test('the audit says of a copy that could not be written that there is none', async () => {
  const { post, audit } = await aRoute({ folder: { write: () => Promise.reject(new Error('disk full')) } })
  expect((await post({ fil: 'natt.db' })).statusCode).toBe(500)
  expect((await audit()).map(({ verb }) => verb)).toEqual(['backup-asked', 'backup-failed'])
})

test('another method is told which one the address takes, and half a JSON document is refused as elsewhere in the API', async () => {
  const { app } = await aRoute()
  const url = '/api/v1/drift/sikkerhetskopi'
  const got = await app.inject({ url })
  expect([got.statusCode, got.headers.allow, got.json().code]).toEqual([405, 'POST', 'METODE_IKKE_TILLATT'])
  const headers = { 'content-type': 'application/json', operator: 'Driftsvakt' }
  const half = await app.inject({ method: 'POST', url, headers, payload: '{"fil":' })
  expect(half.json()).toMatchObject({ status: 400, code: 'DRIFT_UGYLDIG_FORESPORSEL' })
})
