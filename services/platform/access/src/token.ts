import { createHmac, timingSafeEqual } from 'node:crypto'

/** What an access token says. It is signed, not encrypted: nothing in it is secret, and nothing is personal data. */
export interface TokenClaims {
  readonly klientId: string
  readonly kind: 'klient' | 'operator'
  /** Organisasjonsnummer the token is good for, as of when it was given. */
  readonly tenants: readonly string[] | 'alle'
  readonly scopes: readonly string[]
  /** Seconds since 1970. */
  readonly exp: number
  /** Keyed fingerprint of the secret it was given for: a new secret ends the tokens of the old one. */
  readonly secret: string
}

/** In front of every token, so that another form can live beside this one. */
const FORM = 'samband1'
const MOST_CHARACTERS = 8_000

/** `samband1.<claims>.<HMAC-SHA-256>`, the latter two in base64url. */
export function signToken(key: Uint8Array, claims: TokenClaims): string {
  const signed = `${FORM}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`
  return `${signed}.${mac(key, signed).toString('base64url')}`
}

/** The claims of a token that this key has signed, expired or not; `undefined` for anything else. */
export function openToken(key: Uint8Array, token: string): TokenClaims | undefined {
  if (token.length > MOST_CHARACTERS) return undefined
  const [form, claims, signature, ...more] = token.split('.')
  if (form !== FORM || claims === undefined || signature === undefined || more.length > 0) return undefined
  const expected = mac(key, `${form}.${claims}`)
  const given = Buffer.from(signature, 'base64url')
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined
  return JSON.parse(Buffer.from(claims, 'base64url').toString('utf8')) as TokenClaims
}

/** Tells a secret from another without telling either. */
export function secretFingerprint(key: Uint8Array, secret: string): string {
  return mac(key, `secret ${secret}`).subarray(0, 16).toString('base64url')
}

function mac(key: Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
