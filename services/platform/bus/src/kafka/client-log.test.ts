import { createKeptLog } from '@samband/runtime/testing'
import { expect, test } from 'vitest'
import { rankedLog } from './client-log.ts'

const ERROR = 1
const INFO = 4

/** What comes of a line of kafkajs. */
function rank(level: number, message: string, isSilent = false) {
  const log = createKeptLog()
  const write = rankedLog(log, () => isSilent)(level)
  write({
    namespace: 'Consumer',
    level,
    label: '',
    log: { timestamp: '', message, stack: 'secret', payload: 'secret' },
  })
  return log.lines
}

test.each([
  'The group is rebalancing, so a rejoin is needed',
  'Response Heartbeat(key: 12, version: 3)',
  'Connection error: connect ECONNREFUSED 127.0.0.1:9092',
  'Failed to send messages: Closed connection',
  'The coordinator is loading and hence can’t process requests for this group',
  'Limiting retries for the idempotent producer may invalidate EoS guarantees',
])('the ordinary is for whoever looks closely: %s', (message) => {
  expect(rank(ERROR, message)).toMatchObject([{ level: 'debug', fields: { system: 'kafkajs', reason: message } }])
})

test('what is not known to be ordinary is a warning, cut to a length, without stacks and payloads', () => {
  const lines = rank(ERROR, `Surprise: ${'x'.repeat(1_000)}`)

  expect(lines).toMatchObject([{ level: 'warn' }])
  expect(JSON.stringify(lines).length).toBeLessThan(500)
  expect(JSON.stringify(lines)).not.toContain('secret')
  expect(rank(INFO, 'Stopped')).toMatchObject([{ level: 'debug' }])
})

test('a client that was thrown away is silent', () => {
  expect(rank(ERROR, 'Crash', true)).toEqual([])
})
