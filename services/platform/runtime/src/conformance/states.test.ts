import type { Tx } from '@samband/kernel'
import { expect, onTestFinished, test } from 'vitest'
import {
  closeNotThere,
  closeOwnAttempt,
  type Evidence,
  type Intent,
  recordEvidence,
  recordIntent,
} from '../attempts.ts'
import { createOperatorVerbs } from '../operator.ts'
import { OpenQuestions } from '../questions.ts'
import {
  discardRow,
  doneAlthoughDiscarded,
  endDiscarding,
  finishRow,
  type InboxRow,
  insertRow,
  parkRow,
  type RowState,
  readRow,
  releaseRow,
  retakeRow,
  takeRow,
  undoDiscard,
  unparkRow,
  waitRow,
} from '../rows.ts'
import { createTestIds, createVirtualTime, testDestination } from '../testing/index.ts'
import { createDisk, type Disk } from './disk.ts'
import { TENANT } from './test-world.ts'

const STATES: readonly RowState[] = ['waiting', 'running', 'parked', 'discarding', 'discarded', 'done']
const FAILURE = {
  startedAt: 1,
  now: 2,
  code: 'TEST',
  disposition: 'permanent',
  message: 'x',
  fingerprint: 'x|TEST|',
  defect: false,
  madeProgress: false,
  counts: true,
}
const TOKEN = 7
const PARK_NUMBER = 3

/** A store with one row in a given state, and with an open question where that state has one. */
function withRow(state: RowState, options: { readonly openAttempt?: boolean } = {}) {
  const disk = createDisk(false)
  const time = createVirtualTime()
  const { store, close } = disk.open(time)
  onTestFinished(async () => {
    await close()
    disk.remove()
  })
  const ready = store.transaction('test.row', async (tx) => {
    await insertRow(tx, {
      handler: 'h',
      eventId: 'e-1',
      eventType: 't',
      topic: 'test',
      lane: 'l',
      tenant: TENANT,
      acceptedId: 'a-1',
      headers: '{}',
      value: new Uint8Array(),
      now: 0,
    })
    await tx.run(
      'UPDATE inbox SET state = ?, lease_token = ?, lease_holder = ?, park_number = ?, head = ?',
      state,
      TOKEN,
      'holder',
      PARK_NUMBER,
      state === 'done' || state === 'discarded' ? 0 : 1,
    )
    if (options.openAttempt ?? state === 'discarding') {
      await tx.run(
        "INSERT INTO effect (effect_key, tenant, handler, name, accepted_id, destination, account, input, digest, attempts) VALUES ('k', ?, 'h', 'n', 'a-1', '{}', 'x', '{}', 'd', 1)",
        TENANT,
      )
      await tx.run(
        "INSERT INTO attempt (effect_key, number, row_id, holder, started_at, state) VALUES ('k', 1, 1, 'holder', 0, 'open')",
      )
    }
  })
  const within = async <T>(work: (tx: Tx, row: InboxRow) => Promise<T>): Promise<T | 'refused'> => {
    await ready
    try {
      return await store.transaction('test.change', async (tx) => work(tx, (await readRow(tx, 1)) as InboxRow))
    } catch {
      return 'refused'
    }
  }
  const row = () => disk.sql<InboxRow>('SELECT * FROM inbox ORDER BY row_id')[0] as InboxRow
  return { within, row, store, time, disk }
}

const lease = { rowId: 1, token: TOKEN }

