import type { Arkiv, Innhold } from '@samband/noark5'
import type { SvarUtForsendelse } from '@samband/svarut'

/**
 * The personal content of a letter as it lies in the payload store, one item per letter, canonical JSON. Who sends takes `forsendelse`, who files
 * takes `arkiv`, `forsendelse.mottaker` and `dokumenter`.
 */
export interface StoredInnhold {
  /** What goes to SvarUt, in the field names of Send v3. */
  readonly forsendelse: SvarUtForsendelse
  readonly arkiv?: Arkiv
  /** In the order of the event's `dokumenter`, with the same refs. */
  readonly dokumenter: readonly { readonly ref: string; readonly filnavn: string; readonly mimeType: string }[]
}

/** The part of a stored letter that goes to SvarUt, in the field names of Send v3. */
export function svarUtInnholdOf(stored: unknown): unknown {
  return isStored(stored) ? stored.forsendelse : undefined
}

/** A stored letter as the archive takes it. `undefined`, which the connector refuses, for anything else. */
export function noarkInnholdOf(stored: unknown): Innhold | undefined {
  if (!isStored(stored) || stored.arkiv === undefined) return undefined
  const { navn, digitalId, adresse } = stored.forsendelse.mottaker
  const postal =
    adresse === undefined
      ? {}
      : {
          adresse: {
            ...lines(adresse),
            poststed: adresse.poststed,
            ...(adresse.postnummer === undefined ? {} : { postnr: adresse.postnummer }),
            ...(adresse.landkode === undefined ? {} : { landkode: adresse.landkode }),
          },
        }
  const mottaker: Innhold['mottaker'] =
    digitalId.length === PERSON_DIGITS
      ? { type: 'person', navn, fodselsnummer: digitalId, ...postal }
      : { type: 'enhet', navn, organisasjonsnummer: digitalId, ...postal }
  return {
    arkiv: stored.arkiv,
    mottaker,
    dokumenter: stored.dokumenter.map(({ ref, filnavn, mimeType }) => ({ ref, filnavn, mimeType })),
  }
}

/** A fødselsnummer or D-nummer has 11 digits, an organisasjonsnummer 9 (SvarUt Send v3, mottaker.digitalId). */
const PERSON_DIGITS = 11

type Adresse = NonNullable<StoredInnhold['forsendelse']['mottaker']['adresse']>

function lines({ adresselinje1, adresselinje2, adresselinje3 }: Adresse) {
  return {
    adresselinje1,
    ...(adresselinje2 === undefined ? {} : { adresselinje2 }),
    ...(adresselinje3 === undefined ? {} : { adresselinje3 }),
  }
}

function isStored(stored: unknown): stored is StoredInnhold {
  return typeof stored === 'object' && stored !== null && 'forsendelse' in stored && 'dokumenter' in stored
}
