import { createHash } from 'node:crypto'
import type { IdSource, PayloadFacts, Payloads } from '@samband/kernel'
import { FRAME_BYTES, sealFrame, sealHeader, sealTrailer } from './envelope.ts'
import type { Owner } from './owner.ts'
import { tooLarge } from './owner.ts'
import { piecesOf } from './source-pieces.ts'

/** What a put takes as content. */
export type Source = Parameters<Payloads['put']>[2]
/** How a put is bounded and ended early. */
export type PutOptions = NonNullable<Parameters<Payloads['put']>[3]>

/** A content on its way into the format of the README. */
export interface ContentToSeal extends PutOptions {
  readonly owner: Owner
  readonly wrappingKey: Uint8Array
  readonly source: Source
  readonly ids: IdSource
}

/**
 * Seals a source piece by piece and hands each sealed piece to `write`, which may keep it; the next is made when `write`
 * has resolved. The first piece is the header, the last the trailer.
 * @throws HubError PAYLOAD_FOR_STOR (permanent); the signal's reason; what the source or `write` throws
 */
export async function sealContent(
  { owner, wrappingKey, source, ids, maxBytes = Number.POSITIVE_INFINITY, signal }: ContentToSeal,
  write: (sealed: Buffer) => Promise<void>,
): Promise<PayloadFacts> {
  const dataKey = ids.bytes(32)
  const hash = createHash('sha256')
  const frame = Buffer.alloc(FRAME_BYTES)
  let filled = 0
  let frames = 0
  let sizeBytes = 0
  await write(sealHeader(owner, wrappingKey, dataKey, ids.bytes(12)))
  for await (const piece of piecesOf(source, signal)) {
    sizeBytes += piece.length
    if (sizeBytes > maxBytes) throw tooLarge(owner, maxBytes)
    hash.update(piece)
    for (let at = 0; at < piece.length; ) {
      const part = piece.subarray(at, at + FRAME_BYTES - filled)
      frame.set(part, filled)
      filled += part.length
      at += part.length
      if (filled < FRAME_BYTES) continue
      await write(sealFrame(dataKey, frames, frame))
      frames += 1
      filled = 0
    }
  }
  if (filled > 0) {
    await write(sealFrame(dataKey, frames, frame.subarray(0, filled)))
    frames += 1
  }
  const sha256 = hash.digest()
  await write(sealTrailer(dataKey, frames, { sizeBytes, sha256 }))
  signal?.throwIfAborted()
  return { ref: owner.ref, sizeBytes, sha256: sha256.toString('hex') }
}
