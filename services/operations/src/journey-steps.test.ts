import type { Journey, JourneyRow } from '@samband/runtime'
import { expect, test } from 'vitest'
import { conclusionOf, type JourneyFacts, journeySteps, standingNow } from './journey-steps.ts'
import type { OpenRow } from './reading/open-rows.ts'

const AT = Date.UTC(2026, 2, 2, 8)

function aRow(changes: Partial<JourneyRow>): JourneyRow {
  return {
    rowId: 7,
    handler: 'forsendelse.send',
    eventType: 'no.samband.forsendelse.mottatt.v1',
    state: 'waiting',
    receivedAt: AT + 2,
    finishedAt: null,
    parkNumber: 0,
    lastCode: null,
    lastMessage: null,
    remark: null,
    behind: 0,
    failedRuns: [],
    ...changes,
  }
}

function aJourney(changes: Partial<Journey>): Journey {
  return {
    acceptedId: 'f-1',
    tenant: '314758625',
    eksternReferanse: 'sak-1',
    acceptedAt: AT,
    events: [],
    rows: [],
    effects: [],
    alarms: [],
    audit: [],
    ...changes,
  }
}

function factsOf(changes: Partial<JourneyFacts> & { readonly open?: Partial<OpenRow> } = {}): JourneyFacts {
  const open: OpenRow = { rowId: 7, dueAt: AT + 60_000, ahead: undefined, inQuestion: false, ...changes.open }
  return {
    errorCodes: { SVARUT_UTILGJENGELIG: { meaning: 'SvarUt kunne ikke nås.', owner: 'drift', nextStep: 'Vent.' } },
    openRows: new Map([[7, open]]),
    questions: new Map(),
    openCircuits: [],
    ...changes,
  }
}

const down = { lastCode: 'SVARUT_UTILGJENGELIG' }
const circuit = { tenant: '314758625', system: 'svarut', code: 'SVARUT_UTILGJENGELIG' }

test.each<[string, Partial<JourneyRow>, Parameters<typeof factsOf>[0], string]>([
  ['has not had its turn', {}, {}, 'Venter på tur.'],
  ['is under way', { state: 'running' }, {}, 'Kjører nå.'],
  ['failed and is tried again', down, {}, 'Venter til neste forsøk. SvarUt kunne ikke nås. Vent.'],
  [
    'meets an open circuit',
    down,
    { openCircuits: [circuit] },
    'Venter på svarut, som avviser oss eller er nede for hele kommunen. SvarUt kunne ikke nås. Vent.',
  ],
  [
    'meets nobody else’s circuit',
    down,
    { openCircuits: [{ ...circuit, tenant: '311094688' }] },
    'Venter til neste forsøk. SvarUt kunne ikke nås. Vent.',
  ],
  [
    'was discarded before a restore, and is asked for,',
    { state: 'discarding' },
    { open: { inQuestion: true } },
    'Var forkastet da lageret ble gjenopprettet. Mottakersystemet spørres om forkastingen var angret og meldingen utført. Ingen venter på svaret.',
  ],
  ['is parked', { state: 'parked', ...down }, {}, 'Parkert. SvarUt kunne ikke nås. Hvem: drift. Vent.'],
  [
    'is behind a row of its own letter',
    {},
    { open: { ahead: { rowId: 3, acceptedId: 'f-1', state: 'running' } } },
    'Venter bak rad 3, som kjører nå.',
  ],
  [
    'is behind another letter',
    {},
    { open: { ahead: { rowId: 3, acceptedId: 'f-0', state: 'parked' } } },
    'Venter bak rad 3 (forsendelse f-0), som er parkert.',
  ],
])('a row that %s says so', (_what, row, facts, text) => {
  expect(standingNow(aJourney({ rows: [aRow(row)] }), factsOf(facts))).toMatchObject([{ radId: 7, tekst: text }])
})

