import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { OrganisasjonForsendelse, PersonForsendelse } from './forsendelse.ts'
import { aLetter, anOrganisationLetter } from './letter.fixture.ts'
import { readSpec } from './supplier-spec.fixture.ts'

/** Where a letter is refused, as paths; unknown fields as `path: name`. */
function faults(schema: z.ZodType, letter: unknown): string[] {
  const parsed = schema.safeParse(letter)
  if (parsed.success) return []
  return parsed.error.issues.map(({ path, ...issue }) =>
    issue.code === 'unrecognized_keys' ? `${path.join('.')}: ${issue.keys.join(', ')}` : path.join('.'),
  )
}
const person = (part: object) => faults(PersonForsendelse, { ...aLetter(), ...part })
const organisasjon = (part: object) => faults(OrganisasjonForsendelse, { ...anOrganisationLetter(), ...part })

describe('a letter to a person', () => {
  test('passes as it is, with every field of the specification', () => {
    const letter = {
      ...aLetter(),
      eksponertFor: ['03851598730', '311094688'],
      avgivendeSystem: 'Fagsystem',
      avgivendeSystemAktor: 'Saksflyt',
      konteringskode: 'Øk_1-2.3',
      kunDigitalLevering: false,
      kryptert: true,
      utskriftskonfigurasjon: { tosidig: true },
      sikkerhetsniva: 'HOYESTE',
      svarSendesTil: {
        navn: 'Kommunen',
        type: 'ORGANISASJON',
        digitalId: '311094688',
        adresse: { adresselinje1: 'Torget 1', poststed: 'MOLDE', landkode: 'NO' },
      },
      svarPaForsendelseId: 'd6b23522-ddf3-462a-8140-16e59e1f476d',
      lenker: [{ url: 'https://example.test/a?b=c', tekst: 'Les mer', ledetekst: 'Se' }],
      eksternReferanse: 'sak-2026-17',
      korrelasjonsid: 'k-1',
      kanSvareViaEdialog: true,
      signering: { signeringUtloper: '2026-04-01T12:00:00+02:00', signaturType: 'AVANSERT_SIGNATUR' },
      dokumenter: [
        { filnavn: 'søknad nr 1.pdf', mimeType: 'application/pdf', giroarkSide: 2, skalSigneres: true },
        { filnavn: 'bilde.png', mimeType: 'image/png', skalEkskluderesFraUtskrift: true },
      ],
    }
    expect(PersonForsendelse.parse(letter)).toEqual(letter)
  })

  test('is refused by the name of a field that is unknown, at any depth, or belongs to organisations', () => {
    expect(person({ krevNiva4Innlogging: true })).toEqual([': krevNiva4Innlogging'])
    expect(person({ forsendelsestype: 'x', taushetsbelagtPost: true })).toEqual([
      ': forsendelsestype, taushetsbelagtPost',
    ])
    expect(
      person({
        mottaker: {
          navn: 'x',
          digitalId: '15859099928',
          adresse: { adresselinje1: 'x', poststed: 'x', land: 'Norge' },
        },
      }),
    ).toEqual(['mottaker.adresse: land'])
  })

  test.each([
    ['tittel', { tittel: '' }],
    ['tittel', { tittel: 'x'.repeat(1001) }],
    ['tittel', { tittel: undefined }],
    ['mottaker', { mottaker: undefined }],
    ['mottaker.digitalId', { mottaker: { navn: 'x', digitalId: '15859099929' } }],
    ['mottaker.digitalId', { mottaker: { navn: 'x', digitalId: '314758625' } }],
    [
      'mottaker.adresse.landkode',
      {
        mottaker: {
          navn: 'x',
          digitalId: '15859099928',
          adresse: { adresselinje1: 'x', poststed: 'x', landkode: 'no' },
        },
      },
    ],
    ['eksponertFor.0', { eksponertFor: ['123456789'] }],
    ['eksponertFor', { eksponertFor: ['314758625', '314758625'] }],
    ['konteringskode', { konteringskode: 'med mellomrom' }],
    ['sikkerhetsniva', { sikkerhetsniva: 'LAV' }],
    ['kryptert', { sikkerhetsniva: 'HOYESTE' }],
    ['svarSendesTil', { kanSvareViaEdialog: true }],
    [
      'svarSendesTil.digitalId',
      {
        svarSendesTil: {
          navn: 'x',
          type: 'PERSON',
          digitalId: '314758625',
          adresse: { adresselinje1: 'x', poststed: 'x' },
        },
      },
    ],
    ['svarPaForsendelseId', { svarPaForsendelseId: '17' }],
    ['lenker', { lenker: Array.from({ length: 6 }, () => ({ url: 'https://example.test', tekst: 'x' })) }],
    ['lenker.0.url', { lenker: [{ url: 'https://example.test/med mellomrom', tekst: 'x' }] }],
    ['eksternReferanse', { eksternReferanse: 'x'.repeat(101) }],
    ['eksternReferanse', { eksternReferanse: null }],
    ['signering.signaturType', { signering: { signeringUtloper: '2026-04-01T12:00:00Z' } }],
    [
      'signering.signeringUtloper',
      { signering: { signeringUtloper: '2026-04-01', signaturType: 'AVANSERT_SIGNATUR' } },
    ],
    ['dokumenter.0.filnavn', { dokumenter: [{ filnavn: 'a:b.pdf', mimeType: 'application/pdf' }] }],
    ['dokumenter.0.filnavn', { dokumenter: [{ filnavn: 'a\r\nb.pdf', mimeType: 'application/pdf' }] }],
    ['dokumenter.0.filnavn', { dokumenter: [{ filnavn: 'x'.repeat(227), mimeType: 'application/pdf' }] }],
    [
      'dokumenter.0.mimeType',
      { kunDigitalLevering: true, dokumenter: [{ filnavn: 'a.pdf', mimeType: 'application/pdf\r\nx: y' }] },
    ],
    ['dokumenter.0.giroarkSide', { dokumenter: [{ filnavn: 'a.pdf', mimeType: 'application/pdf', giroarkSide: 0 }] }],
    ['dokumenter.0.skalEkskluderesFraUtskrift', { dokumenter: [{ filnavn: 'a.png', mimeType: 'image/png' }] }],
    [
      'dokumenter.0.skalSigneres',
      { kunDigitalLevering: true, dokumenter: [{ filnavn: 'a.png', mimeType: 'image/png', skalSigneres: true }] },
    ],
  ])('is refused at %s (%#)', (path, part) => {
    expect(person(part)).toEqual([path])
  })

  test('is refused when two documents have the same name in other letters, or both are to be signed', () => {
    const pdf = { mimeType: 'application/pdf', skalSigneres: true }
    expect(
      person({
        dokumenter: [
          { ...pdf, filnavn: 'Ø.pdf' },
          { ...pdf, filnavn: 'ø.PDF' },
        ],
      }),
    ).toEqual(['dokumenter.1.filnavn', 'dokumenter.1.skalSigneres'])
  })

  test('that is only delivered digitally may hold what cannot be printed', () => {
    expect(person({ kunDigitalLevering: true, dokumenter: [{ filnavn: 'a.png', mimeType: 'image/png' }] })).toEqual([])
  })

  test('is never quoted in what is said about it', () => {
    const refused = PersonForsendelse.safeParse(
      aLetter({ mottaker: { navn: 'x'.repeat(101), digitalId: '15859099929' } }),
    )
    expect(JSON.stringify(refused.error?.issues)).not.toMatch(/15859099929|xxx/)
  })
})

