import { isFodselsnummer, isOrganisasjonsnummer } from '@samband/connector-kit'
import { z } from 'zod'

const tekst = (longest: number) => z.string().min(1).max(longest)
const dateTime = z.iso.datetime({ offset: true })
const fodselsnummer = z.string().refine(isFodselsnummer, 'must be a valid fødselsnummer or D-nummer')
const organisasjonsnummer = z.string().refine(isOrganisasjonsnummer, 'must be a valid organisasjonsnummer')
const PDF = 'application/pdf'

function unique(values: readonly unknown[]): boolean {
  return new Set(values.map((value) => JSON.stringify(value))).size === values.length
}

const Adresse = z.strictObject({
  adresselinje1: tekst(70),
  adresselinje2: tekst(70).optional(),
  adresselinje3: tekst(70).optional(),
  poststed: tekst(70),
  postnummer: tekst(20).optional(),
  landkode: z
    .string()
    .regex(/^[A-Z]{2}$/)
    .optional()
    .describe('ISO 3166-1 alpha-2; left out means Norway.'),
})

const mottaker = <DigitalId extends z.ZodType<string>>(digitalId: DigitalId) =>
  z.strictObject({ navn: tekst(100), digitalId, adresse: Adresse.optional() })

const SvarSendesTil = z
  .strictObject({
    navn: tekst(100),
    type: z.enum(['PERSON', 'ORGANISASJON', 'NHN_MOTTAKER']),
    digitalId: z.string().regex(/^\d{1,11}$/),
    adresse: Adresse,
  })
  .refine(
    ({ type, digitalId }) =>
      type === 'NHN_MOTTAKER' || (type === 'PERSON' ? isFodselsnummer(digitalId) : isOrganisasjonsnummer(digitalId)),
    { path: ['digitalId'], message: 'must be a valid number of the given type' },
  )

const EkstraMetadata = z
  .array(z.strictObject({ key: tekst(100), value: tekst(500) }))
  .max(20)
  .refine(unique, 'must not hold the same pair twice')

const noark = {
  mappeId: tekst(100).optional(),
  mappeSystemId: tekst(100).optional(),
  saksaar: z.int().min(1000).max(9999).optional(),
  sakssekvensnummer: z.int().min(1).optional(),
  systemId: tekst(100).optional(),
  registreringsId: tekst(100).optional(),
  journalpostnummer: z.int().min(1).optional(),
  journalaar: z.int().min(1000).max(9999).optional(),
  journalsekvensnummer: z.int().min(1).optional(),
  journalposttype: tekst(100).optional(),
  journalstatus: tekst(100).optional(),
  dokumentetsDato: dateTime.optional(),
  tittel: tekst(1000).optional(),
}

