import type { ErrorCodeHelp } from '@samband/connector-kit'
import type { Disposition } from '@samband/kernel'

/** What one answer of the token endpoint means here. */
interface Meaning {
  readonly code: keyof typeof MASKINPORTEN_ERROR_CODES
  readonly disposition: Disposition
  /** A new assertion may succeed at once: its jti had been used, or it came too late. */
  readonly newAssertion?: true
}

/**
 * Maskinporten's own codes. A refused assertion says something of the client, the key or the clock, never of the letter that wanted the token:
 * so all of them pause the destination rather than park what waits.
 */
const BY_MP_CODE: Readonly<Record<string, Meaning>> = {
  'MP-011': { code: 'MASKINPORTEN_UGYLDIG_FORESPORSEL', disposition: 'paused' },
  'MP-012': { code: 'MASKINPORTEN_ASSERTION_BRUKT', disposition: 'transient', newAssertion: true },
  'MP-100': { code: 'MASKINPORTEN_KLIENT_UKJENT', disposition: 'paused' },
  'MP-110': { code: 'MASKINPORTEN_FEIL_MILJO', disposition: 'paused' },
  'MP-120': { code: 'MASKINPORTEN_FEIL_MILJO', disposition: 'paused' },
  'MP-121': { code: 'MASKINPORTEN_NOKKEL_UTLOPT', disposition: 'paused' },
  'MP-122': { code: 'MASKINPORTEN_NOKKEL_AVVIST', disposition: 'paused' },
  'MP-123': { code: 'MASKINPORTEN_UGYLDIG_FORESPORSEL', disposition: 'paused' },
  'MP-124': { code: 'MASKINPORTEN_NOKKEL_AVVIST', disposition: 'paused' },
  'MP-130': { code: 'MASKINPORTEN_KLOKKE', disposition: 'paused', newAssertion: true },
  'MP-200': { code: 'MASKINPORTEN_SCOPE_MANGLER', disposition: 'paused' },
  'MP-201': { code: 'MASKINPORTEN_SCOPE_MANGLER', disposition: 'paused' },
  'MP-250': { code: 'MASKINPORTEN_TILGANG_MANGLER', disposition: 'paused' },
  'MP-251': { code: 'MASKINPORTEN_DELEGERING_MANGLER', disposition: 'paused' },
  'MP-301': { code: 'MASKINPORTEN_UGYLDIG_FORESPORSEL', disposition: 'paused' },
  'MP-302': { code: 'MASKINPORTEN_UGYLDIG_FORESPORSEL', disposition: 'paused' },
  'MP-303': { code: 'MASKINPORTEN_UGYLDIG_FORESPORSEL', disposition: 'paused' },
}

/** Texts that come without a code. */
const BY_TEXT: readonly (readonly [RegExp, Meaning])[] = [
  [/issue time is after now/i, { code: 'MASKINPORTEN_KLOKKE', disposition: 'paused', newAssertion: true }],
  [/consumer_org in claim and delegation/i, { code: 'MASKINPORTEN_DELEGERING_MANGLER', disposition: 'paused' }],
]

/** OAuth2's codes, for what carries neither. */
const BY_OAUTH_ERROR: Readonly<Record<string, Meaning>> = {
  invalid_scope: { code: 'MASKINPORTEN_SCOPE_MANGLER', disposition: 'paused' },
  invalid_client: { code: 'MASKINPORTEN_KLIENT_UKJENT', disposition: 'paused' },
  unauthorized_client: { code: 'MASKINPORTEN_TILGANG_MANGLER', disposition: 'paused' },
  access_denied: { code: 'MASKINPORTEN_TILGANG_MANGLER', disposition: 'paused' },
  forbidden: { code: 'MASKINPORTEN_TILGANG_MANGLER', disposition: 'paused' },
  temporarily_unavailable: { code: 'MASKINPORTEN_UTILGJENGELIG', disposition: 'transient' },
  server_error: { code: 'MASKINPORTEN_UTILGJENGELIG', disposition: 'transient' },
}

const UNAVAILABLE: Meaning = { code: 'MASKINPORTEN_UTILGJENGELIG', disposition: 'transient' }
const REFUSED: Meaning = { code: 'MASKINPORTEN_AVVIST', disposition: 'paused' }

/** What a refusal means: by Maskinporten's code first, then by text, then by OAuth2's code, last by status. */
export function meaningOf(
  status: number,
  error: string | undefined,
  description: string,
): Meaning & { mpCode?: string } {
  const mpCode = /MP-\d{3}/.exec(description)?.[0]
  const byCode = mpCode === undefined ? undefined : BY_MP_CODE[mpCode]
  const found =
    byCode ??
    BY_TEXT.find(([text]) => text.test(description))?.[1] ??
    (error === undefined || !Object.hasOwn(BY_OAUTH_ERROR, error) ? undefined : BY_OAUTH_ERROR[error]) ??
    (status === 429 || status >= 500 ? UNAVAILABLE : REFUSED)
  return mpCode === undefined ? found : { ...found, mpCode }
}

