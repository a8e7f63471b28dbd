import { expect, test } from 'vitest'
import type { PayloadsWorld } from './world.ts'
import { FRAME, someBytes, TENANT } from './world.ts'

/** Failures of the source, the caller and the disk. */
export function leavesNothing(world: () => PayloadsWorld): void {
  test('a source that fails: its own error comes out, and nothing is left', async () => {
    const payloads = await world().start()
    const broken = new Error('the connection was cut')
    const source = async function* () {
      yield someBytes(2 * FRAME)
      throw broken
    }
    await expect(payloads.put(TENANT, 'x', source())).rejects.toBe(broken)
    expect((await world().raw()).size).toBe(0)
  })

  test('a source that fails leaves the former content of the ref alone', async () => {
    const payloads = await world().start()
    const facts = await payloads.put(TENANT, 'x', [someBytes(20)])
    const source = function* () {
      yield someBytes(FRAME)
      throw new Error('the connection was cut')
    }
    await expect(payloads.put(TENANT, 'x', source())).rejects.toThrow('the connection was cut')
    expect(await payloads.facts(TENANT, 'x')).toEqual(facts)
    expect((await world().raw()).size).toBe(1)
  })

  test('an abort before, and one while the source hangs: nothing is left, and the source is told', async () => {
    const payloads = await world().start()
    const reason = new Error('drain')
    await expect(payloads.put(TENANT, 'x', [someBytes(1)], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)

    const controller = new AbortController()
    const hanging = hangingSource(() => controller.abort(reason))
    await expect(payloads.put(TENANT, 'x', hanging.source, { signal: controller.signal })).rejects.toBe(reason)
    expect(hanging.told()).toBe(true)
    expect((await world().raw()).size).toBe(0)
  })

  test('more than maxBytes is refused as soon as it is passed, and exactly maxBytes is taken', async () => {
    const payloads = await world().start()
    let given = 0
    const endless = function* () {
      while (true) {
        given += 1
        yield someBytes(1000)
      }
    }
    const tooLarge = { code: 'PAYLOAD_FOR_STOR', disposition: 'permanent' }
    await expect(payloads.put(TENANT, 'x', endless(), { maxBytes: 5000 })).rejects.toMatchObject(tooLarge)
    expect(given).toBe(6)
    expect((await world().raw()).size).toBe(0)
    await payloads.put(TENANT, 'x', [someBytes(5000)], { maxBytes: 5000 })
  })

  test('a full disk at any step of a put is told as such, leaves nothing, and a later put goes well', async () => {
    for (let step = 1; ; step += 1) {
      let count = 0
      let full = true
      const payloads = await world().start({
        before: (operation) => {
          count += 1
          if (full && count === step && operation !== 'close') throw noRoom()
        },
      })
      const outcome = await payloads.put(TENANT, 'x', [someBytes(FRAME + 1)]).catch((error: unknown) => error)
      full = false
      const steps = count
      if (outcome instanceof Error) {
        expect(outcome).toMatchObject({ code: 'PAYLOAD_DISK_FULL', disposition: 'transient' })
        expect((await world().raw()).size, `after step ${step}`).toBe(0)
      }
      await payloads.put(TENANT, 'x', [someBytes(10)])
      await payloads.remove(TENANT, 'x')
      await world().end('process')
      if (steps < step) break
      expect(step).toBeLessThan(100)
    }
  })
}

/** A source that gives one piece and then never settles; `onWait` is called when it is asked for the second. */
function hangingSource(onWait: () => void): { readonly source: AsyncIterable<Uint8Array>; told(): boolean } {
  let asked = 0
  let told = false
  const iterator: AsyncIterator<Uint8Array> = {
    next: () => {
      asked += 1
      if (asked === 1) return Promise.resolve({ done: false, value: someBytes(FRAME + 1) })
      queueMicrotask(onWait)
      return new Promise(() => undefined)
    },
    return: () => {
      told = true
      return Promise.resolve({ done: true, value: undefined })
    },
  }
  return { source: { [Symbol.asyncIterator]: () => iterator }, told: () => told }
}

function noRoom(): Error {
  return Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
}
