import { causeId, type Store } from '@samband/kernel'
import { schemaUnderTest } from '@samband/store/conformance/postgres'
import { withPostgres } from '@samband/tests/servers/postgres'
import { expect, test } from 'vitest'
import { accept, acceptedIdOf, readLedger } from '../acceptance.ts'
import { recordForgottenByRun } from '../attempts.ts'
import { documentsOf, dueDocuments, getDocument, nextDue, putDocument, replaceDocument } from '../documents.ts'
import { createMetrics } from '../metrics.ts'
import { readMetricsPage } from '../metrics-page.ts'
import { writeEvent } from '../outbox.ts'
import { createRelay } from '../relay.ts'
import {
  discardRow,
  finishRow,
  insertRow,
  LeaseLost,
  laneLock,
  readRow,
  retakeRow,
  takeable,
  takeRow,
} from '../rows.ts'
import { createKeptLog, createVirtualTime } from '../testing/index.ts'
import { SkrevetV1, TENANT } from './test-world.ts'

const anEvent = (id: string, sak: string, source = '/test') => ({
  id: causeId('test', id),
  definition: SkrevetV1 as never,
  data: { letterId: id, sak, recipient: 'r', text: 't' },
  source,
  subject: id,
  tenant: TENANT,
  correlationId: id,
  causationId: undefined,
  traceparent: undefined,
  time: 0,
})
const aRow = (eventId: string, lane: string) => ({
  handler: 'h',
  eventId,
  eventType: 't',
  topic: 'test',
  lane,
  tenant: TENANT,
  acceptedId: eventId,
  headers: '{}',
  value: new Uint8Array(),
  now: 0,
})
const anEffect = {
  effect_key: 'key',
  tenant: TENANT,
  handler: 'h',
  name: 'send',
  accepted_id: null,
  destination: '{}',
  account: 'a',
  input: '{}',
  digest: 'd',
  evidenced_by: null,
  look_again_at: null,
}
const anAcceptance = (referanse: string, sak: string) => {
  const acceptedId = acceptedIdOf(TENANT, referanse)
  return {
    tenant: TENANT,
    acceptedId,
    eksternReferanse: referanse,
    klientId: 'k',
    contentDigest: 'd',
    definition: SkrevetV1 as never,
    data: { letterId: acceptedId, sak, recipient: 'r', text: 't' },
    source: '/test',
    traceparent: undefined,
    documents: [{ collection: 'c', id: acceptedId, body: {} }],
    now: 0,
  }
}

