import type { Time } from '@samband/kernel'
import { HubError, NothingHappened } from '@samband/kernel'
import type { Dispatcher } from 'undici'
import { BodyQueue } from './body-queue.ts'
import { RequestBody } from './request-body.ts'
import { whyNotConnected } from './why-not-connected.ts'

/** What every outbound call needs; handed over by the composition root. */
export interface HttpDependencies {
  readonly dispatcher: Dispatcher
  readonly time: Time
}

/** One HTTP request, complete. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Absolute; never holds personal data. */
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  /** A function is called once; its first piece is fetched before the connection is asked for. */
  readonly body?: string | Uint8Array | (() => AsyncIterable<Uint8Array>)
  /** For the whole exchange, from this call to the last byte of the answer; in milliseconds, by the injected timers. */
  readonly timeoutMs: number
  /** A larger answer fails. Default 1 MiB for `request`, no limit for `openResponse`. */
  readonly maxResponseBytes?: number
  readonly signal?: AbortSignal
  /** `Attempt.start`: called right before the first byte leaves. When it throws, nothing is sent and its error comes out. */
  readonly start?: () => void
  /** True when the request changes nothing over there, so that a lost answer is transient. Default: true for GET, else false. */
  readonly reads?: boolean
  /** Prefix of the error codes, e.g. `SVARUT`. */
  readonly system: string
}