const dokument = {
  // Control characters and half characters are no part of KS's rule, but a file name stands in a header of the multipart body.
  filnavn: tekst(226).regex(/^[^*:"\\/<>|?\p{Cc}\p{Cs}]+$/u, 'must hold none of * : " \\ / < > | ?'),
  mimeType: tekst(127).regex(/^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?: *;[\x20-\x7e]*)?$/, 'must be a media type'),
  giroarkSide: z.int().min(1).optional(),
  skalEkskluderesFraUtskrift: z.boolean().optional(),
}

const common = {
  tittel: tekst(1000),
  eksponertFor: z
    .array(
      z
        .string()
        .refine(
          (id) => isFodselsnummer(id) || isOrganisasjonsnummer(id),
          'must be a valid fødselsnummer, D-nummer or organisasjonsnummer',
        ),
    )
    .refine(unique, 'must not hold the same number twice')
    .optional(),
  avgivendeSystem: tekst(100).optional(),
  avgivendeSystemAktor: tekst(100).optional(),
  konteringskode: z
    .string()
    .regex(/^[a-zA-Z0-9_\-.øæåØÆÅ]{1,20}$/)
    .optional(),
  kunDigitalLevering: z.boolean().optional().describe('Never printed; no delivery guarantee.'),
  kryptert: z.boolean().optional().describe("The documents are encrypted with SvarUt's public key."),
  utskriftskonfigurasjon: z.strictObject({ tosidig: z.boolean().optional() }).optional(),
  sikkerhetsniva: z.enum(['BETYDELIG', 'HOYESTE']).optional(),
  svarSendesTil: SvarSendesTil.optional(),
  svarPaForsendelseId: z.guid().optional(),
  lenker: z
    .array(
      z.strictObject({
        url: tekst(1000).regex(/^[A-Za-z0-9\-_.!~*'();/?:@&=+$,%#[\]]+$/, 'must be a URL by RFC 2396 and RFC 2732'),
        tekst: tekst(100),
        ledetekst: tekst(100).optional(),
      }),
    )
    .max(5)
    .optional(),
  eksternReferanse: tekst(100).optional().describe("The sender's own reference."),
  korrelasjonsid: tekst(100).optional(),
  kanSvareViaEdialog: z.boolean().optional(),
}

/** What the rules between fields look at, alike for both kinds. */
interface Together {
  readonly kunDigitalLevering?: boolean | undefined
  readonly kryptert?: boolean | undefined
  readonly sikkerhetsniva?: string | undefined
  readonly kanSvareViaEdialog?: boolean | undefined
  readonly svarSendesTil?: { readonly type: string } | undefined
  readonly dokumenter?:
    | readonly {
        readonly filnavn: string
        readonly mimeType: string
        readonly skalSigneres?: boolean | undefined
        readonly skalEkskluderesFraUtskrift?: boolean | undefined
      }[]
    | undefined
}

type Fault = (path: readonly (string | number)[], message: string) => void

function fieldsTogether(letter: Together, context: z.core.$RefinementCtx): void {
  const fault: Fault = (path, message) =>
    context.issues.push({ code: 'custom', path: [...path], message, input: undefined })
  if (letter.sikkerhetsniva === 'HOYESTE' && letter.kryptert !== true) {
    fault(['kryptert'], 'must be true when sikkerhetsniva is HOYESTE')
  }
  if (letter.kanSvareViaEdialog === true && letter.svarSendesTil?.type !== 'ORGANISASJON') {
    fault(['svarSendesTil'], 'must name an organisation when kanSvareViaEdialog is true')
  }
  documentsTogether(letter, fault)
}

function documentsTogether({ dokumenter = [], kunDigitalLevering }: Together, fault: Fault): void {
  const names = new Set<string>()
  let signed = 0
  for (const [place, { filnavn, mimeType, skalSigneres, skalEkskluderesFraUtskrift }] of dokumenter.entries()) {
    const name = filnavn.toLowerCase()
    if (names.has(name))
      fault(['dokumenter', place, 'filnavn'], 'must be unique within the forsendelse, whatever the case')
    names.add(name)
    const isPdf = (mimeType.split(';')[0] ?? '').trim().toLowerCase() === PDF
    if (!isPdf && kunDigitalLevering !== true && skalEkskluderesFraUtskrift !== true) {
      fault(
        ['dokumenter', place, 'skalEkskluderesFraUtskrift'],
        'must be true for what is not a PDF, unless kunDigitalLevering',
      )
    }
    if (skalSigneres !== true) continue
    signed += 1
    if (!isPdf) fault(['dokumenter', place, 'skalSigneres'], 'only a PDF can be signed')
    if (signed > 1) fault(['dokumenter', place, 'skalSigneres'], 'only one document can be signed')
  }
}

/** PersonForsendelse of Send v3, strict: an unknown field is an issue `unrecognized_keys` that names it. null is refused; leave the field out. */
export const PersonForsendelse = z
  .strictObject({
    ...common,
    mottaker: mottaker(fodselsnummer),
    dokumenter: z.array(z.strictObject({ ...dokument, skalSigneres: z.boolean().optional() })).optional(),
    signering: z
      .strictObject({
        signeringUtloper: dateTime.describe('At least one day ahead.'),
        signaturType: z.enum(['AUTENTISERT_SIGNATUR', 'AVANSERT_SIGNATUR']),
      })
      .optional(),
  })
  .superRefine(fieldsTogether)
export type PersonForsendelse = z.infer<typeof PersonForsendelse>

/** OrganisasjonForsendelse of Send v3, strict as `PersonForsendelse`. */
export const OrganisasjonForsendelse = z
  .strictObject({
    ...common,
    mottaker: mottaker(organisasjonsnummer),
    metadataFraAvleverendeSystem: z
      .strictObject({
        ...noark,
        journaldato: dateTime.optional(),
        saksbehandler: tekst(100).optional(),
        ekstraMetadata: EkstraMetadata.optional(),
      })
      .optional(),
    metadataForImport: z.strictObject(noark).optional().describe("The recipient's case."),
    dokumenter: z
      .array(
        z.strictObject({
          ...dokument,
          dokumentType: tekst(100).optional(),
          ekstraMetadata: EkstraMetadata.optional(),
          inneholderPersonsensitivInformasjon: z.boolean().optional(),
        }),
      )
      .optional(),
    forsendelsestype: tekst(100)
      .optional()
      .describe('One of the predefined types; routes to a SvarInn mottakersystem.'),
    taushetsbelagtPost: z.boolean().optional(),
  })
  .superRefine(fieldsTogether)
export type OrganisasjonForsendelse = z.infer<typeof OrganisasjonForsendelse>

/**
 * The JSON of a forsendelse by kind of mottaker, with every field and limit of Send v3 that a sender may give, and the rules between them that need neither
 * clock nor network. Lengths are counted in UTF-16 units. Issues never hold a value; `path` names the field.
 */
export const SvarUtForsendelse = { person: PersonForsendelse, organisasjon: OrganisasjonForsendelse } as const
export type SvarUtForsendelse = PersonForsendelse | OrganisasjonForsendelse

/** To whom a forsendelse goes: the last part of the path it is sent to. */
export type Mottakertype = keyof typeof SvarUtForsendelse

/** Names of fields below the top of a forsendelse. A name that is not here could be content that an error text repeats. */
export const FORSENDELSE_SUBFIELDS: ReadonlySet<string> = new Set([
  'navn',
  'digitalId',
  'adresse',
  'adresselinje1',
  'adresselinje2',
  'adresselinje3',
  'postnummer',
  'poststed',
  'landkode',
  'filnavn',
  'mimeType',
  'giroarkSide',
  'skalSigneres',
  'skalEkskluderesFraUtskrift',
  'dokumentType',
  'ekstraMetadata',
  'key',
  'value',
  'url',
  'tekst',
  'ledetekst',
  'type',
  'tosidig',
  'signeringUtloper',
  'signaturType',
  'tittel',
])

/** Names of the fields at the top of a forsendelse, for reading SvarUt's error texts. */
export const FORSENDELSE_FIELDS: ReadonlySet<string> = new Set([
  ...Object.keys(PersonForsendelse.shape),
  ...Object.keys(OrganisasjonForsendelse.shape),
])
