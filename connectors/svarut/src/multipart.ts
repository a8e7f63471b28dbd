import { HubError } from '@samband/kernel'

/** One document of the body. */
export interface MultipartDocument {
  /** Equal to `dokumenter[].filnavn` of the JSON; SvarUt compares. */
  readonly filnavn: string
  readonly mimeType: string
  readonly sizeBytes: number
  /** Opened when its turn comes. */
  open(): Promise<AsyncIterable<Uint8Array>>
}

/** What a send consists of. */
export interface MultipartContent {
  /** Random; occurs in no part. */
  readonly boundary: string
  readonly json: string
  /** In the order of `dokumenter` in the JSON. */
  readonly documents: readonly MultipartDocument[]
  /** Asked when all but the closing boundary has left (assumption A1); when it throws, the request never becomes complete. */
  readonly beforeEnd: () => void
}

/** The Content-Type of a body with this boundary. */
export function multipartContentType(boundary: string): string {
  return `multipart/form-data; boundary=${boundary}`
}

/**
 * The body of a send, streamed: part `forsendelse`, then the documents (KS, Send med dokumenter). Can be read once.
 *
 * @throws what a document throws; HubError SVARUT_DOKUMENT_ENDRET (permanent) when one has another length than said; what `beforeEnd` throws
 */
export async function* multipartBody(content: MultipartContent): AsyncGenerator<Uint8Array> {
  const { boundary, json, documents } = content
  yield Buffer.from(
    `--${boundary}\r\nContent-Disposition: form-data; name="forsendelse"\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n${json}\r\n`,
  )
  for (const [place, document] of documents.entries()) {
    yield Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="filer_${place}"; ${fileName(document.filnavn)}\r\nContent-Type: ${document.mimeType}\r\n\r\n`,
    )
    yield* exactly(document, place)
    yield Buffer.from('\r\n')
  }
  content.beforeEnd()
  yield Buffer.from(`--${boundary}--\r\n`)
}

async function* exactly(document: MultipartDocument, place: number): AsyncGenerator<Uint8Array> {
  let sizeBytes = 0
  for await (const piece of await document.open()) {
    sizeBytes += piece.byteLength
    yield piece
  }
  if (sizeBytes !== document.sizeBytes) {
    const message = `Document ${place} has ${sizeBytes} bytes, expected ${document.sizeBytes}. Look at the payload store.`
    throw new HubError('SVARUT_DOKUMENT_ENDRET', 'permanent', message, { path: `dokumenter[${place}]` })
  }
}

/** `filename` for everybody, and `filename*` (RFC 8187) when the name has more than plain ASCII; that one counts where it stands. */
function fileName(filnavn: string): string {
  const plain = filnavn.replaceAll(/[^\x20-\x7e]|["\\]/gu, '_')
  if (plain === filnavn) return `filename="${plain}"`
  const encoded = encodeURIComponent(filnavn.toWellFormed()).replaceAll(
    /['()*]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `filename="${plain}"; filename*=UTF-8''${encoded}`
}
