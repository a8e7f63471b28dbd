import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { DOCUMENTS, traceHub } from './traced-hub.ts'

/** Whether strace is there and may look into a process. */
const canTrace =
  process.platform === 'linux' && spawnSync('strace', ['-o', '/dev/null', '-e', 'trace=fsync', 'true']).status === 0
if (!canTrace) process.stderr.write('power loss: left out, for strace is not installed or may not trace here\n')

describe.skipIf(!canTrace)('what leaves the hub, by the order of its system calls', () => {
  test('no answer and no changing request leaves before everything written until then is synced', {
    timeout: 120_000,
  }, async () => {
    const left = await traceHub()
    const accepted = left.filter(({ what }) => what === 'HTTP/1.1 202')
    const requests = left.filter(({ kind }) => kind === 'request')

    expect(left.filter(({ unsynced }) => unsynced.length > 0)).toEqual([])
    expect(accepted).toHaveLength(DOCUMENTS.length)
    // Each accepted letter has its documents and its content in the payload store, and its row in the store.
    for (const [place, answer] of accepted.entries()) {
      const before = accepted[place - 1]
      expect(answer.payloads - (before?.payloads ?? 0)).toBeGreaterThanOrEqual((DOCUMENTS[place] ?? 0) + 1)
      expect(answer.storeSyncs).toBeGreaterThan(before?.storeSyncs ?? 0)
    }
    expect(requests.filter(({ what }) => /forsendelser\/(person|organisasjon)$/.test(what))).toHaveLength(
      DOCUMENTS.length,
    )
    expect(new Set(requests.map(({ what }) => what.split(' ')[0]))).toEqual(new Set(['POST', 'PATCH']))
    // Between two changing requests lie the evidence of the one and the intent of the other, each with a sync of its own.
    for (const [place, request] of requests.entries()) {
      const before = requests[place - 1]
      if (before !== undefined) expect(request.storeSyncs - before.storeSyncs).toBeGreaterThanOrEqual(2)
    }
  })

  test('a store that does not sync each commit is caught', { timeout: 120_000 }, async () => {
    const caught = (await traceHub('store-sync')).filter(({ unsynced }) =>
      unsynced.some((path) => path.endsWith('.db-wal')),
    )

    expect(caught.map(({ what }) => what)).toContain('HTTP/1.1 202')
    expect(caught.some(({ kind }) => kind === 'request')).toBe(true)
  })

  test.each([
    ['whose bytes are not synced', 'payload-sync', /\.payload$/],
    ['whose folder is not synced', 'folder-sync', /\/payloads\/\d{9}\/[0-9a-f]{2}$/],
  ] as const)('payloads %s are caught', { timeout: 120_000 }, async (_what, without, where) => {
    const caught = (await traceHub(without)).filter(({ unsynced }) => unsynced.some((path) => where.test(path)))

    expect(caught.map(({ what }) => what)).toContain('HTTP/1.1 202')
  })
})
