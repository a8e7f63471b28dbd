import { copyFileSync, mkdirSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { manualTime } from '@samband/connector-kit/testing'
import type { HubConfig } from '@samband/process'
import { openDatabase, openInstallation, stampRestored } from '@samband/store'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { aFolder, aWorld, clearUp } from '../testing/installation-on-disk.ts'
import { checkFolders } from './folders.ts'

afterEach(clearUp)

const MIB = 1024 ** 2

function found(dataFolder: string, backupsFolder?: string, freeBytes?: number) {
  const config = { dataFolder, backupsFolder } as HubConfig
  const findings = checkFolders(config, aWorld({}, freeBytes))
  return findings.map(({ grade, subject, message }) => `${grade} ${subject} ${message}`)
}

/** A folder only its owner gets at, as the hub makes it. */
function ownFolder(): string {
  const folder = join(aFolder(), 'data')
  mkdirSync(folder, { mode: 0o700 })
  return folder
}

function openStore(folder: string) {
  const time = manualTime()
  return openInstallation({ folder, clock: time.clock, timers: time.timers, log: { error() {} } })
}

async function stoppedStore(): Promise<string> {
  const folder = ownFolder()
  await openStore(folder).close()
  return folder
}

test('a folder that is not there yet is made at the first start, unless it may not be', () => {
  const folder = aFolder()
  expect(found(join(folder, 'deep', 'data'))[0]).toMatch(/^ok SAMBAND_DATA Mappen lages/)
  writeFileSync(join(folder, 'file'), '')
  expect(found(join(folder, 'file', 'data'))[0]).toMatch(/^fault SAMBAND_DATA .* får ikke lages/)
})

test('a disk that is almost full is a fault, and one that soon is a warning', () => {
  const folder = ownFolder()
  expect(found(folder, undefined, 100 * MIB)[0]).toMatch(/^fault SAMBAND_DATA .*nesten full: 0\.1 GiB/)
  expect(found(folder, undefined, 2048 * MIB)[0]).toMatch(/^warning SAMBAND_DATA .*snart full/)
  expect(found(folder)[0]).toMatch(/^ok SAMBAND_DATA Mappen kan skrives i/)
})

test('a folder that others on the machine get at is a warning', () => {
  const folder = join(aFolder(), 'open')
  mkdirSync(folder, { mode: 0o755 })
  expect(found(folder)[0]).toMatch(/^warning SAMBAND_DATA Andre brukere/)
})

test('no folder for copies, or one on the same disk, is a warning', () => {
  const folder = ownFolder()
  expect(found(folder).at(-1)).toMatch(/^warning SAMBAND_BACKUPS Ikke satt/)
  expect(found(folder, ownFolder()).at(-1)).toMatch(/^warning SAMBAND_BACKUPS .*samme disk/)
})

describe('the store', () => {
  const aboutStore = (folder: string) => found(folder)[1]

  test('that is not there yet, and one at rest, are in order', async () => {
    expect(aboutStore(ownFolder())).toMatch(/^ok .*ikke noe lager/)
    expect(aboutStore(await stoppedStore())).toMatch(/^ok .*er i ro/)
  })

  test('that a process holds is left alone: it can write on, and nothing is left beside it', async () => {
    const folder = ownFolder()
    const held = openStore(folder)
    onTestFinished(() => held.close())
    const before = readdirSync(folder).sort()
    expect(aboutStore(folder)).toBe(
      `ok SAMBAND_DATA Lageret er i bruk av prosess ${process.pid}; det ses ikke nærmere på.`,
    )
    await held.store.transaction('still', (tx) => tx.run("INSERT INTO meta (name, value) VALUES ('still', '1')"))
    expect(readdirSync(folder).sort()).toEqual(before)
  })

  test('at rest can be looked at while another process opens it', async () => {
    const folder = await stoppedStore()
    const before = readdirSync(folder).sort()
    aboutStore(folder)
    expect(readdirSync(folder).sort()).toEqual(before)
  })

  test('that has gone, while the folder shows that it was there, is a fault', async () => {
    const folder = await stoppedStore()
    truncateSync(join(folder, 'samband.db'), 0)
    expect(aboutStore(folder)).toMatch(/^fault .*samband\.generation viser/)
    rmSync(join(folder, 'samband.db'))
    expect(aboutStore(folder)).toMatch(/^fault .*borte/)
  })

  test('that is damaged is a fault', async () => {
    const folder = await stoppedStore()
    writeFileSync(join(folder, 'samband.db'), 'not a database at all'.repeat(500))
    expect(aboutStore(folder)).toMatch(/^fault .*kan ikke leses \(file is not a database\)/)
  })

  test('of a newer release is a fault', async () => {
    const folder = await stoppedStore()
    change(folder, "INSERT INTO migration (name, digest) VALUES ('9999_later', 'x')")
    expect(aboutStore(folder)).toMatch(/^fault .*nyere utgave \(9999_later\)/)
  })

  test('that was restored is a warning', async () => {
    const folder = await stoppedStore()
    const database = openDatabase(join(folder, 'samband.db'), { exclusive: true, synchronous: 'FULL' })
    stampRestored(database, 1)
    database.close()
    expect(aboutStore(folder)).toMatch(/^warning .*gjenopprettet/)
  })

  test('that was not stopped properly is a warning', async () => {
    const folder = ownFolder()
    const killed = ownFolder()
    const running = openStore(folder)
    await running.store.transaction('letter', (tx) => tx.run("INSERT INTO meta (name, value) VALUES ('letter', '1')"))
    for (const name of readdirSync(folder)) copyFileSync(join(folder, name), join(killed, name))
    await running.close()
    expect(aboutStore(killed)).toMatch(/^warning .*ikke stoppet ordentlig/)
  })
})

function change(folder: string, sql: string): void {
  const database = openDatabase(join(folder, 'samband.db'), { exclusive: true, synchronous: 'FULL' })
  database.exec(sql)
  database.close()
}
