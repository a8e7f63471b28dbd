import { randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'
import type { FastifyInstance } from 'fastify'
import { onClose } from './closing.ts'
import type { SimulatorRandom, SimulatorTime } from './time.ts'

/** A simulator that listens on a real socket. */
export interface Listening {
  /** For example `http://127.0.0.1:40123`, without a slash at the end. The same after `down` and `up`. */
  readonly url: string
  readonly port: number
  /** Stops listening and destroys every connection, also those in the middle of a request. Safe to repeat. */
  down(): Promise<void>
  /** Listens again on the same port. Safe to repeat. Rejects when another process has taken the port meanwhile. */
  up(): Promise<void>
}

/**
 * Lets an app listen on a socket of its own that can be taken down and up again. The app itself is not `listen`ed to;
 * closing the app ends it. A request may take as long as it likes: limits are the simulator's own business.
 * @param port 0 = any free port
 */
export async function listenAlone(app: FastifyInstance, port = 0, host = '127.0.0.1'): Promise<Listening> {
  let server: Server | undefined
  let ended = false
  const down = async (): Promise<void> => {
    const stopping = server
    server = undefined
    if (stopping === undefined) return
    await new Promise<void>((resolve) => {
      stopping.close(() => resolve())
      stopping.closeAllConnections()
    })
  }
  const start = (wanted: number): Promise<number> =>
    new Promise((resolve, reject) => {
      const starting = createServer({ requestTimeout: 0 }, (request, response) => app.routing(request, response))
      starting.once('error', reject)
      starting.listen(wanted, host, () => {
        server = starting
        resolve((starting.address() as AddressInfo).port)
      })
    })
  onClose(app, () => {
    ended = true
    return down()
  })
  await app.ready()
  const taken = await start(port)
  return {
    url: `http://${host}:${taken}`,
    port: taken,
    down,
    up: async () => {
      if (server === undefined && !ended) await start(taken)
    },
  }
}

/** The machine's own clock and timers, for a simulator that runs alone. A pending timer does not keep the process alive. */
export function systemTime(): SimulatorTime {
  return {
    nowMs: () => Date.now(),
    after: (ms, run) => {
      const timer = setTimeout(run, ms)
      timer.unref()
      return () => clearTimeout(timer)
    },
  }
}

/** The machine's own randomness, for a simulator that runs alone. */
export function systemRandom(): SimulatorRandom {
  return { uuid: () => randomUUID() }
}

/**
 * The rest of a simulator's `main.ts`: listens on `--port` (default 0) and `--host` (default 127.0.0.1; only a container of its own
 * has reason for another), prints one line of JSON, and ends on SIGINT or SIGTERM.
 * Other arguments are left to the simulator.
 */
export async function runAlone(app: FastifyInstance, args: readonly string[]): Promise<Listening> {
  const options = { port: { type: 'string' }, host: { type: 'string', default: '127.0.0.1' } } as const
  const { values } = parseArgs({ args: [...args], options, strict: false })
  const listening = await listenAlone(app, Number(values.port ?? 0), String(values.host))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void app.close())
  process.stdout.write(`${JSON.stringify({ listening: listening.url })}\n`)
  return listening
}
