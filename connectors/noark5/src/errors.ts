import type { Disposition } from '@samband/kernel'
import { HubError, NothingHappened } from '@samband/kernel'

/** Prefix of every error code of this connector. */
export const SYSTEM = 'NOARK5'

/** What an operator reads about an error code; all texts in Norwegian. */
export interface ErrorCodeText {
  readonly meaning: string
  /** Who can do something about it. */
  readonly owner: string
  readonly nextStep: string
}

/** Every code this connector uses, the HTTP kit's included. Codes are never reused. */
export const NOARK5_ERROR_CODES = {
  NOARK5_UTILGJENGELIG: {
    meaning: 'Arkivkjernen svarer ikke, og ingenting er sendt.',
    owner: 'Arkivleverandøren',
    nextStep: 'Vent: det prøves igjen av seg selv. Varer det, sjekk adressen i kommunens fil og at kjernen kjører.',
  },
  NOARK5_INGEN_SVAR: {
    meaning: 'Forespørselen gikk ut, men svaret kom ikke helt fram.',
    owner: 'Arkivleverandøren',
    nextStep: 'Vent: kjernen spørres om det ble registrert før noe sendes igjen.',
  },
  NOARK5_UVENTET_SVAR: {
    meaning: 'Svaret fra arkivkjernen har en annen form enn Noark 5 tjenestegrensesnitt.',
    owner: 'Arkivleverandøren',
    nextStep: 'Sammenlign med avvikene i README for koblingen, og velg riktig profil for kjernen.',
  },
  NOARK5_UKJENT_UTFALL: {
    meaning: 'Arkivkjernen svarte med en feil som ikke sier om noe ble registrert.',
    owner: 'Arkivleverandøren',
    nextStep: 'Vent: kjernen spørres før noe sendes igjen. Varer det, se i kjernens logg på tidspunktet.',
  },
  NOARK5_FORBIGAENDE_FEIL: {
    meaning: 'Arkivkjernen kan ikke svare akkurat nå.',
    owner: 'Arkivleverandøren',
    nextStep: 'Vent: det prøves igjen av seg selv.',
  },
  NOARK5_INNLOGGING_AVVIST: {
    meaning: 'Arkivkjernen godtar ikke brukeren eller klienten.',
    owner: 'Drift',
    nextStep: 'Kontroller bruker og hemmelighet i kommunens fil. Køen går videre når innlogging virker.',
  },
  NOARK5_INGEN_TILGANG: {
    meaning: 'Brukeren har ikke rett til dette i arkivkjernen.',
    owner: 'Kommunens arkiv',
    nextStep: 'Gi brukeren rettigheten som trengs, og kjør raden på nytt.',
  },
  NOARK5_ROT_UKJENT: {
    meaning:
      'Adressen er ikke roten til en Noark 5-kjerne, eller en pakke (arkivstruktur, sakarkiv, metadata) vises ikke.',
    owner: 'Drift',
    nextStep: 'Kontroller rotadressen i kommunens fil og brukerens rettigheter i kjernen.',
  },
  NOARK5_FREMMED_ADRESSE: {
    meaning: 'En lenke fra arkivkjernen peker til en annen maskin enn roten; innloggingen sendes ikke dit.',
    owner: 'Arkivleverandøren',
    nextStep: 'Sett kjernens utvendige adresse riktig, så lenkene peker til samme vert som roten.',
  },
  NOARK5_ARKIVDEL_MANGLER: {
    meaning: 'Arkivdelen med denne tittelen finnes ikke, eller brukeren ser den ikke.',
    owner: 'Kommunens arkiv',
    nextStep:
      'Rett tittelen i kommunens fil og kjør raden på nytt. Står den i brevets felt arkiv.arkivdel: forkast raden, og send brevet på nytt med ny eksternReferanse.',
  },
  NOARK5_ARKIVDEL_IKKE_ENTYDIG: {
    meaning: 'Flere arkivdeler har samme tittel.',
    owner: 'Kommunens arkiv',
    nextStep: 'Gi arkivdelene ulike titler og kjør raden på nytt.',
  },
  NOARK5_ARKIVDEL_LUKKET: {
    meaning: 'Arkivdelen eller klassen tar ikke imot nye saksmapper.',
    owner: 'Kommunens arkiv',
    nextStep:
      'Åpne arkivdelen eller klassen og kjør raden på nytt; eller forkast den, og send brevet på nytt med ny eksternReferanse og en annen.',
  },
  NOARK5_KLASSE_MANGLER: {
    meaning: 'Klassen mangler i brevet eller finnes ikke i arkivdelens klassifikasjonssystem.',
    owner: 'Kommunens arkiv',
    nextStep:
      'Opprett klassen i klassifikasjonssystemet og kjør raden på nytt; eller forkast den, og send brevet på nytt med ny eksternReferanse og en klasseID som finnes, i arkiv.klasse.',
  },
  NOARK5_KODE_MANGLER: {
    meaning: 'Arkivkjernen har ikke koden i kodelisten som er nevnt.',
    owner: 'Kommunens arkiv',
    nextStep:
      'Legg koden i kjernens kodeliste, eller sett kjernens kode under profileChanges.koder i kommunens fil. Kjør så raden på nytt.',
  },
  NOARK5_SAKSMAPPE_FINNES_IKKE: {
    meaning: 'Saksmappen brevet viser til med mappeID, finnes ikke eller er ikke entydig.',
    owner: 'Avsendersystemet',
    nextStep:
      'Forkast raden, og send brevet på nytt med ny eksternReferanse: med en mappeID som finnes, eller med noekkel og tittel så mappen opprettes.',
  },
  NOARK5_SAKSMAPPE_LUKKET: {
    meaning: 'Saksmappen tar ikke imot flere journalposter.',
    owner: 'Kommunens arkiv',
    nextStep:
      'Åpne saksmappen og kjør raden på nytt; eller forkast den, og send brevet på nytt med ny eksternReferanse og en annen saksmappe.',
  },
  NOARK5_FORELDER_MANGLER: {
    meaning: 'Noe som er opprettet tidligere i samme journalføring, finnes ikke lenger i kjernen.',
    owner: 'Kommunens arkiv',
    nextStep:
      'Finn ut hvem som slettet det. Skal brevet arkiveres likevel: forkast raden, og send brevet på nytt med ny eksternReferanse.',
  },
  NOARK5_LENKE_MANGLER: {
    meaning: 'Arkivkjernen tilbyr ikke operasjonen som trengs på dette objektet.',
    owner: 'Kommunens arkiv',
    nextStep: 'Kontroller brukerens rettigheter og objektets status i kjernen.',
  },
  NOARK5_SKJERMING_IKKE_BEKREFTET: {
    meaning: 'Skjermingen som er bestilt, er ikke bekreftet av kjernen. Dokumentet er ikke lastet opp.',
    owner: 'Kommunens arkiv',
    nextStep:
      'Skjerm mappen, journalposten eller dokumentbeskrivelsen for hånd i arkivsystemet, og kjør raden på nytt.',
  },
  NOARK5_UGYLDIG_INNHOLD: {
    meaning: 'Arkivkjernen avviste innholdet.',
    owner: 'Avsendersystemet',
    nextStep: 'Rett feltet som er nevnt, forkast raden, og send brevet på nytt med ny eksternReferanse.',
  },
  NOARK5_UGYLDIG_INNHOLDSFIL: {
    meaning: 'Det lagrede innholdet til brevet lar seg ikke lese som arkivinnhold.',
    owner: 'Drift',
    nextStep: 'Dette er en feil i navet. Ta vare på raden og meld fra.',
  },
  NOARK5_IKKE_STOTTET: {
    meaning: 'Arkivkjernen kjenner ikke operasjonen eller medietypen.',
    owner: 'Drift',
    nextStep: 'Velg riktig profil for kjernen i kommunens fil.',
  },
  NOARK5_KONFLIKT: {
    meaning: 'Arkivkjernen melder konflikt, og det er ikke vår egen registrering den ser.',
    owner: 'Kommunens arkiv',
    nextStep: 'Vent: det prøves igjen. Varer det, se på objektet i arkivsystemet.',
  },
  NOARK5_SAMTIDIG_ENDRING: {
    meaning: 'Noen andre endret det samme samtidig. Ingenting er endret av oss.',
    owner: 'Ingen',
    nextStep: 'Vent: det prøves igjen av seg selv.',
  },
  NOARK5_KAN_IKKE_SLA_OPP: {
    meaning:
      'Kjernen kan ikke si sikkert om objektet finnes, fordi den gir egne id-er eller oppslaget ikke finner noe vi vet er der.',
    owner: 'Kommunens arkiv',
    nextStep:
      'Se etter i arkivsystemet, og svar på spørsmålet med kommandoen answer: finnes det, eller finnes det ikke.',
  },
  NOARK5_IKKE_ENTYDIG: {
    meaning: 'Mer enn ett objekt i kjernen har vår nøkkel.',
    owner: 'Kommunens arkiv',
    nextStep: 'Se på objektene i arkivsystemet og slett det som er for mye.',
  },
  NOARK5_LISTE_GAR_I_RING: {
    meaning: 'En liste fra arkivkjernen tar ikke slutt: neste side er en side vi har sett.',
    owner: 'Arkivleverandøren',
    nextStep: 'Meld feilen til leverandøren. Velg profilen for kjernen, som går utenom den der det kan gjøres.',
  },
  NOARK5_OPPLASTING_SPERRET: {
    meaning:
      'Et tidligere forsøk på å laste opp filen ble brutt, og kjernen tar ikke imot en ny på samme dokumentobjekt.',
    owner: 'Kommunens arkiv',
    nextStep:
      'Forkast raden, sett journalposten til Utgår i arkivsystemet, og be avsender sende brevet på nytt med ny eksternReferanse.',
  },
  NOARK5_FIL_AVVIST: {
    meaning: 'Arkivkjernen tar ikke imot filen: type, størrelse eller innhold.',
    owner: 'Avsendersystemet',
    nextStep:
      'Kontroller at filen er hel og av en type kjernen godtar. Forkast raden, og send brevet på nytt med ny eksternReferanse.',
  },
  NOARK5_FIL_AVVIKER: {
    meaning: 'Filen i arkivet er en annen enn den som ble sendt.',
    owner: 'Kommunens arkiv',
    nextStep:
      'Sammenlign filen i arkivet med dokumentet i brevet. Forkast raden, svar finnes-ikke (to personer), sett journalposten til Utgår, og be avsender sende brevet på nytt med ny eksternReferanse.',
  },
  NOARK5_JOURNALPOST_UTGAR: {
    meaning: 'Journalposten er merket Utgår i arkivet og blir ikke satt til Ekspedert.',
    owner: 'Kommunens arkiv',
    nextStep: 'Avklar med den som satte statusen. Rett den i arkivet og kjør raden på nytt, eller forkast raden.',
  },
  NOARK5_ENDRING_IKKE_TATT: {
    meaning: 'Kjernen svarte at journalposten er endret, men statusen er ikke blitt Ekspedert.',
    owner: 'Kommunens arkiv',
    nextStep: 'Sett journalpostens status for hånd, og kjør raden på nytt.',
  },
} as const satisfies Record<string, ErrorCodeText>

/** A code of the table. */
export type Noark5ErrorCode = keyof typeof NOARK5_ERROR_CODES

type Details = { readonly path?: string; readonly retryAfterMs?: number | undefined; readonly cause?: unknown }

function plain(details: Details): { path?: string; retryAfterMs?: number; cause?: unknown } {
  return {
    ...(details.path === undefined ? {} : { path: details.path }),
    ...(details.retryAfterMs === undefined ? {} : { retryAfterMs: details.retryAfterMs }),
    ...(details.cause === undefined ? {} : { cause: details.cause }),
  }
}

/** A HubError with a code of the table; `message` never holds what the core or the sender wrote. */
export function failed(
  code: Noark5ErrorCode,
  disposition: Disposition,
  message: string,
  details: Details = {},
): HubError {
  return new HubError(code, disposition, message, plain(details))
}

/** As `failed`, where it is certain that nothing happened in the core. */
export function nothing(
  code: Noark5ErrorCode,
  disposition: Exclude<Disposition, 'unknown-outcome'>,
  message: string,
  details: Details = {},
): NothingHappened {
  return new NothingHappened(code, disposition, message, plain(details))
}
