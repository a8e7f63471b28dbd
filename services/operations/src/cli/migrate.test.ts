import { HubError } from '@samband/kernel'
import type { Survey } from '@samband/move'
import { CannotLeave, type LeavingObstacle } from '@samband/store'
import { expect, test } from 'vitest'
import { EXIT } from './exit-codes.ts'
import { type MigrateWorld, runMigrate } from './migrate.ts'

const FROM = ['--to', 'kafka', '--data', '/data']
const FOUND: Survey = {
  target: 'empty',
  isDone: false,
  storeBytes: 4_096,
  rows: { ledger: 3 },
  payloads: { '314758625': { count: 6, sizeBytes: 1_200 } },
  unread: { eventIds: ['e1'], strangers: 0 },
  account: [
    {
      tenant: '314758625',
      day: '2026-11-25',
      accepted: 3,
      classes: {
        unaccounted: [],
        parked: ['a'],
        discarding: [],
        waiting: ['b'],
        endedBadly: [],
        discarded: [],
        done: ['c'],
      },
    },
  ],
  obstacles: [],
}

async function migrating(args: readonly string[], world: Partial<MigrateWorld> = {}) {
  const out: string[] = []
  const err: string[] = []
  let moves = 0
  const code = await runMigrate(args, {
    environmentFaults: async () => [],
    plan: async () => ({ target: 'PostgreSQL db.example/samband, schema samband', found: FOUND }),
    move: async (_data, tell) => {
      moves += 1
      tell({ step: 'surveyed', found: FOUND })
      tell({ step: 'table', table: 'ledger', facts: { rows: 3, sha256: 'abc' } })
      tell({ step: 'accounted', account: FOUND.account })
      return { kind: 'moved', target: 'PostgreSQL db.example/samband, schema samband' }
    },
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    ...world,
  })
  return { code, out: out.join('\n'), err: err.join('\n'), moves }
}

test('a plan shows rows, contents and the account, and moves nothing', async () => {
  const { code, out, moves } = await migrating([...FROM, '--plan'])
  expect({ code, moves }).toEqual({ code: EXIT.ok, moves: 0 })
  expect(out).toContain('ledger: 3 rader')
  expect(out).toContain('Innhold for 314758625: 6 stk, 1200 byte')
  expect(out).toContain('publiseres på nytt: 1')
  expect(out).toContain('314758625 2026-11-25: mottatt 3 = parkert 1 + venter 1 + ferdig 1')
})

test('a plan with something in the way says what, and ends as refused', async () => {
  const found = { ...FOUND, obstacles: ['Emnet forsendelse finnes ikke.'] }
  const { code, err } = await migrating([...FROM, '--plan'], { plan: async () => ({ target: 'dit', found }) })
  expect(code).toBe(EXIT.refused)
  expect(err).toContain('Dette er i veien:\n  - Emnet forsendelse finnes ikke.')
})

test('a move prints the account before and after, and what follows', async () => {
  const { code, out } = await migrating(FROM)
  expect(code).toBe(EXIT.ok)
  expect(out.indexOf('Regnskap før')).toBeLessThan(out.indexOf('Regnskap etter'))
  expect(out).toContain('SHA-256 abc')
  expect(out).toContain('Start tjenestene')
})

test('a move that breaks off says that it is to be run again', async () => {
  const gone = new HubError('STORE_UTILGJENGELIG', 'transient', 'The database cannot be reached.')
  const { code, err } = await migrating(FROM, { move: () => Promise.reject(gone) })
  expect(code).toBe(EXIT.unavailable)
  expect(err).toMatch(/STORE_UTILGJENGELIG\)\nRett den og kjør kommandoen på nytt/)
})

test.each<[LeavingObstacle, number, string]>([
  ['in-use', EXIT.refused, 'stopp det først'],
  ['no-store', EXIT.notFound, 'Se på --data'],
  ['damaged', EXIT.refused, 'restore'],
  ['other-release', EXIT.refused, 'Start navet av denne utgaven'],
  ['put-back', EXIT.refused, 'lagt tilbake for hånd'],
])('a store that is %s is not moved, and the next step is told', async (obstacle, exitCode, sentence) => {
  const { code, err } = await migrating(FROM, { move: () => Promise.reject(new CannotLeave('x', { obstacle })) })
  expect(code).toBe(exitCode)
  expect(err).toContain(sentence)
  expect(err).toContain('Ingenting er endret.')
})

test('another target, a missing folder and a missing variable are faults of use', async () => {
  for (const args of [[], ['--to', 'oracle', '--data', '/data'], ['--to', 'kafka']])
    expect(await migrating(args)).toMatchObject({ code: EXIT.usage, moves: 0 })
  const blind = await migrating(FROM, { environmentFaults: async () => ['SAMBAND_S3_BUCKET is not set.'] })
  expect(blind).toMatchObject({ code: EXIT.usage, moves: 0, err: expect.stringContaining('SAMBAND_S3_BUCKET') })
})
