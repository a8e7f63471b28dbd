import type { Payloads } from '@samband/kernel'
import { expect, test } from 'vitest'
import type { PayloadsWorld } from './world.ts'
import { codeOf, FRAME, refs, sha256, someBytes, TENANT } from './world.ts'

/** A process that ends, or power that goes, ahead of any step. */
export function survivesStops(world: () => PayloadsWorld): void {
  const content = someBytes(2 * FRAME + 5)
  const former = someBytes(30, 9)
  const ends: readonly (readonly [string, 'process' | 'power', (() => boolean) | undefined])[] = [
    ['process', 'process', undefined],
    ['power, all that was not durable lost', 'power', () => false],
    ['power, some of it lost', 'power', alternating()],
  ]

  test.each(ends)('put: nothing or all of it is there (%s)', { timeout: 60_000 }, async (_, how, survives) => {
    await forEachStep(world, how, survives, {
      act: (payloads) => payloads.put(TENANT, 'x', [content]),
      check: async (payloads, finished) => {
        const found = await payloads.read(TENANT, 'x', content.length).catch(codeOf)
        if (finished || found !== 'PAYLOAD_FINNES_IKKE') expect(sha256(found as Uint8Array)).toBe(sha256(content))
        const names = await refs(payloads, TENANT)
        expect(names).toEqual(found === 'PAYLOAD_FINNES_IKKE' ? [] : ['x'])
        expect((await world().raw()).size).toBe(names.length)
      },
    })
  })

  test.each(ends)(
    'put again: the former or the new is there, whole (%s)',
    { timeout: 60_000 },
    async (_, how, survives) => {
      await forEachStep(world, how, survives, {
        prepare: (payloads) => payloads.put(TENANT, 'x', [former]),
        act: (payloads) => payloads.put(TENANT, 'x', [content]),
        check: async (payloads, finished) => {
          const found = sha256(await payloads.read(TENANT, 'x', content.length))
          expect(finished ? [sha256(content)] : [sha256(content), sha256(former)]).toContain(found)
          expect((await world().raw()).size).toBe(1)
        },
      })
    },
  )

  test.each(ends)('remove: it is there, whole, or gone (%s)', { timeout: 60_000 }, async (_, how, survives) => {
    await forEachStep(world, how, survives, {
      prepare: (payloads) => payloads.put(TENANT, 'x', [former]),
      act: (payloads) => payloads.remove(TENANT, 'x'),
      check: async (payloads, finished) => {
        const found = await payloads.read(TENANT, 'x', former.length).catch(codeOf)
        if (finished) expect(found).toBe('PAYLOAD_FINNES_IKKE')
        else if (found !== 'PAYLOAD_FINNES_IKKE') expect(sha256(found as Uint8Array)).toBe(sha256(former))
      },
    })
  })

  test('what a new process finds after its start stands over a power loss', async () => {
    let published = false
    const stopping = await world().start({
      before: (operation) => {
        if (published) throw new Error('the process was stopped')
        published = world().publishing.has(operation)
      },
    })
    await expect(stopping.put(TENANT, 'x', [content])).rejects.toThrow('the process was stopped')
    await world().end('process')
    const found = await (await world().start()).facts(TENANT, 'x').catch(codeOf)
    await world().end('power', () => false)
    const foundLater = await (await world().start()).facts(TENANT, 'x').catch(codeOf)
    expect(foundLater).toEqual(found)
  })
}

interface Stopped {
  prepare?(payloads: Payloads): Promise<unknown>
  act(payloads: Payloads): Promise<unknown>
  check(payloads: Payloads, finished: boolean): Promise<void>
}

/** Runs `act` and stops the process ahead of its first step, then of its second, and so on until it gets through. */
async function forEachStep(
  world: () => PayloadsWorld,
  how: 'process' | 'power',
  survives: (() => boolean) | undefined,
  { prepare, act, check }: Stopped,
): Promise<void> {
  for (let stopAt = 1; ; stopAt += 1) {
    if (prepare !== undefined) await prepare(await world().start())
    let step = 0
    const payloads = await world().start({
      before: () => {
        step += 1
        if (step >= stopAt) throw new Error('the process was stopped')
      },
    })
    const finished = await act(payloads).then(
      () => true,
      () => false,
    )
    await world().end(how, survives)
    const after = await world().start()
    await check(after, finished)
    await after.remove(TENANT, 'x')
    if (finished) return
    expect(stopAt).toBeLessThan(200)
  }
}

function alternating(): () => boolean {
  let turn = false
  return () => {
    turn = !turn
    return turn
  }
}
