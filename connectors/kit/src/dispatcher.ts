import { isIP } from 'node:net'
import { createSecureContext, getCACertificates } from 'node:tls'
import { Agent, Dispatcher, Pool, ProxyAgent } from 'undici'

/** A proxy that every connection goes through, by CONNECT. */
export interface HttpProxy {
  /** `http://` or `https://`, host and port; no user in it. */
  readonly url: string
  readonly login?: { readonly user: string; readonly password: string }
  /** Names that are reached without it, each with all names below it, and IP addresses. */
  readonly except?: readonly string[]
}

/** How the process connects. */
export interface DispatcherOptions {
  /** Default 10 000 ms; with a proxy for each of the two steps. A connection that does not come about within it has sent nothing. */
  readonly connectTimeoutMs?: number
  /**
   * Default false: each request has its own connection, so that no request is written to one which the other side is just closing.
   * That race leaves an unknown outcome; true is for many small requests to a system whose effects are `unique`.
   */
  readonly keepAlive?: boolean
  /** Certificate authorities in PEM, trusted beside those that Node trusts; also for a proxy that is spoken to over TLS. */
  readonly ca?: readonly string[]
  /** Address of this machine that connections begin at. */
  readonly sourceAddress?: string
  readonly proxy?: HttpProxy
}

const CONNECT_TIMEOUT_MS = 10_000

/**
 * The real network for `request`: HTTP/1.1 only, one request at a time per connection, no time limits of its own besides the connect timeout.
 * For composition roots; close it with `close()` after the drain.
 *
 * A proxy is always asked for a tunnel, also to an address without TLS: whatever it answers to that is its own word and comes before the
 * request, and inside the tunnel it can neither answer for the destination nor send a request again.
 */
export function createDispatcher(options: DispatcherOptions = {}): Dispatcher {
  const timeout = options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS
  // Once, and not for each connection: there are over a hundred authorities.
  const trusted = options.ca && { secureContext: createSecureContext({ ca: [...getCACertificates(), ...options.ca] }) }
  const connect = { allowH2: false, timeout, ...trusted }
  const local = options.sourceAddress === undefined ? {} : { localAddress: options.sourceAddress }
  const common = { allowH2: false, pipelining: options.keepAlive ? 1 : 0, headersTimeout: 0, bodyTimeout: 0 }
  if (options.proxy === undefined) return new Agent({ ...common, ...local, connect })
  const { url, login, except = [] } = options.proxy
  const proxied = new ProxyAgent({
    ...common,
    uri: url,
    proxyTunnel: true,
    connectTimeout: timeout,
    proxyTls: connect,
    requestTls: connect,
    ...(login === undefined ? {} : { token: basic(login) }),
    // A proxy that takes a connection and then says nothing would hold the request for minutes.
    clientFactory: (origin, settings) => new Pool(origin, { ...settings, ...local, headersTimeout: timeout }),
  })
  if (except.length === 0) return proxied
  return new PartlyProxied(proxied, new Agent({ ...common, ...local, connect }), except)
}

/** Through the proxy, but for some hosts. */
class PartlyProxied extends Dispatcher {
  readonly #proxied: Dispatcher
  readonly #direct: Dispatcher
  readonly #except: readonly string[]

  constructor(proxied: Dispatcher, direct: Dispatcher, except: readonly string[]) {
    super()
    this.#proxied = proxied
    this.#direct = direct
    this.#except = except
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const isDirect = goesAroundProxy(new URL(String(options.origin)).hostname, this.#except)
    return (isDirect ? this.#direct : this.#proxied).dispatch(options, handler)
  }

  override async close(): Promise<void> {
    await Promise.all([this.#proxied.close(), this.#direct.close()])
  }

  override async destroy(): Promise<void> {
    await Promise.all([this.#proxied.destroy(), this.#direct.destroy()])
  }
}

/** Whether a host is one of those that are reached without the proxy. */
export function goesAroundProxy(host: string, except: readonly string[]): boolean {
  const plain = host.toLowerCase().replaceAll(/^\[|\]$/g, '')
  return except.some((one) => {
    const name = one.toLowerCase().replace(/^\./, '')
    return plain === name || (isIP(plain) === 0 && plain.endsWith(`.${name}`))
  })
}

function basic({ user, password }: { readonly user: string; readonly password: string }): string {
  return `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`
}
