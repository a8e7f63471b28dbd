import { createHash } from 'node:crypto'
import type { Core } from '../core.ts'

/** What lies behind a `fil` address: the file we sent, none, or another one. */
export type FileState = 'same' | 'none' | 'other'

/**
 * Reads a file back and compares its SHA-256 and size while it streams. Neither HEAD nor ranges are promised by the standard.
 * @throws HubError for every answer that is neither a file nor the profile's way to say that there is none
 */
export async function fileState(
  core: Core,
  url: string,
  wanted: { readonly sha256: string; readonly sizeBytes: number },
  signal: AbortSignal,
): Promise<FileState> {
  const answer = await core.download(url, signal)
  const hash = createHash('sha256')
  let sizeBytes = 0
  for await (const piece of answer.body) {
    if (answer.status !== 200) break
    hash.update(piece)
    sizeBytes += piece.byteLength
  }
  if (answer.status === 200) {
    return sizeBytes === wanted.sizeBytes && hash.digest('hex') === wanted.sha256 ? 'same' : 'other'
  }
  if (core.profile.noFileStatuses.includes(answer.status)) return 'none'
  throw core.readFailed(answer)
}
