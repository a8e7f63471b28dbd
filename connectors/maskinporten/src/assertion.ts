import type { KeyObject } from 'node:crypto'
import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto'
import type { Clock, IdSource } from '@samband/kernel'
import { HubError } from '@samband/kernel'
import type { MaskinportenConfig, MaskinportenKey } from './config.ts'

/** Well below the 120 s that are allowed; the assertion is sent at once. */
const LIFETIME_SECONDS = 60
const SMALLEST_KEY_BITS = 2048

/** A signed grant (RFC 7523) and the id to find it by. The assertion is a secret while it lives: never logged. */
export interface Assertion {
  readonly jwt: string
  readonly jti: string
}

/**
 * Reads the private key, once, at start.
 *
 * @throws HubError MASKINPORTEN_NOKKEL_UGYLDIG (paused): no PEM, no RSA key of at least 2048 bits, or an empty `kid` or `x5c`
 */
export function readSigningKey(key: MaskinportenKey): KeyObject {
  const privateKey = parseKey(key.privateKeyPem)
  const bits = privateKey?.asymmetricKeyDetails?.modulusLength ?? 0
  const named = 'kid' in key ? key.kid !== '' : key.x5c.length > 0
  if (privateKey?.asymmetricKeyType === 'rsa' && bits >= SMALLEST_KEY_BITS && named) return privateKey
  throw new HubError(
    'MASKINPORTEN_NOKKEL_UGYLDIG',
    'paused',
    `Expected an RSA private key of at least ${SMALLEST_KEY_BITS} bits in PEM with either kid or x5c. Look at the client's key in the configuration.`,
  )
}

/** Tells keys apart, and tells nothing of the private one. */
export function publicKeyDigest(key: KeyObject): string {
  return createHash('sha256')
    .update(createPublicKey(key).export({ type: 'spki', format: 'der' }))
    .digest('hex')
}

function parseKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem)
  } catch {
    // The cause may quote the key's text; the caller says what was expected.
    return undefined
  }
}

/** A new assertion with its own `jti`; never sent twice. */
export function newAssertion(config: MaskinportenConfig, key: KeyObject, clock: Clock, ids: IdSource): Assertion {
  const jti = ids.uuid()
  const iat = Math.floor(clock.now() / 1000)
  const header = {
    alg: 'RS256',
    ...('kid' in config.key ? { kid: config.key.kid } : { x5c: config.key.x5c }),
  }
  const claims = {
    aud: config.issuer,
    iss: config.clientId,
    scope: config.scopes.join(' '),
    iat,
    exp: iat + LIFETIME_SECONDS,
    jti,
    ...(config.consumerOrg === undefined ? {} : { consumer_org: config.consumerOrg }),
    ...(config.resource === undefined ? {} : { resource: config.resource }),
  }
  const signed = `${base64url(header)}.${base64url(claims)}`
  return { jwt: `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`, jti }
}

function base64url(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}
