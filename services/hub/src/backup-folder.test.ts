import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createBackupFolder } from './backup-folder.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'samband-backup-folder-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const copyOf = (text: string) => async (target: string) => writeFileSync(target, text)

test('a copy has its name only when it is whole, and the folder is made', async () => {
  const backups = createBackupFolder(join(folder, 'ny'), copyOf('innhold'))
  expect(await backups.write('natt.db')).toEqual({ path: join(folder, 'ny', 'natt.db'), sizeBytes: 7 })
  expect(readdirSync(join(folder, 'ny'))).toEqual(['natt.db'])
})

test('a copy that fails leaves nothing', async () => {
  const backups = createBackupFolder(folder, async (target) => {
    writeFileSync(target, 'halv')
    throw new Error('the disk is full')
  })
  await expect(backups.write('natt.db')).rejects.toThrow('the disk is full')
  expect(readdirSync(folder)).toEqual([])
})

test('an earlier copy is never written over', async () => {
  await createBackupFolder(folder, copyOf('den første')).write('natt.db')
  expect(await createBackupFolder(folder, copyOf('den andre')).write('natt.db')).toBe('exists')
  expect(readFileSync(join(folder, 'natt.db'), 'utf8')).toBe('den første')
})

test('one copy at a time', async () => {
  let end = () => {}
  const backups = createBackupFolder(folder, async (target) => {
    await new Promise<void>((resolve) => {
      end = resolve
    })
    writeFileSync(target, 'innhold')
  })
  const first = backups.write('a.db')
  expect(await backups.write('b.db')).toBe('busy')
  end()
  expect(await first).toMatchObject({ sizeBytes: 7 })
})

test('no name leads out of the folder', async () => {
  const backups = createBackupFolder(folder, copyOf('innhold'))
  for (const name of [
    '../ut.db',
    'mappe/natt.db',
    '/natt.db',
    '.skjult.db',
    'natt',
    'natt.db\u0000',
    '..db',
    'C:\\natt.db',
    '',
  ]) {
    await expect(backups.write(name), name).rejects.toThrow(RangeError)
  }
  expect(existsSync(join(folder, '..', 'ut.db'))).toBe(false)
  expect(readdirSync(folder)).toEqual([])
})
