import { type EventBus, HubError } from '@samband/kernel'
import { expect, test } from 'vitest'
import { settle, until } from '../testing/index.ts'
import { createWorld, OTHER_TENANT, TENANT, type World } from './test-world.ts'

const MINUTE = 60_000

/** The records of the log, in order. */
function logOf(world: World): { id: string; key: string; type: string }[] {
  return world
    .sql<{ headers: string; record_key: string }>('SELECT headers, record_key FROM bus_log ORDER BY log_offset')
    .map(({ headers, record_key }) => {
      const parsed = JSON.parse(headers) as Record<string, string>
      return { id: parsed['ce_id'] ?? '', key: record_key, type: parsed['ce_type'] ?? '' }
    })
}

test('R1: when the first byte leaves, another process already finds the attempt on disk', async () => {
  const world = createWorld({ shared: true })
  let seen: unknown[] = []
  world.destination.beforeFirstByte = async () => {
    seen = world.attempts()
  }
  const hub = await world.start()
  await hub.accept({ referanse: 'sak-1' })
  await world.calm()

  expect(seen).toEqual([{ number: 1, state: 'open', closed_as: null }])
  await hub.stop()
})

test('R1: when an acceptance is answered, another process already finds it on disk', async () => {
  const world = createWorld({ shared: true })
  const hub = await world.start()
  const acceptedId = await hub.accept({ referanse: 'sak-1' })

  expect(world.sql('SELECT accepted_id FROM ledger')).toEqual([{ accepted_id: acceptedId }])
  await hub.stop()
})

test('R2: a letter that was accepted is sent although the process was killed right after the answer', async () => {
  const world = createWorld()
  const hub = await world.start()
  const crash = hub.crashAt('after', 'runtime.accept')
  void hub.accept({ referanse: 'sak-1' })
  await until('it crashed', crash.reached)
  expect(logOf(world)).toEqual([])
  await world.start()
  await world.calm()

  expect(world.destination.received).toHaveLength(1)
})

test('R2: a letter whose acceptance never became durable is neither published nor acted on', async () => {
  const world = createWorld()
  const hub = await world.start()
  const crash = hub.crashAt('before', 'runtime.accept')
  void hub.accept({ referanse: 'sak-1' })
  await until('it crashed', crash.reached)
  await world.start()
  await world.time.advance(10 * MINUTE)

  expect(world.sql('SELECT * FROM ledger')).toEqual([])
  expect(logOf(world)).toEqual([])
  expect(world.destination.received).toEqual([])
})

test('R2: an event is in the log only when what it tells is committed', async () => {
  const world = createWorld({ shared: true })
  const unaccepted: unknown[] = []
  const wrapBus = (bus: EventBus): EventBus => ({
    ...bus,
    async append(records) {
      for (const record of records) {
        if (record.headers['ce_type']?.includes('skrevet') !== true) continue
        if (
          world.sql('SELECT 1 FROM ledger WHERE accepted_id = ?', record.headers['ce_correlationid'] ?? '').length === 0
        )
          unaccepted.push(record.headers)
      }
      await bus.append(records)
    },
  })
  const hub = await world.start({ wrapBus })
  await Promise.all(['sak-1', 'sak-2', 'sak-3'].map((referanse) => hub.accept({ referanse })))
  await world.calm()

  expect(unaccepted).toEqual([])
  expect(world.destination.received).toHaveLength(3)
  await hub.stop()
})

test('R2: an event counts as published only after the log has acknowledged it', async () => {
  const world = createWorld()
  let failures = 3
  const wrapBus = (bus: EventBus): EventBus => ({
    ...bus,
    async append(records) {
      failures -= 1
      if (failures >= 0) throw new HubError('BUS_UTILGJENGELIG', 'transient', 'Not now.')
      await bus.append(records)
    },
  })
  const hub = await world.start({ wrapBus })
  await hub.accept({ referanse: 'sak-1' })
  await settle()
  expect(world.sql("SELECT 1 FROM outbox WHERE state = 'published'")).toEqual([])
  await world.calm()

  expect(world.destination.received).toHaveLength(1)
})

