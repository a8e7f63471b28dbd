import { describe, expect, test } from 'vitest'
import { Arkiv, saksmappeKey } from './arkiv.ts'

const valid = {
  klasse: 'L42',
  saksmappe: { noekkel: 'sak-17', tittel: 'Byggesøknad' },
  journalpost: { tittel: 'Vedtak', dokumentetsDato: '2026-03-01T00:00:00+01:00' },
}

const issuesOf = (arkiv: unknown) => Arkiv.safeParse(arkiv).error?.issues ?? []

describe('the part arkiv of a letter', () => {
  test('is accepted with a case of its own, or with a mappeID', () => {
    expect(Arkiv.parse(valid)).toEqual(valid)
    const known = { ...valid, saksmappe: { mappeID: '2026/117' } }
    expect(Arkiv.parse(known)).toEqual(known)
  })

  test.each([
    ['arkiv', { ...valid, arkvdel: 'x' }, 'arkvdel'],
    ['saksmappe', { ...valid, saksmappe: { ...valid.saksmappe, titel: 'x' } }, 'titel'],
    ['a known saksmappe', { ...valid, saksmappe: { mappeID: '2026/1', tittel: 'x' } }, 'tittel'],
    ['journalpost', { ...valid, journalpost: { ...valid.journalpost, status: 'x' } }, 'status'],
  ])('refuses an unknown field of %s by name', (_, arkiv, name) => {
    expect(JSON.stringify(issuesOf(arkiv))).toContain(`"${name}"`)
  })

  test('says what is missing when neither form of saksmappe is complete', () => {
    const [issue] = issuesOf({ ...valid, saksmappe: { noekkel: 'a' } })
    expect(issue).toMatchObject({ path: ['saksmappe'], message: expect.stringContaining('mappeID') })
  })

  test.each(['', '   ', '\u200b'])('refuses a title without visible characters (%j)', (tittel) => {
    expect(issuesOf({ ...valid, journalpost: { tittel } })[0]).toMatchObject({ path: ['journalpost', 'tittel'] })
  })

  test.each(['2026-03-01', '2026-03-01T00:00:00'])('refuses a date without time and zone (%s)', (dokumentetsDato) => {
    expect(issuesOf({ ...valid, journalpost: { tittel: 'x', dokumentetsDato } })).toMatchObject([
      { path: ['journalpost', 'dokumentetsDato'] },
    ])
  })

  test('refuses a personal number as or in noekkel, and takes other digits', () => {
    const withKey = (noekkel: string) => issuesOf({ ...valid, saksmappe: { noekkel, tittel: 'x' } })
    expect(withKey('elev-15859099928')).toMatchObject([{ path: ['saksmappe', 'noekkel'] }])
    expect(withKey('elev 158590-99928')).toMatchObject([{ path: ['saksmappe', 'noekkel'] }])
    expect(withKey('12345678901')).toEqual([])
    expect(withKey('sak 2026/117')).toEqual([])
  })
})

describe('the key of a saksmappe', () => {
  test('is the same for every letter of the case, whatever its title and place', () => {
    const other = Arkiv.parse({ ...valid, klasse: '000', saksmappe: { noekkel: 'sak-17', tittel: 'Nytt navn' } })
    expect(saksmappeKey('314758625', other)).toBe(saksmappeKey('314758625', Arkiv.parse(valid)))
  })

  test('differs by tenant, by noekkel, and between noekkel and mappeID of the same text', () => {
    const keys = [
      saksmappeKey('314758625', Arkiv.parse(valid)),
      saksmappeKey('311094688', Arkiv.parse(valid)),
      saksmappeKey('314758625', { saksmappe: { noekkel: 'sak-18', tittel: 'x' } }),
      saksmappeKey('314758625', { saksmappe: { mappeID: 'sak-17' } }),
    ]
    expect(new Set(keys).size).toBe(4)
    for (const key of keys) expect(key).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  })
})