describe('a letter to an organisation', () => {
  const noark = {
    mappeId: 'a',
    mappeSystemId: 'b',
    saksaar: 2026,
    sakssekvensnummer: 17,
    systemId: 'c',
    registreringsId: 'd',
    journalpostnummer: 1,
    journalaar: 2026,
    journalsekvensnummer: 2,
    journalposttype: 'U',
    journalstatus: 'E',
    dokumentetsDato: '2026-03-02T08:00:00Z',
    tittel: 'x',
  }

  test('passes as it is, with the Noark fields', () => {
    const letter = {
      ...anOrganisationLetter(),
      metadataFraAvleverendeSystem: {
        ...noark,
        journaldato: '2026-03-02T08:00:00+01:00',
        saksbehandler: 'x',
        ekstraMetadata: [{ key: 'a', value: 'b' }],
      },
      metadataForImport: noark,
      forsendelsestype: 'byggesak',
      taushetsbelagtPost: true,
      dokumenter: [
        {
          filnavn: 'a.pdf',
          mimeType: 'application/pdf',
          dokumentType: 'Vedtak',
          ekstraMetadata: [{ key: 'a', value: 'b' }],
          inneholderPersonsensitivInformasjon: true,
        },
      ],
    }
    expect(OrganisasjonForsendelse.parse(letter)).toEqual(letter)
  })

  test.each([
    [': signering', { signering: {} }],
    ['mottaker.digitalId', { mottaker: { navn: 'x', digitalId: '15859099928' } }],
    ['metadataForImport: saksbehandler', { metadataForImport: { saksbehandler: 'x' } }],
    ['metadataForImport.saksaar', { metadataForImport: { saksaar: 26 } }],
    ['metadataForImport.journalpostnummer', { metadataForImport: { journalpostnummer: 1.5 } }],
    [
      'metadataFraAvleverendeSystem.ekstraMetadata',
      {
        metadataFraAvleverendeSystem: {
          ekstraMetadata: Array.from({ length: 21 }, (_, n) => ({ key: `${n}`, value: 'x' })),
        },
      },
    ],
    [
      'metadataFraAvleverendeSystem.ekstraMetadata',
      {
        metadataFraAvleverendeSystem: {
          ekstraMetadata: [
            { key: 'a', value: 'b' },
            { key: 'a', value: 'b' },
          ],
        },
      },
    ],
    [
      'dokumenter.0: skalSigneres',
      { dokumenter: [{ filnavn: 'a.pdf', mimeType: 'application/pdf', skalSigneres: true }] },
    ],
  ])('is refused at %s (%#)', (path, part) => {
    expect(organisasjon(part)).toEqual([path])
  })
})

