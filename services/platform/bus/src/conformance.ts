import { type BusBatch, type BusPosition, type BusRecord, type EventBus, HubError } from '@samband/kernel'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

/** A bus made for one test, on an empty log of its own. */
export interface BusUnderTest {
  readonly bus: EventBus
  /** Resolves when `condition` holds; moves time or waits for the real thing, as the adapter needs. Rejects when it never does. */
  until(what: string, condition: () => boolean): Promise<void>
  /** Lets everything that is going to happen by itself happen: for tests that something does not. */
  quiet(): Promise<void>
  /** Another bus on the same log, as after a restart. The first one has been closed or has vanished. */
  restart(): Promise<EventBus>
  /** Vanishes as a killed process does. */
  vanish(): void | Promise<void>
  /** Deletes the topic and makes it anew, as somebody might at the broker. */
  remakeTopic(topic: string): Promise<void>
  /** A topic that no other test uses. */
  topic(): string
  dispose(): Promise<void>
}

/** A group that keeps what it was handed, as the inbox does: rows and position together. */
interface Reader {
  readonly texts: string[]
  readonly batches: BusBatch[]
  readonly stopped: string[]
  /** What was told of looks at the log: the code of an error, or that all went well. */
  readonly rounds: string[]
  position: BusPosition | undefined
  /** Runs before a batch counts as taken. */
  onDeliver: (batch: BusBatch) => Promise<void>
}

const text = (record: { value: Uint8Array }) => new TextDecoder().decode(record.value)

