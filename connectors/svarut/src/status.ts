/** What a status says about the letter. `underveis` also covers what we do not know. */
export type StatusOutcome = 'underveis' | 'levert' | 'sendt' | 'feilet' | 'avsluttet'

/** One status of SvarUt. */
export interface StatusInfo {
  readonly outcome: StatusOutcome
  /** No other status is expected; a poller may ask rarely or not at all. */
  readonly final: boolean
  /** One Norwegian sentence. */
  readonly meaning: string
}

/** The 17 statuses of Status v3, by KS's own codes (v1, v2 and SOAP have 13 of them). Which are final is our conclusion; KS does not say. */
export const SVARUT_STATUSES = {
  MOTTATT: { outcome: 'underveis', final: false, meaning: 'SvarUt har tatt imot forsendelsen.' },
  AKSEPTERT: { outcome: 'underveis', final: false, meaning: 'Forsendelsen er kontrollert og klar til levering.' },
  AVVIST: { outcome: 'feilet', final: true, meaning: 'SvarUt avviste forsendelsen etter kontroll.' },
  FEILET_UNDER_MOTTAK: { outcome: 'feilet', final: true, meaning: 'Noe gikk galt hos SvarUt under mottaket.' },
  KLAR_FOR_MOTTAK: {
    outcome: 'underveis',
    final: false,
    meaning: 'Forsendelsen venter på at mottakerens system henter den.',
  },
  VARSLET: { outcome: 'underveis', final: false, meaning: 'Mottakeren er varslet.' },
  LEST: {
    outcome: 'levert',
    final: true,
    meaning: 'Mottakeren har åpnet forsendelsen, eller mottakerens system har kvittert.',
  },
  SENDT_DIGITALT: {
    outcome: 'sendt',
    final: false,
    meaning: 'Sendt kun digitalt, ikke lest innen fristen; skrives aldri ut.',
  },
  SENDT_SDP: { outcome: 'underveis', final: false, meaning: 'Sendt til innbyggerens digitale postkasse.' },
  LEVERT_SDP: { outcome: 'levert', final: false, meaning: 'Levert i innbyggerens digitale postkasse.' },
  SENDT_PRINT: { outcome: 'underveis', final: false, meaning: 'Overlevert til utskrift.' },
  PRINTET: { outcome: 'levert', final: true, meaning: 'Skrevet ut og lagt i posten.' },
  IKKE_LEVERT: {
    outcome: 'feilet',
    final: true,
    meaning: 'Kun digital levering var valgt, og den lot seg ikke gjennomføre.',
  },
  MANUELT_HANDTERT: { outcome: 'avsluttet', final: true, meaning: 'Avsluttet av en person.' },
  SLETTET: { outcome: 'avsluttet', final: true, meaning: 'Filer og unødvendige opplysninger er slettet.' },
  SENDT_NHN_MOTTAKER: { outcome: 'underveis', final: false, meaning: 'Sendt i helsenettet, ikke kvittert ennå.' },
  LEVERT_NHN_MOTTAKER: { outcome: 'levert', final: true, meaning: 'Mottakeren i helsenettet har kvittert.' },
} as const satisfies Readonly<Record<string, StatusInfo>>

/** A status we know. SvarUt may send others: keep them as text. */
export type SvarUtStatus = keyof typeof SVARUT_STATUSES

const UNKNOWN: StatusInfo = { outcome: 'underveis', final: false, meaning: 'En status denne versjonen ikke kjenner.' }

/** What a status means; one we do not know is neither final nor a failure. */
export function statusInfo(status: string): StatusInfo & { readonly known: boolean } {
  return isKnown(status) ? { ...SVARUT_STATUSES[status], known: true } : { ...UNKNOWN, known: false }
}

function isKnown(status: string): status is SvarUtStatus {
  return Object.hasOwn(SVARUT_STATUSES, status)
}
