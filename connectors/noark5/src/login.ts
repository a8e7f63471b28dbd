import type { HttpDependencies } from '@samband/connector-kit'
import { createCachedTokenSource, jsonOf, parseAnswer, request, retryAfterMs } from '@samband/connector-kit'
import type { TokenSource } from '@samband/kernel'
import { failed, SYSTEM } from './errors.ts'
import { WireOidc, WireToken } from './wire.ts'

/** How we log in at a core. */
export type Noark5Login =
  | { readonly type: 'basic'; readonly user: string; readonly password: string }
  | {
      readonly type: 'oauth2'
      readonly clientId: string
      readonly clientSecret: string
      /** Instead of the token_endpoint of the discovery document. */
      readonly tokenUrl?: string
      /** Given: password grant, for cores without client_credentials. */
      readonly resourceOwner?: { readonly user: string; readonly password: string }
    }

type OAuth2 = Extract<Noark5Login, { type: 'oauth2' }>

const LOGIN_TIMEOUT_MS = 30_000
const TOKEN_MARGIN_MS = 20_000
/** RFC 6749 only recommends expires_in; without it the token is used for this long. */
const DEFAULT_TOKEN_MS = 60_000

/** `Authorization` of RFC 7617, also how an OAuth2 client names itself (RFC 6749 §2.3.1). */
export function basicAuthorization(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`
}

/**
 * Bearer tokens by client_credentials (or password grant), from the token endpoint of the core's OpenID discovery document.
 * @param out the way out, asked for at each request
 * @param login read anew for each token, so that a changed secret counts
 * @param oidcHref finds the discovery document among the root's login relations
 */
export function createTokens(
  out: () => HttpDependencies,
  login: () => OAuth2,
  oidcHref: (signal: AbortSignal) => Promise<string>,
): TokenSource {
  return createCachedTokenSource(out().time.stopwatch, {
    system: SYSTEM,
    marginMs: TOKEN_MARGIN_MS,
    fetch: async (signal) => {
      const client = login()
      const url = client.tokenUrl ?? (await tokenEndpoint(out(), await oidcHref(signal), signal))
      const token = await fetchToken(out(), client, url, signal)
      const lifetimeMs = token.expires_in === undefined ? DEFAULT_TOKEN_MS : token.expires_in * 1000
      return { token: token.access_token, expiresInMs: lifetimeMs }
    },
  })
}

async function tokenEndpoint(http: HttpDependencies, url: string, signal: AbortSignal): Promise<string> {
  const headers = { accept: '*/*' }
  const answer = await request(http, {
    system: SYSTEM,
    method: 'GET',
    url,
    headers,
    timeoutMs: LOGIN_TIMEOUT_MS,
    signal,
  })
  const parsed = WireOidc.safeParse(jsonOf(answer))
  const endpoint = parsed.success && answer.status === 200 ? parsed.data.token_endpoint : undefined
  if (endpoint !== undefined && (!url.startsWith('https:') || endpoint.startsWith('https:'))) return endpoint
  throw failed(
    'NOARK5_ROT_UKJENT',
    answer.status >= 500 ? 'transient' : 'paused',
    `The OpenID discovery document (status ${answer.status}) names no usable token_endpoint. Set tokenUrl for this core.`,
  )
}

async function fetchToken(
  http: HttpDependencies,
  client: OAuth2,
  url: string,
  signal: AbortSignal,
): Promise<WireToken> {
  const owner = client.resourceOwner
  const form = new URLSearchParams(
    owner
      ? { grant_type: 'password', username: owner.user, password: owner.password }
      : { grant_type: 'client_credentials' },
  )
  const answer = await request(http, {
    system: SYSTEM,
    method: 'POST',
    url,
    headers: {
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
      authorization: basicAuthorization(client.clientId, client.clientSecret),
    },
    body: form.toString(),
    reads: true, // a token that nobody takes changes nothing
    timeoutMs: LOGIN_TIMEOUT_MS,
    signal,
  })
  if (answer.status === 200) return parseAnswer(WireToken, answer, { system: SYSTEM, reads: true })
  const wait = retryAfterMs(answer.headers, http.time.clock)
  if (answer.status >= 500 || answer.status === 429) {
    const message = `The token endpoint answered ${answer.status}.`
    throw failed('NOARK5_FORBIGAENDE_FEIL', 'transient', message, { retryAfterMs: wait })
  }
  const message = `The token endpoint refused the client with status ${answer.status}. Check client id and secret.`
  throw failed('NOARK5_INNLOGGING_AVVIST', 'paused', message)
}
