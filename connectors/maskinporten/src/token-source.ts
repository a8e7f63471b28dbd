import type { KeyObject } from 'node:crypto'
import type { FetchedToken, HttpDependencies, HttpResponse } from '@samband/connector-kit'
import { createCachedTokenSource, jsonOf, parseAnswer, request, retryAfterMs } from '@samband/connector-kit'
import type { IdSource, TokenSource } from '@samband/kernel'
import { canonicalJson, HubError } from '@samband/kernel'
import { newAssertion, publicKeyDigest, readSigningKey } from './assertion.ts'
import type { MaskinportenConfig } from './config.ts'
import { meaningOf } from './errors.ts'
import { TokenError, TokenResponse } from './wire.ts'

const SYSTEM = 'MASKINPORTEN'
const DEFAULT_TIMEOUT_MS = 10_000
const DEFAULT_MARGIN_MS = 30_000
const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

/** What a token source needs from the outside. */
export interface MaskinportenDependencies {
  readonly http: HttpDependencies
  /** Gives each assertion its `jti`. */
  readonly ids: IdSource
}

/**
 * Access tokens by JWT bearer grant (RFC 7523): a new assertion for every attempt, one refresh at a time, kept until shortly before expiry.
 * Fetching changes nothing over there and is safe to repeat.
 *
 * Its `token` throws HubError with a code of `MASKINPORTEN_ERROR_CODES`: transient when Maskinporten is down, paused when it refuses.
 * @throws HubError MASKINPORTEN_NOKKEL_UGYLDIG (paused) at once, when the key cannot be used
 * @see Digdir, Maskinporten: JWT grants
 */
export function createMaskinportenTokenSource(deps: MaskinportenDependencies, config: MaskinportenConfig): TokenSource {
  const key = readSigningKey(config.key)
  return createCachedTokenSource(deps.http.time.stopwatch, {
    system: SYSTEM,
    marginMs: config.marginMs ?? DEFAULT_MARGIN_MS,
    fetch: (signal) => fetchToken(deps, config, key, signal),
  })
}

/**
 * Token sources for many tenants: those that ask for the same thing (environment, client, key, scopes, consumer_org, resource) share one, so that one
 * supplier with fifty municipalities fetches one token and not fifty.
 *
 * @throws as `createMaskinportenTokenSource`
 */
export function createMaskinportenTokenSources(
  deps: MaskinportenDependencies,
): (config: MaskinportenConfig) => TokenSource {
  const sources = new Map<string, TokenSource>()
  return (config) => {
    const name = canonicalJson({
      environment: [config.issuer, config.tokenEndpoint],
      client: config.clientId,
      // A key that was put right keeps its name at Maskinporten.
      key: ['kid' in config.key ? config.key.kid : config.key.x5c[0], publicKeyDigest(readSigningKey(config.key))],
      scopes: [...new Set(config.scopes)].sort(),
      consumerOrg: config.consumerOrg,
      resource: config.resource === undefined ? undefined : [...config.resource].sort(),
    })
    const known = sources.get(name)
    if (known) return known
    const source = createMaskinportenTokenSource(deps, config)
    sources.set(name, source)
    return source
  }
}

async function fetchToken(
  deps: MaskinportenDependencies,
  config: MaskinportenConfig,
  key: KeyObject,
  signal: AbortSignal,
): Promise<FetchedToken> {
  const first = await askOnce(deps, config, key, signal)
  if (!('refused' in first)) return first
  if (!first.newAssertion) throw first.refused
  const second = await askOnce(deps, config, key, signal)
  if ('refused' in second) throw second.refused
  return second
}

/** A refusal, and whether another assertion may fare better. */
interface Refusal {
  readonly refused: HubError
  readonly newAssertion: boolean
}

async function askOnce(
  deps: MaskinportenDependencies,
  config: MaskinportenConfig,
  key: KeyObject,
  signal: AbortSignal,
): Promise<FetchedToken | Refusal> {
  const { jwt, jti } = newAssertion(config, key, deps.http.time.clock, deps.ids)
  const response = await request(deps.http, {
    system: SYSTEM,
    method: 'POST',
    url: config.tokenEndpoint,
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: new URLSearchParams({ grant_type: GRANT_TYPE, assertion: jwt }).toString(),
    timeoutMs: config.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    reads: true,
    signal,
  })
  if (response.status !== 200) return refusal(deps, response, jti)
  const answer = parseAnswer(TokenResponse, response, { system: SYSTEM, reads: true })
  return { token: answer.access_token, expiresInMs: answer.expires_in * 1000 }
}

function refusal(deps: MaskinportenDependencies, response: HttpResponse, jti: string): Refusal {
  const { error, error_description: description = '' } = TokenError.catch({}).parse(jsonOf(response))
  const meaning = meaningOf(response.status, error, description)
  const waitMs = retryAfterMs(response.headers, deps.http.time.clock)
  const known = [meaning.mpCode, traceId(description), `jti ${jti}`].filter((part) => part !== undefined)
  const message = `Expected a token, Maskinporten answered ${response.status} (${known.join(', ')}). See ${meaning.code} in the error list.`
  return {
    refused: new HubError(
      meaning.code,
      meaning.disposition,
      message,
      waitMs === undefined ? {} : { retryAfterMs: waitMs },
    ),
    newAssertion: meaning.newAssertion ?? false,
  }
}

/** Digdir finds a refusal by its trace id; the rest of the description is free text and stays out of our messages. */
function traceId(description: string): string | undefined {
  const found = /trace[-_ ]?id\W{1,3}([0-9A-Za-z-]{8,64})/i.exec(description)?.[1]
  return found === undefined ? undefined : `trace ${found}`
}
