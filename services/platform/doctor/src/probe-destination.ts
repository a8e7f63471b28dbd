import { lookup } from 'node:dns/promises'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls, getCACertificates, type TLSSocket } from 'node:tls'
import { goesAroundProxy } from '@samband/connector-kit'
import type { Time } from '@samband/kernel'
import type { DefaultWayOut } from '@samband/outbound'

/** The step at which an address could not be reached, in their order. */
export type Step = 'proxy-dns' | 'proxy-tcp' | 'proxy-tls' | 'proxy' | 'dns' | 'tcp' | 'tls' | 'http'

/** What was seen of an address. */
export type DestinationAnswer =
  | {
      readonly kind: 'reached'
      /** Of the answer to HEAD; absent where only the connection was tried. */
      readonly status?: number
      /** The other side's clock, wall milliseconds, whole seconds. */
      readonly dateMs?: number
      readonly tookMs: number
      /** End of the certificate, wall milliseconds; absent without TLS. */
      readonly certificateEndsMs?: number
    }
  | { readonly kind: 'failed'; readonly step: Step; readonly code: string }

/** What is to be reached, and how. */
export interface ProbeRequest {
  readonly host: string
  readonly port: number
  readonly tls: boolean
  /** Asks with HEAD for this path, without any login; left out: only connects. */
  readonly path?: string
  readonly way: DefaultWayOut
  readonly time: Time
  /** For the whole of it. */
  readonly timeoutMs: number
}

/** Told by the other side, or by its silence, rather than by Node. */
class Told extends Error {
  readonly code: string

  constructor(code: string) {
    super(code)
    this.code = code
  }
}

const CLOSED = 'lukket uten svar'
const NO_HTTP = 'svaret er ikke HTTP'

/** Reaches an address step by step, so that what is wrong can be told. Sends no credentials but the proxy's. Never rejects; safe to repeat. */
export async function probeDestination(request: ProbeRequest): Promise<DestinationAnswer> {
  const sockets: Socket[] = []
  let step: Step = 'tcp'
  let late = false
  const cut = request.time.timers.after(request.timeoutMs, () => {
    late = true
    for (const socket of sockets) socket.destroy()
  })
  const at = (next: Step) => {
    step = next
    if (late) throw new Told('ETIMEDOUT')
  }
  try {
    return await reach(request, sockets, at)
  } catch (error) {
    return { kind: 'failed', step, code: late ? 'ETIMEDOUT' : codeOf(error) }
  } finally {
    cut()
    for (const socket of sockets) socket.destroy()
  }
}

async function reach(request: ProbeRequest, sockets: Socket[], at: (step: Step) => void): Promise<DestinationAnswer> {
  const { host, port, way, time } = request
  const { proxy } = way
  const isProxied = proxy !== undefined && !goesAroundProxy(host, proxy.except ?? [])
  let socket = isProxied
    ? await tunnel(new URL(proxy.url), request, sockets, at)
    : await open(
        host,
        port,
        way.sourceAddress,
        sockets,
        () => at('dns'),
        () => at('tcp'),
      )
  let certificateEndsMs: number | undefined
  if (request.tls) {
    at('tls')
    const secure = await secured(socket, host, way, sockets)
    certificateEndsMs = Date.parse(secure.getPeerCertificate().valid_to)
    socket = secure
  }
  const ends = certificateEndsMs === undefined ? {} : { certificateEndsMs }
  if (request.path === undefined) return { kind: 'reached', tookMs: 0, ...ends }
  at('http')
  const askedAt = time.stopwatch.read()
  socket.write(`HEAD ${request.path} HTTP/1.1\r\nHost: ${host}:${port}\r\nConnection: close\r\n\r\n`)
  const head = await headOf(socket)
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1])
  if (Number.isNaN(status)) throw new Told(NO_HTTP)
  const dateMs = Date.parse(/^date: *(.+)$/im.exec(head)?.[1]?.trim() ?? '')
  const date = Number.isNaN(dateMs) ? {} : { dateMs }
  return { kind: 'reached', status, tookMs: time.stopwatch.read() - askedAt, ...date, ...ends }
}

async function tunnel(
  proxy: URL,
  { host, port, way }: ProbeRequest,
  sockets: Socket[],
  at: (step: Step) => void,
): Promise<Socket> {
  const isSecure = proxy.protocol === 'https:'
  const proxyPort = Number(proxy.port) || (isSecure ? 443 : 80)
  const plain = await open(
    proxy.hostname,
    proxyPort,
    way.sourceAddress,
    sockets,
    () => at('proxy-dns'),
    () => at('proxy-tcp'),
  )
  if (isSecure) at('proxy-tls')
  const socket = isSecure ? await secured(plain, proxy.hostname, way, sockets) : plain
  at('proxy')
  const login = way.proxy?.login
  const authorization =
    login === undefined
      ? ''
      : `Proxy-Authorization: Basic ${Buffer.from(`${login.user}:${login.password}`, 'utf8').toString('base64')}\r\n`
  socket.write(`CONNECT ${host}:${port} HTTP/1.1\r\nHost: ${host}:${port}\r\n${authorization}\r\n`)
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(await headOf(socket))?.[1] ?? NO_HTTP
  if (status !== '200') throw new Told(status)
  return socket
}

async function open(
  host: string,
  port: number,
  localAddress: string | undefined,
  sockets: Socket[],
  resolving: () => void,
  connecting: () => void,
): Promise<Socket> {
  resolving()
  const plain = host.replaceAll(/^\[|\]$/g, '')
  const address = isIP(plain) === 0 ? (await lookup(plain)).address : plain
  connecting()
  const socket = connectTcp({ host: address, port, ...(localAddress === undefined ? {} : { localAddress }) })
  sockets.push(socket)
  await settled(socket, 'connect')
  return socket
}

async function secured(socket: Socket, host: string, way: DefaultWayOut, sockets: Socket[]): Promise<TLSSocket> {
  const secure = connectTls({
    socket,
    ...(isIP(host) === 0 ? { servername: host } : { host }),
    ALPNProtocols: ['http/1.1'],
    ...(way.ca === undefined ? {} : { ca: [...getCACertificates(), ...way.ca] }),
  })
  sockets.push(secure)
  await settled(secure, 'secureConnect')
  return secure
}

/** What comes before the empty line. */
function headOf(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const onData = (piece: Buffer) => {
      text += piece.toString('latin1')
      if (!text.includes('\r\n\r\n') && text.length < 65_536) return
      socket.off('data', onData)
      resolve(text.split('\r\n\r\n')[0] ?? '')
    }
    socket.on('data', onData).once('error', reject)
    socket.once('close', () => reject(new Told(CLOSED)))
  })
}

function settled(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(event, () => resolve()).once('error', reject)
    socket.once('close', () => reject(new Told(CLOSED)))
  })
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}
