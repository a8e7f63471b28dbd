import { expect, test } from 'vitest'
import { afterAnswer, type StatusWatch } from './status-watch.ts'

const EVERY_MS = 900_000
const NOW = Date.UTC(2026, 2, 2, 8)

function aWatch(part: Partial<StatusWatch> = {}): StatusWatch {
  return {
    forsendelseId: 'f-1',
    eksternReferanse: 'sak-2026-17',
    svarUtId: 's-1',
    destination: {
      system: 'svarut',
      tenant: '314758625',
      baseUrl: 'http://svarut.test/api',
      account: 'konto-1',
      user: 'integrasjon-1',
      timing: { startWithinMs: 5_000, inFlightMs: 960_000, lookUpLagMs: 300_000 },
    },
    status: null,
    endretTidspunkt: null,
    asked: 0,
    ...part,
  }
}

const seen = (status: string, sisteStatusEndring = '2026-03-02T08:00:00.000Z') => ({
  id: 's-1',
  status,
  sisteStatusEndring,
})

test('a first status is news, and is asked for again after the usual time', () => {
  const { watch, changed, dueAt } = afterAnswer(aWatch(), seen('MOTTATT'), NOW, EVERY_MS)
  expect(changed).toBe(true)
  expect(watch).toMatchObject({ status: 'MOTTATT', asked: 0 })
  expect(dueAt).toBe(NOW + EVERY_MS)
})

test('the same status with the same moment is no news', () => {
  const before = aWatch({ status: 'AKSEPTERT', endretTidspunkt: '2026-03-02T08:00:00.000Z' })
  expect(afterAnswer(before, seen('AKSEPTERT'), NOW, EVERY_MS)).toMatchObject({ changed: false, watch: { asked: 1 } })
})

test('a status that comes back later is news again', () => {
  const before = aWatch({ status: 'VARSLET', endretTidspunkt: '2026-03-02T08:00:00.000Z' })
  expect(afterAnswer(before, seen('VARSLET', '2026-03-03T08:00:00.000Z'), NOW, EVERY_MS).changed).toBe(true)
})

test.each(['LEST', 'PRINTET', 'AVVIST', 'FEILET_UNDER_MOTTAK', 'IKKE_LEVERT', 'MANUELT_HANDTERT'])(
  'a letter with the final status %s is not asked for again',
  (status) => {
    expect(afterAnswer(aWatch(), seen(status), NOW, EVERY_MS).dueAt).toBeUndefined()
  },
)

test('what is final but may still become read is only looked at now and then', () => {
  expect(afterAnswer(aWatch(), seen('SENDT_DIGITALT'), NOW, EVERY_MS).dueAt).toBe(NOW + 24 * EVERY_MS)
})

test('a status this release does not know is carried through and followed further', () => {
  const { changed, watch, dueAt } = afterAnswer(aWatch(), seen('NY_STATUS_2027'), NOW, EVERY_MS)
  expect(changed).toBe(true)
  expect(watch.status).toBe('NY_STATUS_2027')
  expect(dueAt).toBeGreaterThan(NOW)
})

test('a letter that is missing in the answer is asked for again, rarer the longer nothing happens', () => {
  const early = afterAnswer(aWatch({ asked: 0 }), undefined, NOW, EVERY_MS).dueAt ?? 0
  const late = afterAnswer(aWatch({ asked: 40 }), undefined, NOW, EVERY_MS).dueAt ?? 0
  expect(early).toBe(NOW + EVERY_MS)
  expect(late).toBeGreaterThan(early)
  expect(late).toBeLessThanOrEqual(NOW + 24 * EVERY_MS)
})
