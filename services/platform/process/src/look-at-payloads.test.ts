import { HubError } from '@samband/kernel'
import { createKeptLog } from '@samband/runtime/testing'
import { expect, test } from 'vitest'
import { lookAtPayloads } from './look-at-payloads.ts'

/** An object store that lists `refs`, or fails as `error` says. */
const payloads = (refs: readonly string[], error?: Error) => ({
  async *list() {
    if (error !== undefined) throw error
    yield* refs
  },
})

test('a bucket that is missing is in the log at the start, with the reason', async () => {
  const log = createKeptLog()
  const message = 'Expected the object store to let us in, came 404 NoSuchBucket at list.'
  await lookAtPayloads(payloads([], new HubError('PAYLOAD_TILGANG_AVVIST', 'paused', message)), log)

  expect(log.lines).toMatchObject([
    { level: 'error', fields: { code: 'PAYLOAD_TILGANG_AVVIST', reason: expect.stringContaining('NoSuchBucket') } },
  ])
})

test('a bucket that answers is not spoken of', async () => {
  const log = createKeptLog()
  await lookAtPayloads(payloads(['brev-1']), log)

  expect(log.lines).toEqual([])
})