await withPostgres('the runtime over two sessions of PostgreSQL', ({ url }) => {
  test('R3: of two that tell something of one key at the same time, the one with the lower place has committed first', async () => {
    const { open, sql } = schemaUnderTest(url)
    const [one, other] = await Promise.all([open(), open()])
    const written = Promise.withResolvers<void>()
    const release = Promise.withResolvers<void>()
    const commits: string[] = []
    const tell = (store: Store, id: string, source: string, then: () => Promise<void>) =>
      store
        .transaction('test.tell', async (tx) => {
          await writeEvent(tx, anEvent(id, 'sak-1', source))
          await then()
        })
        .then(() => commits.push(id))
    const first = tell(one, 'first', '/test/a', async () => {
      written.resolve()
      await release.promise
    })
    await written.promise
    // Of another source, so that the sequence of the envelope does not hold it up.
    const second = tell(other, 'second', '/test/b', async () => {})
    while (other.statistics.repeats.lock === 0) await new Promise((resolve) => setImmediate(resolve))
    release.resolve()
    await Promise.all([first, second])

    expect(commits).toEqual(['first', 'second'])
    expect((await sql('SELECT accepted_id FROM outbox ORDER BY place')).map((row) => row['accepted_id'])).toEqual(
      commits,
    )
  })

  test('R3: under load, per key, the relay publishes in the order of commits and of the sequence, each event', async () => {
    const { open, sql } = schemaUnderTest(url)
    const stores = await Promise.all([open(), open()])
    const published: { key: string; sequence: number }[] = []
    const time = createVirtualTime()
    const relay = createRelay({
      store: stores[0],
      bus: {
        append: async (records: readonly { key: string; headers: Record<string, string> }[]) =>
          void published.push(
            ...records.map(({ key, headers }) => ({ key, sequence: Number(headers['ce_sequence']) })),
          ),
      } as never,
      time,
      log: createKeptLog(),
      standstills: { worked: () => {}, failed: () => {} } as never,
      pollMs: 1,
    })
    relay.start()
    const keys = ['sak-1', 'sak-2', 'sak-3']
    await Promise.all(
      Array.from({ length: 60 }, async (_, number) => {
        const event = anEvent(`e-${number}`, keys[number % keys.length] ?? '')
        await stores[number % 2]?.transaction('test.tell', (tx) => writeEvent(tx, event))
        relay.wake()
      }),
    )
    while ((await sql("SELECT 1 FROM outbox WHERE state = 'pending'")).length > 0) relay.wake()
    await relay.stop()

    for (const key of keys)
      expect([...new Set(published.filter((one) => one.key === key).map(({ sequence }) => sequence))]).toEqual(
        Array.from({ length: 20 }, (_, number) => number + 1),
      )
  })

  test('R7: of many that put rows into few lanes at the same time, each lane has one head, which is its first', async () => {
    const { open, sql } = schemaUnderTest(url)
    const stores = await Promise.all([open(), open()])
    await Promise.all(
      Array.from({ length: 40 }, async (_, number) => {
        const row = aRow(`e-${number}`, `lane-${number % 4}`)
        await stores[number % 2]?.transaction('test.ingest', async (tx) => {
          await tx.lock(laneLock(row))
          await insertRow(tx, row)
        })
      }),
    )
    const heads = await sql('SELECT lane, place FROM inbox WHERE head = 1 ORDER BY lane')
    const firsts = await sql('SELECT lane, MIN(place) AS place FROM inbox GROUP BY lane ORDER BY lane')

    expect(heads).toHaveLength(4)
    expect(heads).toEqual(firsts)
  })

  test('R7: of two workers that take at the same time, one gets each row', async () => {
    const { open } = schemaUnderTest(url)
    const stores = await Promise.all([open(), open()])
    await stores[0].transaction('test.ingest', async (tx) => {
      for (let number = 0; number < 20; number++) await insertRow(tx, aRow(`e-${number}`, `lane-${number}`))
    })
    // As the worker does it: not serial. A row that another one was faster with is left out, and found by nobody twice.
    const take = (store: Store) =>
      store.transaction(
        'test.take',
        async (tx) => {
          const taken: number[] = []
          for (const { row_id } of await takeable(tx, 'h', TENANT, 5))
            if ((await takeRow(tx, row_id, 'holder')) !== undefined) taken.push(row_id)
          return taken
        },
        { serial: false },
      )
    const taken: number[] = []
    for (let round = 0; round < 20 && taken.length < 20; round++)
      taken.push(...(await Promise.all([...stores, ...stores].map(take))).flat())

    expect(new Set(taken).size).toBe(taken.length)
    expect(taken).toHaveLength(20)
  })

  test('R22, R10: a discard and an intent meet a take or a takeover that is not serial, and one of the two is refused', async () => {
    const { open, sql } = schemaUnderTest(url)
    const stores = await Promise.all([open(), open()])
    await stores[0].transaction('test.ingest', async (tx) => {
      for (let number = 0; number < 30; number++) await insertRow(tx, aRow(`e-${number}`, `lane-${number}`))
    })
    const ids = (await sql('SELECT row_id FROM inbox ORDER BY row_id')).map((row) => Number(row['row_id']))
    await Promise.all(
      ids.map(async (rowId) => {
        const taking = stores[0].transaction('test.take', (tx) => takeRow(tx, rowId, 'one'), { serial: false })
        const discarding = stores[1].transaction('test.discard', async (tx) => {
          const row = await readRow(tx, rowId)
          return row?.state === 'waiting' ? discardRow(tx, row, 1) : undefined
        })
        const [taken, discarded] = await Promise.all([taking, discarding])
        expect([taken !== undefined, discarded !== undefined].filter(Boolean)).toHaveLength(1)
        if (taken === undefined) return
        const lease = { rowId, token: taken.lease_token }
        const finishing = stores[1]
          .transaction('test.finish', (tx) => finishRow(tx, lease, 2))
          .then(
            () => true,
            () => false,
          )
        const retaking = stores[0].transaction(
          'test.take-over',
          (tx) => retakeRow(tx, { rowId, token: taken.lease_token, beat: taken.lease_beat }, 'other'),
          { serial: false },
        )
        expect((await Promise.all([finishing, retaking])).filter(Boolean)).toHaveLength(1)
      }),
    )
    expect(await sql("SELECT row_id FROM inbox WHERE state NOT IN ('discarded', 'done', 'running')")).toEqual([])
  })

  test('R27, R7: whoever has lost a row to a takeover adds no forgotten attempt to it, however close the two come', async () => {
    const { open, sql } = schemaUnderTest(url)
    const [one, other] = await Promise.all([open(), open()])
    await one.transaction('test.ingest', async (tx) => void (await insertRow(tx, aRow('e-1', 'lane'))))
    const taken = await one.transaction('test.take', (tx) => takeRow(tx, 1, 'one'))
    if (taken === undefined) throw new Error('nobody took the row')
    const seen = { rowId: taken.row_id, token: taken.lease_token, beat: taken.lease_beat }
    let isTakenOver = false
    const distrusting = one.transaction('test.distrust', async (tx) => {
      // From here on this transaction sees the row as it was before the takeover.
      await readRow(tx, taken.row_id)
      isTakenOver ||= await other.transaction('test.take-over', (beside) => retakeRow(beside, seen, 'other'), {
        serial: false,
      })
      const lease = { rowId: taken.row_id, token: taken.lease_token }
      return recordForgottenByRun(tx, lease, {
        whenUnknown: anEffect,
        restore: '1',
        now: 1,
      })
    })

    await expect(distrusting).rejects.toBeInstanceOf(LeaseLost)
    expect(isTakenOver).toBe(true)
    expect(await sql('SELECT * FROM attempt')).toEqual([])
  })

  test('R2: of many that accept at the same time each is accepted, and a letter that comes five times is accepted once', async () => {
    const { open, sql } = schemaUnderTest(url)
    const stores = await Promise.all([open(), open()])
    const outcomes = await Promise.all(
      Array.from({ length: 40 }, (_, number) => {
        const referanse = number < 5 ? 'the same' : `sak-${number}`
        return accept(stores[number % 2] as Store, anAcceptance(referanse, referanse))
      }),
    )

    expect(outcomes.filter((outcome) => outcome === 'accepted')).toHaveLength(36)
    expect(outcomes.filter((outcome) => outcome === 'repeated')).toHaveLength(4)
    expect(await readLedger(stores[0], TENANT, 'the same')).toMatchObject({
      acceptedId: acceptedIdOf(TENANT, 'the same'),
    })
    expect(await sql('SELECT COUNT(*)::int AS n FROM ledger')).toEqual([{ n: 36 }])
    expect(await sql('SELECT COUNT(*)::int AS n FROM outbox')).toEqual([{ n: 36 }])
  })

  test('documents are written, replaced at their version only, and found by what is due and by whom they serve', async () => {
    const store = await schemaUnderTest(url).open()
    const write = { collection: 'c', id: 'd', tenant: TENANT, acceptedId: 'a', body: { n: 1 }, dueAt: 5 }
    await store.transaction('test.put', (tx) => putDocument(tx, write))
    const replace = (version: number) =>
      store.transaction('test.replace', (tx) => replaceDocument(tx, { ...write, body: { n: 2 } }, version))

    expect([await replace(7), await replace(1)]).toEqual([false, true])
    const read = await store.read('test.read', async (tx) => ({
      one: await getDocument(tx, 'c', 'd'),
      due: await dueDocuments(tx, 'c', 5, 10),
      of: await documentsOf(tx, 'c', 'a'),
      next: await nextDue(tx, 'c'),
      none: await nextDue(tx, 'no such'),
    }))
    const document = { id: 'd', tenant: TENANT, acceptedId: 'a', body: { n: 2 }, version: 2 }
    expect(read).toEqual({ one: document, due: [document], of: [document], next: 5, none: undefined })
  })

  test('the metrics page counts what stands in the store', async () => {
    const store = await schemaUnderTest(url).open()
    await store.transaction('test.ingest', async (tx) => void (await insertRow(tx, aRow('e-1', 'lane'))))
    const runtime = { metrics: createMetrics(), openCircuits: () => [], unreadLog: () => new Map() }

    expect((await readMetricsPage(store, runtime as never, 1_000)).body).toContain(
      `samband_rows{handler="h",tenant="${TENANT}",state="waiting"} 1`,
    )
  })
})
