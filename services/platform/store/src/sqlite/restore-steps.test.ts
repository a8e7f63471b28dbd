import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { installationFolder, namesIn, writeName } from '../conformance/installation-folder.ts'
import { restoreBackup } from '../index.ts'

const steps = vi.hoisted(() => ({ left: Number.POSITIVE_INFINITY }))

/** Every change of a file counts; after the last one that is left the process is gone. */
vi.mock('node:fs', async (load) => {
  const fs = await load<typeof import('node:fs')>()
  const counted =
    <A extends unknown[], R>(change: (...args: A) => R) =>
    (...args: A): R => {
      const answer = change(...args)
      steps.left -= 1
      if (steps.left === 0) throw new Error('killed')
      return answer
    }
  return {
    ...fs,
    copyFileSync: counted(fs.copyFileSync),
    linkSync: counted(fs.linkSync),
    renameSync: counted(fs.renameSync),
    rmSync: counted(fs.rmSync),
    writeSync: counted(fs.writeSync),
  }
})

/** A store with two names, and a copy of it from when it had one. */
async function storeWithCopy() {
  const place = installationFolder()
  const live = place.open()
  await writeName(live, 'test-1')
  const copy = join(place.folder, 'copy.db')
  await live.backup(copy)
  await writeName(live, 'test-2')
  await live.close()
  return { place, restore: () => restoreBackup({ backupFile: copy, folder: place.folder, clock: place.time.clock }) }
}

test('a restore that is killed after any of its steps leaves the former store or the copy in place, and can be repeated', async () => {
  const seen: string[][] = []
  for (let step = 1, killed = true; killed; step += 1) {
    const { place, restore } = await storeWithCopy()
    steps.left = step
    try {
      restore()
      killed = false
    } catch (error) {
      expect(error).toMatchObject({ message: 'killed' })
    }
    steps.left = Number.POSITIVE_INFINITY
    const next = place.open()
    const names = await namesIn(next)
    seen.push(names)
    expect(names.length === 1).toBe(next.report.distrustedSince !== undefined)
    await next.close()
    restore()
    expect(await namesIn(place.open())).toEqual(['test-1'])
  }

  const former = seen.filter((names) => names.length === 2)
  expect(seen).toEqual([...former, ...Array(seen.length - former.length).fill(['test-1'])])
  expect(former.length).toBeGreaterThan(5)
})

test('what a restore puts aside is the former store, whole', async () => {
  const { place, restore } = await storeWithCopy()
  const former = restore() ?? ''

  expect(existsSync(former)).toBe(true)
  expect(readdirSync(place.folder).filter((name) => name.endsWith('.incoming'))).toEqual([])
})
