import { type Check, firstFault, flag, instant, list, oneOf, shape, text, textThat, uuid, whole } from './checks.ts'
import type { DocumentPart } from './multipart.ts'
import { isFodselsnummer, isOrganisasjonsnummer } from './numbers.ts'

/** To whom a letter goes; the last part of the path it is sent to. */
export type LetterKind = 'person' | 'organisasjon'

/** The fields of a forsendelse that the simulator itself looks at, once the rules have been checked. */
export interface Letter {
  readonly tittel: string
  readonly mottaker: {
    readonly navn: string
    readonly digitalId: string
    readonly adresse?: Readonly<Record<string, unknown>> | null
  }
  readonly eksternReferanse?: string | null
  readonly avgivendeSystem?: string | null
  readonly kunDigitalLevering?: boolean | null
  readonly kryptert?: boolean | null
  readonly sikkerhetsniva?: string | null
  readonly forsendelsestype?: string | null
  readonly kanSvareViaEdialog?: boolean | null
  readonly svarSendesTil?: { readonly type: string; readonly digitalId: string } | null
  readonly signering?: { readonly signeringUtloper: string } | null
  readonly dokumenter?: readonly DocumentMetadata[] | null
}

interface DocumentMetadata {
  readonly filnavn: string
  readonly mimeType: string
  readonly skalSigneres?: boolean | null
  readonly skalEkskluderesFraUtskrift?: boolean | null
}

const adresse = shape(
  { adresselinje1: text(1, 70), poststed: text(1, 70) },
  {
    adresselinje2: text(1, 70),
    adresselinje3: text(1, 70),
    postnummer: text(1, 20),
    landkode: text(2, 2, /^[A-Z]{2}$/),
  },
)
const ekstraMetadata = list(shape({ key: text(1, 100), value: text(1, 500) }), { longest: 20, unique: true })
const noark: Readonly<Record<string, Check>> = {
  mappeId: text(1, 100),
  mappeSystemId: text(1, 100),
  systemId: text(1, 100),
  registreringsId: text(1, 100),
  saksaar: whole(1000, 9999),
  journalaar: whole(1000, 9999),
  sakssekvensnummer: whole(1),
  journalpostnummer: whole(1),
  journalsekvensnummer: whole(1),
  journalposttype: text(1, 100),
  journalstatus: text(1, 100),
  dokumentetsDato: instant,
  tittel: text(1, 1000),
}
const avleverende = { ...noark, journaldato: instant, saksbehandler: text(1, 100), ekstraMetadata }

