import { Dicer } from '@fastify/busboy'
import { type Disposition, readDisposition } from './disposition.ts'
import type { RequestBody } from './request-body.ts'

/** The body is no multipart as RFC 2046 has it, or ends before its closing boundary. */
export class MultipartFault extends Error {
  override readonly name = 'MultipartFault'
}

/** One part. Its content has to be read to the end before the next part is asked for. */
export interface Part extends Disposition {
  readonly content: AsyncIterable<Uint8Array>
}

interface PartSeen {
  readonly stream: Dicer.PartStream
  disposition: Disposition | undefined
}

/**
 * The parts of a multipart body, one after the other. Nothing is read ahead beyond one piece of the body: whoever reads a part slowly is fed
 * slowly. What goes wrong on the way (ClientGone, BodyTooLarge, MultipartFault) is thrown at whoever reads, in the middle of a part as between
 * two.
 */
export class PartReader {
  readonly #body: RequestBody
  readonly #parser: Dicer
  readonly #stopped = Promise.withResolvers<void>()
  /** Parts the parser has found and nobody has asked for. */
  #found: PartSeen[] = []
  /** The newest part, whose header may still be on its way. */
  #newest: PartSeen | undefined
  /** The part that was handed out last. */
  #current: Dicer.PartStream | undefined
  #complete = false
  #failure: Error | undefined
  #changed = Promise.withResolvers<void>()

  constructor(body: RequestBody, boundary: string) {
    this.#body = body
    this.#parser = new Dicer({ boundary, maxHeaderPairs: 50 })
    this.#parser.on('part', (stream) => this.#onPart(stream))
    this.#parser.on('error', (cause) => this.#fail(new MultipartFault('the body breaks off', { cause })))
    // The parser may tell its end before that of the last part; it counts only when every part has been handed out.
    this.#parser.on('finish', () => {
      this.#headerIsDue()
      this.#complete = true
      this.#wake()
    })
    void this.#feed()
  }

  /** The next part, or `undefined` after the closing boundary. @throws ClientGone, BodyTooLarge, MultipartFault */
  async next(): Promise<Part | undefined> {
    while (true) {
      if (this.#failure !== undefined) throw this.#failure
      const [first] = this.#found
      if (first?.disposition !== undefined) {
        this.#found.shift()
        this.#current = first.stream
        return { ...first.disposition, content: first.stream }
      }
      if (first === undefined && this.#complete) return undefined
      await this.#changed.promise
    }
  }

  /** Gives up; parts that are being read end with an error. The body is left where it is. Safe to repeat. */
  stop(): void {
    this.#fail(new MultipartFault('nobody reads on'))
  }

  async #feed(): Promise<void> {
    try {
      while (this.#failure === undefined) {
        const piece = await this.#body.next()
        if (piece === undefined) break
        await Promise.race([this.#write(piece), this.#stopped.promise])
      }
      if (this.#failure === undefined) this.#parser.end()
    } catch (error) {
      this.#fail(error instanceof Error ? error : new MultipartFault('the body cannot be read', { cause: error }))
    }
  }

  /** Resolves when the parts have room for more. */
  #write(piece: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      const refuse = (cause: unknown) => reject(new MultipartFault('the body cannot be read', { cause }))
      try {
        this.#parser.write(piece, (error) => (error ? refuse(error) : resolve()))
      } catch (error) {
        // Seen with boundaries after the closing one, in one piece: the parser has let go of its own state.
        refuse(error)
      }
    })
  }

  #onPart(stream: Dicer.PartStream): void {
    this.#headerIsDue()
    const seen: PartSeen = { stream, disposition: undefined }
    this.#newest = seen
    this.#found.push(seen)
    stream.on('error', () => undefined)
    stream.on('header', (header) => {
      const fields = header as Readonly<Record<string, readonly string[] | undefined>>
      seen.disposition = readDisposition(fields['content-disposition']?.[0] ?? '')
      this.#wake()
    })
    if (this.#failure !== undefined) stream.destroy(this.#failure)
  }

  /** A part is over when the next one begins; without a header block it was none. */
  #headerIsDue(): void {
    if (this.#newest !== undefined && this.#newest.disposition === undefined) {
      this.#fail(new MultipartFault('a part has no header'))
    }
  }

  #fail(error: Error): void {
    if (this.#failure !== undefined) return
    this.#failure = error
    this.#current?.destroy(error)
    for (const { stream } of this.#found) stream.destroy(error)
    this.#stopped.resolve()
    this.#wake()
  }

  #wake(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers<void>()
  }
}
