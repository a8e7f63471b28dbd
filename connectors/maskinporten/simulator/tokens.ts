import type { SimulatorRandom } from '@samband/simulator-kit'
import type { Grant } from './grant.ts'
import { isSignedBy, parseJwt, signJwt } from './jwt.ts'
import type { SigningKey } from './keys.ts'

/** A token that was issued, without the token. */
export interface IssuedToken {
  readonly clientId: string
  readonly consumerOrgnr: string
  readonly scope: string
  readonly jti: string
  readonly issuedAtMs: number
}

/** What an API learns from a token it may trust. */
export interface TokenHolder {
  readonly orgnr: string
  readonly scope: string
}

const keptAnswers = 1000
const authority = 'iso6523-actorid-upis'

/** Issues access tokens and says which ones still hold. */
export class TokenMint {
  readonly #issued: IssuedToken[] = []
  readonly #live = new Map<string, number>()
  readonly #revoked = new Set<string>()
  readonly #answers = new Map<string, { holder: TokenHolder; expMs: number; jti: string }>()
  readonly #key: () => SigningKey
  readonly #random: SimulatorRandom

  constructor(key: () => SigningKey, random: SimulatorRandom) {
    this.#key = key
    this.#random = random
  }

  /** Issues a token for a grant, signed with RS256. */
  issue({ client, scope, consumerOrgnr, resource }: Grant, issuer: string, nowMs: number, lifetimeS: number): string {
    const { privateKey, kid } = this.#key()
    const iat = Math.floor(nowMs / 1000)
    const jti = this.#random.uuid()
    const delegated = consumerOrgnr !== client.orgnr
    const claims = {
      aud: resource.length === 0 ? 'unspecified' : resource,
      iss: issuer,
      client_id: client.clientId,
      client_amr: 'private_key_jwt',
      consumer: { authority, ID: `0192:${consumerOrgnr}` },
      ...(delegated
        ? { supplier: { authority, ID: `0192:${client.orgnr}` }, delegation_source: 'https://tt02.altinn.no/' }
        : {}),
      scope,
      token_type: 'Bearer',
      iat,
      exp: iat + lifetimeS,
      jti,
    }
    this.#live.set(jti, claims.exp * 1000)
    this.#issued.push({ clientId: client.clientId, consumerOrgnr, scope, jti, issuedAtMs: nowMs })
    return signJwt(claims, privateKey, kid)
  }

  /** Every token issued so far, in order. */
  issued(): IssuedToken[] {
    return [...this.#issued]
  }

  /** From now on every token issued before now is refused. The real one cannot do this: it is for tests of a 401. */
  revokeAll(nowMs: number): void {
    for (const [jti, expMs] of this.#live) if (expMs > nowMs) this.#revoked.add(jti)
    this.#live.clear()
    this.#answers.clear()
  }

  /** Checks signature, expiry and revocation. Signature checks are remembered, so that a token used often costs little. */
  accept(token: string, nowMs: number): TokenHolder | undefined {
    const answer = this.#answers.get(token) ?? this.#read(token)
    if (answer === undefined || nowMs >= answer.expMs || this.#revoked.has(answer.jti)) return undefined
    return answer.holder
  }

  #read(token: string): { holder: TokenHolder; expMs: number; jti: string } | undefined {
    const jwt = parseJwt(token)
    if (jwt === undefined || !isSignedBy(jwt, this.#key().publicKey)) return undefined
    const { consumer, scope, exp, jti } = jwt.claims
    const orgnr = /^0192:(\d{9})$/.exec(String((consumer as { ID?: unknown } | undefined)?.ID))?.[1]
    if (orgnr === undefined || typeof scope !== 'string' || typeof exp !== 'number') return undefined
    const answer = { holder: { orgnr, scope }, expMs: exp * 1000, jti: String(jti) }
    if (this.#answers.size >= keptAnswers) this.#answers.clear()
    this.#answers.set(token, answer)
    return answer
  }
}
