import { manualTime } from '@samband/connector-kit/testing'
import { HubError } from '@samband/kernel'
import { createKeptLog } from '@samband/runtime/testing'
import { expect, test } from 'vitest'
import { watchObjectStore } from './object-store-watch.ts'

test('a bucket that is not there is told at the start, once, and the process is not ready until it is', async () => {
  const time = manualTime()
  const log = createKeptLog()
  let isThere = false
  let looks = 0
  const look = async () => {
    looks += 1
    if (!isThere) throw new HubError('PAYLOAD_TILGANG_AVVIST', 'paused', 'NoSuchBucket')
  }
  const watch = watchObjectStore({ look, time, log })
  await expect.poll(() => watch.unready()).toEqual([expect.stringContaining('PAYLOAD_TILGANG_AVVIST')])
  expect(watch.unready()[0]).toContain('SAMBAND_S3_BUCKET')
  time.advance(10_000)
  await expect.poll(() => [looks, time.pending()]).toEqual([2, 1])
  expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(1)
  isThere = true
  time.advance(10_000)
  await expect.poll(() => watch.unready()).toEqual([])
  expect(time.pending()).toBe(0)
})

test('a process whose store has not answered yet is not ready, and asks no more once it stops', async () => {
  const time = manualTime()
  const { promise, reject } = Promise.withResolvers<never>()
  const watch = watchObjectStore({ look: () => promise, time, log: createKeptLog() })
  expect(watch.unready()).toEqual(['the object store has not answered yet'])
  watch.stop()
  reject(new Error('cut'))
  await promise.catch(() => {})
  expect(time.pending()).toBe(0)
})
