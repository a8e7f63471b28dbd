import { expect, test } from 'vitest'
import { defineHandler, type Poller } from '../index.ts'
import { until } from '../testing/index.ts'
import { createWorld, OPERATOR, SkrevetV1, type World } from './test-world.ts'

const MINUTE = 60_000
const YEAR = 365 * 24 * 60 * MINUTE

/** A hub whose clock is a year ahead, and a letter that waits for another try. */
async function putOff(world: World) {
  world.destination.nextFaults.push('refuse-connection')
  world.time.jump(YEAR)
  const hub = await world.start()
  await hub.accept({ referanse: 'sak-1' })
  await until('it waits for another try', () => world.rows("state = 'waiting'").some((row) => row.runs === 1))
  return hub
}

test('what a clock far ahead has put off is not put off any more after a start with the right time', async () => {
  const world = createWorld()
  const hub = await putOff(world)
  hub.crash()
  world.time.jump(-YEAR)
  await world.start()
  await world.time.advance(10 * MINUTE)

  expect(world.destination.received).toHaveLength(1)
})

test('a clock that is put back while the hub runs holds nothing up', async () => {
  const world = createWorld()
  const hub = await putOff(world)
  world.time.jump(-YEAR)
  await world.time.advance(10 * MINUTE)

  expect(world.destination.received).toHaveLength(1)
  expect(hub.log.lines.filter((line) => line.sentence.startsWith('the clock was put back'))).toHaveLength(1)
})

test('a clock that is put forward, and one that is corrected a little, change no due time', async () => {
  const world = createWorld()
  const hub = await putOff(world)
  const [before] = world.rows()
  world.time.jump(-30_000)
  await world.time.advance(500)
  world.time.jump(20_000)
  await world.time.advance(100)

  expect(world.rows()[0]?.due_at).toBe(before?.due_at)
  expect(hub.log.lines.filter((line) => line.sentence.startsWith('the clock was put back'))).toEqual([])
})

/** Follows each letter, asked for every quarter of an hour. */
function follower() {
  const asked: number[] = []
  const poller: Poller = {
    name: 'test.follow',
    everyMs: MINUTE,
    async poll(context) {
      for (const document of await context.due('test.follow', 10)) {
        asked.push(context.now())
        const dueAt = context.now() + 15 * MINUTE
        await context.keep({ collection: 'test.follow', document, body: {}, dueAt, events: [] })
      }
    },
  }
  const handler = defineHandler({
    name: 'test.follow',
    consumes: SkrevetV1,
    effects: [],
    async handle(data, context) {
      context.documents.put('test.follow', data.letterId, {}, { dueAt: context.now() })
    },
  })
  return { asked, options: { handlers: [handler], pollers: [poller] } }
}

test.each(['at the next start', 'while the hub runs'])(
  'what is followed at regular times is followed on when the clock is put back %s',
  async (when) => {
    const world = createWorld()
    const { asked, options } = follower()
    world.time.jump(YEAR)
    const hub = await world.start(options)
    await hub.accept({ referanse: 'sak-1' })
    await until('it is asked for', () => asked.length > 0, { time: world.time })
    if (when === 'at the next start') hub.crash()
    world.time.jump(-YEAR)
    if (when === 'at the next start') await world.start(options)
    await world.time.advance(60 * MINUTE)

    expect(asked.length).toBeGreaterThan(3)
  },
)

test('the brake of a replay holds although the clock is put back while it runs', async () => {
  const world = createWorld()
  const hub = await world.start()
  for (let number = 0; number < 12; number += 1) {
    world.destination.nextFaults.push('refuse-content')
    await hub.accept({ referanse: `sak-${number}` })
  }
  await until('all are parked', () => world.rows("state = 'parked'").length === 12, { time: world.time })
  for (let number = 0; number < 12; number += 1) world.destination.nextFaults.push('refuse-content')
  const { jobId } = await hub.runtime.replays.plan({ tenants: 'alle' }, OPERATOR, 'corrected')
  await hub.runtime.replays.run(jobId, OPERATOR, 'corrected')
  world.time.jump(-60 * MINUTE)
  await world.time.advance(2 * MINUTE)
  const job = await hub.runtime.replays.show(jobId)

  expect(job?.state).toBe('braked')
  expect(job?.items.filter((item) => item.state === 'frozen')).toHaveLength(9)
})