test('R3: while publishing fails, no later event of a key overtakes an earlier one', async () => {
  const world = createWorld()
  let failing = true
  const wrapBus = (bus: EventBus): EventBus => ({
    ...bus,
    async append(records) {
      // The first letter alone is refused for a while: whoever skips it lets the second one overtake.
      if (failing && records.some((record) => new TextDecoder().decode(record.value).includes('"text":"first"')))
        throw new HubError('BUS_UTILGJENGELIG', 'transient', 'Not now.')
      await bus.append(records)
    },
  })
  const hub = await world.start({ wrapBus })
  await hub.accept({ referanse: 'brev-1', sak: 'sak-1', text: 'first' })
  await hub.accept({ referanse: 'brev-2', sak: 'sak-1', text: 'second' })
  await world.time.advance(MINUTE)
  failing = false
  await world.calm()

  expect(world.destination.received.map((letter) => letter.text)).toEqual(['first', 'second'])
})

test('R3: an event that was committed with an older number after newer ones were published is published too', async () => {
  const world = createWorld()
  const hub = await world.start()
  await hub.accept({ referanse: 'brev-1' })
  await world.calm()
  const before = logOf(world).length
  // As if this transaction had taken its number first and committed last.
  world.sql("UPDATE outbox SET state = 'pending', published_at = NULL WHERE place = (SELECT MIN(place) FROM outbox)")
  await world.time.advance(MINUTE)

  expect(logOf(world).length).toBe(before + 1)
  expect(world.destination.received).toHaveLength(1)
})

test('R4: an event that is published twice, since the process was killed in between, is acted on once', async () => {
  const world = createWorld()
  const hub = await world.start()
  const crash = hub.crashAt('before', 'runtime.published')
  await hub.accept({ referanse: 'sak-1' })
  await until('it crashed', crash.reached)
  await world.start({ idSeed: 'two' })
  await world.calm()
  const letters = logOf(world).filter((record) => record.type.includes('skrevet'))

  expect(letters).toHaveLength(2)
  expect(new Set(letters.map((record) => record.id)).size).toBe(1)
  expect(world.rows("handler = 'test.send'")).toHaveLength(1)
  expect(world.destination.received).toHaveLength(1)
})

test('R4: ids come from the cause: another process with other random numbers gives the same events the same ids', async () => {
  const idsOf = async (idSeed: string) => {
    const world = createWorld()
    const hub = await world.start({ idSeed })
    await hub.accept({ referanse: 'sak-1' })
    await world.calm()
    return logOf(world).map((record) => record.id)
  }
  const [one, other] = [await idsOf('one'), await idsOf('two')]

  expect(one).toHaveLength(2)
  expect(one).toEqual(other)
})

test('R4: the same reference from two municipalities is two letters; from one municipality it is one', async () => {
  const world = createWorld()
  const hub = await world.start()
  await hub.accept({ referanse: 'sak-1' })
  await hub.accept({ referanse: 'sak-1' })
  await hub.accept({ referanse: 'sak-1', tenant: OTHER_TENANT })
  await world.calm()

  expect(world.destination.received).toHaveLength(2)
  expect(world.rows().map((row) => row.tenant)).toEqual([TENANT, OTHER_TENANT])
})

test('R5: rows and offset are taken together: when the rows cannot be written the offset stays, and they come again', async () => {
  const world = createWorld()
  const hub = await world.start()
  const takeAgain = world.refuse('INSERT', 'inbox')
  await hub.accept({ referanse: 'sak-1' })
  await world.time.advance(5_000)
  expect(world.sql('SELECT * FROM bus_offset WHERE next_offset > 0')).toEqual([])
  takeAgain()
  await world.calm()

  expect(world.destination.received).toHaveLength(1)
})

