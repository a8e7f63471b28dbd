import { type KeyObject, sign, verify } from 'node:crypto'

/** A JWT taken apart; nothing about it has been checked. */
export interface ParsedJwt {
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
  readonly signedText: string
  readonly signature: Buffer
}

const digests: Readonly<Record<string, string>> = { RS256: 'RSA-SHA256', RS384: 'RSA-SHA384', RS512: 'RSA-SHA512' }

/** Takes a compact JWT apart; undefined when it is none. */
export function parseJwt(token: string): ParsedJwt | undefined {
  const [header, claims, signature, ...more] = token.split('.')
  if (header === undefined || claims === undefined || signature === undefined || more.length > 0) return undefined
  const parsedHeader = readObject(header)
  const parsedClaims = readObject(claims)
  if (parsedHeader === undefined || parsedClaims === undefined) return undefined
  return {
    header: parsedHeader,
    claims: parsedClaims,
    signedText: `${header}.${claims}`,
    signature: Buffer.from(signature, 'base64url'),
  }
}

/** Whether Maskinporten takes this algorithm. */
export function isSigningAlgorithm(alg: unknown): alg is string {
  return typeof alg === 'string' && Object.hasOwn(digests, alg)
}

/** Whether the signature is that of this key, by the algorithm in the header. Synchronous. */
export function isSignedBy(jwt: ParsedJwt, key: KeyObject): boolean {
  const { alg } = jwt.header
  return isSigningAlgorithm(alg) && verify(digests[alg], Buffer.from(jwt.signedText), key, jwt.signature)
}

/** Signs claims with RS256. Synchronous. */
export function signJwt(claims: object, key: KeyObject, kid: string): string {
  const text = `${encode({ alg: 'RS256', kid })}.${encode(claims)}`
  return `${text}.${sign('RSA-SHA256', Buffer.from(text), key).toString('base64url')}`
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function readObject(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}
