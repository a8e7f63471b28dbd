import type { LetterView, Waiting } from '@samband/forsendelse-intake'
import { expect, test } from 'vitest'
import { cellsOf, eventsBetween, standingOf } from './progress.ts'

const received: LetterView = {
  id: 'id',
  eksternReferanse: 'AUK-1',
  status: 'MOTTATT',
  forklaring: '',
  mottattTidspunkt: '',
  hendelser: [],
  venter: [],
}
const journalpost = { systemID: 's', saksmappeSystemID: 'm', registreringsID: '2026/1-1', reservertTidspunkt: '' }
const read: LetterView = {
  ...received,
  status: 'LEVERT',
  svarUt: { id: 'x', status: 'LEST', forklaring: 'Mottakeren har lest.' },
}

function waits(tilstand: Waiting['tilstand'], kode?: string): Waiting {
  return {
    hva: 'Sending gjennom SvarUt',
    tilstand,
    siden: '',
    forklaring: 'Forklart.',
    ...(kode === undefined ? {} : { kode }),
  }
}

test('a letter is done when it is read, and where it is filed also closed in the archive', () => {
  expect(standingOf({ isFiled: false, view: read })).toBe('ferdig')
  expect(standingOf({ isFiled: true, view: { ...read, journalpost } })).toBe('underveis')
  expect(
    standingOf({ isFiled: true, view: { ...read, journalpost: { ...journalpost, ekspedertTidspunkt: '' } } }),
  ).toBe('ferdig')
})

test('parked outweighs waiting, and waiting without a fault is only on its way', () => {
  expect(
    standingOf({ isFiled: false, view: { ...received, venter: [waits('stanset', 'A'), waits('venter', 'B')] } }),
  ).toBe('stanset')
  expect(standingOf({ isFiled: false, view: { ...received, venter: [waits('venter', 'B')] } })).toBe('venter')
  expect(standingOf({ isFiled: false, view: { ...received, venter: [waits('venter')] } })).toBe('underveis')
  expect(standingOf({ isFiled: false, view: undefined })).toBe('underveis')
})

test('each step of a journey is told once', () => {
  const filed = { ...received, journalpost }
  expect(eventsBetween(received, filed).map(({ text }) => text)).toEqual([
    'arkivert som 2026/1-1 (reservert); først nå kan brevet sendes',
  ])
  expect(eventsBetween(filed, filed)).toEqual([])
  expect(eventsBetween(filed, { ...read, journalpost }).map(({ text }) => text)).toEqual([
    'SvarUt har overtatt brevet',
    'SvarUt melder LEST: Mottakeren har lest.',
  ])
})

test('a cause is told when it comes and when the letter is parked, not at every try', () => {
  const waiting = { ...received, venter: [waits('venter', 'SVARUT_INGEN_SVAR')] }
  const [event] = eventsBetween(received, waiting)
  expect(event).toEqual({
    text: 'venter: Forklart. (SVARUT_INGEN_SVAR)',
    isInTable: false,
    again: { kode: 'SVARUT_INGEN_SVAR', text: 'venter av samme årsak (SVARUT_INGEN_SVAR)' },
  })
  expect(eventsBetween(waiting, waiting)).toEqual([])
  const running = { ...received, venter: [waits('i-arbeid', 'SVARUT_INGEN_SVAR')] }
  expect(eventsBetween(waiting, running)).toEqual([])
  expect(eventsBetween(waiting, { ...received, venter: [waits('stanset', 'SVARUT_INGEN_SVAR')] })).toHaveLength(1)
})

test('the row of a letter says where it is', () => {
  const shown = {
    kommune: 'aukra',
    eksternReferanse: 'AUK-1',
    documents: 1,
    sizeBytes: 1,
    isFiled: true,
    view: { ...received, journalpost, venter: [waits('stanset', 'KODE')] },
  }
  expect(cellsOf(shown, '1 dok.')).toEqual(['Aukra', 'AUK-1', '1 dok.', '2026/1-1 reservert', '–', 'STANSET KODE'])
  expect(cellsOf({ ...shown, isFiled: false, view: read }, '')).toEqual([
    'Aukra',
    'AUK-1',
    '',
    'arkiveres ikke',
    'LEST',
    'ferdig',
  ])
  expect(cellsOf({ ...shown, view: undefined }, '')[5]).toBe('sendes til navet')
})
