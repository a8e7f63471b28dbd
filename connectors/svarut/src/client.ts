import { parseAnswer, request } from '@samband/connector-kit'
import { SYSTEM, sendError } from './errors.ts'
import type { Mottakertype } from './forsendelse.ts'
import type { MultipartContent } from './multipart.ts'
import { multipartBody, multipartContentType } from './multipart.ts'
import type { SvarUtTransport } from './transport.ts'
import { accessHeaders, kontoUrl, read } from './transport.ts'
import { EksternRefOppslagMetadataResponse, ForsendelseStatuser, SendForsendelseResponse } from './wire.ts'

/** One forsendelse, ready to go. */
export interface SendRequest {
  readonly mottakertype: Mottakertype
  /** Fetched beforehand: nothing slow stands between the intent and the first byte. */
  readonly token: string
  readonly content: MultipartContent
  /** Called right before the first byte leaves. */
  readonly start: () => void
  readonly signal: AbortSignal
}

/**
 * Hands one forsendelse to SvarUt, with exactly one request, and returns the id SvarUt gave it.
 *
 * Not safe to repeat: SvarUt takes no id of ours. Call it as the `act` of an effect, whose probe is `finnMetadata`.
 * Takes seconds to 15 minutes, growing with the documents; the wait ends after the destination's D and W, the outcome does not.
 * @throws NothingHappened SVARUT_UTILGJENGELIG (transient): nothing left us; or what `start` threw
 * @throws NothingHappened of the refusals in `errors.ts`: 401, 403, 404 (paused), 400, 413, 415 (permanent, `details.path` where the answer names the field), 429 (transient)
 * @throws HubError SVARUT_INGEN_SVAR, SVARUT_UKJENT_UTFALL, SVARUT_UVENTET_SVAR, SVARUT_GJENTAGENDE_FORSENDELSE (unknown-outcome)
 * @see KS, Send v3: POST /v3/kontoer/{kontoId}/forsendelser/person and /organisasjon
 */
export async function sendForsendelse(transport: SvarUtTransport, send: SendRequest): Promise<string> {
  const { http, to, access } = transport
  const response = await request(http, {
    system: SYSTEM,
    method: 'POST',
    url: kontoUrl(to, 'v3', `/forsendelser/${send.mottakertype}`),
    headers: { ...accessHeaders(access, send.token), 'content-type': multipartContentType(send.content.boundary) },
    body: () => multipartBody(send.content),
    timeoutMs: to.timing.startWithinMs + to.timing.inFlightMs,
    start: send.start,
    signal: send.signal,
  })
  if (response.status === 401) access.token.drop(send.token)
  if (response.status !== 200) throw sendError(response, http.time.clock)
  return parseAnswer(SendForsendelseResponse, response, { system: SYSTEM, reads: false }).id
}

/** A forsendelse that carries the reference asked for. */
export interface FoundForsendelse {
  readonly id: string
  /** When SvarUt received it; ISO 8601, UTC. */
  readonly dato: string
}

/**
 * The forsendelser of the konto with exactly this eksternReferanse, oldest first, by id where the moment is the same. An empty list means: SvarUt answered properly and knows none.
 * Reads only; takes seconds.
 *
 * @throws HubError of `SVARUT_ERROR_CODES`, never unknown-outcome; SVARUT_UVENTET_SVAR also for an error body under 200
 * @see KS, Ekstern ref v2: GET /v2/kontoer/{kontoId}/forsendelser/metadata
 */
export async function finnMetadata(
  transport: SvarUtTransport,
  eksternReferanse: string,
  signal: AbortSignal,
): Promise<FoundForsendelse[]> {
  const url = kontoUrl(transport.to, 'v2', `/forsendelser/metadata?eksternRef=${encodeURIComponent(eksternReferanse)}`)
  const response = await read(transport, { method: 'GET', url }, signal)
  const { forsendelser } = parseAnswer(EksternRefOppslagMetadataResponse, response, { system: SYSTEM, reads: true })
  const byId = new Map(forsendelser.map((found) => [found.id, { id: found.id, dato: found.dato }]))
  return [...byId.values()].sort((a, b) => compare(a.dato, b.dato) || compare(a.id, b.id))
}

/** The status of one forsendelse, as SvarUt tells it. */
export interface ForsendelseStatus {
  readonly id: string
  /** One of `SVARUT_STATUSES`, or a value that is newer than this connector. */
  readonly status: string
  /** ISO 8601, UTC. */
  readonly sisteStatusEndring: string
}

/**
 * The statuses of these forsendelser, with one request. Ids that SvarUt does not know are missing in the answer. Reads only; takes seconds.
 *
 * @param ids at most a hundred or so: how many one search takes is not documented
 * @throws HubError of `SVARUT_ERROR_CODES`, never unknown-outcome
 * @see KS, Status v3: POST /v3/kontoer/{kontoId}/forsendelser/status/sok
 */
export async function sokStatus(
  transport: SvarUtTransport,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<ForsendelseStatus[]> {
  const url = kontoUrl(transport.to, 'v3', '/forsendelser/status/sok')
  const response = await read(transport, { method: 'POST', url, body: JSON.stringify({ id: ids }) }, signal)
  return parseAnswer(ForsendelseStatuser, response, { system: SYSTEM, reads: true }).statuser
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
