import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { holdByChild, installationFolder, writeName } from '../conformance/installation-folder.ts'
import { openLeaving, restoreBackup } from '../index.ts'

type Place = ReturnType<typeof installationFolder>

const leave = ({ folder, time }: Place) => openLeaving({ folder, timers: time.timers })

/** A folder whose hub has run and stopped. */
async function home(): Promise<Place> {
  const place = installationFolder()
  const live = place.open()
  await writeName(live, 'test-1')
  await live.close()
  return place
}

test('a folder that was left lets no hub start, and says where the installation is', async () => {
  const place = await home()
  const leaving = leave(place)
  leaving.markMoved('PostgreSQL db.example/samband, schema samband')
  await leaving.close()

  expect(() => place.open()).toThrow(/was moved to PostgreSQL db\.example\/samband, schema samband/)
  // The file alone, in a folder that knows nothing of it, says so as well.
  rmSync(join(place.folder, 'samband.moved'))
  expect(() => place.open()).toThrow(/this store was moved to PostgreSQL db\.example/)
})

test('no backup is put back beside an installation that goes on elsewhere', async () => {
  const place = await home()
  const live = place.open()
  const copy = join(place.folder, 'copy.db')
  await live.backup(copy)
  await live.close()
  const leaving = leave(place)
  leaving.markMoved('there')
  await leaving.close()

  expect(() => restoreBackup({ backupFile: copy, folder: place.folder, clock: place.time.clock })).toThrow(
    /was moved to there/,
  )
})

test('the way back is a backup: once a person has taken the mark beside the store away, it is put back and not trusted', async () => {
  const place = await home()
  const live = place.open()
  const copy = join(place.folder, 'copy.db')
  await live.backup(copy)
  await live.close()
  const leaving = leave(place)
  leaving.markMoved('there')
  await leaving.close()
  rmSync(join(place.folder, 'samband.moved'))
  restoreBackup({ backupFile: copy, folder: place.folder, clock: place.time.clock })

  expect(place.open().report.distrustedSince).toBe(place.time.clock.now())
})

test('what is left can be opened again to be moved, under the name it was given', async () => {
  const place = await home()
  const first = leave(place)
  const name = first.identify({ uuid: () => 'a-name' })
  first.markMoved('there')
  await first.close()
  const second = leave(place)

  expect([second.identity, second.identify({ uuid: () => 'another' }), second.movedTo]).toEqual([name, name, 'there'])
  await second.close()
})

test('a look at a store changes nothing: the hub goes on as after a proper stop', async () => {
  const place = await home()
  await leave(place).close()
  const live = place.open()

  expect(live.report).toEqual({ unclean: false, putBack: false })
  await live.close()
})

test('a store that a hub holds, that is of another release, or that is not there cannot leave', async () => {
  const place = await home()
  const holder = await holdByChild(place.folder)
  expect(() => leave(place)).toThrow(expect.objectContaining({ obstacle: 'in-use' }))
  await holder.kill()
  const database = new DatabaseSync(place.file)
  database.exec("DELETE FROM migration WHERE name = '0004_replay_rounds'")
  database.close()
  expect(() => leave(place)).toThrow(expect.objectContaining({ obstacle: 'other-release' }))
  expect(() => leave(installationFolder())).toThrow(expect.objectContaining({ obstacle: 'no-store' }))
})

test('a file that was put back by hand cannot leave before a hub has seen that', async () => {
  const place = await home()
  const database = new DatabaseSync(place.file)
  database.exec("UPDATE meta SET value = '0' WHERE name = 'generation'")
  database.close()

  expect(() => leave(place)).toThrow(expect.objectContaining({ obstacle: 'put-back' }))
})