test('the next try is told only where the clock decides', () => {
  const next = (row: Partial<JourneyRow>, facts?: Parameters<typeof factsOf>[0]) =>
    standingNow(aJourney({ rows: [aRow(row)] }), factsOf(facts))[0]?.nesteForsok
  expect(next(down)).toBe('2026-03-02T08:01:00.000Z')
  expect(next({ ...down, state: 'parked' })).toBeNull()
  expect(next(down, { open: { ahead: { rowId: 3, acceptedId: null, state: 'parked' } } })).toBeNull()
})

test('a row that ended while it was being read is not said to wait', () => {
  expect(standingNow(aJourney({ rows: [aRow({ state: 'done' })] }), factsOf())).toEqual([])
})

test('steps come in the order of time, whatever list they stand in', () => {
  const steps = journeySteps(
    aJourney({
      events: [{ eventId: 'e', type: 'no.samband.forsendelse.mottatt.v1', recordedAt: AT + 1, publishedAt: null }],
      rows: [aRow({ state: 'done', finishedAt: AT + 40 })],
      effects: [
        {
          effectKey: 'k',
          handler: 'forsendelse.send',
          name: 'send',
          evidence: { svarUtId: 's-1' },
          evidencedAt: AT + 39,
          attempts: [
            {
              number: 1,
              startedAt: AT + 10,
              state: 'closed',
              closedAs: 'nothing happened',
              code: 'SVARUT_UTILGJENGELIG',
              endedAt: AT + 11,
            },
            { number: 2, startedAt: AT + 20, state: 'closed', closedAs: 'not there', code: 'probe', endedAt: AT + 21 },
            { number: 3, startedAt: AT + 30, state: 'answered', closedAs: null, code: null, endedAt: AT + 39 },
          ],
        },
      ],
      audit: [{ at: AT + 5, person: 'Kari Prøve', verb: 'undo', reason: 'feil rad' }],
    }),
    factsOf().errorCodes,
  )
  expect(steps.map((step) => step.tekst)).toEqual([
    'Mottatt og lagret trygt, med referanse sak-1.',
    'Hendelsen forsendelse.mottatt ble skrevet.',
    'Hendelsen forsendelse.mottatt er ikke lagt i loggen ennå.',
    'forsendelse.send fikk hendelsen forsendelse.mottatt.',
    'Kari Prøve angret forkastingen. Begrunnelse: feil rad',
    'send, forsøk 1 begynte.',
    'send, forsøk 1: ingenting skjedde. SvarUt kunne ikke nås. (SVARUT_UTILGJENGELIG)',
    'send, forsøk 2 begynte.',
    'send, forsøk 2: finnes ikke hos mottakersystemet (svart av oppslag).',
    'send, forsøk 3 begynte.',
    'send: finnes hos mottakersystemet, svarUtId s-1.',
    'forsendelse.send ble ferdig.',
  ])
})

test.each<[string, Partial<Journey>, string]>([
  ['nothing has begun', {}, 'Mottatt; behandlingen er ikke begynt ennå.'],
  ['a row is parked', { rows: [aRow({ state: 'parked' })] }, 'Står fast: 1 melding er parkert og venter på en person.'],
  [
    'a question holds a discard',
    { rows: [aRow({ state: 'discarding' })] },
    'Forkastes; et spørsmål til mottakersystemet er ubesvart.',
  ],
  ['a row waits', { rows: [aRow({})] }, 'Underveis.'],
  ['a row was discarded', { rows: [aRow({ state: 'discarded' })] }, 'Avsluttet; en del av behandlingen er forkastet.'],
  ['all is done', { rows: [aRow({ state: 'done' })] }, 'Alt som er begynt, er ferdig.'],
])('the conclusion when %s', (_what, changes, conclusion) => {
  const journey = aJourney(changes)
  const isOpen = journey.rows.some((row) => ['waiting', 'running', 'parked', 'discarding'].includes(row.state))
  expect(conclusionOf(journey, isOpen ? standingNow(journey, factsOf()) : [])).toBe(conclusion)
})