test('R5: a process killed before it took a batch reads it again after the restart', async () => {
  const world = createWorld()
  const hub = await world.start()
  const crash = hub.crashAt('before', 'runtime.ingest')
  await hub.accept({ referanse: 'sak-1' })
  await until('it crashed', crash.reached)
  await world.start()
  await world.calm()

  expect(world.destination.received).toHaveLength(1)
})

test.each([
  ['the offset is beyond the end of the log', 'UPDATE bus_offset SET next_offset = 99', 'BUS_FORBI_SLUTTEN'],
  ['the topic was made anew', "UPDATE bus_topic SET identity = 'another'", 'BUS_ANNEN_TOPIC'],
])('R5: when %s, reading stops with an alarm and the hub says that it is not ready', async (_what, statement, code) => {
  const world = createWorld()
  const hub = await world.start()
  await hub.accept({ referanse: 'sak-1' })
  await world.calm()
  await hub.stop()
  world.sql(statement)
  const next = await world.start()
  await next.accept({ referanse: 'sak-2' })
  await world.time.advance(MINUTE)

  expect(next.runtime.unready().join()).toContain(code)
  expect(world.alarms()).toEqual(['log-stopped'])
  expect(world.destination.received).toHaveLength(1)
})

test('R6: a late duplicate of a letter that was done long ago changes nothing', async () => {
  const world = createWorld()
  const hub = await world.start()
  await hub.accept({ referanse: 'sak-1' })
  await world.calm()
  await hub.stop()
  await world.time.advance(400 * 24 * 60 * MINUTE)
  world.sql('UPDATE bus_offset SET next_offset = 0')
  await world.start()
  await world.calm()

  expect(world.destination.received).toHaveLength(1)
  expect(world.destination.lookUps).toEqual([])
})

test('R6: even if the inbox had forgotten the event, the evidence keeps the letter from being sent again', async () => {
  const world = createWorld()
  const hub = await world.start()
  await hub.accept({ referanse: 'sak-1' })
  await world.calm()
  await hub.stop()
  world.sql('DELETE FROM inbox')
  world.sql('UPDATE bus_offset SET next_offset = 0')
  await world.start()
  await world.calm()

  expect(world.destination.received).toHaveLength(1)
})

test('a record that nobody can read is parked with its original bytes and headers, and holds up nobody else', async () => {
  const world = createWorld()
  const hub = await world.start()
  const value = new Uint8Array([0xff, 0x00, 0x7b])
  await hub.bus.append([{ topic: 'test', key: 'k', headers: { ce_id: 'not-an-id' }, value }])
  await hub.accept({ referanse: 'sak-1' })
  await world.calm()
  const [row] = world.sql<{
    state: string
    headers: string
    value: Uint8Array
    last_code: string
    park_number: number
  }>("SELECT * FROM inbox WHERE event_type = 'unreadable'")

  expect(row).toMatchObject({
    state: 'parked',
    headers: '{"ce_id":"not-an-id"}',
    last_code: 'CONTRACT_INVALID_HEADER',
    park_number: 1,
  })
  expect([...(row?.value ?? [])]).toEqual([...value])
  expect(world.destination.received).toHaveLength(1)
})

test('an event whose data breaks its contract is parked for its handler, with the bytes as they came', async () => {
  const world = createWorld()
  const hub = await world.start()
  await hub.accept({ referanse: 'sak-1' })
  await world.calm()
  const [letter] = world.sql<{ headers: string }>('SELECT headers FROM bus_log ORDER BY log_offset LIMIT 1')
  const headers = {
    ...(JSON.parse(letter?.headers ?? '{}') as Record<string, string>),
    ce_id: '5f0e0f1c-9a53-5f0e-8c52-5b1c0c6f2a11',
  }
  await hub.bus.append([{ topic: 'test', key: 'k', headers, value: new TextEncoder().encode('{"letterId": 1}') }])
  await until('it is parked', () => world.rows("state = 'parked'").length === 1, { time: world.time })

  expect(world.rows("state = 'parked'")).toMatchObject([{ handler: 'test.send', last_code: 'CONTRACT_INVALID_DATA' }])
})