/** Every error code of this connector. */
export const MASKINPORTEN_ERROR_CODES = {
  MASKINPORTEN_UTILGJENGELIG: {
    meaning: 'Maskinporten svarer ikke eller er midlertidig nede.',
    owner: 'drift',
    nextStep: 'Vent; det prøves igjen av seg selv. Se status hos Digdir hvis det varer.',
  },
  MASKINPORTEN_INGEN_SVAR: {
    meaning: 'Forbindelsen til Maskinporten ble brutt før svaret var komplett.',
    owner: 'drift',
    nextStep: 'Vent; det prøves igjen av seg selv. Se på nettverk og brannmur hvis det varer.',
  },
  MASKINPORTEN_UVENTET_SVAR: {
    meaning: 'Svaret fra Maskinporten har en annen form enn avtalt.',
    owner: 'drift',
    nextStep: 'Kontroller at adressen til token-endepunktet er riktig, og at ingen mellomtjener svarer i stedet.',
  },
  MASKINPORTEN_TOKEN_AVVIST: {
    meaning: 'Maskinporten ga ut på nytt et token som mottakertjenesten har avvist.',
    owner: 'drift',
    nextStep: 'Kontroller klientens scope og organisasjonsnummeret tokenet gjelder for.',
  },
  MASKINPORTEN_AVVIST: {
    meaning: 'Maskinporten avviste forespørselen uten en kjent feilkode.',
    owner: 'drift',
    nextStep: 'Finn sporings-id-en i feilmeldingen og ta den med til Digdir.',
  },
  MASKINPORTEN_UGYLDIG_FORESPORSEL: {
    meaning: 'Maskinporten godtar ikke formen på forespørselen.',
    owner: 'drift',
    nextStep: 'Kontroller oppsettet av klienten; er det riktig, er det en feil i programmet som må meldes.',
  },
  MASKINPORTEN_ASSERTION_BRUKT: {
    meaning: 'Maskinporten mener at forespørselen er brukt før, også etter et nytt forsøk.',
    owner: 'drift',
    nextStep: 'Vent; det prøves igjen av seg selv. Kontroller at ikke to installasjoner deler tilfeldighetskilde.',
  },
  MASKINPORTEN_KLIENT_UKJENT: {
    meaning: 'Maskinporten kjenner ikke klienten i dette miljøet.',
    owner: 'drift',
    nextStep: 'Kontroller klient-id og miljø (test eller produksjon) i Digdirs selvbetjening.',
  },
  MASKINPORTEN_FEIL_MILJO: {
    meaning: 'Utsteder, klient og nøkkel hører ikke til samme miljø.',
    owner: 'drift',
    nextStep: 'Bruk utsteder, klient og nøkkel fra enten test eller produksjon, ikke begge.',
  },
  MASKINPORTEN_NOKKEL_UTLOPT: {
    meaning: 'Nøkkelen som er registrert på klienten, er utløpt; den gjelder i ett år.',
    owner: 'drift',
    nextStep: 'Registrer nøkkelen på nytt, eller en ny, i Digdirs selvbetjening.',
  },
  MASKINPORTEN_NOKKEL_AVVIST: {
    meaning: 'Maskinporten godtar ikke signaturen eller sertifikatet.',
    owner: 'drift',
    nextStep: 'Kontroller at nøkkelen hører til klienten, at sertifikatet er gyldig og at organisasjonen stemmer.',
  },
  MASKINPORTEN_NOKKEL_UGYLDIG: {
    meaning: 'Den private nøkkelen i oppsettet kan ikke brukes.',
    owner: 'drift',
    nextStep: 'Legg inn en RSA-nøkkel på minst 2048 biter, som PEM eller JWK, og id-en (kid) den er registrert med.',
  },
  MASKINPORTEN_KLOKKE: {
    meaning: 'Maskinporten mener at forespørselen kom for tidlig eller for sent.',
    owner: 'drift',
    nextStep: 'Kontroller at maskinens klokke er synkronisert; ti sekunders avvik er for mye.',
  },
  MASKINPORTEN_SCOPE_MANGLER: {
    meaning: 'Klienten har ikke tilgang til det scopet som trengs.',
    owner: 'drift',
    nextStep: 'Be eieren av tjenesten om tilgang, og legg scopet til på klienten.',
  },
  MASKINPORTEN_TILGANG_MANGLER: {
    meaning: 'Organisasjonen har ikke fått tilgang til scopet.',
    owner: 'drift',
    nextStep: 'Be eieren av tjenesten om å gi organisasjonen tilgang.',
  },
  MASKINPORTEN_DELEGERING_MANGLER: {
    meaning: 'Kommunen har ikke delegert tilgangen til leverandøren, eller delegeringen gjelder leverandøren selv.',
    owner: 'drift',
    nextStep: 'Be kommunen delegere i Altinn, og kontroller organisasjonsnummeret det spørres på vegne av.',
  },
} as const satisfies Readonly<Record<string, ErrorCodeHelp>>
