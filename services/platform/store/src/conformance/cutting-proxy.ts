import { createServer, type Socket, connect as tcpConnect } from 'node:net'

/** What becomes of the session that sends a text for the next time. */
export type Cut = 'before the server has it' | 'before the answer is back'

/** A way to the server that can be cut at a certain text. */
export interface CuttingProxy {
  readonly url: string
  cutAt(text: string, cut: Cut): void
  close(): Promise<void>
}

/** Stands between a store and the server of `url`. */
export async function startCuttingProxy(url: string): Promise<CuttingProxy> {
  const target = new URL(url)
  const sockets = new Set<Socket>()
  let planned: { readonly text: string; readonly cut: Cut } | undefined
  const server = createServer((client) => {
    const upstream = tcpConnect(Number(target.port), target.hostname)
    let cutting = false
    const end = () => {
      client.destroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', end).on('close', end)
    }
    client.on('data', (bytes) => {
      if (planned !== undefined && bytes.includes(planned.text)) {
        const { cut } = planned
        planned = undefined
        if (cut === 'before the server has it') return end()
        cutting = true
      }
      upstream.write(bytes)
    })
    // The answer says that the server is through with it.
    upstream.on('data', (bytes) => (cutting ? end() : client.write(bytes)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address !== 'object') throw new Error('the proxy has no port')
  const proxied = new URL(url)
  proxied.port = String(address.port)
  proxied.hostname = '127.0.0.1'
  return {
    url: proxied.href,
    cutAt(text, cut) {
      planned = { text, cut }
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
