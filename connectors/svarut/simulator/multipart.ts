import type { IncomingMessage, ServerResponse } from 'node:http'
import { Dicer } from '@fastify/busboy'
import { DocumentMeter, type DocumentSeen } from '@samband/simulator-kit'

/** One document as it came: `filnavn` from `filename*` when that is there, else from `filename`. */
export interface DocumentPart extends DocumentSeen {
  readonly filnavn: string | undefined
}

/** A whole send: the text of the first part (which must be named `forsendelse`) and the documents in order. */
export interface SendBody {
  readonly firstPartName: string | undefined
  readonly json: string
  /** Marks that stand in the JSON itself. */
  readonly jsonMarks: readonly string[]
  readonly documents: readonly DocumentPart[]
}

/** The body is no multipart, or ends before its closing boundary. */
export class MultipartFault extends Error {
  override readonly name = 'MultipartFault'
}

/** The client left before its body had come. There is nobody to answer. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone'
}

const jsonLimitBytes = 5_000_000

/**
 * Reads a send chunk by chunk; of a document only size, hash and marks are kept.
 * Parses the part headers itself: the library's own reading drops `filename*` when `filename` stands before it, which
 * is how KS's client sends names with a space or a Norwegian letter.
 * @throws MultipartFault the rest of the body has been read and dropped, so that an answer can be given
 * @throws ClientGone
 */
export function readSendBody(request: IncomingMessage, response: ServerResponse): Promise<SendBody> {
  const contentType = request.headers['content-type'] ?? ''
  const boundary = /^multipart\/form-data\s*;.*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType)
  const parser = new Dicer({ boundary: boundary?.[1] ?? boundary?.[2] ?? '' })
  const parts = new PartsSeen()
  return new Promise((resolve, reject) => {
    const gone = (): void => reject(new ClientGone('the client left'))
    request.once('error', gone)
    response.once('close', gone)
    parser.on('error', (error) => {
      const fault = new MultipartFault(error.message, { cause: error })
      request.unpipe(parser)
      request.resume()
      if (request.readableEnded) reject(fault)
      else request.once('end', () => reject(fault))
    })
    let finished = false
    const complete = (): void => {
      if (finished && parts.haveEnded()) resolve(parts.body())
    }
    parser.on('part', (stream) => parts.add(stream, complete))
    // the parser may report its end before that of the last part, namely when a chunk begins with the last boundary
    parser.on('finish', () => {
      finished = true
      complete()
    })
    request.pipe(parser)
  })
}

interface PartSeen {
  name: string | undefined
  filnavn: string | undefined
  seen: DocumentSeen | undefined
}

/** Collects what is kept of each part while it goes by. */
class PartsSeen {
  readonly #parts: PartSeen[] = []
  readonly #json: Buffer[] = []
  #jsonBytes = 0
  #ended = 0

  add(stream: Dicer.PartStream, ended: () => void): void {
    const isFirst = this.#parts.length === 0
    const part: PartSeen = { name: undefined, filnavn: undefined, seen: undefined }
    this.#parts.push(part)
    const meter = new DocumentMeter()
    stream.on('header', (fields) => {
      const disposition = (fields as Record<string, string[] | undefined>)['content-disposition']?.[0]
      Object.assign(part, readDisposition(disposition ?? ''))
    })
    stream.on('error', () => undefined) // the parser reports the same
    stream.on('data', (chunk) => {
      const bytes = chunk as Buffer
      meter.push(bytes)
      if (isFirst) this.#keepJson(bytes)
    })
    stream.on('end', () => {
      part.seen = meter.finish()
      this.#ended += 1
      ended()
    })
  }

  haveEnded(): boolean {
    return this.#ended === this.#parts.length
  }

  body(): SendBody {
    const [first, ...rest] = this.#parts
    return {
      firstPartName: first?.name,
      json: Buffer.concat(this.#json).toString('utf8'),
      jsonMarks: first?.seen?.marks ?? [],
      documents: rest.flatMap(({ filnavn, seen }) => (seen === undefined ? [] : [{ filnavn, ...seen }])),
    }
  }

  /** JSON beyond the limit is not kept, and so cannot be parsed. */
  #keepJson(chunk: Buffer): void {
    this.#jsonBytes += chunk.length
    if (this.#jsonBytes <= jsonLimitBytes) this.#json.push(chunk)
  }
}

interface PartName {
  readonly name: string | undefined
  readonly filnavn: string | undefined
}

/** Reads a Content-Disposition whose bytes stand one per character. Quoted texts may escape with a backslash (RFC 7578, RFC 8187). */
function readDisposition(value: string): PartName {
  const found = new Map<string, string>()
  for (const [, key, quoted, bare] of value.matchAll(/;\s*([\w*-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))/g)) {
    if (key !== undefined) found.set(key.toLowerCase(), quoted?.replaceAll(/\\(.)/g, '$1') ?? bare ?? '')
  }
  const utf8 = (text: string | undefined): string | undefined =>
    text === undefined ? undefined : Buffer.from(text, 'latin1').toString('utf8')
  return { name: utf8(found.get('name')), filnavn: extended(found.get('filename*')) ?? utf8(found.get('filename')) }
}

function extended(value: string | undefined): string | undefined {
  const encoded = /^utf-8'[^']*'(.*)$/i.exec(value ?? '')?.[1]
  if (encoded === undefined) return undefined
  try {
    return decodeURIComponent(encoded)
  } catch {
    return undefined
  }
}
