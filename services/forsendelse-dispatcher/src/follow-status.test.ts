import { HubError, type Json, type Logger } from '@samband/kernel'
import type { Finding, PollerContext, StoredDocument } from '@samband/runtime'
import { expect, test } from 'vitest'
import type { SeenStatus, StatusWatch } from './domain/status-watch.ts'
import { createStatusPoller } from './follow-status.ts'

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, with: () => silent }

function aLetter(number: number, account = 'konto-1'): StoredDocument<StatusWatch> {
  const body: StatusWatch = {
    forsendelseId: `f-${number}`,
    eksternReferanse: `sak-${number}`,
    svarUtId: `s-${number}`,
    destination: {
      system: 'svarut',
      tenant: '314758625',
      baseUrl: 'http://svarut.test/api',
      account,
      user: 'integrasjon-1',
      timing: { startWithinMs: 5_000, inFlightMs: 960_000, lookUpLagMs: 300_000 },
    },
    status: null,
    endretTidspunkt: null,
    asked: 0,
  }
  return { id: body.svarUtId, tenant: '314758625', acceptedId: body.forsendelseId, body, version: 1 }
}

/** Polls once over `letters`; returns what was asked and what was kept. */
async function poll(
  letters: readonly StoredDocument<StatusWatch>[],
  answer: (ids: readonly string[]) => readonly SeenStatus[],
  refuses: (finding: Finding) => boolean = () => false,
) {
  const asked: { account: string; ids: readonly string[] }[] = []
  const kept: Finding[] = []
  const context: PollerContext = {
    due: async <Body extends Json>() => letters as unknown as StoredDocument<Body>[],
    keep: async (finding) => {
      if (refuses(finding)) throw new HubError('CONTRACT_INVALID_DATA', 'permanent', 'The status does not fit.')
      return kept.push(finding) > 0
    },
    now: () => 0,
    log: silent,
    signal: new AbortController().signal,
  }
  const poller = createStatusPoller({
    sokStatus: async (to, ids) => {
      asked.push({ account: to.account, ids })
      return answer(ids)
    },
    statusPollMs: () => 900_000,
    everyMs: 5_000,
  })
  await poller.poll(context)
  return { asked, kept }
}

const moment = '2026-03-02T08:00:00.000Z'

test('letters of one konto are asked for together, a hundred at a time, those of another by themselves', async () => {
  const letters = [...Array.from({ length: 150 }, (_, n) => aLetter(n)), aLetter(500, 'konto-2')]
  const { asked } = await poll(letters, () => [])
  expect(asked.map(({ account, ids }) => [account, ids.length])).toEqual([
    ['konto-1', 100],
    ['konto-1', 50],
    ['konto-2', 1],
  ])
})

test('each change becomes one event, named by status and moment so that it is told once', async () => {
  const { kept } = await poll([aLetter(1), aLetter(2)], () => [
    { id: 's-1', status: 'LEST', sisteStatusEndring: moment },
  ])
  expect(kept.map(({ document, events }) => [document.id, events.map((event) => event.name)])).toEqual([
    ['s-1', [`LEST ${moment}`]],
    ['s-2', []],
  ])
  expect(kept[0]?.events[0]?.data).toEqual({
    forsendelseId: 'f-1',
    eksternReferanse: 'sak-1',
    svarUtId: 's-1',
    status: 'LEST',
    endretTidspunkt: moment,
  })
})

test('a SvarUt that does not answer leaves every letter on the list for later', async () => {
  const { kept } = await poll([aLetter(1)], () => {
    throw new HubError('SVARUT_SERVERFEIL', 'transient', 'SvarUt answered 503.')
  })
  expect(kept).toHaveLength(1)
  expect(kept[0]?.events).toEqual([])
  expect(kept[0]?.dueAt).toBeGreaterThan(0)
})

test('a status that cannot be told as an event stops nobody else: its letter is asked for again later, the others are told', async () => {
  const both = [
    { id: 's-1', status: 'Under-behandling', sisteStatusEndring: moment },
    { id: 's-2', status: 'LEST', sisteStatusEndring: moment },
  ]
  const { kept } = await poll(
    [aLetter(1), aLetter(2)],
    () => both,
    ({ document, events }) => document.id === 's-1' && events.length > 0,
  )

  expect(kept.map(({ document, events }) => [document.id, events.length])).toEqual([
    ['s-1', 0],
    ['s-2', 1],
  ])
  expect(kept[0]?.dueAt).toBeGreaterThan(0)
})
