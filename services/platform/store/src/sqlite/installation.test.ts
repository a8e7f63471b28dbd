import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { holdByChild, installationFolder, namesIn, writeName } from '../conformance/installation-folder.ts'
import { restoreBackup } from '../index.ts'

/** Overwrites a stretch in the middle of the file, past the header and the schema's first page. */
function damage(file: string): void {
  const handle = openSync(file, 'r+')
  const size = statSync(file).size
  for (let at = 8192; at < size; at += 4096) writeSync(handle, Buffer.alloc(2048, 0xa5), 0, 2048, at)
  closeSync(handle)
}

test('a new folder gets a store that is trusted, and a proper stop is remembered', async () => {
  const place = installationFolder()
  const first = place.open()
  await writeName(first, 'test-1')
  await first.close()
  const second = place.open()

  expect(first.report).toEqual({ unclean: false, putBack: false })
  expect(second.report).toEqual({ unclean: false, putBack: false })
  expect(await namesIn(second)).toEqual(['test-1'])
})

test('a second process is refused while one holds the store, and nothing of the first is touched', async () => {
  const place = installationFolder()
  await holdByChild(place.folder)

  expect(() => place.open()).toThrow(/locked/)
})

test('a process that was killed has lost the store: the next one opens it, checks it, and finds what was committed', async () => {
  const place = installationFolder()
  const child = await holdByChild(place.folder)
  await child.kill()
  const next = place.open()

  expect(next.report).toEqual({ unclean: true, putBack: false })
  expect(await namesIn(next)).toEqual(['test-by-child'])
})

test('after an unclean stop a damaged file is refused with the advice to restore', async () => {
  const place = installationFolder()
  await place.open().close()
  // As after a kill, with everything folded into the file, so that no write-ahead log heals the damage.
  const database = new DatabaseSync(place.file)
  database.exec("UPDATE meta SET value = '0' WHERE name = 'clean_stop'; PRAGMA wal_checkpoint(TRUNCATE)")
  database.close()
  damage(place.file)

  expect(() => place.open()).toThrow(/damaged .* restore the newest backup/)
})

test('a file that is no database is refused', () => {
  const place = installationFolder()
  writeFileSync(place.file, 'this is no database at all, and long enough to be looked at as one'.repeat(40))

  expect(() => place.open()).toThrow(/damaged .*not a database.* restore the newest backup/)
})

test('a backup of a store in use holds what was committed before it', async () => {
  const place = installationFolder()
  const live = place.open()
  await writeName(live, 'test-1')
  const target = join(place.folder, 'copy.db')
  await live.backup(target)
  await writeName(live, 'test-2')
  await live.close()
  restoreBackup({ backupFile: target, folder: place.folder, clock: place.time.clock })
  const restored = place.open()

  expect(await namesIn(restored)).toEqual(['test-1'])
})

test('a backup never holds half a transaction, however long one is under way', async () => {
  const place = installationFolder()
  const live = place.open()
  const begun = Promise.withResolvers<void>()
  const held = Promise.withResolvers<void>()
  const write = live.store.transaction('test.long', async (tx) => {
    await tx.run("INSERT INTO meta (name, value) VALUES ('test-first-half', 'x')")
    begun.resolve()
    await held.promise
    await tx.run("INSERT INTO meta (name, value) VALUES ('test-second-half', 'x')")
  })
  await begun.promise
  const target = join(place.folder, 'copy.db')
  const copying = live.backup(target)
  // Time enough for a copy that does not wait for the transaction to be finished before it.
  const { promise: later, resolve: isLater } = Promise.withResolvers<void>()
  let turns = 0
  const turn = () => {
    turns += 1
    if (existsSync(target) || turns > 2_000) isLater()
    else setImmediate(turn)
  }
  turn()
  await later
  held.resolve()
  await write
  await copying
  await live.close()
  restoreBackup({ backupFile: target, folder: place.folder, clock: place.time.clock })

  expect([[], ['test-first-half', 'test-second-half']]).toContainEqual(await namesIn(place.open()))
})

