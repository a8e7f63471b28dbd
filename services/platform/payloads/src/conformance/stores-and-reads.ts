import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import type { PayloadsWorld } from './world.ts'
import { collect, FRAME, inPieces, OTHER_TENANT, refs, sha256, someBytes, TENANT } from './world.ts'

/** What is put comes back, and only that. */
export function storesAndReads(world: () => PayloadsWorld): void {
  test.each([0, 1, FRAME - 1, FRAME, FRAME + 1, 3 * FRAME - 1, 3 * FRAME, 3 * FRAME + 1])(
    'gives back %i bytes as they were put, with size and SHA-256',
    async (sizeBytes) => {
      const payloads = await world().start()
      const content = someBytes(sizeBytes)
      const expected = { ref: 'dokument-1', sizeBytes, sha256: sha256(content) }

      expect(await payloads.put(TENANT, 'dokument-1', inPieces(content, 10_007))).toEqual(expected)

      expect(await payloads.facts(TENANT, 'dokument-1')).toEqual(expected)
      expect(sha256(await collect(await payloads.open(TENANT, 'dokument-1')))).toBe(expected.sha256)
      expect(sha256(await payloads.read(TENANT, 'dokument-1', sizeBytes))).toBe(expected.sha256)
    },
  )

  test('takes one large piece, empty pieces and a source that is not asynchronous', async () => {
    const payloads = await world().start()
    const content = someBytes(200_000)
    await payloads.put(TENANT, 'en-bit', [new Uint8Array(), content, new Uint8Array()])
    expect(sha256(await payloads.read(TENANT, 'en-bit', 200_000))).toBe(sha256(content))
  })

  test('does not depend on a piece after the source has been asked for the next', async () => {
    const payloads = await world().start()
    const reused = new Uint8Array(1000)
    const source = function* () {
      yield reused.fill(1)
      yield reused.fill(2)
    }
    await payloads.put(TENANT, 'gjenbruk', source())
    const read = await payloads.read(TENANT, 'gjenbruk', 2000)
    expect([read[0], read[999], read[1000], read[1999]]).toEqual([1, 1, 2, 2])
  })

  test('a stream can be read twice, and left in the middle', async () => {
    const payloads = await world().start()
    const content = someBytes(3 * FRAME)
    await payloads.put(TENANT, 'dokument-1', [content])
    const stream = await payloads.open(TENANT, 'dokument-1')
    for await (const piece of stream) {
      expect(piece.length).toBeGreaterThan(0)
      break
    }
    expect(sha256(await collect(stream))).toBe(sha256(content))
  })

  test('putting again replaces the former content as a whole', async () => {
    const payloads = await world().start()
    await payloads.put(TENANT, 'dokument-1', [someBytes(5 * FRAME)])
    const shorter = someBytes(17, 2)
    const facts = await payloads.put(TENANT, 'dokument-1', [shorter])
    expect(await payloads.facts(TENANT, 'dokument-1')).toEqual(facts)
    expect(await payloads.read(TENANT, 'dokument-1', 17)).toEqual(Buffer.from(shorter))
    expect((await world().raw()).size).toBe(1)
  })

  test('two puts of one ref at the same time leave one of them, whole', async () => {
    const payloads = await world().start()
    const [one, two] = [someBytes(2 * FRAME, 1), someBytes(FRAME, 2)]
    await Promise.all([
      payloads.put(TENANT, 'dokument-1', inPieces(one, 999)),
      payloads.put(TENANT, 'dokument-1', inPieces(two, 999)),
    ])
    expect([sha256(one), sha256(two)]).toContain(sha256(await payloads.read(TENANT, 'dokument-1', 2 * FRAME)))
    expect((await world().raw()).size).toBe(1)
  })

  test('the same content under two refs looks different, and the clear text is nowhere', async () => {
    const payloads = await world().start()
    const mark = Buffer.from('Vedtak om skoleskyss, merke 8812')
    await payloads.put(TENANT, 'a', [mark])
    await payloads.put(TENANT, 'b', [mark])
    const files = [...(await world().raw()).values()].map((bytes) => Buffer.from(bytes))
    expect(files.map((bytes) => bytes.includes(mark))).toEqual([false, false])
    expect(new Set(files.map((bytes) => bytes.subarray(-100).toString('hex'))).size).toBe(2)
  })

  test('lists the refs of the tenant asked for, and no other', async () => {
    const payloads = await world().start()
    for (const ref of ['a', 'b', 'c-3']) await payloads.put(TENANT, ref, [someBytes(3)])
    await payloads.put(OTHER_TENANT, 'd', [someBytes(3)])
    await payloads.remove(TENANT, 'b')
    expect((await refs(payloads, TENANT)).sort()).toEqual(['a', 'c-3'])
    expect(await refs(payloads, '315058384')).toEqual([])
  })

  test('removing really removes, also over a power loss, and says whether there was one', async () => {
    const payloads = await world().start()
    await payloads.put(TENANT, 'dokument-1', [someBytes(10)])
    expect(await payloads.remove(TENANT, 'dokument-1')).toBe(true)
    expect((await world().raw()).size).toBe(0)
    await world().end('power')

    const after = await world().start()
    expect(await after.remove(TENANT, 'dokument-1')).toBe(false)
    await expect(after.open(TENANT, 'dokument-1')).rejects.toMatchObject({ code: 'PAYLOAD_FINNES_IKKE' })
    expect(await refs(after, TENANT)).toEqual([])
  })

  test('says that there is none: open, read and facts', async () => {
    const payloads = await world().start()
    const missing = { code: 'PAYLOAD_FINNES_IKKE', disposition: 'permanent' }
    await expect(payloads.open(TENANT, 'x')).rejects.toMatchObject(missing)
    await expect(payloads.read(TENANT, 'x', 10)).rejects.toMatchObject(missing)
    await expect(payloads.facts(TENANT, 'x')).rejects.toMatchObject(missing)
    expect(await payloads.remove(TENANT, 'x')).toBe(false)
  })

  test('reads whole content only up to the limit', async () => {
    const payloads = await world().start()
    await payloads.put(TENANT, 'dokument-1', [someBytes(11)])
    await expect(payloads.read(TENANT, 'dokument-1', 10)).rejects.toMatchObject({ code: 'PAYLOAD_FOR_STOR' })
    expect((await payloads.read(TENANT, 'dokument-1', 11)).length).toBe(11)
  })

  test.each([
    ['314758625', '../x'],
    ['314758625', 'A'],
    ['314758625', ''],
    ['314758625', 'a'.repeat(81)],
    ['../314758625', 'x'],
    ['31475862', 'x'],
  ])('refuses tenant %j with ref %j without repeating them', async (tenant, ref) => {
    const payloads = await world().start()
    const error = await payloads.put(tenant, ref, [someBytes(1)]).catch((refused: unknown) => refused)
    expect(error).toMatchObject({ code: 'PAYLOAD_UGYLDIG_REF', disposition: 'permanent' })
    await expect(payloads.open(tenant, ref)).rejects.toMatchObject({ code: 'PAYLOAD_UGYLDIG_REF' })
    await expect(payloads.remove(tenant, ref)).rejects.toMatchObject({ code: 'PAYLOAD_UGYLDIG_REF' })
    expect((await world().raw()).size).toBe(0)
  })

  test('streams 100 MB in and out with constant memory', { timeout: 60_000 }, async (context) => {
    if (!world().contentOutsideMemory) context.skip('the storage itself is memory')
    const payloads = await world().start()
    const piece = someBytes(100_000)
    // What the first call loads and opens is not what a stream holds.
    await payloads.put(TENANT, 'liten', [piece])
    await payloads.read(TENANT, 'liten', piece.length)
    const gauge = memoryGauge()
    const source = function* () {
      for (let count = 0; count < 1000; count += 1) {
        yield piece
        gauge.look()
      }
    }
    const facts = await payloads.put(TENANT, 'stor', source())
    let readBytes = 0
    for await (const part of await payloads.open(TENANT, 'stor')) {
      readBytes += part.length
      gauge.look()
    }
    expect([facts.sizeBytes, readBytes]).toEqual([100_000_000, 100_000_000])
    expect(gauge.grownBytes()).toBeLessThan(40_000_000)
  })
}

/** Measures what is alive, not what waits to be collected. */
function memoryGauge(): { look(): void; grownBytes(): number } {
  setFlagsFromString('--expose-gc')
  const collectGarbage: unknown = runInNewContext('gc')
  const read = () => {
    // Twice: buffers that the first found dead are freed beside it, and the second waits for that.
    if (typeof collectGarbage === 'function') for (const _ of [1, 2]) collectGarbage()
    // Not `external`: it also counts what native objects, such as ciphers, hold until their own turn to be collected comes.
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    return heapUsed + arrayBuffers
  }
  const atStart = read()
  let highest = atStart
  let looks = 0
  return {
    look: () => {
      looks += 1
      if (looks % 100 === 0) highest = Math.max(highest, read())
    },
    grownBytes: () => highest - atStart,
  }
}
