import { createHash } from 'node:crypto'
import type { PayloadFacts } from '@samband/kernel'
import type { Layout } from './envelope.ts'
import { frameAt, HEADER_BYTES, layoutOf, openFrame, openHeader, openTrailer, TRAILER_BYTES } from './envelope.ts'
import type { Owner } from './owner.ts'
import { damaged } from './owner.ts'

/** Sealed bytes that stay the same while they are read. */
export interface SealedBytes {
  readonly sizeBytes: number
  /** The bytes from `position`; fewer than `lengthBytes` only at the end. */
  read(position: number, lengthBytes: number): Promise<Uint8Array>
}

/** A content whose header and trailer have been verified. */
export interface OpenedContent {
  readonly facts: PayloadFacts
  /** The frames in clear, each verified before it is handed over. To be read once. @throws HubError PAYLOAD_ODELAGT (permanent) */
  frames(): AsyncGenerator<Uint8Array, void, undefined>
}

/** @throws HubError PAYLOAD_ODELAGT (permanent) when header, trailer or size do not verify; what `sealed` throws */
export async function openContent(owner: Owner, wrappingKey: Uint8Array, sealed: SealedBytes): Promise<OpenedContent> {
  const layout = layoutOf(owner, sealed.sizeBytes)
  const dataKey = openHeader(owner, wrappingKey, await sealed.read(0, HEADER_BYTES))
  const trailer = await sealed.read(layout.trailerAt, TRAILER_BYTES)
  const { sizeBytes, sha256 } = openTrailer(owner, dataKey, layout.frames, trailer)
  if (sizeBytes !== layout.contentBytes) throw damaged(owner, 'its size is not the one its end tells')
  const facts = { ref: owner.ref, sizeBytes, sha256: Buffer.from(sha256).toString('hex') }
  return { facts, frames: () => framesOf(owner, dataKey, layout, sealed, facts.sha256) }
}

async function* framesOf(
  owner: Owner,
  dataKey: Uint8Array,
  layout: Layout,
  sealed: SealedBytes,
  sha256: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = createHash('sha256')
  for (let index = 0; index < layout.frames; index += 1) {
    const { position, lengthBytes } = frameAt(layout, index)
    const content = openFrame(owner, dataKey, index, await sealed.read(position, lengthBytes))
    hash.update(content)
    yield content
  }
  if (hash.digest('hex') !== sha256) throw damaged(owner, 'its SHA-256 is not the one its end tells')
}