test('a restored store is stamped as not trusted, and the former file is kept', async () => {
  const place = installationFolder()
  const live = place.open()
  const target = join(place.folder, 'copy.db')
  await live.backup(target)
  await writeName(live, 'test-lost-by-the-restore')
  await live.close()
  await place.time.advance(5_000)
  const former = restoreBackup({ backupFile: target, folder: place.folder, clock: place.time.clock })
  const restored = place.open()

  expect(restored.report).toMatchObject({ putBack: false, distrustedSince: place.time.clock.now() })
  expect(former).toBeDefined()
  expect(existsSync(former ?? '')).toBe(true)
  expect(await namesIn(restored)).toEqual([])
})

test('a restore under a running hub is refused before anything is changed', async () => {
  const place = installationFolder()
  const before = place.open()
  const target = join(place.folder, 'copy.db')
  await before.backup(target)
  await before.close()
  const child = await holdByChild(place.folder)
  const seen = () =>
    readdirSync(place.folder)
      .filter((name) => !/-(wal|shm)$/.test(name))
      .map((name) => [name, readFileSync(join(place.folder, name)).toString('base64')])
  const was = seen()

  expect(() => restoreBackup({ backupFile: target, folder: place.folder, clock: place.time.clock })).toThrow(/in use/)
  expect(seen()).toEqual(was)
  await child.kill()
  const after = place.open()
  expect(after.report.putBack).toBe(false)
  expect(await namesIn(after)).toEqual(['test-by-child'])
})

test('a restore works although the store in place is damaged, which is what it is for', async () => {
  const place = installationFolder()
  const live = place.open()
  await writeName(live, 'test-1')
  const target = join(place.folder, 'copy.db')
  await live.backup(target)
  await live.close()
  writeFileSync(place.file, 'not a database any more'.repeat(500))
  const former = restoreBackup({ backupFile: target, folder: place.folder, clock: place.time.clock })

  expect(readFileSync(former ?? '', 'utf8')).toContain('not a database any more')
  expect(await namesIn(place.open())).toEqual(['test-1'])
})

test('a damaged backup is refused and the store in place stays as it is', async () => {
  const place = installationFolder()
  const live = place.open()
  await writeName(live, 'test-1')
  const target = join(place.folder, 'copy.db')
  await live.backup(target)
  await live.close()
  damage(target)

  expect(() => restoreBackup({ backupFile: target, folder: place.folder, clock: place.time.clock })).toThrow(
    /damaged|malformed/,
  )
  const after = place.open()
  expect(after.report).toEqual({ unclean: false, putBack: false })
  expect(await namesIn(after)).toEqual(['test-1'])
})

test('a restore that was broken off leaves nothing behind that the next one stumbles over', async () => {
  const place = installationFolder()
  const live = place.open()
  await writeName(live, 'test-1')
  const target = join(place.folder, 'copy.db')
  await live.backup(target)
  await live.close()
  writeFileSync(`${place.file}.incoming`, 'half a copy')
  writeFileSync(`${place.file}.incoming-wal`, 'half a log')
  restoreBackup({ backupFile: target, folder: place.folder, clock: place.time.clock })

  expect(await namesIn(place.open())).toEqual(['test-1'])
})

test.each(['samband.generation', 'samband.db.incoming', 'samband.db.before-restore-1'])(
  'a folder without a store is not given an empty one when %s shows that there was one',
  async (witness) => {
    const place = installationFolder()
    writeFileSync(join(place.folder, witness), '7')

    expect(() => place.open()).toThrow(/samband\.db is missing or empty.*Put the file back, or restore a backup/)
    expect(existsSync(place.file)).toBe(false)
  },
)

test('a store that was emptied is refused as one that is missing', async () => {
  const place = installationFolder()
  await place.open().close()
  writeFileSync(place.file, '')

  expect(() => place.open()).toThrow(/missing or empty/)
})

test('a missing store can be restored', async () => {
  const place = installationFolder()
  const live = place.open()
  await writeName(live, 'test-1')
  const target = join(place.folder, 'copy.db')
  await live.backup(target)
  await live.close()
  renameSync(place.file, join(place.folder, 'away.db'))
  restoreBackup({ backupFile: target, folder: place.folder, clock: place.time.clock })

  expect(await namesIn(place.open())).toEqual(['test-1'])
})

