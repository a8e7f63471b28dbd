import type { HubError } from '@samband/kernel'

/** The part of undici's controller that slows the sender down. */
interface Flow {
  pause(): void
  resume(): void
}

const HIGH_WATER_BYTES = 256 * 1024

/** An answer's body between undici's callbacks and one reader; the sender is paused while much is waiting. */
export class BodyQueue implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array> {
  readonly #flow: Flow
  readonly #maxBytes: number | undefined
  readonly #on: { tooLarge(limit: number): void; left(): void }
  readonly #pieces: Uint8Array[] = []
  #waiting: PromiseWithResolvers<IteratorResult<Uint8Array>> | undefined
  #heldBytes = 0
  #totalBytes = 0
  #paused = false
  #ended = false
  #error: HubError | undefined

  constructor(flow: Flow, maxBytes: number | undefined, on: { tooLarge(limit: number): void; left(): void }) {
    this.#flow = flow
    this.#maxBytes = maxBytes
    this.#on = on
  }

  push(piece: Uint8Array): void {
    this.#totalBytes += piece.byteLength
    if (this.#maxBytes !== undefined && this.#totalBytes > this.#maxBytes) {
      this.#on.tooLarge(this.#maxBytes)
      return
    }
    if (this.#waiting) {
      this.#waiting.resolve({ done: false, value: piece })
      this.#waiting = undefined
      return
    }
    this.#pieces.push(piece)
    this.#heldBytes += piece.byteLength
    if (this.#heldBytes > HIGH_WATER_BYTES && !this.#paused) {
      this.#paused = true
      this.#flow.pause()
    }
  }

  /** No more pieces: complete without an error, cut off with one. What was received before an error is not handed out. */
  end(error: HubError | undefined): void {
    if (this.#ended) return
    this.#ended = true
    this.#error = error
    if (error) this.#pieces.length = 0
    const waiting = this.#waiting
    this.#waiting = undefined
    if (error) waiting?.reject(error)
    else waiting?.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    const piece = this.#pieces.shift()
    if (piece) {
      this.#heldBytes -= piece.byteLength
      if (this.#paused && this.#heldBytes <= HIGH_WATER_BYTES) {
        this.#paused = false
        this.#flow.resume()
      }
      return { done: false, value: piece }
    }
    if (this.#error) throw this.#error
    if (this.#ended) return { done: true, value: undefined }
    this.#waiting = Promise.withResolvers()
    return this.#waiting.promise
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    if (!this.#ended) this.#on.left()
    this.#pieces.length = 0
    this.#error = undefined
    return { done: true, value: undefined }
  }
}
