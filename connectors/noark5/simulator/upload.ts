import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import { type Answer, DocumentMeter, type DocumentSeen } from '@samband/simulator-kit'
import type { Instance, User } from './archive.ts'
import { etagOf } from './change.ts'
import { type Core, isNikita } from './core.ts'
import { createInstance } from './create.ts'
import { isFrozen, type LinkWriter } from './links.ts'
import { present } from './present.ts'
import { json, Refusal } from './refusal.ts'

/** An order to lose the connection in the middle of an upload, after so many bytes. */
export interface BrokenUpload {
  readonly afterBytes: number
  /** Only an upload one of whose texts (titles above it, eksternReferanse, filnavn) contains this. */
  readonly mark?: string
}

/** Bytes on their way in. */
export interface Incoming {
  readonly spooled: string
  readonly meter: DocumentMeter
  /** The first bytes, by which Nikita tells the type. */
  head: Buffer
  sizeBytes: number
  /** Set when the meter has been read off, which goes only once. */
  seen: DocumentSeen | undefined
}

interface Session {
  readonly dokumentobjekt: Instance
  readonly totalBytes: number
  readonly mimeType: string
  readonly incoming: Incoming
  slug: string
  acceptedBytes: number
}

/** What one request has brought; `lost` when the connection broke off. */
export type Arrival = 'whole' | 'lost'

function mediaType(header: string | undefined): string | undefined {
  return header?.split(';')[0]?.trim().toLowerCase()
}

function detectedType(head: Buffer): string {
  const start = head.toString('latin1')
  if (start.startsWith('%PDF-')) return 'application/pdf'
  if (start.startsWith('PK\u0003\u0004')) return 'application/zip'
  if (start.startsWith('<?xml')) return 'application/xml'
  return /^[\t\n\r\u0020-\u007e\u0080-\u00ff]*$/.test(start) ? 'text/plain' : 'application/octet-stream'
}

/** Files on their way into dokumentobjekter: in one request, or in chunks. */
export class Uploads {
  readonly #core: Core
  readonly #sessions = new Map<string, Session>()
  readonly #toBreak: BrokenUpload[] = []
  #spooled = 0

  constructor(core: Core) {
    this.#core = core
  }

  /** The connection of the next upload that fits is lost after so many bytes. */
  breakNext(order: BrokenUpload): void {
    this.#toBreak.push(order)
  }

  /** A place for the bytes of a new file. */
  begin(): Incoming {
    this.#spooled += 1
    return {
      spooled: `fil-${this.#spooled}`,
      meter: new DocumentMeter(),
      head: Buffer.alloc(0),
      sizeBytes: 0,
      seen: undefined,
    }
  }

  /** Takes the bytes of one request. Nothing of what it brings counts before `finish` or `acceptChunk`. */
  async take(
    body: Readable,
    headers: IncomingHttpHeaders,
    incoming: Incoming,
    texts: readonly string[],
  ): Promise<Arrival> {
    const breakAt = this.#breakPoint(texts)
    const before = incoming.sizeBytes
    try {
      for await (const piece of body as AsyncIterable<Buffer>) {
        if (incoming.head.length < 64) incoming.head = Buffer.concat([incoming.head, piece.subarray(0, 64)])
        incoming.meter.push(piece)
        incoming.sizeBytes += piece.length
        await this.#core.spool.write(incoming.spooled, piece)
        if (incoming.sizeBytes - before >= breakAt) return 'lost'
      }
    } catch {
      return 'lost' // the client, or the network, broke the request off
    }
    const declared = headers['content-length']
    return declared === undefined || Number(declared) === incoming.sizeBytes - before ? 'whole' : 'lost'
  }

