import type { KeyObject } from 'node:crypto'
import { createHash, createHmac, createPrivateKey, X509Certificate } from 'node:crypto'
import type { Fault } from './faults.ts'
import { pathText } from './faults.ts'
import type { SecretResolver } from './secret.ts'
import { fillSecret, SECRET_REF, Secret } from './secret.ts'

/** The secrets of one file, by the path of the setting that refers to them. */
export interface FetchedSecrets {
  readonly values: ReadonlyMap<string, string>
  readonly faults: readonly Fault[]
}

/**
 * Fetches every secret that parsed YAML refers to, also when the file has other faults, so that all are told together. No setting
 * but a secret's has the form of a reference.
 */
export async function fetchSecrets(raw: unknown, resolver: SecretResolver): Promise<FetchedSecrets> {
  const values = new Map<string, string>()
  const faults: Fault[] = []
  for (const [path, ref] of refsIn(raw)) {
    const fetched = await fetchOne(path, ref, resolver)
    if (typeof fetched !== 'string') {
      faults.push(fetched)
      continue
    }
    const fault = contentFault(path, ref, fetched)
    if (fault !== undefined) faults.push(fault)
    values.set(path, fault === undefined && isPrivateKeyPath(path) ? asPem(fetched) : fetched)
  }
  return { values, faults }
}

/** Gives the secrets of a parsed file their values, and freezes the file. */
export function fillSecrets(value: unknown, secrets: FetchedSecrets, path: readonly PropertyKey[] = []): void {
  if (value === null || typeof value !== 'object') return
  if (value instanceof Secret) {
    const fetched = secrets.values.get(pathText(path))
    if (fetched !== undefined) fillSecret(value, fetched)
    return
  }
  for (const [name, member] of membersOf(value)) fillSecrets(member, secrets, [...path, name])
  Object.freeze(value)
}

/** Changes when any of the secrets changes. */
export function digestOf(secrets: FetchedSecrets): string {
  const sorted = [...secrets.values].sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex')
}

/** Tells the two keys that may never change apart from others, without giving anything away of them. */
export function keysFingerprint(secrets: FetchedSecrets): string {
  const one = (path: string) =>
    createHmac('sha256', secrets.values.get(path) ?? '')
      .update('samband tenant key fingerprint')
      .digest('hex')
      .slice(0, 16)
  return `payloadKey=${one('payloadKey')} hmacKey=${one('hmacKey')}`
}

async function fetchOne(path: string, ref: string, resolver: SecretResolver): Promise<string | Fault> {
  const expected = `a secret behind ${ref}`
  try {
    const value = await resolver.resolve(ref)
    if (value !== undefined && value !== '') return value
    const where = ref.startsWith('env:') ? 'Set the variable and restart.' : 'Put the file in its place.'
    return { path, expected, came: 'nothing', todo: `${where} Or correct the reference.` }
  } catch {
    return { path, expected, came: 'an error while reading it', todo: 'Let the hub’s user read the file.' }
  }
}

function contentFault(path: string, ref: string, value: string): Fault | undefined {
  const came = `${value.length} characters of another form behind ${ref}`
  if (path === 'payloadKey' && base64Bytes(value) !== 32) {
    return { path, expected: '32 bytes in base64', came, todo: 'Make one with: openssl rand -base64 32' }
  }
  if (path === 'hmacKey' && base64Bytes(value) < 32) {
    return { path, expected: 'at least 32 bytes in base64', came, todo: 'Make one with: openssl rand -base64 32' }
  }
  if (isPrivateKeyPath(path)) return privateKeyFault(path, ref, value)
  if (path.endsWith('.wayOut.ca') && !holdsCertificates(value)) {
    const todo = 'Ask whoever runs the authority for its certificate as PEM, and refer to it as file:/path.'
    return { path, expected: 'one or more certificates in PEM', came, todo }
  }
  if (/^(?:klienter)?\[\d+\]\.secret$/.test(path) && value.length < 16) {
    return {
      path,
      expected: 'a secret of at least 16 characters',
      came,
      todo: 'Make one with: openssl rand -base64 32',
    }
  }
  return undefined
}

/** Whether a text is certificates in PEM, each of which can be read. */
export function holdsCertificates(text: string): boolean {
  const found = text.match(/-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs) ?? []
  try {
    return found.length > 0 && found.every((one) => new X509Certificate(one) !== undefined)
  } catch {
    return false
  }
}

/** How many bytes; 0 for what is no base64. */
function base64Bytes(text: string): number {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64').replace(/=+$/, '') === text.trim().replace(/=+$/, '') ? bytes.length : 0
}

function isPrivateKeyPath(path: string): boolean {
  return path.endsWith('.privateKey')
}

/** Maskinporten takes RS256 with at least so many bits; what is refused there is refused here, before the first letter. */
const SMALLEST_KEY_BITS = 2048

function privateKeyFault(path: string, ref: string, value: string): Fault | undefined {
  const key = privateKeyOf(value)
  const bits = key?.asymmetricKeyDetails?.modulusLength ?? 0
  if (key?.asymmetricKeyType === 'rsa' && bits >= SMALLEST_KEY_BITS) return undefined
  const kind =
    key === undefined
      ? `${value.length} characters that are no private key`
      : key.asymmetricKeyType === 'rsa'
        ? `an RSA key of ${bits} bits`
        : `a private key of type ${key.asymmetricKeyType}`
  return {
    path,
    expected: `an RSA private key of at least ${SMALLEST_KEY_BITS} bits as PEM or JWK, without passphrase`,
    came: `${kind} behind ${ref}`,
    todo: 'Export the private key anew, or make another RSA key and register it on the client.',
  }
}

/** A private key as PEM or JWK; `undefined` for anything else, a public key too. */
function privateKeyOf(text: string): KeyObject | undefined {
  try {
    if (!text.trimStart().startsWith('{')) return createPrivateKey(text)
    return createPrivateKey({ key: JSON.parse(text), format: 'jwk' })
  } catch {
    return undefined
  }
}

/** Whoever signs takes PEM, whichever way the key was written. */
function asPem(text: string): string {
  return privateKeyOf(text)?.export({ type: 'pkcs8', format: 'pem' }).toString() ?? text
}

function* refsIn(raw: unknown, path: readonly PropertyKey[] = []): Generator<readonly [string, string]> {
  if (typeof raw === 'string' && SECRET_REF.test(raw)) yield [pathText(path), raw]
  if (raw === null || typeof raw !== 'object') return
  for (const [name, member] of membersOf(raw)) yield* refsIn(member, [...path, name])
}

function membersOf(value: object): (readonly [PropertyKey, unknown])[] {
  return Array.isArray(value) ? [...value.entries()] : Object.entries(value)
}