/** The table of protocol §1 for a row: who may move it from where, and where it ends. */
const CHANGES: readonly {
  readonly by: string
  readonly from: Partial<Record<RowState, RowState>>
  readonly change: (tx: Tx, row: InboxRow) => Promise<unknown>
}[] = [
  { by: 'a worker that takes it', from: { waiting: 'running' }, change: (tx) => takeRow(tx, 1, 'other') },
  {
    by: 'a worker that takes over a lapsed lease',
    from: { running: 'running' },
    change: (tx) => retakeRow(tx, { rowId: 1, token: TOKEN, beat: 0 }, 'other'),
  },
  { by: 'its holder that lets it wait', from: { running: 'waiting' }, change: (tx) => waitRow(tx, lease, 9, FAILURE) },
  { by: 'its holder that drains', from: { running: 'waiting' }, change: (tx) => releaseRow(tx, lease, 9) },
  { by: 'its holder that parks it', from: { running: 'parked' }, change: (tx) => parkRow(tx, lease, FAILURE) },
  { by: 'its holder that has ended', from: { running: 'done' }, change: (tx) => finishRow(tx, lease, 9) },
  { by: 'a replay', from: { parked: 'waiting' }, change: (tx) => unparkRow(tx, 1, PARK_NUMBER, 9) },
  {
    by: 'the resolver that believes "not there"',
    from: { discarding: 'discarded' },
    change: (tx, row) => endDiscarding(tx, row, 9),
  },
  {
    by: 'evidence after a discard',
    from: { discarding: 'done', discarded: 'done' },
    change: (tx, row) => doneAlthoughDiscarded(tx, row, 9),
  },
]

for (const { by, from, change } of CHANGES) {
  for (const state of STATES) {
    const to = from[state]
    test(`state table: ${by} ${to === undefined ? `changes nothing about a ${state} row` : `brings a ${state} row to ${to}`}`, async () => {
      const { within, row } = withRow(state, { openAttempt: false })
      await within(change)

      expect(row().state).toBe(to ?? state)
    })
  }
}

const VERBS: readonly { readonly verb: 'discard' | 'undo'; readonly from: Partial<Record<RowState, RowState>> }[] = [
  { verb: 'discard', from: { waiting: 'discarded', running: 'discarded', parked: 'discarded' } },
  { verb: 'undo', from: { discarding: 'waiting', discarded: 'waiting' } },
]

for (const { verb, from } of VERBS) {
  for (const state of STATES) {
    const to = from[state]
    test(`state table: an operator's ${verb} ${to === undefined ? `is refused for a ${state} row` : `brings a ${state} row to ${to}`}`, async () => {
      const { store, time, row, within } = withRow(state, { openAttempt: false })
      await within(async () => {})
      const verbs = createOperatorVerbs({
        store,
        time,
        handlers: [],
        questions: new OpenQuestions(() => 0),
        changed: () => {},
      })
      const outcome = await verbs[verb](1, { person: 'p', klientId: 'k' }, 'reason').then(
        () => 'accepted',
        () => 'refused',
      )

      expect(outcome).toBe(to === undefined ? 'refused' : 'accepted')
      expect(row().state).toBe(to ?? state)
      expect(row().lease_token > TOKEN).toBe(to !== undefined)
    })
  }
}

test.each(['waiting', 'running', 'parked'] as const)(
  'state table: a %s row with an open question is only being discarded',
  async (state) => {
    const { within, row } = withRow(state, { openAttempt: true })
    await within((tx, current) => discardRow(tx, current, 9))

    expect(row()).toMatchObject({ state: 'discarding', lease_token: TOKEN + 1 })
  },
)

test.each([
  ['let it wait', (tx: Tx) => waitRow(tx, { rowId: 1, token: TOKEN - 1 }, 9, FAILURE)],
  ['park it', (tx: Tx) => parkRow(tx, { rowId: 1, token: TOKEN - 1 }, FAILURE)],
  ['end it', (tx: Tx) => finishRow(tx, { rowId: 1, token: TOKEN - 1 }, 9)],
  ['release it', (tx: Tx) => releaseRow(tx, { rowId: 1, token: TOKEN - 1 }, 9)],
])('R15: a holder whose token is not the newest cannot %s', async (_what, change) => {
  const { within, row } = withRow('running')

  expect(await within(change)).toBe('refused')
  expect(row()).toMatchObject({ state: 'running', lease_token: TOKEN })
})

