import { expect, test } from 'vitest'
import { createWorld } from './test-world.ts'

test('a letter that is accepted is sent once and told', async () => {
  const world = createWorld()
  const hub = await world.start()
  await hub.accept({ referanse: 'sak-1' })
  await world.calm()

  expect(world.destination.received).toHaveLength(1)
  expect(world.rows().map((row) => row.state)).toEqual(['done'])
  await hub.stop()
})
