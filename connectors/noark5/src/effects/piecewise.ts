/** Hands out one stream in consecutive pieces, each as a stream of its own, and opens it anew when asked to go back. */
export class Piecewise {
  readonly #open: () => Promise<AsyncIterable<Uint8Array>>
  #source: AsyncIterator<Uint8Array> | undefined
  #rest: Uint8Array = new Uint8Array(0)
  #at = 0

  constructor(open: () => Promise<AsyncIterable<Uint8Array>>) {
    this.#open = open
  }

  /** Bytes `from` up to, not including, `to`. One piece at a time. Ends early only when the stream does. */
  async *bytes(from: number, to: number): AsyncGenerator<Uint8Array> {
    await this.#goTo(from)
    while (this.#at < to) {
      const chunk = await this.#next(to - this.#at)
      if (!chunk) return
      yield chunk
    }
  }

  /** Lets the source go. Safe to repeat. */
  async close(): Promise<void> {
    const source = this.#source
    this.#source = undefined
    await source?.return?.()
  }

  async #goTo(from: number): Promise<void> {
    if (!this.#source || from < this.#at) {
      await this.close()
      this.#source = (await this.#open())[Symbol.asyncIterator]()
      this.#rest = new Uint8Array(0)
      this.#at = 0
    }
    while (this.#at < from && (await this.#next(from - this.#at))) {
      // What was sent before is passed over.
    }
  }

  /** At most `most` bytes more; what is over is kept for the next call. */
  async #next(most: number): Promise<Uint8Array | undefined> {
    while (this.#rest.byteLength === 0) {
      const next = await this.#source?.next()
      if (!next || next.done) return undefined
      this.#rest = next.value
    }
    const chunk = this.#rest.subarray(0, most)
    this.#rest = this.#rest.subarray(chunk.byteLength)
    this.#at += chunk.byteLength
    return chunk
  }
}
