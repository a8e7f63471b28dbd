import type { ErrorCodeHelp, HttpResponse } from '@samband/connector-kit'
import { jsonOf, retryAfterMs } from '@samband/connector-kit'
import type { Clock, Disposition, ErrorDetails } from '@samband/kernel'
import { HubError, NothingHappened } from '@samband/kernel'
import { FORSENDELSE_FIELDS, FORSENDELSE_SUBFIELDS } from './forsendelse.ts'
import { ErrorMessage } from './wire.ts'

/** Prefix of every code here. */
export const SYSTEM = 'SVARUT'

/** Every error code of this connector. */
export const SVARUT_ERROR_CODES = {
  SVARUT_UTILGJENGELIG: {
    meaning: 'SvarUt kunne ikke nås; ingenting ble sendt.',
    owner: 'drift',
    nextStep: 'Vent; det prøves igjen av seg selv. Se på nettverk, brannmur og driftsmeldinger fra KS hvis det varer.',
  },
  SVARUT_INGEN_SVAR: {
    meaning: 'Forbindelsen ble brutt, eller svaret uteble, etter at sendingen var begynt. Brevet kan være mottatt.',
    owner: 'drift',
    nextStep: 'Vent; SvarUt blir spurt om brevet finnes før noe sendes på nytt.',
  },
  SVARUT_UKJENT_UTFALL: {
    meaning: 'SvarUt svarte med en feil som ikke sier om brevet ble mottatt.',
    owner: 'drift',
    nextStep:
      'Vent; SvarUt blir spurt om brevet finnes før noe sendes på nytt. Meld feilens errorId til KS hvis den gjentar seg.',
  },
  SVARUT_UVENTET_SVAR: {
    meaning: 'Svaret fra SvarUt har en annen form enn avtalt.',
    owner: 'drift',
    nextStep: 'Kontroller adressen til SvarUt, og at ingen mellomtjener svarer i stedet. Se KS sine endringsmeldinger.',
  },
  SVARUT_SERVERFEIL: {
    meaning: 'SvarUt svarte med en feil på et oppslag; ingenting er endret.',
    owner: 'KS',
    nextStep: 'Vent; oppslaget gjentas av seg selv. Meld feilens errorId til KS hvis det varer.',
  },
  SVARUT_GJENTAGENDE_FORSENDELSE: {
    meaning: 'SvarUt mener at det samme brevet er sendt til samme mottaker før.',
    owner: 'saksbehandler',
    nextStep:
      'Se om brevet allerede er sendt. Er det ment å gå flere ganger: send det med ny eksternReferanse og en annen tittel, eller vent to døgn først.',
  },
  SVARUT_UGYLDIG_FORSENDELSE: {
    meaning: 'SvarUt godtar ikke innholdet i forsendelsen.',
    owner: 'saksbehandler',
    nextStep: 'Rett feltet som er nevnt, i fagsystemet, forkast raden, og send brevet på nytt med ny eksternReferanse.',
  },
  SVARUT_DOKUMENT_AVVIST: {
    meaning:
      'SvarUt kan ikke lese eller lagre et av dokumentene, for eksempel fordi det er tomt eller passordbeskyttet.',
    owner: 'saksbehandler',
    nextStep:
      'Åpne dokumentene, erstatt det som er tomt, ødelagt eller låst, forkast raden, og send brevet på nytt med ny eksternReferanse.',
  },
  SVARUT_FOR_STOR: {
    meaning: 'Forsendelsen er større enn SvarUt tar imot.',
    owner: 'saksbehandler',
    nextStep:
      'Gjør dokumentene mindre eller del opp brevet (det som kan skrives ut, må være under 350 MB til sammen), forkast raden, og send brevet på nytt med ny eksternReferanse.',
  },
  SVARUT_FOR_MANGE_KALL: {
    meaning: 'SvarUt ber om at det sendes langsommere.',
    owner: 'drift',
    nextStep: 'Vent; det prøves igjen av seg selv. Senk antall samtidige sendinger hvis det varer.',
  },
  SVARUT_TOKEN_AVVIST: {
    meaning: 'SvarUt godtar ikke tokenet fra Maskinporten.',
    owner: 'drift',
    nextStep: 'Kontroller miljø, klient og scope hos Maskinporten. Et nytt token hentes av seg selv.',
  },
  SVARUT_INTEGRASJON_AVVIST: {
    meaning: 'SvarUt godtar ikke integrasjonen: id, passord eller autorisert organisasjon stemmer ikke.',
    owner: 'drift',
    nextStep: 'Kontroller integrasjonen i Fiks forvaltning, og legg inn passordet på nytt.',
  },
  SVARUT_MANGLER_RETTIGHET: {
    meaning: 'Integrasjonen har ikke rettighet på kontoen.',
    owner: 'drift',
    nextStep: 'Gi integrasjonen rettighet på kontoen i Fiks forvaltning.',
  },
  SVARUT_KONTO_UKJENT: {
    meaning: 'SvarUt kjenner ikke kontoen.',
    owner: 'drift',
    nextStep: 'Kontroller kontoId og adresse i oppsettet.',
  },
  SVARUT_OPPSLAG_FEILET: {
    meaning: 'SvarUt kunne ikke svare på om brevet finnes.',
    owner: 'drift',
    nextStep: 'Vent; det spørres igjen av seg selv. Ingenting sendes på nytt før svaret er sikkert.',
  },
  SVARUT_UGYLDIG_OPPSLAG: {
    meaning: 'SvarUt godtar ikke formen på et oppslag.',
    owner: 'drift',
    nextStep: 'Meld feilen; den ligger i programmet eller i en endring hos KS.',
  },
  SVARUT_INNHOLD_ODELAGT: {
    meaning: 'Det lagrede innholdet i forsendelsen kan ikke leses som forsendelse.',
    owner: 'drift',
    nextStep:
      'Se på lageret for innhold. Forkast raden, og be fagsystemet sende brevet på nytt med ny eksternReferanse.',
  },
  SVARUT_DOKUMENT_ENDRET: {
    meaning: 'Et lagret dokument er ikke det samme som da forsendelsen ble tatt imot.',
    owner: 'drift',
    nextStep:
      'Se på lageret for innhold. Forkast raden, og be fagsystemet sende brevet på nytt med ny eksternReferanse.',
  },
} as const satisfies Readonly<Record<string, ErrorCodeHelp>>

