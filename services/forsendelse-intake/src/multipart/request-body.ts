import type { Readable } from 'node:stream'

/** The client left, or its connection broke, before the body had come. There is nobody to answer. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone'
}

/** The body is larger than allowed. What came after the limit has not been read. */
export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge'
}

/** The body of a request, read piece by piece as somebody asks for it, and never destroyed, so that an answer can still be given. */
export class RequestBody {
  readonly #pieces: AsyncIterator<unknown>
  readonly #maxBytes: number
  #sizeBytes = 0
  #over = false

  constructor(stream: Readable, maxBytes: number) {
    this.#maxBytes = maxBytes
    // Errors also come while nobody asks for a piece.
    stream.on('error', () => undefined)
    this.#pieces = stream.iterator({ destroyOnReturn: false })
  }

  /** @returns `undefined` at the end. @throws ClientGone, BodyTooLarge */
  async next(): Promise<Buffer | undefined> {
    if (this.#over) return undefined
    const piece = await this.#read()
    if (piece === undefined) return undefined
    this.#sizeBytes += piece.length
    if (this.#sizeBytes <= this.#maxBytes) return piece
    this.#over = true
    throw new BodyTooLarge('the body is larger than allowed')
  }

  async #read(): Promise<Buffer | undefined> {
    try {
      const { done, value } = await this.#pieces.next()
      if (done !== true) return Buffer.isBuffer(value) ? value : Buffer.from(value as Uint8Array)
      this.#over = true
      return undefined
    } catch (cause) {
      this.#over = true
      throw new ClientGone('the client left before its body had come', { cause })
    }
  }

  /**
   * Reads and drops what is left, up to the limit: a client that sends its whole body before it reads would never see the answer.
   * Ends quietly when the client leaves.
   */
  async drain(): Promise<void> {
    try {
      while ((await this.next()) !== undefined);
    } catch {
      // Whoever drains answers for another reason already.
    }
  }
}
