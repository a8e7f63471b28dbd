import { createHash } from 'node:crypto'

/** Where new ids and randomness come from; injected, so that a test or a history can fix them. */
export interface IdSource {
  /** A new random UUID (version 4). */
  uuid(): string
  /** `count` random bytes, fit for keys. */
  bytes(count: number): Uint8Array<ArrayBuffer>
  /** A number in [0, 1), for jitter. */
  fraction(): number
}

/** Samband's own namespace for name-based UUIDs (RFC 9562 §5.5). Never changed: every id of a cause rests on it. */
const SAMBAND_NAMESPACE = Buffer.from('8f2a1c64d0b75e339c1e5b7a42d6f901', 'hex')

/**
 * The id of what follows from a cause: a UUIDv5 over `parts`. The same parts give the same id on every attempt,
 * restart and restore (protocol rule R4). Parts are length-prefixed, so no two lists collide by concatenation.
 */
export function causeId(...parts: readonly string[]): string {
  const hash = createHash('sha1').update(SAMBAND_NAMESPACE)
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part)
  const bytes = hash.digest().subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** A UUID as 22 characters of base64url, for fields too short for 36. */
export function shortId(uuid: string): string {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex').toString('base64url')
}

/**
 * JSON with object members in code-point order, so that equal values give equal text.
 * Throws a TypeError for what JSON cannot say (functions, bigint, cycles are not looked for).
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value !== 'object') {
    const text = JSON.stringify(value)
    if (text === undefined) throw new TypeError('canonicalJson: a value that JSON cannot say')
    return text
  }
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item === undefined ? null : item)).join(',')}]`
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(',')}}`
}

/** SHA-256 of text or bytes, 64 lower-case hex digits. */
export function sha256Hex(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}
