/** One of the municipalities of deploy/tenants that take part, by the name of its file. */
export type DemoKommune = 'aukra' | 'molde' | 'vestnes'

/** The municipalities that take part, in the order they are shown. */
export const DEMO_KOMMUNER: readonly DemoKommune[] = ['aukra', 'molde', 'vestnes']

/** A document of a letter; its bytes come from `contentOf`. */
export interface DemoDocument {
  readonly filnavn: string
  readonly sizeBytes: number
}

/** A letter of the demo, to a synthetic recipient. */
export interface DemoLetter {
  readonly kommune: DemoKommune
  readonly eksternReferanse: string
  /** Stands in every document as `SAMBAND-MARK:<mark>`; simulators tell letters apart by it. */
  readonly mark: string
  readonly tittel: string
  readonly digitalId: string
  readonly dokumenter: readonly DemoDocument[]
  readonly arkiv?: { readonly klasse: string; readonly sak: string }
}

/** The klasse that the core of Aukra does not have at first. */
export const MISSING_KLASSE = { klasseID: 'L42', tittel: 'Byggesaker' }
/** The klasse that every core has. */
export const KNOWN_KLASSE = { klasseID: '000', tittel: 'Ymse' }
/** SvarUt takes this letter and never answers. */
export const SILENT_LETTER = 'VES-2026-301'
/** Whose letter that is. */
export const SILENT_KOMMUNE = 'vestnes'
/** The letter with a document of 40 MB. */
export const LARGE_LETTER = 'VES-2026-302'

// Synthetic: month + 80 for people, a first digit of 2 or 3 for organisations.
const PERSON = '15859099928'
const OTHER_PERSON = '03851598730'
const ORGANISATION = '314758625'

const KB = 1_000
const MB = 1_000_000

function letter(
  kommune: DemoKommune,
  number: number,
  tittel: string,
  digitalId: string,
  sizes: readonly number[],
  arkiv?: DemoLetter['arkiv'],
): DemoLetter {
  const eksternReferanse = `${kommune.slice(0, 3).toUpperCase()}-2026-${number}`
  const dokumenter = sizes.map((sizeBytes, place) => ({
    filnavn: place === 0 ? 'brev.pdf' : `vedlegg-${place}.pdf`,
    sizeBytes,
  }))
  return {
    kommune,
    eksternReferanse,
    mark: `demo-${eksternReferanse}`,
    tittel,
    digitalId,
    dokumenter,
    ...(arkiv === undefined ? {} : { arkiv }),
  }
}

const filed = (sak: string, klasse = KNOWN_KLASSE.klasseID) => ({ klasse, sak })

/** Every letter of the demo, in the order each municipality sends them. */
export const DEMO_LETTERS: readonly DemoLetter[] = [
  letter('aukra', 101, 'Svar på søknad', PERSON, [80 * KB], filed('barnehage-7')),
  letter('aukra', 102, 'Byggetillatelse', PERSON, [120 * KB, 900 * KB], filed('bygg-17', MISSING_KLASSE.klasseID)),
  letter('aukra', 103, 'Ferdigattest', OTHER_PERSON, [90 * KB], filed('bygg-23', MISSING_KLASSE.klasseID)),
  letter('aukra', 104, 'Påminnelse om frist', ORGANISATION, [40 * KB]),
  letter('molde', 201, 'Vedtak om skoleplass', PERSON, [150 * KB], filed('skole-4')),
  letter('molde', 202, 'Vedtak om skoleskyss', PERSON, [110 * KB, 300 * KB], filed('skole-4')),
  letter('molde', 203, 'Tilsagn om tilskudd', ORGANISATION, [200 * KB, 2 * MB, 1 * MB], filed('tilskudd-9')),
  letter('molde', 204, 'Innkalling til møte', OTHER_PERSON, [60 * KB]),
  letter('vestnes', 301, 'Faktura for renovasjon', PERSON, [70 * KB]),
  letter('vestnes', 302, 'Reguleringsplan med kart', ORGANISATION, [500 * KB, 40 * MB, 1 * MB], filed('plan-2')),
  letter('vestnes', 303, 'Svar på klage', OTHER_PERSON, [95 * KB, 400 * KB], filed('klage-5')),
  letter('vestnes', 304, 'Orientering om vannavstenging', OTHER_PERSON, [30 * KB]),
]

/** The bytes of a document: begins as a PDF, carries the letter's mark, and has exactly the size announced. */
export function contentOf(letter: Pick<DemoLetter, 'mark'>, document: DemoDocument): Buffer {
  const content = Buffer.alloc(document.sizeBytes, `% ${document.filnavn} i demoen av Samband\n`)
  content.write(`%PDF-1.7\n% SAMBAND-MARK:${letter.mark}\n`, 'latin1')
  return content
}

/** The part `forsendelse` of a letter, as a case-archive system writes it. */
export function forsendelseOf(letter: DemoLetter): object {
  const { eksternReferanse, tittel, digitalId, dokumenter, arkiv } = letter
  return {
    eksternReferanse,
    tittel,
    mottaker: { navn: 'Syntetisk mottaker', digitalId },
    kunDigitalLevering: true,
    dokumenter: dokumenter.map(({ filnavn }) => ({ filnavn, mimeType: 'application/pdf' })),
    ...(arkiv === undefined
      ? {}
      : {
          arkiv: {
            klasse: arkiv.klasse,
            saksmappe: { noekkel: arkiv.sak, tittel: `Sak ${arkiv.sak}` },
            journalpost: { tittel, administrativEnhet: 'Servicetorget' },
          },
        }),
  }
}
