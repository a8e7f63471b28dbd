import { expect, test } from 'vitest'
import type { PayloadsWorld } from './world.ts'
import { inPieces, sha256, someBytes, TENANT } from './world.ts'

const MB = 1_000_000
/** More than an adapter sends or holds at once, and no multiple of what it may cut at. */
const LARGE = 20 * MB + 7

/** What only shows once content is too large to go in one request or to lie in one buffer. */
export function largeContents(world: () => PayloadsWorld): void {
  test('gives back 20 MB as they were put', { timeout: 60_000 }, async () => {
    const payloads = await world().start()
    const content = someBytes(LARGE)
    const expected = { ref: 'stor', sizeBytes: LARGE, sha256: sha256(content) }
    expect(await payloads.put(TENANT, 'stor', inPieces(content, 99_991))).toEqual(expected)
    expect(await payloads.facts(TENANT, 'stor')).toEqual(expected)
    expect(sha256(await payloads.read(TENANT, 'stor', LARGE))).toBe(expected.sha256)
    expect((await world().raw()).size).toBe(1)
  })

  test('an abort in the middle, or a source that fails there, leaves nothing', { timeout: 60_000 }, async () => {
    const payloads = await world().start()
    const drain = new AbortController()
    const reason = new Error('drain')
    const endless = function* (onMiddle: () => void) {
      for (let given = 0; ; given += 1) {
        if (given === 180) onMiddle()
        yield someBytes(100_000)
      }
    }
    const aborted = payloads.put(
      TENANT,
      'stor',
      endless(() => drain.abort(reason)),
      { signal: drain.signal },
    )
    await expect(aborted).rejects.toBe(reason)
    expect((await world().raw()).size).toBe(0)

    const broken = new Error('the connection was cut')
    const failed = payloads.put(
      TENANT,
      'stor',
      endless(() => {
        throw broken
      }),
    )
    await expect(failed).rejects.toBe(broken)
    expect((await world().raw()).size).toBe(0)
  })

  test('what passes maxBytes in the middle leaves the former content alone', { timeout: 60_000 }, async () => {
    const payloads = await world().start()
    const former = await payloads.put(TENANT, 'stor', [someBytes(30)])
    const refused = payloads.put(TENANT, 'stor', inPieces(someBytes(LARGE), 1 * MB), { maxBytes: LARGE - 1 })
    await expect(refused).rejects.toMatchObject({ code: 'PAYLOAD_FOR_STOR' })
    expect(await payloads.facts(TENANT, 'stor')).toEqual(former)
    expect((await world().raw()).size).toBe(1)
  })

  test('several puts of one ref at the same time leave one of them, whole', { timeout: 60_000 }, async () => {
    const payloads = await world().start()
    const contents = [9 * MB, 100, 17 * MB, 8 * MB].map((sizeBytes, index) => someBytes(sizeBytes, index + 1))
    await Promise.all(contents.map((content) => payloads.put(TENANT, 'stor', inPieces(content, 1 * MB))))
    const left = sha256(await payloads.read(TENANT, 'stor', 17 * MB))
    expect(contents.map(sha256)).toContain(left)
    expect((await world().raw()).size).toBe(1)
  })

  test('a reader never gets two contents in one when the ref is put again', { timeout: 60_000 }, async () => {
    const payloads = await world().start()
    const [former, next] = [someBytes(3 * MB, 1), someBytes(3 * MB, 2)]
    await payloads.put(TENANT, 'stor', [former])
    const pieces: Uint8Array[] = []
    let ended: unknown = 'whole'
    try {
      for await (const piece of await payloads.open(TENANT, 'stor')) {
        if (pieces.length === 0) await payloads.put(TENANT, 'stor', [next])
        pieces.push(piece)
      }
    } catch (error) {
      ended = error
    }
    const read = Buffer.concat(pieces)
    expect(read.equals(former.subarray(0, read.length))).toBe(true)
    if (ended === 'whole') expect(read.length).toBe(former.length)
    else expect(ended).toMatchObject({ code: 'PAYLOAD_UTILGJENGELIG', disposition: 'transient' })
    expect(sha256(await payloads.read(TENANT, 'stor', 3 * MB))).toBe(sha256(next))
  })
}