test('a copy put back by hand is recognised by the counter outside, and the store is not trusted from then on', async () => {
  const place = installationFolder()
  const first = place.open()
  await writeName(first, 'test-1')
  await first.close()
  const old = readFileSync(place.file)
  const second = place.open()
  await writeName(second, 'test-2')
  await second.close()
  writeFileSync(place.file, old)
  const third = place.open()
  await third.close()
  const fourth = place.open()

  expect(third.report).toMatchObject({ putBack: true, distrustedSince: place.time.clock.now() })
  expect(fourth.report).toMatchObject({ putBack: false, distrustedSince: place.time.clock.now() })
})

test('a backup put back by hand instead of by restore is recognised too', async () => {
  const place = installationFolder()
  const live = place.open()
  const target = join(place.folder, 'copy.db')
  await live.backup(target)
  await live.close()
  writeFileSync(place.file, readFileSync(target))

  expect(place.open().report.putBack).toBe(true)
})

test('a copy of the running store that is put back after the stop is recognised', async () => {
  const place = installationFolder()
  const live = place.open()
  await writeName(live, 'test-1')
  const [copy, log] = [readFileSync(place.file), readFileSync(`${place.file}-wal`)]
  await live.close()
  writeFileSync(place.file, copy)
  writeFileSync(`${place.file}-wal`, log)

  expect(place.open().report.putBack).toBe(true)
})

test('the counter outside rises while the store runs, so that an older copy is recognised after a kill as well', async () => {
  const place = installationFolder()
  place.open()
  const counter = () => Number(readFileSync(join(place.folder, 'samband.generation'), 'utf8'))
  const before = counter()
  await place.time.advance(61_000)

  expect(counter()).toBe(before + 1)
})

test('a counter that cannot be raised, as on a full disk, is logged and tried again, and ends nothing', async () => {
  const place = installationFolder()
  const live = place.open()
  const inTheWay = join(place.folder, 'samband.generation.new')
  mkdirSync(inTheWay)
  await place.time.advance(121_000)
  expect(place.log.lines.map(({ level, fields }) => [level, fields['code']])).toEqual([
    ['error', 'EISDIR'],
    ['error', 'EISDIR'],
  ])
  await writeName(live, 'test-1')
  rmSync(inTheWay, { recursive: true })
  await place.time.advance(61_000)

  expect(place.log.lines).toHaveLength(2)
  expect(await namesIn(live)).toEqual(['test-1'])
})

test('a store that cannot be marked as stopped is closed all the same, and checked at the next start', async () => {
  const place = installationFolder()
  const live = place.open()
  await writeName(live, 'test-1')
  const inTheWay = join(place.folder, 'samband.generation.new')
  mkdirSync(inTheWay)
  await live.close()
  rmSync(inTheWay, { recursive: true })
  const next = place.open()

  expect(next.report.unclean).toBe(true)
  expect(await namesIn(next)).toEqual(['test-1'])
})

test.runIf(existsSync('/dev/full'))('a start on a full disk says what is the matter and what to do', async () => {
  const place = installationFolder()
  await place.open().close()
  symlinkSync('/dev/full', join(place.folder, 'samband.generation.new'))

  expect(() => place.open()).toThrow(/cannot be written \(ENOSPC\): make room on the disk.*Nothing is lost/)
})

test('a store that is put back a second time is distrusted anew: what was asked since the first time was asked of another one', async () => {
  const place = installationFolder()
  const first = place.open()
  await first.close()
  const old = readFileSync(place.file)
  await place.open().close()
  writeFileSync(place.file, old)
  const second = place.open()
  const stamp = second.report.distrustedSince
  await second.close()
  const later = readFileSync(place.file)
  await place.open().close()
  await place.time.advance(5_000)
  writeFileSync(place.file, later)

  expect(place.open().report).toMatchObject({ putBack: true, distrustedSince: (stamp ?? 0) + 5_000 })
})

test('the full check finds nothing in a sound store', async () => {
  const place = installationFolder()

  expect(await place.open().checkFully()).toEqual([])
})
