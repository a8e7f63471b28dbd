import { personNumber } from '@samband/connector-kit'
import { describe, expect, test } from 'vitest'
import type { Innhold } from './innhold.ts'
import { NIKITA_PROFILE, STANDARD_PROFILE } from './profile.ts'
import {
  skjermingDigest,
  skjermingSeen,
  toDokumentobjekt,
  toJournalpost,
  toMottaker,
  toSaksmappe,
} from './translate.ts'

/** The first number of one day with the marks of both a D-nummer (day + 40) and a synthetic person (month + 80). */
const syntheticDNumber = Array.from({ length: 100_000 }, (_, last) => `558590${String(last).padStart(5, '0')}`).find(
  (digits) => personNumber(digits)?.kind === 'd-nummer',
) as string

const key = '5f0e0f1c-0000-5000-8000-000000000001'
const em = { kode: 'EM', kodenavn: 'Mottaker' }
const adresse = { adresselinje1: 'Prøveveien 1', postnr: '0155', poststed: 'Oslo', landkode: 'NO' }

describe('bodies', () => {
  test('hold nothing that was not given', () => {
    const saksstatus = { kode: 'B', kodenavn: 'Under behandling' }
    expect(toSaksmappe(key, { noekkel: 'a', tittel: 'T' }, { saksstatus }, undefined)).toEqual({
      systemID: key,
      tittel: 'T',
      saksstatus,
    })
  })

  test('of a journalpost count the attachments and keep the zone of the date', () => {
    const dokumenter = [1, 2, 3].map((n) => ({ ref: `d-${n}`, filnavn: `${n}.pdf`, mimeType: 'application/pdf' }))
    const innhold: Innhold = {
      arkiv: {
        saksmappe: { mappeID: '2026/1' },
        journalpost: { tittel: 'T', dokumentetsDato: '2026-03-01T00:00:00+01:00' },
      },
      mottaker: { type: 'person', navn: 'Synt Etisk' },
      dokumenter,
    }
    const koder = { journalposttype: { kode: 'U' }, journalstatus: { kode: 'R' } }
    expect(toJournalpost(key, innhold, koder, undefined)).toMatchObject({
      antallVedlegg: 2,
      dokumentetsDato: '2026-03-01T00:00:00+01:00',
    })
  })

  test.each([
    ['15859099928', { foedselsnummer: '15859099928' }],
    ['03851598730', { foedselsnummer: '03851598730' }],
    [syntheticDNumber, { dNummer: syntheticDNumber }],
  ])('of a person name %s as what it is', (fodselsnummer, expected) => {
    const body = toMottaker(key, { type: 'person', navn: 'Synt Etisk', fodselsnummer }, em, STANDARD_PROFILE)
    expect(body['personidentifikator']).toEqual([expected])
  })

  test('of an address follow the profile, and an address without poststed is left out', () => {
    const person = { type: 'person' as const, navn: 'Synt Etisk', adresse }
    expect(toMottaker(key, person, em, STANDARD_PROFILE)['postadresse']).toEqual({
      adresselinje1: 'Prøveveien 1',
      postnr: { kode: '0155' },
      poststed: 'Oslo',
      landkode: { kode: 'NO' },
    })
    expect(toMottaker(key, person, em, NIKITA_PROFILE)['postadresse']).toEqual({
      adresselinje1: 'Prøveveien 1',
      postnummer: '0155',
      poststed: 'Oslo',
      landkode: 'NO',
    })
    const { poststed: _, ...incomplete } = adresse
    expect(toMottaker(key, { ...person, adresse: incomplete }, em, STANDARD_PROFILE)).not.toHaveProperty('postadresse')
  })

  test('of a unit hold organisasjonsnummer and contact', () => {
    const enhet = {
      type: 'enhet' as const,
      navn: 'Prøvebedrift AS',
      organisasjonsnummer: '311094688',
      kontaktperson: 'Post',
    }
    expect(toMottaker(key, enhet, em, STANDARD_PROFILE)).toEqual({
      systemID: key,
      korrespondanseparttype: em,
      navn: 'Prøvebedrift AS',
      enhetsidentifikator: { organisasjonsnummer: '311094688' },
      kontaktperson: 'Post',
    })
  })

  test('of a dokumentobjekt always hold checksum and size, and format only where one is known', () => {
    const dokument = { ref: 'd-1', filnavn: 'vedtak.pdf', mimeType: 'application/pdf' }
    const file = { sha256: 'ab'.repeat(32), sizeBytes: 0 }
    const body = toDokumentobjekt(key, dokument, file, { variantformat: { kode: 'P' }, format: undefined })
    expect(body).toMatchObject({ sjekksum: file.sha256, sjekksumAlgoritme: 'SHA-256', filstoerrelse: 0 })
    expect(body).not.toHaveProperty('format')
  })
})

describe('skjerming', () => {
  const ordered = { tilgangsrestriksjon: 'UO', skjermingshjemmel: 'Offl. § 13', skjermingMetadata: ['NM', 'TRO'] }

  test('is recognised in another order and with more members than were sent', () => {
    const shown = {
      skjerming: {
        tilgangsrestriksjon: { kode: 'UO', kodenavn: 'Unntatt etter offentleglova' },
        skjermingshjemmel: 'Offl. § 13 ',
        skjermingMetadata: [{ kode: 'TRO' }, { kode: 'NM' }],
        skjermingsvarighet: 60,
      },
    }
    expect(skjermingSeen(shown)).toBe(skjermingDigest(ordered))
  })

  test('with less, with another paragraph, or none at all, is not what was ordered', () => {
    const wanted = skjermingDigest(ordered)
    const kode = { kode: 'UO' }
    expect(skjermingSeen({ skjerming: { tilgangsrestriksjon: kode, skjermingshjemmel: 'Offl. § 13' } })).not.toBe(
      wanted,
    )
    expect(skjermingDigest({ ...ordered, skjermingshjemmel: 'Offl. § 14' })).not.toBe(wanted)
    expect(skjermingSeen({})).toBeNull()
    expect(skjermingSeen({ skjerming: 'ja' })).toBeNull()
  })
})
