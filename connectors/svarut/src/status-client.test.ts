import { createDispatcher } from '@samband/connector-kit'
import { countingIds, manualTime } from '@samband/connector-kit/testing'
import type { BoundDestination } from '@samband/kernel'
import { listenAlone } from '@samband/simulator-kit'
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import type { SvarUtSimulator } from '../simulator/index.ts'
import { createSvarUtSimulator } from '../simulator/index.ts'
import { sendForsendelse } from './client.ts'
import { aLetter } from './letter.fixture.ts'
import { createStatusClient } from './status-client.ts'

const kontoId = 'd6b23522-ddf3-462a-8140-16e59e1f476d'
const dispatcher = createDispatcher()
const access = () => ({
  token: { token: async () => 'token-1', drop: () => undefined },
  integrasjonId: 'integrasjon-1',
  integrasjonPassord: 'passord-1',
})
let time = manualTime()
let simulator: SvarUtSimulator
let to: BoundDestination

beforeEach(async () => {
  time = manualTime()
  simulator = createSvarUtSimulator({
    time: { nowMs: () => time.clock.now(), after: (ms, run) => time.timers.after(ms, run) },
    random: countingIds(),
    integrasjoner: [
      {
        integrasjonId: 'integrasjon-1',
        integrasjonPassord: 'passord-1',
        autorisertOrgnr: '314758625',
        kontoer: [kontoId],
      },
    ],
    acceptToken: () => ({ orgnr: '314758625', scope: 'ks:fiks' }),
  })
  const { url } = await listenAlone(simulator.app)
  const timing = { startWithinMs: 5000, inFlightMs: 960_000, lookUpLagMs: 300_000 }
  to = { system: 'svarut', tenant: '311094688', baseUrl: `${url}/api`, account: kontoId, user: 'integrasjon-1', timing }
})

afterEach(() => simulator.app.close())
afterAll(() => dispatcher.close())

/** A letter that SvarUt has; returns its id. */
function aSentLetter(): Promise<string> {
  return sendForsendelse(
    { http: { dispatcher, time }, to, access: access() },
    {
      mottakertype: 'person',
      token: 'token-1',
      content: {
        boundary: 'grense',
        beforeEnd: () => undefined,
        json: JSON.stringify(aLetter()),
        documents: [
          { filnavn: 'vedtak.pdf', mimeType: 'application/pdf', sizeBytes: 8, open: async () => oneDocument() },
        ],
      },
      start: () => undefined,
      signal: new AbortController().signal,
    },
  )
}

async function* oneDocument(): AsyncIterable<Uint8Array> {
  yield Buffer.from('%PDF-1.7')
}

test('the status of many letters is read a hundred at a time; unknown letters are missing, unknown statuses are carried on', async () => {
  const svarUtId = await aSentLetter()
  time.advance(2000)
  const unknown = Array.from({ length: 150 }, (_, n) => `10000000-0000-4000-8000-${String(n).padStart(12, '0')}`)
  const client = createStatusClient({ http: { dispatcher, time }, access })
  expect(await client.sokStatus(to, [...unknown, svarUtId.toUpperCase()])).toEqual([
    { id: svarUtId, status: 'AKSEPTERT', sisteStatusEndring: '2026-03-02T08:00:01.000Z' },
  ])
  simulator.moveTo(svarUtId, 'HELT_NY')
  expect(await client.sokStatus(to, [svarUtId])).toMatchObject([{ status: 'HELT_NY' }])
  expect(await client.sokStatus(to, [])).toEqual([])
})

test.each(['answer-lost', 'server-error', 'error-under-200', 'wrong-schema'] as const)(
  'a status that cannot be read (%s) is transient',
  async (fault) => {
    simulator.faults.order({ operation: 'status', fault })
    expect(
      await createStatusClient({ http: { dispatcher, time }, access })
        .sokStatus(to, [kontoId])
        .catch((error: unknown) => error),
    ).toMatchObject({
      disposition: 'transient',
    })
  },
)

test.each([
  ['2023-01-01T11:33:55.008+01:00', '2023-01-01T10:33:55.008Z'],
  ['2023-01-01T11:33:55+01', '2023-01-01T10:33:55.000Z'],
  ['2023-01-01T11:33:55+0130', '2023-01-01T10:03:55.000Z'],
  ['2023-01-01T11:33:55', '2023-01-01T11:33:55.000Z'],
])('a status with the moment %s is told in UTC', async (told, expected) => {
  simulator.faults.order({
    operation: 'status',
    fault: 'wrong-schema',
    body: { statuser: [{ id: kontoId, status: 'LEST', sisteStatusEndring: told }] },
  })
  expect(await createStatusClient({ http: { dispatcher, time }, access }).sokStatus(to, [kontoId])).toMatchObject([
    { sisteStatusEndring: expected },
  ])
})