/** A code of `SVARUT_ERROR_CODES`. */
export type SvarUtErrorCode = keyof typeof SVARUT_ERROR_CODES

interface Fact {
  readonly code: SvarUtErrorCode
  readonly disposition: Disposition
}

/** What the repeat guard says, in REST v1 by code and elsewhere only as text. It may mean that ours arrived: a question, not a refusal (R12). */
const REPEATED = /GJENTAGENDE_FORSENDELSE|duplikat|forsendelse med samme mottaker/i
const UNREADABLE_DOCUMENT = /kan ikke lagre tomt dokument|feil under lesing av (?!forsendelse|multipart)/i
const INTEGRATION_REFUSED = /autentisering feilet for integrasjon/i

/**
 * Refusals of a send after which it is certain that nothing was accepted. Those marked `fiks` count only with Fiks's own error body: the same status from a proxy on the
 * way may come after SvarUt took the letter. Whatever stands in no row is an unknown outcome, 500 to 504 among them.
 */
const SEND_REFUSALS: Readonly<Record<number, Fact & { readonly fiks: boolean }>> = {
  400: { code: 'SVARUT_UGYLDIG_FORSENDELSE', disposition: 'permanent', fiks: true },
  401: { code: 'SVARUT_TOKEN_AVVIST', disposition: 'paused', fiks: false },
  403: { code: 'SVARUT_MANGLER_RETTIGHET', disposition: 'paused', fiks: true },
  404: { code: 'SVARUT_KONTO_UKJENT', disposition: 'paused', fiks: true },
  413: { code: 'SVARUT_FOR_STOR', disposition: 'permanent', fiks: false },
  415: { code: 'SVARUT_UGYLDIG_FORSENDELSE', disposition: 'permanent', fiks: true },
  429: { code: 'SVARUT_FOR_MANGE_KALL', disposition: 'transient', fiks: false },
}

