import { letterForm } from './letter-form.ts'

/** Stands in every free text of a marked letter. Nothing else of a run spells it. */
export const PERSONAL_MARK = 'Personmerke'
/** Synthetic; the recipient of marked letters. */
export const MARKED_NUMBER = '15859099928'

const marked = (field: string) => `${PERSONAL_MARK} ${field}`
const adresse = (whose: string) => ({
  adresselinje1: marked(`${whose} gate`),
  adresselinje2: marked(`${whose} inngang`),
  adresselinje3: marked(`${whose} etasje`),
  postnummer: '6400',
  poststed: marked(`${whose} sted`),
})

/** A letter whose every free text but its references holds the mark, and how its filing is to be said. */
export interface MarkedLetter {
  readonly eksternReferanse: string
  readonly noekkel: string
  readonly klasse?: string
  /** Further members of the JSON, or other values of the usual ones. */
  readonly more?: object
}

/** The body of a request that sends a marked letter with one document. */
export function markedLetterForm(letter: MarkedLetter): {
  readonly contentType: string
  readonly body: Buffer<ArrayBuffer>
} {
  return letterForm(
    {
      eksternReferanse: letter.eksternReferanse,
      documents: [
        {
          filnavn: `${PERSONAL_MARK}-vedtak.txt`,
          mimeType: 'text/plain',
          content: Buffer.from(`${marked('dokument')} ${MARKED_NUMBER} SAMBAND-MARK:${letter.eksternReferanse} slutt.`),
        },
      ],
    },
    { ...markedJson(letter), ...letter.more },
  )
}

function markedJson({ noekkel, klasse = 'L42' }: MarkedLetter): object {
  return {
    tittel: marked('tittel'),
    avgivendeSystem: marked('system'),
    avgivendeSystemAktor: marked('aktor'),
    mottaker: { navn: marked('mottaker'), digitalId: MARKED_NUMBER, adresse: adresse('mottaker') },
    eksponertFor: [MARKED_NUMBER],
    svarSendesTil: {
      navn: marked('svar'),
      type: 'PERSON',
      digitalId: MARKED_NUMBER,
      adresse: adresse('svar'),
    },
    lenker: [{ url: `https://example.no/${PERSONAL_MARK}`, tekst: marked('lenke'), ledetekst: marked('ledetekst') }],
    arkiv: {
      klasse,
      saksmappe: { noekkel, tittel: marked('saksmappe'), offentligTittel: marked('offentlig saksmappe') },
      journalpost: {
        tittel: marked('journalpost'),
        offentligTittel: marked('offentlig journalpost'),
        saksbehandler: marked('saksbehandler'),
        administrativEnhet: marked('enhet'),
      },
    },
  }
}
