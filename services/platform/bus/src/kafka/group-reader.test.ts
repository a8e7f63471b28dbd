import { type BusPosition, HubError } from '@samband/kernel'
import { createKeptLog, createVirtualTime } from '@samband/runtime/testing'
import { expect, onTestFinished, test } from 'vitest'
import type { BrokerDesk } from './broker-desk.ts'
import { startGroupReader } from './group-reader.ts'
import type { Member, MemberOptions } from './member.ts'
import { DEFAULT_TUNING } from './settings.ts'

const { leaveMs, remakeMostMs, retryMs, silentMs, stalledMs, watchMs } = DEFAULT_TUNING
const settings = { brokers: ['nowhere:1'], clientId: 'test' }

/** A consumer that does what the test says. */
interface FakeMember {
  readonly options: MemberOptions
  readonly calls: string[]
  signMs: number
  fail(reason: Error): void
}

/** A group reader in virtual time, on consumers and a broker that are played. */
function play(change: { position?: BusPosition } = {}) {
  const time = createVirtualTime()
  const log = createKeptLog()
  const members: FakeMember[] = []
  const delivered: number[] = []
  const stopped: string[] = []
  const rounds: string[] = []
  let store: 'there' | 'away' = 'there'
  let position = change.position
  let range = { lowOffset: 0, endOffset: 0 }
  let deliver = async () => {}

  const desk = {
    topic: async () => ({ identity: 'identity', partitions: [] }),
    ranges: async () => [0, 1].map((partition) => ({ partition, ...range })),
  } as unknown as BrokerDesk
  const join = (options: MemberOptions): Member => {
    const { promise: ended, resolve: fail } = Promise.withResolvers<Error>()
    const calls: string[] = []
    const member: FakeMember = { options, calls, signMs: time.stopwatch.read(), fail }
    members.push(member)
    return {
      ended,
      fail,
      lastSignMs: () => member.signMs,
      goTo: (_topic, partition, offset) => void calls.push(`go ${partition} to ${offset}`),
      pause: (_topic, partition) => void calls.push(`pause ${partition}`),
      resume: (_topic, partition) => void calls.push(`resume ${partition}`),
      show: async (positions) => void calls.push(`show ${positions.map(({ offset }) => offset).join()}`),
      leave: async () => void calls.push('leave'),
    }
  }
  const consumer = startGroupReader({
    ...{ settings, desk, time, log, join, tuning: DEFAULT_TUNING },
    subscription: {
      group: 'group',
      topics: ['topic'],
      position: async () => {
        if (store === 'away') throw new HubError('STORE_UTILGJENGELIG', 'transient', 'Not now.')
        return position
      },
      round: (_topic, partition, error) =>
        void rounds.push(`${partition ?? 'all'} ${error === undefined ? 'works' : (error as { code?: string }).code}`),
      deliver: async ({ nextOffset }) => {
        await deliver()
        if (store === 'away') throw new HubError('STORE_UTILGJENGELIG', 'transient', 'Not now.')
        delivered.push(nextOffset)
        position = { topicIdentity: 'identity', nextOffset }
      },
      stopped: (_topic, _partition, error) => void stopped.push((error as { code?: string }).code ?? ''),
    },
  })
  onTestFinished(async () => {
    const stop = consumer.stop()
    await time.advance(1_000)
    await stop
  })
  const fetched = (member: FakeMember | undefined, offsets: readonly number[]) =>
    member?.options.fetched('topic', 0, {
      records: offsets.map((offset) => ({ topic: 'topic', key: 'k', headers: {}, value: new Uint8Array(), offset })),
      lastOffset: offsets.at(-1) ?? 0,
    })
  /** Time passes in which the consumer is heard from. */
  async function alive(member: FakeMember | undefined, ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 1_000) {
      if (member) member.signMs = time.stopwatch.read()
      await time.advance(1_000)
    }
  }
  const remade = () => log.lines.filter(({ sentence }) => sentence === 'the consumer ended and is made anew')
  return {
    ...{ time, log, members, delivered, stopped, rounds, consumer, fetched, alive, remade },
    setStore(value: typeof store): void {
      store = value
    },
    setRange(lowOffset: number, endOffset: number): void {
      range = { lowOffset, endOffset }
    },
    setDeliver(value: () => Promise<void>): void {
      deliver = value
    },
  }
}

