import { HubError } from '@samband/kernel'
import { expect, test } from 'vitest'
import { until } from '../testing/index.ts'
import { createWorld, handlerOf, inputOf } from './test-world.ts'

const MINUTE = 60_000

test('a letter of several steps has its patience anew after each step that is done', async () => {
  const world = createWorld()
  const [first, second] = [world.destination.effect({ name: 'first' }), world.destination.effect({ name: 'second' })]
  const twoSteps = handlerOf([first, second], async (data, context) => {
    await context.effect(first, inputOf(data))
    await context.effect(second, inputOf(data))
  })
  for (let number = 0; number < 4; number++) world.destination.nextFaults.push('refuse-connection')
  let secondFailures = 0
  world.destination.beforePrepare = async () => {
    if (world.destination.received.length === 0 || secondFailures > 0) return
    secondFailures += 1
    throw new HubError('FAKE_UTILGJENGELIG', 'transient', 'Not now.')
  }
  const hub = await world.start({ handlers: [twoSteps] })
  await hub.accept({ referanse: 'sak-1' })
  await until('the first step has failed four times', () => world.rows()[0]?.runs === 4, { time: world.time })
  await until('the second step has failed', () => secondFailures === 1, { time: world.time, withinMs: 60 * MINUTE })
  await until(
    'that is written',
    () => world.rows()[0]?.last_code === 'FAKE_UTILGJENGELIG' && world.rows()[0]?.state === 'waiting',
  )

  expect(world.rows()[0]?.runs).toBe(1)
})
