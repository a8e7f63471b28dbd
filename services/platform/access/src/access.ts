import { createHmac } from 'node:crypto'
import type { Clock } from '@samband/kernel'
import { Secret } from '@samband/tenants'
import { type CallerScope, type CallerSources, findCaller, type Registered, scopesOf, secretOf } from './callers.ts'
import { readBasic, readTokenForm } from './client-credentials.ts'
import { OAuthRefusal } from './oauth-refusal.ts'
import { Problem } from './problem.ts'
import { openToken, secretFingerprint, signToken, type TokenClaims } from './token.ts'

/** How long an access token lives unless the options say otherwise: ten minutes. */
export const TOKEN_LIFETIME_MS = 600_000

const LEAST_KEY_BYTES = 32

/** What access is made of. Processes that shall know each other's tokens are given the same key. */
export interface AccessOptions extends CallerSources {
  /** At least 32 random bytes. */
  readonly tokenKey: Uint8Array
  readonly clock: Clock
  /** Milliseconds; left out: `TOKEN_LIFETIME_MS`. */
  readonly lifetimeMs?: number
}

/** A tenant's own system, bound to that tenant. */
export interface KlientCaller {
  readonly kind: 'klient'
  readonly klientId: string
  readonly tenant: string
  readonly scopes: readonly string[]
}

/** Somebody who watches and repairs deliveries. */
export interface OperatorCaller {
  readonly kind: 'operator'
  readonly klientId: string
  readonly tenants: readonly string[] | 'alle'
  readonly scopes: readonly string[]
}

/** Who is calling. */
export type Caller = KlientCaller | OperatorCaller

/** A successful answer of the token endpoint (RFC 6749 §5.1), to be sent as it is. */
export interface Grant {
  readonly access_token: string
  readonly token_type: 'Bearer'
  readonly expires_in: number
  readonly scope: string
}

/** Gives tokens and reads them. Synchronous throughout. */
export interface Access {
  /**
   * The client credentials grant with `client_secret_basic` (RFC 6749 §4.4, §2.3.1).
   * @param form the body, form-urlencoded
   * @throws OAuthRefusal
   */
  grant(authorization: string | undefined, form: string): Grant
  /**
   * Who calls, when the request carries a bearer token that is good for `scope`. The registry is asked at each use: a klient that
   * was removed, lost the scope or got a new secret is refused from then on, whatever the token says.
   * @throws Problem 401 with `WWW-Authenticate`, 403 when the token is good but not for this
   */
  verifyAccess(
    request: { readonly headers: { readonly authorization?: string | undefined } },
    scope: CallerScope,
  ): Caller
}

/** @throws RangeError when the key is shorter than 32 bytes */
export function createAccess(options: AccessOptions): Access {
  const { tokenKey, clock, lifetimeMs = TOKEN_LIFETIME_MS } = options
  if (tokenKey.length < LEAST_KEY_BYTES) throw new RangeError('createAccess: expected a token key of at least 32 bytes')
  // Compared with when nobody has the klientId, so that the time of an answer does not tell which ones exist.
  const nobodysSecret = createHmac('sha256', tokenKey).update('nobody').digest('hex')

  return {
    grant(authorization, form) {
      const { klientId, secrets } = readBasic(authorization)
      const found = findCaller(options, klientId)
      const known = secrets.map((secret) => holds(found, secret, nobodysSecret)).includes(true)
      if (found === undefined || !known) throw new OAuthRefusal('invalid_client', 'Unknown client, or wrong secret.')
      const asked = readTokenForm(form, klientId)
      const held: readonly string[] = scopesOf(found)
      if (asked?.some((scope) => !held.includes(scope))) {
        throw new OAuthRefusal('invalid_scope', `This client may ask for: ${held.join(' ')}.`)
      }
      const scopes = asked ?? held
      const lifetimeSeconds = Math.floor(lifetimeMs / 1000)
      const claims: TokenClaims = {
        klientId,
        kind: found.kind,
        tenants: tenantsOf(found),
        scopes,
        exp: Math.floor(clock.now() / 1000) + lifetimeSeconds,
        secret: secretFingerprint(tokenKey, secretOf(found).text()),
      }
      return {
        access_token: signToken(tokenKey, claims),
        token_type: 'Bearer',
        expires_in: lifetimeSeconds,
        scope: scopes.join(' '),
      }
    },

    verifyAccess(request, scope) {
      const { authorization } = request.headers
      if (authorization === undefined || authorization === '')
        throw unauthorized('Bearer realm="samband"', 'MANGLER_TOKEN')
      const token = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i.exec(authorization)?.[1]
      const claims = token === undefined ? undefined : openToken(tokenKey, token)
      if (claims === undefined || claims.exp * 1000 <= clock.now()) throw invalidToken()
      const found = findCaller(options, claims.klientId)
      if (found === undefined || !stillGood(found, claims, tokenKey)) throw invalidToken()
      const held: readonly string[] = scopesOf(found)
      const scopes = claims.scopes.filter((one) => held.includes(one))
      if (!scopes.includes(scope)) throw forbidden(scope)
      const { klientId } = claims
      return found.kind === 'klient'
        ? { kind: 'klient', klientId, tenant: found.tenant, scopes }
        : { kind: 'operator', klientId, tenants: tenantsNow(found, claims), scopes }
    },
  }
}

/** Both sides are hashed and compared in constant time, also when there is nothing to compare with. */
function holds(found: Registered | undefined, candidate: string, nobodysSecret: string): boolean {
  const secret = found === undefined ? new Secret('env:NOBODY', nobodysSecret) : secretOf(found)
  return secret.equals(candidate)
}

function tenantsOf(found: Registered): readonly string[] | 'alle' {
  return found.kind === 'klient' ? [found.tenant] : found.entry.kommuner
}

function stillGood(found: Registered, claims: TokenClaims, tokenKey: Uint8Array): boolean {
  if (found.kind !== claims.kind) return false
  if (found.kind === 'klient' && !claims.tenants.includes(found.tenant)) return false
  return secretFingerprint(tokenKey, secretOf(found).text()) === claims.secret
}

/** What both the token and the configuration allow. */
function tenantsNow(found: Registered, claims: TokenClaims): readonly string[] | 'alle' {
  const now = tenantsOf(found)
  if (claims.tenants === 'alle') return now
  return now === 'alle' ? claims.tenants : now.filter((tenant) => claims.tenants.includes(tenant))
}

function invalidToken(): Problem {
  return unauthorized('Bearer realm="samband", error="invalid_token"', 'UGYLDIG_TOKEN')
}

function unauthorized(challenge: string, code: 'MANGLER_TOKEN' | 'UGYLDIG_TOKEN'): Problem {
  return new Problem({
    status: 401,
    code,
    title: 'Innlogging kreves',
    detail:
      code === 'MANGLER_TOKEN'
        ? 'Forespørselen har ikke noe token. Hent et fra /oauth/token og send det som Authorization: Bearer.'
        : 'Tokenet er ugyldig, utløpt eller trukket tilbake. Hent et nytt fra /oauth/token.',
    headers: { 'www-authenticate': challenge },
  })
}

function forbidden(scope: CallerScope): Problem {
  return new Problem({
    status: 403,
    code: 'MANGLER_TILGANG',
    title: 'Ikke tilgang',
    detail: `Tokenet gir ikke tilgangen ${scope}. Be om den når tokenet hentes, eller be drift om å gi klienten den.`,
    headers: { 'www-authenticate': `Bearer realm="samband", error="insufficient_scope", scope="${scope}"` },
  })
}
