import type { OutgoingHttpHeaders } from 'node:http'
import { Readable } from 'node:stream'
import { Dispatcher } from 'undici'

/** The part of a fastify app that a request needs. */
export interface InjectTarget {
  inject(request: InjectedRequest): Promise<InjectedResponse>
}

interface InjectedRequest {
  readonly method: string
  readonly url: string
  readonly headers: OutgoingHttpHeaders
  readonly payload: Readable
  readonly payloadAsStream: true
}

interface InjectedResponse {
  readonly statusCode: number
  readonly statusMessage: string
  readonly headers: OutgoingHttpHeaders
  stream(): Readable
}

/** Origin to app, for example `{ 'http://svarut.test': app }`. An origin that is missing refuses the connection; a function may change its mind. */
export type InjectHosts = Readonly<Record<string, InjectTarget>> | ((origin: string) => InjectTarget | undefined)

/**
 * A network without sockets: requests go into fastify apps of this process, streamed in both directions. It has neither timers nor threads, so the same
 * order of calls gives the same order of events. What the real network does is kept:
 *
 * - an unknown origin is refused (`ECONNREFUSED`) before `onRequestStart`;
 * - an app that destroys the connection gives `UND_ERR_SOCKET`, before or after the headers;
 * - an abort ends the exchange at once and destroys the server's side of it, so that a hanging handler is let go.
 *
 * The apps should be ready. Close it like any dispatcher.
 */
export function injectDispatcher(hosts: InjectHosts): Dispatcher {
  return new InjectDispatcher(
    typeof hosts === 'function' ? hosts : (origin) => (Object.hasOwn(hosts, origin) ? hosts[origin] : undefined),
  )
}

class InjectDispatcher extends Dispatcher {
  readonly #find: (origin: string) => InjectTarget | undefined
  readonly #running = new Set<InjectedExchange>()
  #closed = false

