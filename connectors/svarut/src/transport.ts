import type { HttpDependencies, HttpResponse } from '@samband/connector-kit'
import { request } from '@samband/connector-kit'
import type { BoundDestination, TokenSource } from '@samband/kernel'
import { readError, SYSTEM } from './errors.ts'

/** The three things that must match: the token's organisation, the integration and its password, and its rights on the konto. */
export interface SvarUtAccess {
  /** Maskinporten tokens with scope `ks:fiks`. */
  readonly token: TokenSource
  readonly integrasjonId: string
  readonly integrasjonPassord: string
  /** The way out to this destination; left out: the connector's own. */
  readonly http?: HttpDependencies
}

/** Where one konto of SvarUt is, and how to get in. */
export interface SvarUtTransport {
  readonly http: HttpDependencies
  /** `baseUrl` ends in `/api`; `account` is the kontoId. */
  readonly to: BoundDestination
  readonly access: SvarUtAccess
}

const READ_TIMEOUT_MS = 30_000

/** The address of a path below a konto: `/v3/kontoer/{kontoId}` and so on. */
export function kontoUrl(to: BoundDestination, version: 'v2' | 'v3', path: string): string {
  return `${to.baseUrl.replace(/\/+$/, '')}/${version}/kontoer/${encodeURIComponent(to.account)}${path}`
}

/** The headers every call needs. */
export function accessHeaders(access: SvarUtAccess, token: string): Record<string, string> {
  return {
    authorization: `Bearer ${token}`,
    integrasjonid: access.integrasjonId,
    integrasjonpassord: access.integrasjonPassord,
    accept: 'application/json',
  }
}

/**
 * A request that changes nothing. Only reads repeat by themselves, and only once after a 401, with a new token.
 *
 * @returns the answer, always with status 200
 * @throws HubError of `SVARUT_ERROR_CODES`, never unknown-outcome; what the token source throws
 */
export async function read(
  transport: SvarUtTransport,
  call: { readonly method: 'GET' | 'POST'; readonly url: string; readonly body?: string },
  signal: AbortSignal,
): Promise<HttpResponse> {
  const first = await readOnce(transport, call, signal)
  const response = first.status === 401 ? await readOnce(transport, call, signal) : first
  if (response.status !== 200) throw readError(response, transport.http.time.clock)
  return response
}

async function readOnce(
  { http, access }: SvarUtTransport,
  call: { readonly method: 'GET' | 'POST'; readonly url: string; readonly body?: string },
  signal: AbortSignal,
): Promise<HttpResponse> {
  const token = await access.token.token(signal)
  const response = await request(http, {
    system: SYSTEM,
    method: call.method,
    url: call.url,
    headers: {
      ...accessHeaders(access, token),
      ...(call.body === undefined ? {} : { 'content-type': 'application/json; charset=UTF-8' }),
    },
    ...(call.body === undefined ? {} : { body: call.body }),
    timeoutMs: READ_TIMEOUT_MS,
    maxResponseBytes: 8 * 1024 * 1024,
    reads: true,
    signal,
  })
  if (response.status === 401) access.token.drop(token)
  return response
}