test('R17: a row with an open question cannot be done', async () => {
  const { within, row } = withRow('running', { openAttempt: true })

  expect(await within((tx) => finishRow(tx, lease, 9))).toBe('refused')
  expect(row().state).toBe('running')
})

test('R24: a row is released only at the park number that was seen', async () => {
  const { within, row } = withRow('parked')

  expect(await within((tx) => unparkRow(tx, 1, PARK_NUMBER - 1, 9))).toBe(false)
  expect(row().state).toBe('parked')
})

test('parking raises the park number, so that an older plan no longer fits', async () => {
  const { within, row } = withRow('running')
  await within((tx) => parkRow(tx, lease, FAILURE))

  expect(row().park_number).toBe(PARK_NUMBER + 1)
})

test('R23: an undo gives back the place, or the last one when a later row has begun', async () => {
  for (const [begun, place] of [
    [false, 1],
    [true, 3],
  ] as const) {
    const { within, row, disk } = withRow('discarded', { openAttempt: false })
    await within(async (tx) => {
      await insertRow(tx, {
        handler: 'h',
        eventId: 'e-2',
        eventType: 't',
        topic: 'test',
        lane: 'l',
        tenant: TENANT,
        acceptedId: 'a-2',
        headers: '{}',
        value: new Uint8Array(),
        now: 0,
      })
      if (begun) await takeRow(tx, 2, 'holder')
      return undoDiscard(tx, (await readRow(tx, 1)) as InboxRow, 9)
    })

    expect(row().place).toBe(place)
    expect(disk.sql('SELECT COUNT(*) AS heads FROM inbox WHERE head = 1')[0]).toEqual({ heads: 1 })
  }
})

const INTENT: Intent = {
  lease,
  key: 'k',
  handler: 'h',
  name: 'n',
  tenant: TENANT,
  acceptedId: 'a-1',
  destination: testDestination(TENANT),
  input: {},
  digest: 'd',
  fixedValues: {},
  holder: 'holder',
  now: 9,
  mayRepeat: false,
}

const EVIDENCE: Evidence = {
  key: 'k',
  evidence: { id: 'letter-1' },
  identity: (evidence) => String((evidence as { id: string }).id),
  showsDouble: false,
  onlyEffect: true,
  by: 'answer',
  now: 9,
  whenUnknown: {
    effect_key: 'k',
    tenant: TENANT,
    handler: 'h',
    name: 'n',
    accepted_id: 'a-1',
    destination: '{}',
    account: 'x',
    input: '{}',
    digest: 'd',
  },
  lookAgainAt: 99,
}

const attemptsOf = (disk: Disk) => disk.sql('SELECT number, state, closed_as FROM attempt ORDER BY number')
const alarmsOf = (disk: Disk) => disk.sql('SELECT kind FROM alarm').map((alarm) => alarm['kind'])

for (const state of STATES) {
  test(`R10: an intent for a ${state} row is ${state === 'running' ? 'written with the newest token' : 'refused'}`, async () => {
    const { within, disk } = withRow(state, { openAttempt: false })
    const outcome = await within((tx) => recordIntent(tx, INTENT))

    expect(outcome).toBe(state === 'running' ? 1 : 'refused')
    expect(attemptsOf(disk)).toHaveLength(state === 'running' ? 1 : 0)
  })
}

test('R10: an intent with an older token is refused, and so is one while an attempt is open', async () => {
  const older = withRow('running')
  expect(await older.within((tx) => recordIntent(tx, { ...INTENT, lease: { rowId: 1, token: TOKEN - 1 } }))).toBe(
    'refused',
  )
  const open = withRow('running', { openAttempt: true })
  expect(await open.within((tx) => recordIntent(tx, INTENT))).toBe('refused')
})

test('an intent for what has evidence is refused', async () => {
  const { within } = withRow('running', { openAttempt: true })
  await within((tx) => recordEvidence(tx, EVIDENCE))

  expect(await within((tx) => recordIntent(tx, { ...INTENT, mayRepeat: true }))).toBe('refused')
})