  /** What stays behind of a file whose connection was lost: on Nikita, something that blocks the dokumentobjekt. */
  leaveBehind(instance: Instance, incoming: Incoming): void {
    if (isNikita(this.#core)) instance.uploadBlocked = true
    this.#core.spool.remove(incoming.spooled)
  }

  /** @throws Refusal 403 for a file that came in one request and is larger than bulkgrense */
  checkSize(incoming: Incoming): void {
    const { bulkgrense } = this.#core
    if (isNikita(this.#core) || bulkgrense === 0 || incoming.sizeBytes <= bulkgrense) return
    throw new Refusal(403, `Larger than bulkgrense (${bulkgrense} bytes): upload it in chunks.`)
  }

  /** @throws Refusal 403 above bulkgrense, 400 where Content-Length is demanded, and for what cannot take a file */
  checkStart(instance: Instance, headers: IncomingHttpHeaders): void {
    const { bulkgrense } = this.#core
    const length = headers['content-length']
    if (isNikita(this.#core)) {
      if (length === undefined || Number(length) < 1) throw new Refusal(400, 'Content-Length is missing or zero.')
      if (instance.uploadBlocked)
        throw new Refusal(400, `java.nio.file.FileAlreadyExistsException: ${instance.systemID}`)
      if (instance.file !== undefined) throw new Refusal(400, 'A file is already there.')
      if (instance.kind !== 'dokumentobjekt') throw new Refusal(404, 'Files are uploaded to a dokumentobjekt only.')
      return
    }
    if (instance.file !== undefined) throw new Refusal(409, 'A file is already there; it is never overwritten.')
    if (isFrozen(instance)) throw new Refusal(409, 'Archived: it takes no more files.')
    if (instance.kind !== 'dokumentobjekt' && instance.kind !== 'dokumentbeskrivelse') {
      throw new Refusal(404, 'Files are uploaded to a dokumentobjekt or a dokumentbeskrivelse.')
    }
    if (bulkgrense > 0 && Number(length ?? 0) > bulkgrense) {
      throw new Refusal(403, `Larger than bulkgrense (${bulkgrense} bytes): upload it in chunks.`)
    }
  }

  /**
   * The file becomes part of the archive, if it is what was declared. A dokumentbeskrivelse gets a dokumentobjekt for it.
   * @throws Refusal 400 for another size, type or checksum than declared
   */
  finish(links: LinkWriter, target: Instance, incoming: Incoming, contentType: string | undefined, user: User): Answer {
    const core = this.#core
    if (target.deleted) throw new Refusal(404, 'No such object.')
    incoming.seen ??= incoming.meter.finish()
    const { seen } = incoming
    const type = mediaType(contentType)
    this.#verify(target, type, seen.sizeBytes, seen.sha256)
    const instance =
      target.kind === 'dokumentbeskrivelse'
        ? createInstance(core, links, 'dokumentobjekt', target, {}, user, 0)
        : target
    const mimeType = isNikita(core) ? detectedType(incoming.head) : (type ?? 'application/octet-stream')
    instance.file = { ...seen, spooled: incoming.spooled, mimeType, receivedAtMs: core.nowMs() }
    const unknownFormat = { kode: 'av/0', kodenavn: core.dialect.codeLists['format']?.['av/0'] ?? 'Ukjent format' }
    instance.values = {
      format: isNikita(core) ? undefined : unknownFormat,
      ...instance.values,
      sjekksum: seen.sha256,
      sjekksumAlgoritme: 'SHA-256',
      filstoerrelse: seen.sizeBytes,
      mimeType,
    }
    if (instance.values['format'] === undefined) delete instance.values['format']
    const etagBefore = etagOf(instance)
    instance.version += 1
    const body = present(core, links, instance, 'read')
    if (isNikita(core)) return json(201, body, { etag: etagBefore })
    return json(201, body, { etag: etagOf(instance), location: links.self(instance) })
  }

  #verify(target: Instance, type: string | undefined, sizeBytes: number, sha256: string): void {
    const { mimeType, filstoerrelse, sjekksum } = target.values
    const nikita = isNikita(this.#core)
    if (!nikita && typeof mimeType === 'string' && mediaType(mimeType) !== type) {
      throw new Refusal(400, 'Content-Type is not the declared mimeType.')
    }
    if (filstoerrelse !== undefined && filstoerrelse !== sizeBytes) {
      throw new Refusal(400, `filstoerrelse was declared as ${String(filstoerrelse)}, ${sizeBytes} bytes came.`)
    }
    if (typeof sjekksum !== 'string') return
    const declared = nikita ? sjekksum : sjekksum.toLowerCase()
    if (declared !== sha256) throw new Refusal(400, 'sjekksum is not that of the bytes that came.')
  }

  /** Begins a resumable upload; the answer names the address of the first chunk. @throws Refusal 400, 409 */
  beginChunks(links: LinkWriter, dokumentobjekt: Instance, headers: IncomingHttpHeaders): Answer {
    const totalBytes = Number(headers['x-upload-content-length'])
    const mimeType = mediaType(String(headers['x-upload-content-type'] ?? ''))
    if (!Number.isSafeInteger(totalBytes) || totalBytes < 1)
      throw new Refusal(400, 'X-Upload-Content-Length: expected bytes.')
    if (Number(headers['content-length'] ?? 0) !== 0) throw new Refusal(400, 'Content-Length must be 0 to begin.')
    if (dokumentobjekt.kind !== 'dokumentobjekt') throw new Refusal(400, 'Chunks are uploaded to a dokumentobjekt.')
    const declared = dokumentobjekt.values
    if (declared['filstoerrelse'] !== undefined && declared['filstoerrelse'] !== totalBytes) {
      throw new Refusal(400, 'X-Upload-Content-Length is not the declared filstoerrelse.')
    }
    if (typeof declared['mimeType'] === 'string' && mediaType(declared['mimeType']) !== mimeType) {
      throw new Refusal(400, 'X-Upload-Content-Type is not the declared mimeType.')
    }
    const busy = [...this.#sessions.values()].some((one) => one.dokumentobjekt === dokumentobjekt)
    if (busy) throw new Refusal(409, 'An upload to this dokumentobjekt has begun already.')
    const slug = this.#core.archive.nextSlug()
    const session = {
      dokumentobjekt,
      totalBytes,
      mimeType: mimeType ?? '',
      incoming: this.begin(),
      slug,
      acceptedBytes: 0,
    }
    this.#sessions.set(slug, session)
    return { status: 200, headers: { location: links.href('session', slug) }, body: '' }
  }

  /** The dokumentobjekt and the bytes so far of a chunk address; undefined for one that is not the latest, or dead. */
  session(slug: string): { readonly dokumentobjekt: Instance; readonly incoming: Incoming } | undefined {
    const session = this.#sessions.get(slug)
    // More bytes than were accepted: a chunk broke off or was refused late, and they cannot be taken back.
    if (session === undefined || session.incoming.sizeBytes !== session.acceptedBytes) return undefined
    return session.dokumentobjekt.deleted ? undefined : session
  }

  /** @throws Refusal 404 for a dead address, 400 for a range that does not follow, 403 for a chunk above bulkgrense */
  checkChunk(slug: string, headers: IncomingHttpHeaders): void {
    const session = this.#sessions.get(slug)
    if (session === undefined || this.session(slug) === undefined)
      throw new Refusal(404, 'No upload goes on at this address.')
    const range = /^(?:bytes )?(\d+)-(\d+)\/(\d+)$/.exec(String(headers['content-range'] ?? ''))
    if (range === null) throw new Refusal(400, 'Content-Range: expected first-last/total.')
    const [first, last, total] = [Number(range[1]), Number(range[2]), Number(range[3])]
    const length = headers['content-length']
    const follows = first === session.acceptedBytes && last >= first && last < total && total === session.totalBytes
    if (!follows || (length !== undefined && Number(length) !== last - first + 1)) {
      throw new Refusal(400, `Content-Range does not follow what came before (${session.acceptedBytes} bytes).`)
    }
    if (mediaType(headers['content-type']) !== session.mimeType)
      throw new Refusal(400, 'Content-Type is not that of the file.')
    const { bulkgrense } = this.#core
    if (bulkgrense > 0 && last - first + 1 > bulkgrense) throw new Refusal(403, 'The chunk is larger than bulkgrense.')
  }

  /** A chunk that came whole counts; the answer names the next address, or the dokumentobjekt after the last one. */
  acceptChunk(links: LinkWriter, slug: string, user: User): Answer {
    const session = this.#sessions.get(slug)
    if (session === undefined) throw new Refusal(404, 'No upload goes on at this address.')
    this.#sessions.delete(slug)
    session.acceptedBytes = session.incoming.sizeBytes
    if (session.acceptedBytes === session.totalBytes) {
      return this.finish(links, session.dokumentobjekt, session.incoming, session.mimeType, user)
    }
    session.slug = this.#core.archive.nextSlug()
    this.#sessions.set(session.slug, session)
    const headers = { location: links.href('session', session.slug), range: `0-${session.acceptedBytes - 1}` }
    return { status: 200, headers, body: '' }
  }

  /** Ends the session of a chunk that broke off. */
  endSession(slug: string): void {
    const session = this.#sessions.get(slug)
    if (session === undefined) return
    this.#sessions.delete(slug)
    this.#core.spool.remove(session.incoming.spooled)
  }

  #breakPoint(texts: readonly string[]): number {
    const at = this.#toBreak.findIndex(({ mark }) => mark === undefined || texts.some((text) => text.includes(mark)))
    return at === -1 ? Number.POSITIVE_INFINITY : (this.#toBreak.splice(at, 1)[0]?.afterBytes ?? 0)
  }
}