/** What an answer other than 200 to a read means; nothing was changed in any case. */
const READ_REFUSALS: Readonly<Record<number, Fact>> = {
  400: { code: 'SVARUT_UGYLDIG_OPPSLAG', disposition: 'permanent' },
  401: { code: 'SVARUT_TOKEN_AVVIST', disposition: 'paused' },
  403: { code: 'SVARUT_MANGLER_RETTIGHET', disposition: 'paused' },
  404: { code: 'SVARUT_KONTO_UKJENT', disposition: 'paused' },
  429: { code: 'SVARUT_FOR_MANGE_KALL', disposition: 'transient' },
}

/** The error of a send that was answered with something else than 200. Never holds SvarUt's text, which may quote the letter. */
export function sendError(response: HttpResponse, clock: Clock): HubError {
  const body = errorBody(response)
  const said = `${body.errorCode ?? ''} ${body.message ?? ''}`
  if (REPEATED.test(said))
    return asError(HubError, 'SVARUT_GJENTAGENDE_FORSENDELSE', 'unknown-outcome', response, clock)
  const row = SEND_REFUSALS[response.status]
  if (!row || (row.fiks && !isFiksError(body, response))) {
    return asError(HubError, 'SVARUT_UKJENT_UTFALL', 'unknown-outcome', response, clock)
  }
  return asError(NothingHappened, refinedCode(row.code, said), row.disposition, response, clock)
}

/** The error of a look-up that was answered with something else than 200. */
export function readError(response: HttpResponse, clock: Clock): HubError {
  const row = READ_REFUSALS[response.status] ?? { code: 'SVARUT_SERVERFEIL', disposition: 'transient' }
  return asError(HubError, refinedCode(row.code, errorBody(response).message ?? ''), row.disposition, response, clock)
}

function refinedCode(code: SvarUtErrorCode, said: string): SvarUtErrorCode {
  if (code === 'SVARUT_TOKEN_AVVIST' && INTEGRATION_REFUSED.test(said)) return 'SVARUT_INTEGRASJON_AVVIST'
  if (code === 'SVARUT_UGYLDIG_FORSENDELSE' && UNREADABLE_DOCUMENT.test(said)) return 'SVARUT_DOKUMENT_AVVIST'
  return code
}

function errorBody(response: HttpResponse): ErrorMessage {
  return ErrorMessage.catch({}).parse(jsonOf(response))
}

function isFiksError(body: ErrorMessage, response: HttpResponse): boolean {
  return body.errorId !== undefined || body.status === response.status
}

function asError(
  kind: typeof HubError,
  code: SvarUtErrorCode,
  disposition: Disposition,
  response: HttpResponse,
  clock: Clock,
): HubError {
  const body = errorBody(response)
  const waitMs = retryAfterMs(response.headers, clock)
  const path = disposition === 'permanent' ? fieldAtFault(body.message ?? '') : undefined
  const details: ErrorDetails = {
    ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
    ...(path === undefined ? {} : { path }),
  }
  const ids = [
    body.errorId !== undefined && /^[0-9a-f-]{36}$/i.test(body.errorId) ? `errorId ${body.errorId}` : undefined,
    body.errorCode !== undefined && /^[A-Z0-9_-]{1,60}$/i.test(body.errorCode)
      ? `errorCode ${body.errorCode}`
      : undefined,
    path === undefined ? undefined : `field ${path}`,
  ].filter((part) => part !== undefined)
  const known = ids.length === 0 ? '' : ` (${ids.join(', ')})`
  return new kind(
    code,
    disposition,
    `SvarUt answered ${response.status}${known}, expected 200. See ${code} in the error list.`,
    details,
  )
}

/**
 * The field an error text names, when it names one of a forsendelse: `dokumenter[0].filnavn`. Cut at the first step that is no field of ours:
 * what stands there may be what the sender wrote.
 */
function fieldAtFault(message: string): string | undefined {
  for (const [path] of message.matchAll(/[A-Za-z]+(?:\[\d{1,4}\])?(?:\.[A-Za-z\d]+(?:\[\d{1,4}\])?)*/g)) {
    const [root = '', ...steps] = path.split('.')
    if (!FORSENDELSE_FIELDS.has(nameOf(root))) continue
    const foreign = steps.findIndex((step) => !FORSENDELSE_SUBFIELDS.has(nameOf(step)))
    return [root, ...steps.slice(0, foreign < 0 ? steps.length : foreign)].join('.')
  }
  return undefined
}

function nameOf(step: string): string {
  return step.replace(/\[\d+\]$/, '')
}
