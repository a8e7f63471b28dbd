/** How it stands with the letter: on its way, delivered or read, failed, or closed without either. */
export type ForsendelseOutcome = 'underveis' | 'levert' | 'feilet' | 'lukket'

/** What one status code of SvarUt means. */
export interface ForsendelseStatusFacts {
  /** True when SvarUt is done with the letter. KS does not say so itself; inferred from the documented courses. */
  readonly final: boolean
  /** True for a final status after which SvarUt has been known to report another one: look again now and then. */
  readonly mayChange: boolean
  readonly outcome: ForsendelseOutcome
  /** For people, in Norwegian. */
  readonly meaning: string
}

/**
 * Every status code of SvarUt Status v3 (17). v1, v2 and SOAP have all but FEILET_UNDER_MOTTAK, SLETTET and the two of the
 * health network. SLETTET follows after another final status and
 * tells nothing of the delivery: keep the outcome known before it.
 */
export const ForsendelseStatus = {
  MOTTATT: underveis('SvarUt har tatt imot forsendelsen og gitt den en id.'),
  AKSEPTERT: underveis('SvarUt har godkjent forsendelsen og klargjort den for levering.'),
  AVVIST: final('feilet', 'SvarUt har avvist forsendelsen. Den er ikke sendt til mottakeren.'),
  FEILET_UNDER_MOTTAK: final('feilet', 'SvarUt klarte ikke å ta imot forsendelsen. Den er ikke sendt til mottakeren.'),
  KLAR_FOR_MOTTAK: underveis('Forsendelsen venter på at mottakerens system skal hente den.'),
  VARSLET: underveis('Mottakeren er varslet om at forsendelsen ligger klar.'),
  LEST: final('levert', 'Mottakeren har hentet eller lest forsendelsen.'),
  SENDT_DIGITALT: final('levert', 'Sendt digitalt, men ikke lest innen fristen. Den blir ikke skrevet ut.', true),
  SENDT_SDP: underveis('Sendt til innbyggerens digitale postkasse.'),
  LEVERT_SDP: final('levert', 'Levert i innbyggerens digitale postkasse.', true),
  SENDT_PRINT: underveis('Oversendt til utskrift og vanlig post.'),
  PRINTET: final('levert', 'Skrevet ut og sendt med vanlig post.'),
  IKKE_LEVERT: final('feilet', 'Kunne ikke leveres digitalt, og skulle ikke skrives ut.'),
  MANUELT_HANDTERT: final('lukket', 'Avsluttet manuelt av en person.'),
  SLETTET: final('lukket', 'Filer og opplysninger er slettet hos SvarUt etter at forsendelsen var ferdig.'),
  SENDT_NHN_MOTTAKER: underveis('Sendt til mottaker i helsenettet, men ikke kvittert ennå.'),
  LEVERT_NHN_MOTTAKER: final('levert', 'Mottakeren i helsenettet har kvittert.'),
} as const satisfies Record<string, ForsendelseStatusFacts>

/** A status code of SvarUt that this version of the hub knows. */
export type ForsendelseStatus = keyof typeof ForsendelseStatus

/**
 * What a status code means. A code that is not known is taken as not final, so that the letter is still followed:
 * SvarUt asks its users to tolerate new codes.
 */
export function forsendelseStatus(code: string): ForsendelseStatusFacts & { readonly known: boolean } {
  if (isForsendelseStatus(code)) return { known: true, ...ForsendelseStatus[code] }
  return { known: false, ...underveis('Ukjent status fra SvarUt. Slå opp koden i dokumentasjonen fra KS.') }
}

/** True when the code is one this version of the hub knows. */
export function isForsendelseStatus(code: string): code is ForsendelseStatus {
  return Object.hasOwn(ForsendelseStatus, code)
}

function underveis(meaning: string): ForsendelseStatusFacts {
  return { final: false, mayChange: true, outcome: 'underveis', meaning }
}

function final(outcome: ForsendelseOutcome, meaning: string, mayChange = false): ForsendelseStatusFacts {
  return { final: true, mayChange, outcome, meaning }
}
