import { expect, test } from 'vitest'
import type { FetchedToken } from './cached-token-source.ts'
import { createCachedTokenSource } from './cached-token-source.ts'
import { manualTime } from './testing/manual-time.ts'

function setUp() {
  const time = manualTime()
  const asked: (PromiseWithResolvers<FetchedToken> & { signal: AbortSignal })[] = []
  const source = createCachedTokenSource(time.stopwatch, {
    system: 'TEST',
    marginMs: 30_000,
    fetch: (signal) => {
      const answer = Promise.withResolvers<FetchedToken>()
      asked.push({ ...answer, signal })
      return answer.promise
    },
  })
  return { time, asked, source, signal: new AbortController().signal }
}

test('a token is fetched once and handed out until shortly before it expires, counted from before the request', async () => {
  const { time, asked, source, signal } = setUp()
  const first = source.token(signal)
  time.advance(5000)
  asked[0]?.resolve({ token: 'one', expiresInMs: 120_000 })
  expect(await first).toBe('one')

  time.advance(84_999)
  expect(await source.token(signal)).toBe('one')
  time.advance(1)
  const second = source.token(signal)
  asked[1]?.resolve({ token: 'two', expiresInMs: 120_000 })
  expect(await second).toBe('two')
})

test('callers at the same time share one request', async () => {
  const { asked, source, signal } = setUp()
  const both = Promise.all([source.token(signal), source.token(signal)])
  asked[0]?.resolve({ token: 'one', expiresInMs: 120_000 })
  expect(await both).toEqual(['one', 'one'])
  expect(asked).toHaveLength(1)
})

test('a failure is told to all who wait, and the next caller tries anew', async () => {
  const { asked, source, signal } = setUp()
  const both = Promise.allSettled([source.token(signal), source.token(signal)])
  asked[0]?.reject(new Error('down'))
  expect((await both).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  const again = source.token(signal)
  asked[1]?.resolve({ token: 'one', expiresInMs: 120_000 })
  expect(await again).toBe('one')
})

test('one caller giving up does not disturb the other; the last one ends the request', async () => {
  const { asked, source, signal } = setUp()
  const leaving = new AbortController()
  const stays = source.token(signal)
  const leaves = source.token(leaving.signal)
  leaving.abort(new Error('drain'))
  await expect(leaves).rejects.toThrow('drain')
  expect(asked[0]?.signal.aborted).toBe(false)
  asked[0]?.resolve({ token: 'one', expiresInMs: 0 })
  expect(await stays).toBe('one')

  const alone = new AbortController()
  const last = source.token(alone.signal)
  alone.abort(new Error('drain'))
  await expect(last).rejects.toThrow('drain')
  expect(asked[1]?.signal.aborted).toBe(true)
  asked[1]?.reject(new Error('aborted'))
})

test('a dropped token is never handed out again', async () => {
  const { asked, source, signal } = setUp()
  const first = source.token(signal)
  asked[0]?.resolve({ token: 'one', expiresInMs: 120_000 })
  source.drop(await first)

  const second = source.token(signal)
  asked[1]?.resolve({ token: 'one', expiresInMs: 120_000 })
  await expect(second).rejects.toMatchObject({ code: 'TEST_TOKEN_AVVIST', disposition: 'paused' })
})

test('dropping an older token leaves the newer one', async () => {
  const { asked, source, signal } = setUp()
  const first = source.token(signal)
  asked[0]?.resolve({ token: 'two', expiresInMs: 120_000 })
  await first
  source.drop('one')
  expect(await source.token(signal)).toBe('two')
})