/** What every adapter of the `EventBus` port must do. `make` gives a fresh one per test. */
export function busConformance(name: string, make: () => Promise<BusUnderTest>): void {
  describe(`bus: ${name}`, () => {
    let under: BusUnderTest
    let topic: string
    beforeEach(async () => {
      under = await make()
      topic = under.topic()
      await under.bus.ensureTopics([topic])
    })
    afterEach(() => under.dispose())

    const record = (value: string, key = 'key-1', onTopic = topic): BusRecord => ({
      topic: onTopic,
      key,
      headers: { ce_id: value },
      value: new TextEncoder().encode(value),
    })

    function reader(position?: BusPosition): Reader {
      return { texts: [], batches: [], stopped: [], rounds: [], position, onDeliver: async () => {} }
    }

    async function consume(one: Reader, group: string, bus = under.bus) {
      return bus.consume({
        group,
        topics: [topic],
        position: async (_topic, partition) =>
          partition === 0 || one.position === undefined ? one.position : undefined,
        deliver: async (batch) => {
          await one.onDeliver(batch)
          one.batches.push(batch)
          one.texts.push(...batch.records.map(text))
          one.position = { topicIdentity: batch.topicIdentity, nextOffset: batch.nextOffset }
        },
        round: (_topic, _partition, error) =>
          void one.rounds.push(error === undefined ? 'well' : ((error as HubError).code ?? 'defect')),
        stopped: (_topic, _partition, error) =>
          void one.stopped.push(error instanceof HubError ? error.code : error.name),
      })
    }

    test('records come out as they went in: key, headers, bytes', async () => {
      const one = reader()
      const value = new Uint8Array([0, 255, 10, 13, 0])
      await under.bus.append([{ topic, key: 'nøkkel', headers: { ce_id: 'id-1', ce_subject: 'æøå' }, value }])
      await consume(one, 'group-1')
      await under.until('the record came', () => one.batches.length > 0)
      const [first] = one.batches[0]?.records ?? []

      expect(first).toMatchObject({ topic, key: 'nøkkel', headers: { ce_id: 'id-1', ce_subject: 'æøå' } })
      expect([...(first?.value ?? [])]).toEqual([...value])
    })

    test('records with equal key keep the order of their appends', async () => {
      const one = reader()
      await consume(one, 'group-1')
      for (let number = 0; number < 20; number++)
        await under.bus.append([record(`a-${number}`, 'a'), record(`b-${number}`, 'b')])
      await under.until('all records came', () => one.texts.length === 40)

      expect(one.texts.filter((each) => each.startsWith('a'))).toEqual(
        Array.from({ length: 20 }, (_, number) => `a-${number}`),
      )
      expect(one.texts.filter((each) => each.startsWith('b'))).toEqual(
        Array.from({ length: 20 }, (_, number) => `b-${number}`),
      )
    })

    test('a batch ends where the position it leaves behind goes on, without a gap', async () => {
      const one = reader()
      await under.bus.append(Array.from({ length: 500 }, (_, number) => record(`r-${number}`)))
      await consume(one, 'group-1')
      await under.until('all records came', () => one.texts.length === 500)
      const offsets = one.batches.flatMap((batch) => batch.records.map((each) => each.offset))

      expect(offsets).toEqual([...offsets].sort((a, b) => a - b))
      for (const batch of one.batches) expect(batch.nextOffset).toBe((batch.records.at(-1)?.offset ?? -1) + 1)
      for (const [at, batch] of one.batches.entries())
        if (at > 0) expect(batch.records[0]?.offset).toBe(one.batches[at - 1]?.nextOffset)
    })

    test('two groups read everything, each at its own pace', async () => {
      const quick = reader()
      const slow = reader()
      const held = Promise.withResolvers<void>()
      slow.onDeliver = () => held.promise
      await consume(quick, 'quick')
      await consume(slow, 'slow')
      await under.bus.append([record('r-1'), record('r-2')])
      await under.until('the quick group has both', () => quick.texts.length === 2)

      expect(slow.texts).toEqual([])
      held.resolve()
      await under.until('the slow group has both', () => slow.texts.length === 2)
      expect(slow.texts).toEqual(quick.texts)
    })

    test('a group goes on where its own store says, whatever the log remembers of it', async () => {
      const first = reader()
      await under.bus.append([record('r-1'), record('r-2'), record('r-3')])
      const consumer = await consume(first, 'group-1')
      await under.until('all records came', () => first.texts.length === 3)
      await consumer.stop()
      const second = reader({ topicIdentity: first.position?.topicIdentity ?? '', nextOffset: 1 })
      await consume(second, 'group-1')
      await under.until('the replayed records came', () => second.texts.length === 2)

      expect(second.texts).toEqual(['r-2', 'r-3'])
    })

    test('a group whose store was restored empty reads everything again', async () => {
      const first = reader()
      await under.bus.append([record('r-1'), record('r-2')])
      const consumer = await consume(first, 'group-1')
      await under.until('all records came', () => first.texts.length === 2)
      await consumer.stop()
      const restored = reader()
      await consume(restored, 'group-1')
      await under.until('all records came again', () => restored.texts.length === 2)

      expect(restored.texts).toEqual(['r-1', 'r-2'])
    })

    test('a batch that could not be taken comes again until it is, and nothing overtakes it', async () => {
      const one = reader()
      let failures = 3
      one.onDeliver = async () => {
        failures -= 1
        if (failures >= 0) throw new HubError('STORE_UTILGJENGELIG', 'transient', 'Not now.')
      }
      await consume(one, 'group-1')
      await under.bus.append([record('r-1')])
      await under.bus.append([record('r-2')])
      await under.until('both records came', () => one.texts.length === 2)

      expect(one.texts).toEqual(['r-1', 'r-2'])
      expect(failures).toBeLessThan(0)
      // The owner knows of each failure, and that it is over.
      expect(one.rounds.filter((round) => round === 'STORE_UTILGJENGELIG')).toHaveLength(3)
      await under.until('it is told that all goes well again', () => one.rounds.at(-1) === 'well')
    })

    test('a defect in the consumer does not end it', async () => {
      const one = reader()
      let failures = 1
      one.onDeliver = async () => {
        failures -= 1
        if (failures >= 0) throw new TypeError('cannot read properties of undefined')
      }
      await consume(one, 'group-1')
      await under.bus.append([record('r-1')])
      await under.until('the record came', () => one.texts.length === 1)

      expect(one.stopped).toEqual([])
    })

    test('a consumer that says "never" (a permanent error) is stopped with an alarm instead of spinning', async () => {
      const one = reader()
      one.onDeliver = async () => {
        throw new HubError('BUS_HULL_I_LOGGEN', 'permanent', 'Records are missing.')
      }
      await consume(one, 'group-1')
      await under.bus.append([record('r-1')])
      await under.until('it stopped', () => one.stopped.length > 0)
      await under.quiet()

      expect(one.stopped).toEqual(['BUS_HULL_I_LOGGEN'])
      expect(one.texts).toEqual([])
    })

    test('a topic that was made anew stops the group with an alarm; it reads nothing of the new one by itself', async () => {
      const one = reader()
      await under.bus.append([record('old')])
      const consumer = await consume(one, 'group-1')
      await under.until('the record came', () => one.texts.length === 1)
      await consumer.stop()
      await under.remakeTopic(topic)
      await under.bus.append([record('new-1'), record('new-2')])
      await consume(one, 'group-1')
      await under.until('it stopped', () => one.stopped.length > 0)
      await under.quiet()

      expect(one.stopped).toEqual(['BUS_ANNEN_TOPIC'])
      expect(one.texts).toEqual(['old'])
    })

    test('a position beyond the end of the log stops the group with an alarm; it never jumps to the newest', async () => {
      await under.bus.append([record('r-1')])
      const [end] = await under.bus.ends(topic)
      const one = reader({ topicIdentity: end?.topicIdentity ?? '', nextOffset: 9 })
      await consume(one, 'group-1')
      await under.until('it stopped', () => one.stopped.length > 0)
      await under.bus.append(Array.from({ length: 20 }, (_, number) => record(`later-${number}`)))
      await under.quiet()

      expect(one.stopped).toEqual(['BUS_FORBI_SLUTTEN'])
      expect(one.texts).toEqual([])
    })

    test('what is appended while a batch is being taken comes right after it', async () => {
      const one = reader()
      const held = Promise.withResolvers<void>()
      let begun = false
      one.onDeliver = () => {
        begun = true
        return held.promise
      }
      await consume(one, 'group-1')
      await under.bus.append([record('r-1')])
      await under.until('the first is being taken', () => begun)
      await under.bus.append([record('r-2')])
      held.resolve()
      await under.until('both came', () => one.texts.length === 2)

      expect(one.texts).toEqual(['r-1', 'r-2'])
    })

    test('stop waits for the batch that is being taken, and none is handed over after it', async () => {
      const one = reader()
      const held = Promise.withResolvers<void>()
      let begun = false
      one.onDeliver = () => {
        begun = true
        return held.promise
      }
      const consumer = await consume(one, 'group-1')
      await under.bus.append([record('r-1')])
      await under.until('the first is being taken', () => begun)
      let stopped = false
      const stop = consumer.stop().then(() => {
        stopped = true
      })
      await under.quiet()
      const early = stopped
      held.resolve()
      await stop
      await consumer.stop()
      await under.bus.append([record('r-2')])
      await under.quiet()

      expect(early).toBe(false)
      expect(one.texts).toEqual(['r-1'])
    })

    test('what was acknowledged is in the log after the process was killed', async () => {
      await under.bus.append([record('r-1'), record('r-2')])
      await under.vanish()
      const bus = await under.restart()
      const one = reader()
      await consume(one, 'group-1', bus)
      await under.until('both came', () => one.texts.length === 2)

      expect(one.texts).toEqual(['r-1', 'r-2'])
    })

    test('the same record twice is two records: duplicates are the reader’s affair', async () => {
      const one = reader()
      await under.bus.append([record('r-1')])
      await under.bus.append([record('r-1')])
      await consume(one, 'group-1')
      await under.until('both came', () => one.texts.length === 2)

      expect(one.texts).toEqual(['r-1', 'r-1'])
    })

    test('ends tell how far the log goes', async () => {
      const sum = async () => (await under.bus.ends(topic)).reduce((total, each) => total + each.endOffset, 0)
      const before = await sum()
      await under.bus.append([record('r-1', 'a'), record('r-2', 'b'), record('r-3', 'c')])

      expect((await sum()) - before).toBe(3)
    })

    test('making sure of topics again changes nothing, and keeps their identity', async () => {
      await under.bus.append([record('r-1')])
      const before = await under.bus.ends(topic)
      await under.bus.ensureTopics([topic])

      expect(await under.bus.ends(topic)).toEqual(before)
    })

    test('an empty append is nothing', async () => {
      const before = await under.bus.ends(topic)
      await under.bus.append([])

      expect(await under.bus.ends(topic)).toEqual(before)
    })

    test('a closed bus hands over nothing more, and may be closed again', async () => {
      const one = reader()
      await under.bus.append([record('r-1')])
      await consume(one, 'group-1')
      await under.until('the record came', () => one.texts.length === 1)
      await under.bus.close()
      await under.bus.close()
      await under.quiet()

      expect(one.texts).toEqual(['r-1'])
    })
  })
}
