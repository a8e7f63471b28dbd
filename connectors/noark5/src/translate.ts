import { personNumber } from '@samband/connector-kit'
import { canonicalJson, sha256Hex } from '@samband/kernel'
import type { Arkiv, Skjerming } from './arkiv.ts'
import type { Adresse, Innhold, InnholdDokument, Mottaker } from './innhold.ts'
import type { NoarkProfile } from './profile.ts'
import type { Kode, Wire } from './wire.ts'
import { WireSkjerming } from './wire.ts'

/** A skjerming with the pairs of the core's own lists. */
export interface SkjermingWire {
  readonly tilgangsrestriksjon: Kode
  readonly skjermingshjemmel: string
  readonly skjermingMetadata?: readonly Kode[]
}

/** What fits no body is left out, so that no member is sent as null or undefined. */
function given<T>(name: string, value: T | undefined): Record<string, T> {
  return value === undefined ? {} : { [name]: value }
}

/** Body of a new saksmappe (TG 1.1, Saksmappe). */
export function toSaksmappe(
  key: string,
  saksmappe: Extract<Arkiv['saksmappe'], { noekkel: string }>,
  koder: { readonly saksstatus: Kode },
  skjerming: SkjermingWire | undefined,
): Wire {
  return {
    systemID: key,
    tittel: saksmappe.tittel,
    ...given('offentligTittel', saksmappe.offentligTittel),
    saksstatus: koder.saksstatus,
    ...given('skjerming', skjerming),
  }
}

/** Body of a new journalpost for an outgoing letter (TG 1.1, Journalpost). */
export function toJournalpost(
  key: string,
  innhold: Innhold,
  koder: { readonly journalposttype: Kode; readonly journalstatus: Kode },
  skjerming: SkjermingWire | undefined,
): Wire {
  const { journalpost } = innhold.arkiv
  return {
    systemID: key,
    tittel: journalpost.tittel,
    ...given('offentligTittel', journalpost.offentligTittel),
    journalposttype: koder.journalposttype,
    journalstatus: koder.journalstatus,
    ...given('dokumentetsDato', journalpost.dokumentetsDato),
    antallVedlegg: innhold.dokumenter.length - 1,
    ...given('skjerming', skjerming),
  }
}

/** Body of the recipient: a korrespondansepartperson or korrespondansepartenhet (TG 1.1). */
export function toMottaker(key: string, mottaker: Mottaker, type: Kode, profile: NoarkProfile): Wire {
  const common = { systemID: key, korrespondanseparttype: type, navn: mottaker.navn }
  const postadresse = given('postadresse', toAdresse(mottaker.adresse, profile))
  if (mottaker.type === 'person') {
    const identifikator = mottaker.fodselsnummer === undefined ? undefined : [toIdentifikator(mottaker.fodselsnummer)]
    return { ...common, ...given('personidentifikator', identifikator), ...postadresse }
  }
  const { organisasjonsnummer } = mottaker
  const identifikator = organisasjonsnummer === undefined ? undefined : { organisasjonsnummer }
  return {
    ...common,
    ...given('enhetsidentifikator', identifikator),
    ...postadresse,
    ...given('kontaktperson', mottaker.kontaktperson),
  }
}

function toIdentifikator(number: string): Wire {
  return personNumber(number)?.kind === 'd-nummer' ? { dNummer: number } : { foedselsnummer: number }
}

function toAdresse(adresse: Adresse | undefined, profile: NoarkProfile): Wire | undefined {
  if (!adresse?.poststed) return undefined
  const { adresselinje1, adresselinje2, adresselinje3, postnr, poststed, landkode } = adresse
  const lines = {
    ...given('adresselinje1', adresselinje1),
    ...given('adresselinje2', adresselinje2),
    ...given('adresselinje3', adresselinje3),
    poststed,
  }
  if (profile.adresse === 'tekst') return { ...lines, ...given('postnummer', postnr), ...given('landkode', landkode) }
  return {
    ...lines,
    ...given('postnr', postnr === undefined ? undefined : { kode: postnr }),
    ...given('landkode', landkode === undefined ? undefined : { kode: landkode }),
  }
}

/** Body of the internal sender, or `undefined` when the letter names none (TG 1.1, KorrespondansepartIntern). */
export function toAvsender(key: string, journalpost: Arkiv['journalpost'], type: Kode): Wire {
  return {
    systemID: key,
    korrespondanseparttype: type,
    ...given('administrativEnhet', journalpost.administrativEnhet),
    ...given('saksbehandler', journalpost.saksbehandler),
  }
}

/** Body of a dokumentbeskrivelse; eksternReferanse is the key, searchable in every core (TG 1.1, Dokumentbeskrivelse). */
export function toDokumentbeskrivelse(
  key: string,
  tittel: string,
  koder: { readonly tilknyttetRegistreringSom: Kode; readonly dokumenttype: Kode; readonly dokumentstatus: Kode },
  skjerming: SkjermingWire | undefined,
): Wire {
  return { systemID: key, tittel, ...koder, eksternReferanse: key, ...given('skjerming', skjerming) }
}

/** Body of a dokumentobjekt; the core verifies the upload against it (TG 1.1, chapter 6, files). */
export function toDokumentobjekt(
  key: string,
  dokument: InnholdDokument,
  file: { readonly sha256: string; readonly sizeBytes: number },
  koder: { readonly variantformat: Kode; readonly format: Kode | undefined },
): Wire {
  return {
    systemID: key,
    variantformat: koder.variantformat,
    ...given('format', koder.format),
    filnavn: dokument.filnavn,
    mimeType: dokument.mimeType,
    sjekksum: file.sha256,
    sjekksumAlgoritme: 'SHA-256',
    filstoerrelse: file.sizeBytes,
  }
}

/** A digest of what is shielded how, so that evidence holds no text: equal orders give equal digests. */
export function skjermingDigest(skjerming: Skjerming): string {
  const { tilgangsrestriksjon, skjermingshjemmel, skjermingMetadata } = skjerming
  const metadata = [...new Set(skjermingMetadata ?? [])].sort()
  return sha256Hex(canonicalJson({ tilgangsrestriksjon, skjermingshjemmel: skjermingshjemmel.trim(), metadata }))
}

/** The digest of the skjerming an object shows, or null when it shows none. */
export function skjermingSeen(wire: Wire): string | null {
  const parsed = WireSkjerming.safeParse(wire['skjerming'])
  if (!parsed.success) return null
  const { tilgangsrestriksjon, skjermingshjemmel, skjermingMetadata } = parsed.data
  const metadata = skjermingMetadata?.map(({ kode }) => kode)
  return skjermingDigest({
    tilgangsrestriksjon: tilgangsrestriksjon.kode,
    skjermingshjemmel,
    ...(metadata === undefined ? {} : { skjermingMetadata: metadata }),
  })
}
