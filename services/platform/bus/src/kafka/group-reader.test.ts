import type { BusPosition } from '@samband/kernel'
import { createKeptLog, createVirtualTime } from '@samband/runtime/testing'
import { expect, onTestFinished, test } from 'vitest'
import type { BrokerDesk } from './broker-desk.ts'
import { startGroupReader } from './group-reader.ts'
import type { Member, MemberOptions } from './member.ts'
import { DEFAULT_TUNING } from './settings.ts'

const { silentMs, stalledMs, watchMs } = DEFAULT_TUNING
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
      position: async () => position,
      deliver: async ({ nextOffset }) => {
        await deliver()
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
    ...{ time, log, members, delivered, stopped, consumer, fetched, alive, remade },
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
