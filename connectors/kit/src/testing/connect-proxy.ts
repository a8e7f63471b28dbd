import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'

/** What the proxy does with the next tunnels. */
export interface ProxyBehaviour {
  /** Answers CONNECT with this status and makes no tunnel. */
  readonly refuseWith?: number
  /** Takes the connection and says nothing. */
  readonly silent?: boolean
  /** Closes the connection instead of answering CONNECT. */
  readonly hangUp?: boolean
  /** Lets nobody in without it: the value of `Proxy-Authorization`. */
  readonly authorization?: string
}

/** A small proxy that makes tunnels by CONNECT, and counts. */
export interface TestProxy {
  readonly url: string
  /** `host:port` of every CONNECT, also of refused ones. */
  readonly asked: readonly string[]
  /** Requests that came without CONNECT. */
  readonly forwarded: readonly string[]
  /** Where each connection came from. */
  readonly from: readonly string[]
  behave(behaviour: ProxyBehaviour): void
  /** Cuts everything. Safe to repeat. */
  close(): Promise<void>
}

/** Starts a proxy on 127.0.0.1. */
export async function startTestProxy(behaviour: ProxyBehaviour = {}): Promise<TestProxy> {
  let now = behaviour
  const asked: string[] = []
  const forwarded: string[] = []
  const from: string[] = []
  const sockets = new Set<Socket>()
  const keep = (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => {})
  }
  const server = createServer((request, response) => {
    forwarded.push(String(request.url))
    response.writeHead(501).end()
  })
  server.on('connection', (socket) => {
    keep(socket)
    from.push(String(socket.remoteAddress))
  })
  server.on('connect', (request, client) => {
    asked.push(String(request.url))
    const { refuseWith, silent, hangUp, authorization } = now
    if (silent) return
    if (hangUp) return void client.destroy()
    const isStranger = authorization !== undefined && request.headers['proxy-authorization'] !== authorization
    const status = isStranger ? 407 : refuseWith
    if (status !== undefined) return void client.end(`HTTP/1.1 ${status} No\r\n\r\n`)
    const [host, port] = String(request.url).split(':')
    const there = connect(Number(port), host, () => client.write('HTTP/1.1 200 OK\r\n\r\n'))
    keep(there)
    there.on('close', () => client.destroy())
    client.on('close', () => there.destroy())
    client.on('data', (piece) => there.write(piece))
    there.on('data', (piece) => client.write(piece))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    forwarded,
    from,
    behave: (behaviour) => {
      now = behaviour
    },
    async close() {
      if (!server.listening) return
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}