/** A complete answer, whatever its status. */
export interface HttpResponse {
  readonly status: number
  /** Names in lower case; a header that came several times is joined with `, `. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** An answer whose body is still coming. Read the body to its end, or leave the loop: that ends the exchange. */
export interface HttpResponseStream {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Can be read once. A body that ends without an error was complete. @throws HubError `<SYSTEM>_INGEN_SVAR` */
  readonly body: AsyncIterable<Uint8Array>
}

const DEFAULT_MAX_RESPONSE_BYTES = 1024 * 1024

/**
 * Sends one request, without retry and without following redirects, and returns the complete answer whatever its status.
 *
 * @throws NothingHappened what `start` threw, or `<SYSTEM>_UTILGJENGELIG` (transient) when it is certain that no byte of the request left:
 *   refused, name not found, connect timeout, aborted or too late before the start; a body that failed before its first piece keeps its own code
 * @throws HubError `<SYSTEM>_INGEN_SVAR` for everything after the first byte: unknown-outcome, or transient for a request that only reads
 */
export async function request(http: HttpDependencies, request: HttpRequest): Promise<HttpResponse> {
  const limited = { ...request, maxResponseBytes: request.maxResponseBytes ?? DEFAULT_MAX_RESPONSE_BYTES }
  const { status, headers, body } = await openResponse(http, limited)
  const pieces: Uint8Array[] = []
  for await (const piece of body) pieces.push(piece)
  return { status, headers, body: Buffer.concat(pieces) }
}

/**
 * As `request`, but hands over the answer's body as a stream, for downloads. The time limit covers the whole stream.
 *
 * @throws as `request`; what goes wrong after the headers is thrown by the stream
 */
export function openResponse(http: HttpDependencies, request: HttpRequest): Promise<HttpResponseStream> {
  const exchange = new Exchange(http.time, request)
  void send(http.dispatcher, request, exchange)
  return exchange.answer
}

/** Never rejects: whatever happens comes out as the exchange's answer. */
async function send(dispatcher: Dispatcher, request: HttpRequest, exchange: Exchange): Promise<void> {
  exchange.watch()
  if (exchange.isOver) return
  const body = new RequestBody(request.body)
  exchange.onOver(() => body.release())
  try {
    await body.fetchFirst()
  } catch (error) {
    exchange.notStarted(error, 'the body could not be read')
    return
  }
  if (exchange.isOver) return
  try {
    const { origin, pathname, search } = new URL(request.url)
    dispatcher.dispatch(
      {
        origin,
        path: pathname + search,
        method: request.method,
        headers: { ...request.headers },
        body: body.forDispatch(),
        headersTimeout: 0,
        bodyTimeout: 0,
      },
      exchange,
    )
  } catch (error) {
    exchange.onResponseError(undefined, error)
  }
}

/** One request and its answer, as undici reports them. Knows whether a byte may have left, and that alone decides the error. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly answer: Promise<HttpResponseStream>
  readonly #time: Time
  readonly #request: HttpRequest
  readonly #settle: PromiseWithResolvers<HttpResponseStream>
  readonly #cleanups: (() => void)[] = []
  #queue: BodyQueue | undefined
  #controller: Dispatcher.DispatchController | undefined
  #started = false
  #over = false

  constructor(time: Time, request: HttpRequest) {
    this.#time = time
    this.#request = request
    this.#settle = Promise.withResolvers()
    this.answer = this.#settle.promise
  }

  get isOver(): boolean {
    return this.#over
  }

  /** Starts the time limit and listens to the signal. */
  watch(): void {
    const { signal, timeoutMs } = this.#request
    this.onOver(this.#time.timers.after(timeoutMs, () => this.#fail(`no complete answer within ${timeoutMs} ms`)))
    if (!signal) return
    const onAbort = () => this.#fail('the caller ended the wait', signal.reason)
    if (signal.aborted) {
      onAbort()
      return
    }
    signal.addEventListener('abort', onAbort, { once: true })
    this.onOver(() => signal.removeEventListener('abort', onAbort))
  }

  onOver(cleanup: () => void): void {
    if (this.#over) cleanup()
    else this.#cleanups.push(cleanup)
  }

  /** Our own side failed before the first byte: a HubError keeps its code, for it says why. */
  notStarted(error: unknown, reason: string): void {
    if (!(error instanceof HubError)) this.#fail(reason, error)
    else this.#finish(error instanceof NothingHappened ? error : asNothingHappened(error))
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // A client that sends the same request again would break "one intent = one request" (protocol rule R12).
    if (this.#started) throw new Error('a request was about to be sent a second time')
    if (this.#over) throw new Error('given up before the start')
    try {
      this.#request.start?.()
    } catch (error) {
      this.notStarted(error, 'the start was refused')
      throw error
    }
    this.#started = true
    this.#controller = controller
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: IncomingHeaders): void {
    if (status < 200 || this.#over) return
    this.#queue = new BodyQueue(controller, this.#request.maxResponseBytes, {
      tooLarge: (limit) => this.#fail(`the answer is larger than ${limit} bytes`),
      left: () => this.#fail('the reader left before the end of the answer'),
    })
    this.#settle.resolve({ status, headers: plainHeaders(headers), body: this.#queue })
  }

  onResponseData(_controller: Dispatcher.DispatchController, piece: Uint8Array): void {
    if (!this.#over) this.#queue?.push(piece)
  }

  onResponseEnd(): void {
    if (!this.#queue) this.#fail('the exchange ended without an answer')
    else this.#finish(undefined)
  }

  onResponseError(_controller: unknown, error: unknown): void {
    this.#fail((this.#started ? undefined : whyNotConnected(error)) ?? 'the connection failed', error)
  }

  #fail(reason: string, cause?: unknown): void {
    if (!this.#over) this.#finish(this.#error(reason, cause))
  }

  #error(reason: string, cause: unknown): HubError {
    const { system, method } = this.#request
    if (!this.#started) {
      const message = `${method} to ${system} was not sent: ${reason}. Nothing happened there; it can be tried again.`
      return new NothingHappened(`${system}_UTILGJENGELIG`, 'transient', message, { cause })
    }
    const reads = this.#request.reads ?? method === 'GET'
    const message = `${method} to ${system} has no complete answer: ${reason}. ${reads ? 'It only reads and can be repeated.' : 'It may have been carried out: look there before sending again.'}`
    return new HubError(`${system}_INGEN_SVAR`, reads ? 'transient' : 'unknown-outcome', message, { cause })
  }

  #finish(error: HubError | undefined): void {
    if (this.#over) return
    this.#over = true
    for (const cleanup of this.#cleanups) cleanup()
    if (error) {
      this.#settle.reject(error)
      this.#controller?.abort(error)
    }
    this.#queue?.end(error)
  }
}

function asNothingHappened(error: HubError): NothingHappened {
  const disposition = error.disposition === 'unknown-outcome' ? 'transient' : error.disposition
  return new NothingHappened(error.code, disposition, error.message, { cause: error, ...error.details })
}

type IncomingHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

function plainHeaders(headers: IncomingHeaders): Record<string, string> {
  const plain: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) plain[name.toLowerCase()] = typeof value === 'string' ? value : value.join(', ')
  }
  return plain
}
