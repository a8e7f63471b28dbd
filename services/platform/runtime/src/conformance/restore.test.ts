import { expect, test } from 'vitest'
import { TEST_WAIT_MS, until } from '../testing/index.ts'
import { createWorld, letterKey, OPERATOR, type World } from './test-world.ts'

const MINUTE = 60_000

/** As `restoreBackup` leaves a store that was copied before anything was sent. */
function restoreToBeforeSending(world: World): void {
  world.sql("UPDATE inbox SET state = 'waiting', head = 1, destination = NULL, fixed_values = NULL, finished_at = NULL")
  world.sql('DELETE FROM effect')
  world.sql('DELETE FROM attempt')
  world.sql("INSERT INTO meta (name, value) VALUES ('distrust_since', '1')")
}

async function sentThenRestored(world: World): Promise<string> {
  const hub = await world.start()
  const acceptedId = await hub.accept({ referanse: 'sak-1' })
  await world.calm()
  await hub.stop()
  restoreToBeforeSending(world)
  return acceptedId
}

test('R27: after a restore a letter that the store does not remember sending is asked for, found, and not sent again', async () => {
  const world = createWorld()
  await sentThenRestored(world)
  await world.start()
  await world.time.advance(5_000)

  expect(world.rows()[0]?.state).toBe('done')
  expect(world.destination.requests).toHaveLength(1)
  expect(world.destination.lookUps.length).toBeGreaterThan(0)
})

test('R27: after a restore a letter that is not over there is sent, but only when nothing can be on its way any more', async () => {
  const world = createWorld()
  const hub = await world.start()
  hub.crashAt('before', 'runtime.intent')
  await hub.accept({ referanse: 'sak-1' })
  await until('it crashed', () => world.rows()[0]?.state === 'running')
  restoreToBeforeSending(world)
  await world.start()
  const startedAt = world.time.stopwatch.read()
  await world.time.advance(TEST_WAIT_MS - MINUTE)
  expect(world.destination.requests).toEqual([])
  await world.calm()

  expect(world.destination.received).toHaveLength(1)
  expect((world.destination.received[0]?.atMs ?? 0) - startedAt).toBeGreaterThanOrEqual(TEST_WAIT_MS)
})

test('R27: a client’s repeat after the restore leads to the same letter, which is found and not sent again', async () => {
  const world = createWorld()
  const hub = await world.start()
  await hub.accept({ referanse: 'sak-1' })
  await world.calm()
  await hub.stop()
  for (const table of ['ledger', 'outbox', 'inbox', 'effect', 'attempt', 'bus_log', 'bus_offset', 'event_sequence'])
    world.sql(`DELETE FROM ${table}`)
  world.sql('UPDATE bus_topic SET end_offset = 0')
  world.sql("INSERT INTO meta (name, value) VALUES ('distrust_since', '1')")
  const restored = await world.start({ idSeed: 'two' })
  await restored.accept({ referanse: 'sak-1' })
  await world.calm()

  expect(world.destination.received).toHaveLength(1)
})

test('R27: a letter found after a restore cannot be discarded as if it had not been sent', async () => {
  const world = createWorld()
  const acceptedId = await sentThenRestored(world)
  const hub = await world.start()
  const hold = hub.holdBefore('runtime.finish')
  await until('its evidence is back', hold.reached, { time: world.time })
  const rowId = world.rows()[0]?.row_id ?? 0

  await expect(hub.runtime.verbs.discard(rowId, OPERATOR, 'not needed')).rejects.toMatchObject({
    code: 'DRIFT_ALLEREDE_UTFORT',
  })
  expect(world.sql('SELECT effect_key FROM effect')).toEqual([{ effect_key: letterKey(world, acceptedId) }])
  hold.release()
  await world.calm()
})