  constructor(find: (origin: string) => InjectTarget | undefined) {
    super()
    this.#find = find
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const exchange = new InjectedExchange(options, handler, (ended) => this.#running.delete(ended))
    this.#running.add(exchange)
    // Like a connection that first has to come about: nothing happens before the caller's turn is over.
    queueMicrotask(() => exchange.run(this.#closed ? undefined : this.#find(originOf(options))))
    return true
  }

  override close(done?: () => void): Promise<void> {
    this.#closed = true
    done?.()
    return Promise.resolve()
  }

  override destroy(first?: Error | null | (() => void), second?: () => void): Promise<void> {
    this.#closed = true
    const reason = first instanceof Error ? first : coded('UND_ERR_DESTROYED', 'The client is destroyed')
    for (const exchange of this.#running) exchange.abort(reason)
    const done = typeof first === 'function' ? first : second
    done?.()
    return Promise.resolve()
  }
}

/** One request and its answer. Reports to the handler until it is over, and not a word after that. */
class InjectedExchange implements Dispatcher.DispatchController {
  rawHeaders: null = null
  rawTrailers: null = null
  readonly #options: Dispatcher.DispatchOptions
  readonly #handler: Dispatcher.DispatchHandler
  readonly #ended: (exchange: InjectedExchange) => void
  #payload: Readable | undefined
  #answer: Readable | undefined
  #reason: Error | null = null
  #paused = false
  #over = false

  constructor(
    options: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
    ended: (exchange: InjectedExchange) => void,
  ) {
    this.#options = options
    this.#handler = handler
    this.#ended = ended
  }

  get aborted(): boolean {
    return this.#reason !== null
  }

  get reason(): Error | null {
    return this.#reason
  }

  get paused(): boolean {
    return this.#paused
  }

  pause(): void {
    this.#paused = true
    this.#answer?.pause()
  }

  resume(): void {
    this.#paused = false
    this.#answer?.resume()
  }

  abort(reason: Error): void {
    if (this.#over) return
    this.#reason = reason
    this.#fail(reason)
  }

  run(target: InjectTarget | undefined): void {
    if (this.#over) return
    if (!target) {
      this.#fail(coded('ECONNREFUSED', `connect ECONNREFUSED ${originOf(this.#options)}`))
      return
    }
    if (!this.#report(() => this.#handler.onRequestStart?.(this, {}))) return
    const payload = payloadOf(this.#options.body)
    this.#payload = payload.stream
    payload.stream.on('error', () => undefined)
    const request: InjectedRequest = {
      method: this.#options.method,
      url: `${originOf(this.#options)}${this.#options.path}`,
      headers: {
        host: new URL(originOf(this.#options)).host,
        ...payload.headers,
        ...plainHeaders(this.#options.headers),
      },
      payload: payload.stream,
      payloadAsStream: true,
    }
    target.inject(request).then(
      (response) => this.#answered(response),
      (error) => this.#fail(broken(error)),
    )
  }

  #answered(response: InjectedResponse): void {
    const answer = response.stream()
    answer.on('error', (error) => this.#fail(broken(error)))
    if (this.#over) {
      answer.destroy()
      return
    }
    this.#answer = answer
    if (
      !this.#report(() =>
        this.#handler.onResponseStart?.(this, response.statusCode, incoming(response), response.statusMessage),
      )
    )
      return
    if (answer.errored) {
      // Destroyed in the same turn as the headers were written: the stream has said so before anybody listened.
      this.#fail(broken(answer.errored))
      return
    }
    answer.on('data', (piece: Buffer) => this.#report(() => this.#handler.onResponseData?.(this, piece)))
    answer.on('end', () => {
      if (this.#over) return
      this.#finish()
      this.#handler.onResponseEnd?.(this, {})
    })
    if (this.#paused) answer.pause()
  }

  /** Calls the handler; what it throws ends the exchange, as it does in undici. True when the exchange goes on. */
  #report(call: () => void): boolean {
    if (this.#over) return false
    try {
      call()
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error('the handler threw', { cause: error }))
    }
    return !this.#over
  }

  #fail(error: Error): void {
    if (this.#over) return
    this.#cutServerSide(error)
    this.#finish()
    this.#handler.onResponseError?.(this, error)
  }

  /**
   * Destroys request and response over there. An error of the payload does that at any time; the `signal` of inject only until the request has been
   * read, and a handler that hangs has read it.
   */
  #cutServerSide(error: Error): void {
    if (this.#payload?.destroyed) this.#payload.emit('error', error)
    else this.#payload?.destroy(error)
  }

  #finish(): void {
    this.#over = true
    // A source that was not read to its end is let go, as by a closed socket.
    this.#payload?.destroy()
    this.#ended(this)
  }
}

function originOf({ origin }: Dispatcher.DispatchOptions): string {
  if (origin === undefined) throw new TypeError('injectDispatcher: expected an origin in the dispatch options')
  return new URL(origin).origin
}

/** Always a stream, even of nothing: its error is what destroys the server's side. */
function payloadOf(body: Dispatcher.DispatchOptions['body']): { stream: Readable; headers: OutgoingHttpHeaders } {
  if (body === null || body === undefined) return { stream: Readable.from([]), headers: {} }
  if (typeof body === 'string' || body instanceof Uint8Array) {
    const bytes = Buffer.from(body)
    return {
      stream: Readable.from([bytes], { objectMode: false }),
      headers: { 'content-length': String(bytes.byteLength) },
    }
  }
  const pieces: unknown = body
  if (!isAsyncIterable(pieces))
    throw new TypeError('injectDispatcher: expected text, bytes or an async iterable as body')
  return { stream: Readable.from(pieces, { objectMode: false }), headers: { 'transfer-encoding': 'chunked' } }
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}

function plainHeaders(headers: Dispatcher.DispatchOptions['headers']): OutgoingHttpHeaders {
  if (headers === null || headers === undefined) return {}
  if (Array.isArray(headers) || Symbol.iterator in headers) {
    throw new TypeError('injectDispatcher: expected the headers as an object')
  }
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined))
}

function incoming({ headers }: InjectedResponse): Record<string, string | string[]> {
  const plain: Record<string, string | string[]> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) plain[name] = Array.isArray(value) ? value.map(String) : String(value)
  }
  return plain
}

function broken(cause: unknown): Error {
  return coded('UND_ERR_SOCKET', 'other side closed', cause)
}

function coded(code: string, message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, cause === undefined ? undefined : { cause }), { code })
}