test('a consumer that is not heard from is thrown away and made anew, and the log says why', async () => {
  const reader = play()
  await reader.alive(reader.members[0], silentMs * 2)

  expect(reader.members).toHaveLength(1)
  await reader.time.advance(silentMs + watchMs * 2)
  expect(reader.members[0]?.calls).toEqual(['leave'])
  expect(reader.members).toHaveLength(2)
  expect(reader.remade()).toMatchObject([
    { level: 'error', fields: { group: 'group', reason: 'no heartbeat for too long' } },
  ])
})

test('a consumer that has more to read and does not move is thrown away; the next one begins where the store is', async () => {
  const reader = play()
  reader.setRange(0, 3)
  reader.members[0]?.options.assigned({ topic: [0] })
  await reader.time.advance(0)
  await reader.fetched(reader.members[0], [0, 1])
  await reader.alive(reader.members[0], stalledMs + watchMs * 2)

  expect(reader.remade()).toMatchObject([{ fields: { reason: 'lag but no progress' } }])
  reader.members[1]?.options.assigned({ topic: [0] })
  await reader.time.advance(0)
  expect(reader.members[1]?.calls).toEqual(['pause 0', 'go 0 to 2'])
})

test('a consumer that has read everything may stand still for ever, and one whose store takes long as well', async () => {
  const reader = play()
  reader.setRange(0, 2)
  const [member] = reader.members
  member?.options.assigned({ topic: [0] })
  await reader.time.advance(0)
  await reader.fetched(member, [0, 1])
  await reader.alive(member, stalledMs * 3)
  expect(reader.remade()).toEqual([])

  const held = Promise.withResolvers<void>()
  reader.setDeliver(() => held.promise)
  reader.setRange(0, 4)
  void reader.fetched(member, [2])
  await reader.alive(member, stalledMs * 3)
  expect(reader.remade()).toEqual([])
  held.resolve()
})

test('a consumer that keeps crashing is made anew at growing intervals', async () => {
  const reader = play()
  const startedAtMs: number[] = []
  for (let round = 0; round < 8; round++) {
    startedAtMs.push(reader.time.stopwatch.read())
    reader.members.at(-1)?.fail(new Error('crashed'))
    const { length } = reader.members
    while (reader.members.length === length) await reader.time.advance(100)
  }
  const waits = startedAtMs.slice(1).map((at, index) => at - (startedAtMs[index] ?? 0))

  expect(waits[0]).toBeLessThanOrEqual(DEFAULT_TUNING.remakeMs + 100)
  expect(waits.at(-1)).toBeGreaterThanOrEqual(DEFAULT_TUNING.remakeMostMs)
})

test('what a consumer that was thrown away still hands over is not delivered', async () => {
  const reader = play()
  const [first] = reader.members
  first?.options.assigned({ topic: [0] })
  await reader.time.advance(0)
  first?.fail(new Error('crashed'))
  await reader.time.advance(DEFAULT_TUNING.remakeMs)
  await reader.fetched(first, [0])

  expect(reader.members).toHaveLength(2)
  expect(reader.delivered).toEqual([])
})

test('kafkajs’s idea of where to go on counts for nothing: records that do not follow are fetched again, and a gap that stays stops the partition', async () => {
  const reader = play({ position: { topicIdentity: 'identity', nextOffset: 5 } })
  reader.setRange(0, 20)
  const [member] = reader.members
  member?.options.assigned({ topic: [0] })
  await reader.time.advance(0)
  await reader.fetched(member, [2, 3, 4])
  await reader.time.advance(0)
  await reader.fetched(member, [4, 5, 6])
  await reader.fetched(member, [9, 10])
  await reader.time.advance(0)

  expect(reader.delivered).toEqual([7])
  expect(member?.calls).toEqual(['pause 0', 'go 0 to 5', 'pause 0', 'go 0 to 5', 'pause 0', 'go 0 to 7'])
  await reader.fetched(member, [9, 10])
  expect(reader.stopped).toEqual(['BUS_HULL_I_LOGGEN'])
  expect(reader.delivered).toEqual([7])
})