// RFC 2396 with the brackets of RFC 2732: relative references are URIs there too, spaces and bare Unicode are not
const uri = textThat(
  (value) => value.length <= 1000 && /^[A-Za-z0-9\-_.!~*'();/?:@&=+$,%#[\]]+$/.test(value),
  'må være en gyldig URL',
)

const documentFields: Readonly<Record<string, Check>> = { giroarkSide: whole(1), skalEkskluderesFraUtskrift: flag }
const requiredOfDocument = { filnavn: text(1, 226, /^[^*:"\\/<>|?]+$/), mimeType: text(1, 127) }

const common: Readonly<Record<string, Check>> = {
  eksponertFor: list(text(9, 11, /^\d+$/), { unique: true }),
  avgivendeSystem: text(1, 100),
  avgivendeSystemAktor: text(1, 100),
  konteringskode: text(1, 20, /^[a-zA-Z0-9_\-.øæåØÆÅ]{0,20}$/),
  kunDigitalLevering: flag,
  kryptert: flag,
  utskriftskonfigurasjon: shape({}, { tosidig: flag }),
  sikkerhetsniva: oneOf('BETYDELIG', 'HOYESTE'),
  svarSendesTil: shape({
    navn: text(1, 100),
    type: oneOf('PERSON', 'ORGANISASJON', 'NHN_MOTTAKER'),
    digitalId: text(1, 11, /^\d{1,11}$/),
    adresse,
  }),
  svarPaForsendelseId: uuid,
  lenker: list(shape({ url: uri, tekst: text(1, 100) }, { ledetekst: text(1, 100) }), { longest: 5 }),
  eksternReferanse: text(1, 100),
  korrelasjonsid: text(1, 100),
  kanSvareViaEdialog: flag,
}

function letterShape(
  digitalId: Check,
  more: Readonly<Record<string, Check>>,
  document: Readonly<Record<string, Check>>,
): Check {
  return shape(
    { tittel: text(1, 1000), mottaker: shape({ navn: text(1, 100), digitalId }, { adresse }) },
    { ...common, ...more, dokumenter: list(shape(requiredOfDocument, { ...documentFields, ...document })) },
  )
}

const shapes: Readonly<Record<LetterKind, Check>> = {
  person: letterShape(
    textThat(isFodselsnummer, 'må være et gyldig fødselsnummer eller d-nummer'),
    {
      signering: shape({ signeringUtloper: instant, signaturType: oneOf('AUTENTISERT_SIGNATUR', 'AVANSERT_SIGNATUR') }),
    },
    { skalSigneres: flag },
  ),
  organisasjon: letterShape(
    textThat(isOrganisasjonsnummer, 'må være et gyldig organisasjonsnummer'),
    {
      metadataFraAvleverendeSystem: shape({}, avleverende),
      metadataForImport: shape({}, noark),
      forsendelsestype: text(1, 100),
      taushetsbelagtPost: flag,
    },
    { dokumentType: text(1, 100), ekstraMetadata, inneholderPersonsensitivInformasjon: flag },
  ),
}

/** What the rules need to know besides the letter. */
export interface Rules {
  readonly nowMs: number
  /** The sum of the PDFs to be printed must be less. */
  readonly printLimitBytes: number
  /** The predefined types; undefined = any is taken. */
  readonly forsendelsestyper?: readonly string[]
}

/** Checks the JSON of a letter by itself; returns the letter, or what is wrong with it. */
export function readLetter(kind: LetterKind, json: unknown, rules: Rules): Letter | string {
  const fault = shapes[kind](json, '')
  if (fault !== undefined) return fault
  const letter = json as Letter
  return fieldsTogether(kind, letter, rules) ?? letter
}

function fieldsTogether(kind: LetterKind, letter: Letter, rules: Rules): string | undefined {
  const { svarSendesTil, forsendelsestype, dokumenter } = letter
  const names = (dokumenter ?? []).map(({ filnavn }) => filnavn.toLowerCase())
  return firstFault([
    () => when(new Set(names).size < names.length, 'dokumenter: filnavn må være unikt for forsendelsen'),
    () =>
      when(
        letter.sikkerhetsniva === 'HOYESTE' && letter.kryptert !== true,
        'kryptert: må være true ved sikkerhetsniva HOYESTE',
      ),
    () => when(!fitsItsType(svarSendesTil), 'svarSendesTil.digitalId: er ikke gyldig for oppgitt type'),
    () =>
      when(
        letter.kanSvareViaEdialog === true && svarSendesTil?.type !== 'ORGANISASJON',
        'kanSvareViaEdialog: krever svarSendesTil med type ORGANISASJON',
      ),
    () =>
      when(
        kind === 'organisasjon' && !!forsendelsestype && rules.forsendelsestyper?.includes(forsendelsestype) === false,
        'forsendelsestype: er ikke en av de predefinerte',
      ),
    () => (kind === 'person' ? signing(letter, rules.nowMs) : undefined),
    () => printing(letter),
  ])
}

function signing({ signering, dokumenter }: Letter, nowMs: number): string | undefined {
  const signed = (dokumenter ?? []).filter(({ skalSigneres }) => skalSigneres === true)
  const oneDayMs = 86_400_000
  return firstFault([
    () => when(signed.length > 1, 'dokumenter: kun ett dokument kan signeres'),
    () =>
      when(
        signed.some(({ mimeType }) => !isPdf(mimeType)),
        'dokumenter: kun application/pdf kan signeres',
      ),
    () =>
      when(
        !!signering && Date.parse(signering.signeringUtloper) < nowMs + oneDayMs,
        'signering.signeringUtloper: må være minst én dag frem i tid',
      ),
  ])
}

function printing({ kunDigitalLevering, dokumenter }: Letter): string | undefined {
  if (kunDigitalLevering === true) return undefined
  const at = (dokumenter ?? []).findIndex(
    ({ mimeType, skalEkskluderesFraUtskrift }) => !isPdf(mimeType) && skalEkskluderesFraUtskrift !== true,
  )
  return when(
    at !== -1,
    `dokumenter[${at}].mimeType: kun application/pdf kan printes, dokumentet må ekskluderes fra utskrift`,
  )
}

/** Checks the documents that came against those the letter tells of; returns the whole message of the refusal. */
export function documentFault(letter: Letter, documents: readonly DocumentPart[], rules: Rules): string | undefined {
  const told = letter.dokumenter ?? []
  if (told.length !== documents.length)
    return `Ugyldig innhold: dokumenter: metadata for ${told.length} dokumenter, men ${documents.length} ble sendt`
  const other = told.findIndex(({ filnavn }, index) => documents[index]?.filnavn !== filnavn)
  if (other !== -1) return `Ugyldig innhold: dokumenter[${other}].filnavn: er ikke lik filename på tilsvarende del`
  if (documents.some(({ sizeBytes }) => sizeBytes === 0)) return 'Kan ikke lagre tomt dokument'
  const printedBytes = told.reduce(
    (sum, { mimeType, skalEkskluderesFraUtskrift }, index) =>
      isPdf(mimeType) && skalEkskluderesFraUtskrift !== true ? sum + (documents[index]?.sizeBytes ?? 0) : sum,
    0,
  )
  if (letter.kunDigitalLevering !== true && printedBytes >= rules.printLimitBytes)
    return 'Ugyldig innhold: dokumenter: samlet størrelse er for stor til at forsendelsen kan printes'
  return undefined
}

function fitsItsType(to: Letter['svarSendesTil']): boolean {
  if (to?.type === 'PERSON') return isFodselsnummer(to.digitalId)
  return to?.type !== 'ORGANISASJON' || isOrganisasjonsnummer(to.digitalId)
}

function isPdf(mimeType: string): boolean {
  return /^application\/pdf\s*(?:;|$)/i.test(mimeType)
}

function when(wrong: boolean, fault: string): string | undefined {
  return wrong ? fault : undefined
}