describe("against KS's specification of Send v3", () => {
  interface SpecSchema {
    readonly $ref?: string
    readonly type?: string
    readonly required?: readonly string[]
    readonly properties?: Readonly<Record<string, SpecSchema>>
    readonly items?: SpecSchema
    readonly enum?: readonly string[]
    readonly minLength?: number
    readonly maxLength?: number
    readonly maxItems?: number
  }
  const spec = readSpec<{ readonly components: { readonly schemas: Readonly<Record<string, SpecSchema>> } }>(
    process.env['SAMBAND_SPECS'],
    'rest-v3/forsendelse-send-api-v3.json',
  )

  /** Every field with its limits, as one line each; what ours adds (patterns, check digits) is left out. */
  function lines(schema: SpecSchema, path: string): string[] {
    const { $ref } = schema
    if ($ref !== undefined) return lines(spec?.components.schemas[$ref.split('/').at(-1) ?? ''] ?? {}, path)
    const limits = [schema.maxLength, schema.maxItems, schema.enum?.toSorted().join('|')].filter(
      (limit) => limit !== undefined,
    )
    const required = new Set(schema.required)
    return [
      `${path} ${schema.type ?? ''} ${limits.join(' ')}`.trim(),
      ...Object.entries(schema.properties ?? {}).flatMap(([name, inner]) =>
        lines(inner, `${path}.${name}${required.has(name) ? '!' : ''}`),
      ),
      ...(schema.items ? lines(schema.items, `${path}[]`) : []),
    ]
  }

  test.skipIf(!spec).each([
    ['PersonForsendelse', PersonForsendelse],
    ['OrganisasjonForsendelse', OrganisasjonForsendelse],
  ])(
    '%s has the same fields, the same obligations and the same lengths (skipped without SAMBAND_SPECS)',
    (name, schema) => {
      const ours = lines(z.toJSONSchema(schema, { reused: 'inline' }) as SpecSchema, '')
      const theirs = lines(spec?.components.schemas[name] ?? {}, '')
      const ignored = /digitalId|konteringskode|landkode/ // ours by pattern and check digits
      expect(ours.filter((line) => !ignored.test(line)).sort()).toEqual(
        theirs.filter((line) => !ignored.test(line)).sort(),
      )
    },
  )
})