test('after bytes that cannot be decoded the partitions are fetched one at a time, and the one that ends the consumer is stopped', async () => {
  const reader = play()
  const undecodable = Object.assign(new Error('no codec'), { name: 'KafkaJSNotImplemented' })
  const [first] = reader.members
  first?.options.assigned({ topic: [0, 1] })
  await reader.time.advance(0)
  first?.fail(undecodable)
  await reader.time.advance(DEFAULT_TUNING.remakeMs)
  const second = reader.members[1]
  second?.options.assigned({ topic: [0, 1] })
  await reader.time.advance(0)
  expect(second?.calls.filter((call) => call.startsWith('go'))).toEqual(['go 0 to 0'])
  second?.options.fetching('1', 'begun')
  second?.options.fetching('1', 'fetched')
  expect(second?.calls.slice(-2)).toEqual(['pause 0', 'go 1 to 0'])
  expect(reader.stopped).toEqual([])
  second?.fail(undecodable)
  await reader.time.advance(DEFAULT_TUNING.remakeMs)

  expect(reader.stopped).toEqual(['BUS_KAN_IKKE_LESES'])
})

test('a group that Kafka never lets in is told to its owner at every try, and as mended when it reads', async () => {
  const reader = play()
  for (let round = 0; round < 3; round++) {
    reader.members.at(-1)?.fail(Object.assign(new Error('not authorised'), { type: 'GROUP_AUTHORIZATION_FAILED' }))
    const { length } = reader.members
    while (reader.members.length === length) await reader.time.advance(100)
  }
  expect(reader.rounds).toEqual(Array.from({ length: 3 }, () => 'all BUS_TILGANG_NEKTET'))

  reader.setRange(0, 2)
  const member = reader.members.at(-1)
  member?.options.assigned({ topic: [0] })
  await reader.alive(member, watchMs * 2)
  expect(reader.rounds).toHaveLength(3)
  await reader.fetched(member, [0, 1])
  expect(reader.rounds.slice(3)).toEqual(['all works'])
})

test('a group that was let in again counts as mended once there is nothing left to read', async () => {
  const reader = play()
  reader.members[0]?.fail(new Error('crashed'))
  while (reader.members.length === 1) await reader.time.advance(100)
  reader.setRange(0, 5)
  const member = reader.members.at(-1)
  member?.options.assigned({ topic: [0] })
  await reader.alive(member, watchMs * 2)
  expect(reader.rounds).toEqual(['all BUS_UTILGJENGELIG'])
  reader.setRange(0, 0)
  await reader.alive(member, watchMs * 2)

  expect(reader.rounds).toEqual(['all BUS_UTILGJENGELIG', 'all works'])
})

test('a delivery that fails is told for its partition at every try, and once when it works', async () => {
  const reader = play()
  reader.setRange(0, 2)
  const [member] = reader.members
  member?.options.assigned({ topic: [0] })
  await reader.time.advance(0)
  reader.setStore('away')
  void reader.fetched(member, [0, 1])
  await reader.alive(member, retryMs * 4)
  reader.setStore('there')
  await reader.alive(member, 2_000)

  const told = reader.rounds.slice(0, -1)
  expect(told.length).toBeGreaterThanOrEqual(3)
  expect(new Set(told)).toEqual(new Set(['0 STORE_UTILGJENGELIG']))
  expect(reader.rounds.at(-1)).toBe('0 works')
  expect(reader.members).toHaveLength(1)
})

test('a member whose store answers nothing leaves the group to others, and comes back when its store does', async () => {
  const reader = play()
  reader.setRange(0, 2)
  const [member] = reader.members
  member?.options.assigned({ topic: [0, 1] })
  await reader.time.advance(0)
  reader.setStore('away')
  void reader.fetched(member, [0, 1])
  await reader.alive(member, leaveMs + 2_000)
  expect(member?.calls.at(-1)).toBe('leave')
  await reader.time.advance(10 * 60_000)
  expect(reader.members).toHaveLength(1)
  reader.setStore('there')
  await reader.time.advance(remakeMostMs * 2)
  expect(reader.members).toHaveLength(2)

  // Somebody else reads partition 0 by now: what failed there is not ours any more, once this member works.
  reader.members[1]?.options.assigned({ topic: [1] })
  await reader.time.advance(0)
  reader.setRange(0, 0)
  await reader.alive(reader.members[1], watchMs * 2)
  expect(reader.rounds.filter((round) => round.endsWith('works')).sort()).toEqual(['0 works', 'all works'])
})