test.each(STATES)('R16: evidence for a %s row is never refused, whoever brings it', async (state) => {
  const { within, disk } = withRow(state, { openAttempt: true })
  await within((tx) => recordEvidence(tx, EVIDENCE))

  expect(disk.sql('SELECT evidence FROM effect')[0]).toEqual({ evidence: '{"id":"letter-1"}' })
  expect(attemptsOf(disk)).toEqual([{ number: 1, state: 'answered', closed_as: null }])
})

test.each(['discarding', 'discarded'] as const)(
  'state table: evidence brings a %s row to done, "although discarded", with an alarm; one that has more to do stays discarded, with the alarm',
  async (state) => {
    for (const [onlyEffect, ends, remark] of [
      [true, 'done', 'although discarded'],
      [false, 'discarded', null],
    ] as const) {
      const { within, row, disk } = withRow(state, { openAttempt: true })
      await within((tx) => recordEvidence(tx, { ...EVIDENCE, onlyEffect }))

      expect(row()).toMatchObject({ state: ends, remark })
      expect(alarmsOf(disk)).toEqual(['although-discarded'])
    }
  },
)

test('R16: evidence for what this store never began is kept as well', async () => {
  const { within, disk } = withRow('running', { openAttempt: false })
  await within((tx) => recordEvidence(tx, EVIDENCE))

  expect(disk.sql('SELECT evidence, attempts FROM effect')[0]).toEqual({
    evidence: '{"id":"letter-1"}',
    attempts: 0,
  })
})

test('R16: the same evidence twice is no event; a different one is doubled, with an alarm, and the first one stands', async () => {
  const { within, disk } = withRow('running', { openAttempt: true })
  for (const id of ['letter-1', 'letter-1', 'letter-2', 'letter-2'])
    await within((tx) => recordEvidence(tx, { ...EVIDENCE, evidence: { id } }))

  expect(disk.sql('SELECT evidence, other_evidence FROM effect')[0]).toEqual({
    evidence: '{"id":"letter-1"}',
    other_evidence: '[{"id":"letter-2"}]',
  })
  expect(alarmsOf(disk)).toEqual(['doubled'])
})

test('R11: giving up closes one’s own attempt and never a newer one', async () => {
  const { within, disk } = withRow('running', { openAttempt: true })
  await within((tx) => closeOwnAttempt(tx, 'k', 1, 'TEST', 9))
  await within((tx) => recordIntent(tx, INTENT))
  await within((tx) => closeOwnAttempt(tx, 'k', 1, 'TEST', 9))

  expect(attemptsOf(disk)).toEqual([
    { number: 1, state: 'closed', closed_as: 'nothing happened' },
    { number: 2, state: 'open', closed_as: null },
  ])
})

test('R14: "not there" said of an attempt that is no longer the newest closes nothing', async () => {
  const { within, disk } = withRow('running', { openAttempt: true })
  await within((tx) => recordIntent(tx, { ...INTENT, mayRepeat: true }))

  expect(await within((tx) => closeNotThere(tx, 'k', 1, 9))).toBe(false)
  expect(attemptsOf(disk).map((attempt) => attempt['state'])).toEqual(['open', 'open'])
})

test('an answered attempt is never closed afterwards', async () => {
  const { within, disk } = withRow('running', { openAttempt: true })
  await within((tx) => recordEvidence(tx, EVIDENCE))
  await within((tx) => closeOwnAttempt(tx, 'k', 1, 'TEST', 9))
  await within((tx) => closeNotThere(tx, 'k', 1, 9))

  expect(attemptsOf(disk)).toEqual([{ number: 1, state: 'answered', closed_as: null }])
})

test('ids of tests repeat from their seed', () => {
  expect(createTestIds('a').uuid()).toBe(createTestIds('a').uuid())
  expect(createTestIds('a').uuid()).not.toBe(createTestIds('b').uuid())
})
