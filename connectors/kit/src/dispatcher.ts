import type { Dispatcher } from 'undici'
import { Agent } from 'undici'

/** How the process connects. */
export interface DispatcherOptions {
  /** Default 10 000 ms. A connection that does not come about within it has sent nothing. */
  readonly connectTimeoutMs?: number
  /**
   * Default false: each request has its own connection, so that no request is written to one which the other side is just closing.
   * That race leaves an unknown outcome; true is for many small requests to a system whose effects are `unique`.
   */
  readonly keepAlive?: boolean
  /** Certificate authorities in PEM, instead of the built-in ones. */
  readonly ca?: readonly string[]
}

/**
 * The real network for `request`: HTTP/1.1 only, one request at a time per connection, no time limits of its own besides the connect timeout.
 * For composition roots; close it with `close()` after the drain.
 */
export function createDispatcher(options: DispatcherOptions = {}): Dispatcher {
  return new Agent({
    allowH2: false,
    pipelining: options.keepAlive ? 1 : 0,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: options.connectTimeoutMs ?? 10_000, ...(options.ca ? { ca: [...options.ca] } : {}) },
  })
}
