import type { Dispatcher } from 'undici'

type Content = string | Uint8Array | (() => AsyncIterable<Uint8Array>) | undefined

/**
 * A request's body. Of a stream the first piece is fetched before the connection is asked for, so that the start of the request and its
 * first byte are one moment: HTTP/1.1 clients write the head together with the first piece.
 */
export class RequestBody {
  readonly #content: Content
  #source: AsyncIterator<Uint8Array> | undefined
  #first: IteratorResult<Uint8Array> | undefined
  #released = false

  constructor(content: Content) {
    this.#content = content
  }

  /** @throws what the source throws */
  async fetchFirst(): Promise<void> {
    if (typeof this.#content !== 'function') return
    this.#source = this.#content()[Symbol.asyncIterator]()
    this.#first = await this.#source.next()
    if (this.#released) this.#close()
  }

  forDispatch(): NonNullable<Dispatcher.DispatchOptions['body']> | null {
    if (typeof this.#content !== 'function') return this.#content ?? null
    // undici takes any async iterable as body; its types only know the Readable among them.
    return this.#pieces() as unknown as NonNullable<Dispatcher.DispatchOptions['body']>
  }

  /** The exchange is over: no more pieces are wanted. Safe to repeat. */
  release(): void {
    if (this.#released) return
    this.#released = true
    if (this.#first) this.#close()
  }

  async *#pieces(): AsyncGenerator<Uint8Array> {
    const source = this.#source
    let next = this.#first
    while (source && next && !next.done && !this.#released) {
      yield next.value
      next = await source.next()
    }
  }

  #close(): void {
    // A source that cannot even be closed has nobody left to tell: the exchange has its outcome already.
    Promise.resolve(this.#source?.return?.()).catch(() => undefined)
  }
}
