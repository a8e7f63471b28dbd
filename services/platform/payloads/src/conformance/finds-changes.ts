import type { Payloads } from '@samband/kernel'
import { expect, test } from 'vitest'
import type { PayloadsWorld } from './world.ts'
import { codeOf, FRAME, OTHER_TENANT, someBytes, TENANT } from './world.ts'

/** Damage, swaps and foreign keys. */
export function findsChanges(world: () => PayloadsWorld): void {
  const content = someBytes(2 * FRAME + 1000)

  /** What a reader gets: every piece handed over must be right, whatever happens afterwards. */
  async function readFaithfully(payloads: Payloads, ref = 'x', tenant = TENANT): Promise<unknown> {
    let at = 0
    try {
      for await (const piece of await payloads.open(tenant, ref)) {
        expect(Buffer.from(piece).equals(content.subarray(at, at + piece.length))).toBe(true)
        at += piece.length
      }
    } catch (error) {
      return codeOf(error)
    }
    expect(at).toBe(content.length)
    return 'whole'
  }

  async function onlyFile(): Promise<readonly [string, Uint8Array]> {
    const [file, ...others] = [...(await world().raw())]
    if (file === undefined || others.length > 0) throw new Error(`expected one file, found ${others.length + 1}`)
    return file
  }

  test('a flipped bit at any place', { timeout: 60_000 }, async () => {
    const payloads = await world().start()
    await payloads.put(TENANT, 'x', [content])
    const [path, sealed] = await onlyFile()
    const places = Array.from({ length: sealed.length }, (_, place) => place).filter(
      (place) => place < 80 || place > sealed.length - 60 || place % 997 === 0 || place % FRAME < 3,
    )
    for (const place of places) {
      const flipped = Uint8Array.from(sealed)
      flipped[place] = (sealed[place] ?? 0) ^ (1 << (place % 8))
      await world().overwrite(path, flipped)
      expect(await readFaithfully(payloads), `bit flipped in byte ${place}`).toBe('PAYLOAD_ODELAGT')
    }
    await world().overwrite(path, sealed)
    expect(await readFaithfully(payloads)).toBe('whole')
  })

  test('a file cut short, or with something after it', { timeout: 60_000 }, async () => {
    const payloads = await world().start()
    await payloads.put(TENANT, 'x', [content])
    const [path, sealed] = await onlyFile()
    const frame = FRAME + 16
    for (const cut of [
      1,
      15,
      16,
      17,
      55,
      56,
      57,
      1072,
      frame,
      frame + 56,
      2 * frame,
      sealed.length - 1,
      sealed.length,
    ]) {
      await world().overwrite(path, sealed.subarray(0, sealed.length - cut))
      expect(await readFaithfully(payloads), `cut by ${cut}`).toBe('PAYLOAD_ODELAGT')
      expect(await payloads.facts(TENANT, 'x').catch(codeOf)).toBe('PAYLOAD_ODELAGT')
    }
    await world().overwrite(path, Buffer.concat([sealed, Buffer.of(0)]))
    expect(await readFaithfully(payloads)).toBe('PAYLOAD_ODELAGT')
    await world().overwrite(path, Buffer.concat([sealed, sealed.subarray(0, frame)]))
    expect(await readFaithfully(payloads)).toBe('PAYLOAD_ODELAGT')
  })

  test('a file that was moved to another ref or another tenant', async () => {
    const shared = new Uint8Array(32).fill(5)
    const payloads = await world().start({ wrappingKey: () => shared })
    await payloads.put(TENANT, 'x', [content])
    const [, sealed] = await onlyFile()
    await payloads.put(TENANT, 'y', [someBytes(5)])
    await payloads.put(OTHER_TENANT, 'x', [someBytes(5)])
    for (const [path, bytes] of await world().raw()) {
      if (!Buffer.from(bytes).equals(sealed)) await world().overwrite(path, sealed)
    }
    expect(await readFaithfully(payloads, 'x')).toBe('whole')
    expect(await readFaithfully(payloads, 'y')).toBe('PAYLOAD_ODELAGT')
    expect(await readFaithfully(payloads, 'x', OTHER_TENANT)).toBe('PAYLOAD_ODELAGT')
  })

  test("another key than the tenant's, which is named as the reason", async () => {
    await (await world().start()).put(TENANT, 'x', [content])
    await world().end('process')
    const payloads = await world().start({ wrappingKey: () => new Uint8Array(32).fill(200) })
    const error = await payloads.open(TENANT, 'x').catch((refused: unknown) => refused)
    expect(error).toMatchObject({ code: 'PAYLOAD_ODELAGT', disposition: 'permanent' })
    expect(String(error)).toContain('sealed under key')
  })

  test('a key of another length is refused before anything is read or written', async () => {
    const payloads = await world().start({ wrappingKey: () => new Uint8Array(31) })
    const refused = { code: 'PAYLOAD_UGYLDIG_NOKKEL', disposition: 'paused' }
    await expect(payloads.put(TENANT, 'x', [content])).rejects.toMatchObject(refused)
    await expect(payloads.open(TENANT, 'x')).rejects.toMatchObject(refused)
  })
}
