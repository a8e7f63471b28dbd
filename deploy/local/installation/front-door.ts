import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ServiceName } from './replica.ts'

/** A process that may be asked: where it listens now, if it does. */
export interface Backend {
  readonly service: ServiceName
  readonly address: string | undefined
}

/** One address for an installation of several processes. */
export interface FrontDoor {
  readonly url: string
  /** Resolves when this many backends of every service that is reached from outside are given requests. */
  ready(each: number): Promise<void>
  close(): Promise<void>
}

/** What is reached from outside, by the beginning of the path. */
const ROUTES: readonly (readonly [string, ServiceName])[] = [
  ['/api/v1/drift', 'operations'],
  ['/', 'forsendelse-intake'],
]
/** Headers that belong to one connection, and not to the request. */
const OF_CONNECTION = ['connection', 'keep-alive']
const LOOK_EVERY_MS = 100
const LOOK_WITHIN_MS = 2_000

/**
 * Opens a door on a free port of 127.0.0.1. It gives requests in turn to the backends whose /readyz says so, as Kubernetes does, and keeps
 * connections to them open. Each request goes to one backend once: where that fails the client gets a 502, where there is none a 503.
 */
export async function openFrontDoor(backends: readonly Backend[]): Promise<FrontDoor> {
  const agent = new Agent({ keepAlive: true })
  /** The address under which each backend was last found ready. */
  const ready = new Map<Backend, string>()
  let turn = 0
  let waiters: (() => void)[] = []

  function forward(incoming: IncomingMessage, answer: ServerResponse): void {
    const [, service] = ROUTES.find(([beginning]) => incoming.url?.startsWith(beginning)) ?? []
    const able = backends.filter((one) => one.service === service && ready.has(one))
    turn += 1
    const chosen = able[turn % Math.max(1, able.length)]
    const origin = chosen === undefined ? undefined : ready.get(chosen)
    if (origin === undefined) return void answer.writeHead(503).end()
    const onward = request(`${origin}${incoming.url}`, {
      agent,
      method: incoming.method ?? 'GET',
      headers: withoutConnection(incoming.headers),
    })
    onward.on('response', (come) => {
      answer.writeHead(come.statusCode ?? 502, withoutConnection(come.headers))
      come.on('error', () => answer.destroy()).pipe(answer)
    })
    onward.on('error', (error: NodeJS.ErrnoException) => {
      if (answer.headersSent) answer.destroy()
      else answer.writeHead(502).end(`${chosen?.service}: ${error.code ?? error.message}`)
    })
    answer.on('close', () => onward.destroy())
    incoming.pipe(onward)
  }

  async function look(backend: Backend): Promise<void> {
    const { address } = backend
    const isReady = address !== undefined && (await saysReady(address))
    if (isReady) ready.set(backend, address)
    else ready.delete(backend)
  }

  const looks = backends.map((backend) => {
    let timer: NodeJS.Timeout
    const next = async (): Promise<void> => {
      await look(backend)
      for (const waiter of waiters) waiter()
      timer = setTimeout(() => void next(), LOOK_EVERY_MS)
    }
    void next()
    return () => clearTimeout(timer)
  })

  // A client's connection may rest as long as the client likes.
  const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, forward)
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ready: (each) =>
      new Promise((resolve) => {
        const isReached = () =>
          ROUTES.every(([, name]) => [...ready.keys()].filter(({ service }) => service === name).length >= each)
        const waiter = () => {
          if (!isReached()) return
          waiters = waiters.filter((one) => one !== waiter)
          resolve()
        }
        waiters.push(waiter)
        waiter()
      }),
    async close() {
      for (const stop of looks) stop()
      server.closeAllConnections()
      agent.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function saysReady(address: string): Promise<boolean> {
  try {
    const answer = await fetch(`${address}/readyz`, { signal: AbortSignal.timeout(LOOK_WITHIN_MS) })
    await answer.body?.cancel()
    return answer.ok
  } catch {
    return false
  }
}

function withoutConnection(headers: IncomingMessage['headers']): IncomingMessage['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !OF_CONNECTION.includes(name)))
}
