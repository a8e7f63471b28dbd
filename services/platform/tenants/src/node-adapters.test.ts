import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { nodeSecrets, nodeTenantFiles } from './node-adapters.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'samband-tenants-'))
})
afterEach(() => rm(folder, { recursive: true }))

test('files are listed and read, and the stamp changes with the file', async () => {
  const files = nodeTenantFiles()
  const path = join(folder, 'a.yaml')
  await writeFile(path, 'one')
  const first = await files.modified(path)
  expect([await files.list(folder), await files.readText(path)]).toEqual([['a.yaml'], 'one'])
  expect(await files.modified(path)).toBe(first)
  await writeFile(join(folder, 'new'), 'two')
  await rename(join(folder, 'new'), path)
  expect(await files.modified(path)).not.toBe(first)
})

test('what is not there is undefined, and a missing folder is an error', async () => {
  const files = nodeTenantFiles()
  expect([await files.modified(join(folder, 'x')), await files.readText(join(folder, 'x'))]).toEqual([
    undefined,
    undefined,
  ])
  await expect(files.list(join(folder, 'x'))).rejects.toThrow()
})

test('secrets come from the environment and from files without their last line break', async () => {
  await writeFile(join(folder, 'key'), 'from file\n')
  const secrets = nodeSecrets({ NAME: 'from environment' })
  expect(await secrets.resolve('env:NAME')).toBe('from environment')
  expect(await secrets.resolve('env:OTHER')).toBeUndefined()
  expect(await secrets.resolve(`file:${join(folder, 'key')}`)).toBe('from file')
  expect(await secrets.resolve(`file:${join(folder, 'none')}`)).toBeUndefined()
  await expect(secrets.resolve(`file:${folder}`)).rejects.toThrow()
})
