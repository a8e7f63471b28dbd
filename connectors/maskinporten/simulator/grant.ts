import { createPublicKey, type KeyObject } from 'node:crypto'
import { isSignedBy, isSigningAlgorithm, type ParsedJwt, parseJwt } from './jwt.ts'

/** A client registered in Maskinporten, with one key. */
export interface MaskinportenClient {
  readonly clientId: string
  readonly orgnr: string
  readonly publicKeyPem: string
  readonly kid: string
  /** The scopes registered on the client. */
  readonly scopes: readonly string[]
  /** A registered key lives one year; after this instant it is refused with MP-121. Left out = for ever. */
  readonly keyExpiresAtMs?: number
  /** Organisations that have delegated to this client; only these may stand in `consumer_org`. Default none. */
  readonly delegatedBy?: readonly string[]
}

/** An OAuth error with Maskinporten's own code in its text. */
export interface GrantError {
  readonly status: number
  readonly error: string
  readonly text: string
}

/** What an assertion has proven. */
export interface Grant {
  readonly client: MaskinportenClient
  readonly scope: string
  readonly consumerOrgnr: string
  readonly resource: readonly string[]
}

const clockToleranceS = 10
const longestLifeS = 120
const jtiKeptMs = (clockToleranceS + longestLifeS) * 1000

/** Checks assertions (RFC 7523) as Maskinporten does, and remembers those that were used. */
export class GrantDesk {
  readonly #clients = new Map<string, { client: MaskinportenClient; key: KeyObject | undefined }>()
  readonly #used = new Map<string, number>()

  constructor(clients: readonly MaskinportenClient[]) {
    for (const client of clients) this.#clients.set(client.clientId, { client, key: undefined })
  }

  /** Checks an assertion and uses it up; the second time the same one is MP-012. */
  check(assertion: string, issuer: string, nowMs: number): Grant | GrantError {
    const jwt = parseJwt(assertion)
    if (jwt === undefined) return invalid('invalid_request', 'MP-011', 'assertion is not a JWT')
    const signer = this.#signer(jwt, nowMs)
    if ('error' in signer) return signer
    const fault = timesAndAudience(jwt.claims, issuer, nowMs)
    if (fault !== undefined) return fault
    const grant = readGrant(signer, jwt.claims)
    if ('error' in grant) return grant
    return this.#useUp(signer.clientId, jwt, nowMs) ?? grant
  }

  #signer({ header, ...jwt }: ParsedJwt, nowMs: number): MaskinportenClient | GrantError {
    const { iss } = jwt.claims
    const known = typeof iss === 'string' ? this.#clients.get(iss) : undefined
    if (known === undefined) return invalid('invalid_grant', 'MP-100', 'client not found')
    if (!isSigningAlgorithm(header['alg'])) return invalid('invalid_grant', 'MP-124', 'algorithm not supported')
    if (header['kid'] === undefined) return withCertificate(header['x5c'])
    const { client } = known
    if (header['kid'] !== client.kid) return invalid('invalid_grant', 'MP-124', 'no such key on the client')
    if (nowMs > (client.keyExpiresAtMs ?? Number.POSITIVE_INFINITY))
      return invalid('invalid_grant', 'MP-121', 'the key has expired')
    known.key ??= createPublicKey(client.publicKeyPem)
    return isSignedBy({ header, ...jwt }, known.key) ? client : invalid('invalid_grant', 'MP-124', 'invalid signature')
  }

  #useUp(clientId: string, { claims, signature }: ParsedJwt, nowMs: number): GrantError | undefined {
    for (const [key, atMs] of this.#used) {
      if (nowMs - atMs <= jtiKeptMs) break // the oldest stand first, and older ones are refused by their times
      this.#used.delete(key)
    }
    const jti = typeof claims['jti'] === 'string' ? claims['jti'] : signature.toString('base64url')
    const key = `${clientId} ${jti}`
    if (this.#used.has(key)) return invalid('invalid_grant', 'MP-012', 'the grant has been used before')
    this.#used.set(key, nowMs)
    return undefined
  }
}

/** An error of the token endpoint. The status per code is not confirmed: 400, and 403 where the error is `forbidden`. */
export function invalid(error: string, code: string, text: string): GrantError {
  return { status: error === 'forbidden' ? 403 : 400, error, text: `${code}: ${text}` }
}

function withCertificate(x5c: unknown): GrantError {
  if (x5c === undefined) return invalid('invalid_grant', 'MP-124', 'neither kid nor x5c in the header')
  if (!Array.isArray(x5c) || x5c.some((each) => typeof each !== 'string'))
    return invalid('invalid_grant', 'MP-123', 'x5c is not an array of strings')
  return invalid('invalid_grant', 'MP-120', 'the certificate is not trusted here') // this stand-in knows registered keys only
}

function timesAndAudience(claims: ParsedJwt['claims'], issuer: string, nowMs: number): GrantError | undefined {
  const { aud, iat, exp } = claims
  if (![aud].flat().includes(issuer)) return invalid('invalid_grant', 'MP-110', 'invalid aud')
  if (typeof iat !== 'number' || typeof exp !== 'number')
    return invalid('invalid_request', 'MP-011', 'iat and exp are required')
  const nowS = nowMs / 1000
  if (iat > nowS + clockToleranceS) return { status: 400, error: 'invalid_grant', text: 'Issue time is after now' }
  // iat has whole seconds, so the clock is read in whole seconds too
  if (iat < Math.floor(nowS) - clockToleranceS || exp <= nowS)
    return invalid('invalid_grant', 'MP-130', 'the JWT has expired')
  if (exp - iat > longestLifeS) return invalid('invalid_request', 'MP-011', 'exp is too long after iat')
  return undefined
}

function readGrant(client: MaskinportenClient, claims: ParsedJwt['claims']): Grant | GrantError {
  const { scope, consumer_org: consumerOrg, iss_onbehalfof: onBehalfOf, resource } = claims
  if (typeof scope !== 'string' || scope.trim() === '') return invalid('invalid_request', 'MP-011', 'scope is required')
  const other = scope.split(' ').find((each) => each !== '' && !client.scopes.includes(each))
  if (other !== undefined) return invalid('invalid_scope', 'MP-200', 'scope not registered on the client')
  const audience = resource === undefined ? [] : [resource].flat()
  if (!audience.every((each) => typeof each === 'string'))
    return invalid('invalid_request', 'MP-011', 'invalid resource')
  const grant = { client, scope, consumerOrgnr: client.orgnr, resource: audience }
  if (consumerOrg === undefined) return grant
  if (onBehalfOf !== undefined) return invalid('invalid_request', 'MP-011', 'consumer_org together with iss_onbehalfof')
  if (consumerOrg === client.orgnr)
    return {
      status: 400,
      error: 'invalid_request',
      text: 'Invalid combination consumer_org in claim and delegation scope',
    }
  if (typeof consumerOrg !== 'string' || client.delegatedBy?.includes(consumerOrg) !== true)
    return invalid('forbidden', 'MP-251', 'the consumer has not delegated the scope to the supplier')
  return { ...grant, consumerOrgnr: consumerOrg }
}
