import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createVirtualTime } from '@samband/runtime/testing'
import { openInstallation, openLeaving } from '@samband/store'
import { schemaUnderTest } from '@samband/store/conformance/postgres'
import { withPostgres } from '@samband/tests/servers/postgres'
import { expect, onTestFinished, test } from 'vitest'
import { handOver } from './carry-over.ts'
import { copyTable, emptyTables, factsOf } from './copy-tables.ts'
import { claimTarget, openTarget, targetState } from './marks.ts'
import { CARRIED } from './tables.ts'
import { readUnreadLog } from './unread-log.ts'

const NAMES = ['a', 'B', 'Å', 'ø', 'z', '😀', '\uFFFD', 'it’s', "it's", 'x\ny', '']

/** The store of a hub that has stopped, with rows that are hard to copy. */
async function aStoppedHub() {
  const folder = mkdtempSync(join(tmpdir(), 'samband-move-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const time = createVirtualTime()
  const live = openInstallation({ folder, log: { error: () => {} }, ...time })
  await live.store.transaction('test.fill', async (tx) => {
    for (const [place, name] of NAMES.entries())
      await tx.run(
        'INSERT INTO event_sequence (source, record_key, last) VALUES (?, ?, ?)',
        name,
        `k${place}`,
        2 ** 52 + place,
      )
    for (let number = 1; number <= 250; number += 1)
      await tx.run(
        "INSERT INTO outbox (event_id, topic, record_key, headers, value, accepted_id, state, recorded_at, published_at) VALUES (?, 'forsendelse', 'k', ?, ?, ?, 'published', ?, 1)",
        `e${number}`,
        JSON.stringify({ ce_id: `e${number}` }),
        Uint8Array.from([0, number % 256, 255]),
        number % 2 === 0 ? null : `a${number}`,
        number,
      )
    await tx.run(
      `INSERT INTO inbox (place, handler, event_id, event_type, topic, lane, tenant, headers, value, state, head, due_at, received_at, lease_token, lease_holder)
       VALUES (?, 'h', 'e1', 't', 'forsendelse', 'l', '314758625', '{}', ?, 'running', 1, 0, 0, 3, 'the hub')`,
      await tx.next('inbox_place'),
      new Uint8Array(),
    )
    await tx.run("INSERT INTO bus_topic VALUES ('forsendelse', 'x', 3)")
    for (const [offset, id] of ['e1', 'e2', 'e250'].entries())
      await tx.run(
        "INSERT INTO bus_log (topic, log_offset, record_key, headers, value) VALUES ('forsendelse', ?, 'k', ?, ?)",
        offset,
        JSON.stringify({ ce_id: id }),
        new Uint8Array(),
      )
    await tx.run(
      "INSERT INTO bus_offset (consumer_group, topic, part, topic_identity, next_offset) VALUES ('samband', 'forsendelse', 0, 'x', 1)",
    )
    await tx.run(
      `INSERT INTO held_event (consumer_group, event_id, place, topic, part, source, record_key, sequence, tenant, accepted_id, headers, value, held_at)
       VALUES ('samband', 'e7', 0, 'forsendelse', 0, '/s', 'k', 2, '314758625', 'a7', '{}', ?, 0)`,
      new Uint8Array(),
    )
    await tx.run(
      "INSERT INTO meta (name, value) VALUES ('tenant-file 314758625', 'navn: Å'), ('tenant-keys 314758625', 'k'), ('distrust_since', '5'), ('handlers samband', '[]')",
    )
  })
  await live.close()
  const leaving = openLeaving({ folder, timers: time.timers })
  onTestFinished(() => leaving.close())
  return leaving
}

await withPostgres('an installation that is copied to PostgreSQL', ({ url }) => {
  test('every table comes out with the same count and digest, whatever its texts and bytes', async () => {
    const { store: source } = await aStoppedHub()
    const target = await schemaUnderTest(url).open()
    for (const table of CARRIED) {
      const read = await copyTable(source, target, table)
      expect([table.name, await factsOf(target, table)]).toEqual([table.name, read])
    }
    const outbox = CARRIED.find(({ name }) => name === 'outbox') ?? { name: '', key: [] }
    const facts = await factsOf(target, outbox)
    expect(facts.rows).toBe(250)

    await target.transaction('test.change', (tx) =>
      tx.run("UPDATE outbox SET value = ? WHERE event_id = 'e250'", Uint8Array.from([0, 250, 254])),
    )
    expect(await factsOf(target, outbox)).not.toEqual(facts)
  })

  test('after the handover leases are void, the unread tail is pending, and nothing else has changed', async () => {
    const { store: source, numbers } = await aStoppedHub()
    const target = await schemaUnderTest(url).open()
    for (const table of CARRIED) await copyTable(source, target, table)
    const { eventIds, strangers } = await readUnreadLog(source)
    await handOver({ source, target, unreadEventIds: eventIds, numbers: numbers() })

    expect({ eventIds: [...eventIds].sort(), strangers }).toEqual({ eventIds: ['e2', 'e250', 'e7'], strangers: 0 })
    const seen = await target.transaction('test.see', async (tx) => ({
      pending: await tx.all("SELECT event_id, published_at FROM outbox WHERE state = 'pending' ORDER BY place"),
      row: await tx.all('SELECT row_id, place, state, lease_token, lease_holder FROM inbox'),
      meta: await tx.all("SELECT name, value FROM meta WHERE name <> 'lineage' ORDER BY name"),
      place: await tx.next('inbox_place'),
      next: await tx.one(
        "INSERT INTO outbox (event_id, topic, record_key, headers, value, state, recorded_at) VALUES ('e251', 't', 'k', '{}', '', 'pending', 1) RETURNING place",
      ),
    }))
    expect(seen).toEqual({
      pending: [
        { event_id: 'e2', published_at: null },
        { event_id: 'e7', published_at: null },
        { event_id: 'e250', published_at: null },
      ],
      row: [{ row_id: 1, place: 1, state: 'waiting', lease_token: 4, lease_holder: null }],
      meta: [
        { name: 'distrust_since', value: '5' },
        { name: 'tenant-file 314758625', value: 'navn: Å' },
        { name: 'tenant-keys 314758625', value: 'k' },
      ],
      place: 2,
      next: { place: 251 },
    })
  })

  test('a target is taken once: a second installation, and a store that a service has used, are left alone', async () => {
    const used = await schemaUnderTest(url).open()
    await used.transaction('test.use', (tx) => tx.run("INSERT INTO meta (name, value) VALUES ('handlers x', '[]')"))
    const target = await schemaUnderTest(url).open()

    expect(await claimTarget(used, 'ours')).toBe(false)
    expect([
      await claimTarget(target, 'ours'),
      await claimTarget(target, 'theirs'),
      await claimTarget(target, 'ours'),
    ]).toEqual([true, false, true])
    await emptyTables(target)
    await openTarget(target, 'ours')
    expect([await claimTarget(target, 'ours'), await claimTarget(target, 'theirs')]).toEqual([false, false])
  })
})

test('what stands in a target decides whether a move may go there', () => {
  const standing = (meta: Record<string, string>, filled: readonly string[] = []) => ({
    meta,
    filled,
    otherSessions: 0,
  })
  expect(targetState(undefined, 'ours')).toBe('empty')
  expect(targetState(standing({ lineage: '1' }), undefined)).toBe('empty')
  expect(targetState(standing({ move_under_way: 'ours' }, ['ledger']), 'ours')).toBe('half-done')
  expect(targetState(standing({ move_under_way: 'theirs' }), 'ours')).toBe('half-done of another')
  expect(targetState(standing({ move_under_way: 'theirs' }), undefined)).toBe('half-done of another')
  expect(targetState(standing({ moved_from: 'ours' }, ['ledger']), 'ours')).toBe('done')
  expect(targetState(standing({ moved_from: 'theirs' }), 'ours')).toBe('not empty')
  expect(targetState(standing({}, ['bus_offset']), 'ours')).toBe('not empty')
})
