import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto'
import type { Owner } from './owner.ts'
import { damaged } from './owner.ts'

/** Content bytes in every frame but the last, which holds what is left (at least one byte). */
export const FRAME_BYTES = 65_536
/** Bytes before the first frame. */
export const HEADER_BYTES = 76
/** Bytes after the last frame. */
export const TRAILER_BYTES = 56

const TAG_BYTES = 16
const NONCE_BYTES = 12
const MAGIC = Buffer.from('SBPAYLD')
const VERSION = 1
const FINGERPRINT_AT = MAGIC.length + 1
const NONCE_AT = FINGERPRINT_AT + 8
const WRAPPED_AT = NONCE_AT + NONCE_BYTES

const CONTENT = 0
const TRAILER = 1

/** What the trailer says of the content in clear. */
export interface TrailerFacts {
  readonly sizeBytes: number
  /** 32 bytes. */
  readonly sha256: Uint8Array
}

/**
 * The header: a new data key, wrapped with the tenant's key for this owner and no other.
 * @param nonce 12 random bytes, never used before with this wrapping key
 */
export function sealHeader(owner: Owner, wrappingKey: Uint8Array, dataKey: Uint8Array, nonce: Uint8Array): Buffer {
  const open = Buffer.concat([MAGIC, Buffer.of(VERSION), fingerprint(wrappingKey)])
  return Buffer.concat([open, nonce, seal(wrappingKey, nonce, dataKey, wrapContext(open, owner))])
}

/** The data key out of a header. @throws HubError PAYLOAD_ODELAGT, with a sentence of its own for a foreign wrapping key */
export function openHeader(owner: Owner, wrappingKey: Uint8Array, header: Uint8Array): Buffer {
  const bytes = Buffer.from(header.buffer, header.byteOffset, header.byteLength)
  if (bytes.length !== HEADER_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw damaged(owner, 'expected a payload header, came something else')
  }
  const version = bytes[MAGIC.length]
  if (version !== VERSION) {
    throw damaged(owner, `expected version ${VERSION} of the format, came ${version}; a newer release may read it`)
  }
  const expected = fingerprint(wrappingKey)
  const came = bytes.subarray(FINGERPRINT_AT, NONCE_AT)
  if (!came.equals(expected)) {
    const keys = `${came.toString('hex')}, the tenant's key now is ${expected.toString('hex')}`
    throw damaged(owner, `it was sealed under key ${keys}; put the former key back if it was changed`)
  }
  const nonce = bytes.subarray(NONCE_AT, WRAPPED_AT)
  const context = wrapContext(bytes.subarray(0, NONCE_AT), owner)
  const dataKey = unseal(wrappingKey, nonce, bytes.subarray(WRAPPED_AT), context)
  if (dataKey === undefined) {
    throw damaged(owner, 'expected a data key wrapped for this tenant and ref, came another or a changed one')
  }
  return dataKey
}

/** Seals frame number `index` (from 0) of the content. */
export function sealFrame(dataKey: Uint8Array, index: number, content: Uint8Array): Buffer {
  return seal(dataKey, frameNonce(CONTENT, index), content)
}

/** The content of frame number `index`. @throws HubError PAYLOAD_ODELAGT when it is not exactly that frame */
export function openFrame(owner: Owner, dataKey: Uint8Array, index: number, sealed: Uint8Array): Buffer {
  const content = unseal(dataKey, frameNonce(CONTENT, index), sealed)
  if (content === undefined) throw damaged(owner, `frame ${index} was changed, moved or cut`)
  return content
}

/** The last frame: it says how many frames came before it, through its nonce, and what the content is. */
export function sealTrailer(dataKey: Uint8Array, frames: number, facts: TrailerFacts): Buffer {
  const size = Buffer.alloc(8)
  size.writeBigUInt64BE(BigInt(facts.sizeBytes))
  return seal(dataKey, frameNonce(TRAILER, frames), Buffer.concat([size, facts.sha256]))
}

/** What the trailer says. @throws HubError PAYLOAD_ODELAGT when it is not the trailer of a file with this many frames */
export function openTrailer(owner: Owner, dataKey: Uint8Array, frames: number, sealed: Uint8Array): TrailerFacts {
  const clear = unseal(dataKey, frameNonce(TRAILER, frames), sealed)
  if (clear === undefined) throw damaged(owner, 'its end was changed or cut')
  return { sizeBytes: Number(clear.readBigUInt64BE(0)), sha256: clear.subarray(8) }
}

/** Where the parts of a file lie; follows from its size alone, so no length in the file has to be believed. */
export interface Layout {
  readonly frames: number
  /** Bytes of the content in clear. */
  readonly contentBytes: number
  readonly trailerAt: number
}

/** @throws HubError PAYLOAD_ODELAGT when no whole file has this size */
export function layoutOf(owner: Owner, fileBytes: number): Layout {
  const body = fileBytes - HEADER_BYTES - TRAILER_BYTES
  const rest = body % (FRAME_BYTES + TAG_BYTES)
  if (body < 0 || (rest > 0 && rest <= TAG_BYTES)) throw damaged(owner, `no whole file has ${fileBytes} bytes`)
  const full = (body - rest) / (FRAME_BYTES + TAG_BYTES)
  const contentBytes = full * FRAME_BYTES + (rest === 0 ? 0 : rest - TAG_BYTES)
  return { frames: full + (rest === 0 ? 0 : 1), contentBytes, trailerAt: HEADER_BYTES + body }
}

/** Where sealed frame `index` begins and how long it is. */
export function frameAt(layout: Layout, index: number): { readonly position: number; readonly lengthBytes: number } {
  const position = HEADER_BYTES + index * (FRAME_BYTES + TAG_BYTES)
  return { position, lengthBytes: Math.min(FRAME_BYTES + TAG_BYTES, layout.trailerAt - position) }
}

/** Tells keys apart without giving anything away of them: an operator who has mixed them up can see it. */
function fingerprint(wrappingKey: Uint8Array): Buffer {
  return createHmac('sha256', wrappingKey).update('samband payload key fingerprint').digest().subarray(0, 8)
}

function wrapContext(open: Uint8Array, owner: Owner): Buffer {
  return Buffer.concat([open, Buffer.from(`${owner.tenant}/${owner.ref}`)])
}

/** The data key is used for one file only, so that a counter is a nonce that never comes twice. */
function frameNonce(kind: number, index: number): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES)
  nonce[0] = kind
  nonce.writeBigUInt64BE(BigInt(index), 4)
  return nonce
}

function seal(key: Uint8Array, nonce: Uint8Array, clear: Uint8Array, context?: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
  if (context !== undefined) cipher.setAAD(context)
  return Buffer.concat([cipher.update(clear), cipher.final(), cipher.getAuthTag()])
}

/** `undefined` when it does not verify; nothing unverified leaves. */
function unseal(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, context?: Uint8Array): Buffer | undefined {
  if (sealed.length < TAG_BYTES) return undefined
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
  if (context !== undefined) decipher.setAAD(context)
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES))
  const clear = decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES))
  try {
    decipher.final()
  } catch {
    return undefined
  }
  return clear
}
