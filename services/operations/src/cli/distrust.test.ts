import { HubError } from '@samband/kernel'
import { expect, test } from 'vitest'
import { type DistrustWorld, runDistrust } from './distrust.ts'
import { EXIT } from './exit-codes.ts'

async function distrusting(args: readonly string[], world: Partial<DistrustWorld> = {}) {
  const out: string[] = []
  const err: string[] = []
  const stamps: string[] = []
  const code = await runDistrust(args, {
    environmentFaults: async () => [],
    stamp: async (newLog) => {
      stamps.push(newLog ? 'with a new log' : 'with its log')
      return { filled: ['ledger'], meta: {}, otherSessions: 0 }
    },
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    ...world,
  })
  return { code, out: out.join('\n'), err: err.join('\n'), stamps }
}

test('a database that was put back is stamped, and what follows is told', async () => {
  const { code, out, stamps } = await distrusting([])
  expect({ code, stamps }).toEqual({ code: EXIT.ok, stamps: ['with its log'] })
  expect(out).toContain('merket som lagt tilbake')
  expect(out).toContain('trust, og start tjenestene på nytt')
})

test('a new log is said in so many words', async () => {
  expect((await distrusting(['--new-log'])).stamps).toEqual(['with a new log'])
})

test('services that have the database open are told to be stopped first', async () => {
  const { code, err } = await distrusting([], { stamp: async () => ({ filled: [], meta: {}, otherSessions: 12 }) })
  expect(code).toBe(EXIT.refused)
  expect(err).toContain('(12 forbindelser)')
})

test('a schema without a store, and a database out of reach, are told apart', async () => {
  const none = await distrusting([], { stamp: async () => undefined })
  expect([none.code, none.err]).toEqual([EXIT.notFound, expect.stringContaining('SAMBAND_POSTGRES_SCHEMA')])
  const gone = new HubError('STORE_UTILGJENGELIG', 'transient', 'The database cannot be reached.')
  const away = await distrusting([], { stamp: () => Promise.reject(gone) })
  expect([away.code, away.err]).toEqual([EXIT.unavailable, expect.stringContaining('STORE_UTILGJENGELIG')])
})

test('arguments it does not have, and an address that is missing, stamp nothing', async () => {
  expect(await distrusting(['--schema', 'x'])).toMatchObject({ code: EXIT.usage, stamps: [] })
  const blind = await distrusting([], { environmentFaults: async () => ['SAMBAND_POSTGRES_URL is not set.'] })
  expect(blind).toMatchObject({ code: EXIT.usage, stamps: [], err: expect.stringContaining('SAMBAND_POSTGRES_URL') })
})
