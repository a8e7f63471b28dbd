import type { FastifyInstance } from 'fastify'
import { Dispatcher } from 'undici'
import type { Machine } from './machine.ts'
import type { Random } from './random.ts'
import type { World } from './world.ts'

/** What the network does to one request. */
export type Fate =
  | 'delivered'
  /** The connection is refused: nothing left. */
  | 'refused'
  /** The request is lost on the way; the sender hears nothing. */
  | 'request-lost'
  /** The request arrives, the answer is lost; the sender hears nothing. */
  | 'answer-lost'
  /** The request arrives, then the connection breaks. */
  | 'cut-after'
  /** The sender sees a broken connection; the request arrives later, within the time in flight. */
  | 'late'
  /** Everything arrives, after seconds. */
  | 'slow'
  /** The request arrives at once, its answer much later: often after the sender has given up, or the time in flight is over. */
  | 'answer-late'

/** How the network of a history behaves. */
export interface NetworkOptions {
  readonly world: World
  readonly random: Random
  readonly hosts: Readonly<Record<string, FastifyInstance>>
  /** Chance that a request to a host meets another fate than `delivered`; 0 when all trouble is over. */
  readonly trouble: (host: string) => number
  /** The fates that this network has. */
  readonly fates: readonly Fate[]
  /** A host that takes changes in at once and is long in answering most of them, while there is trouble. */
  readonly slowHost: string | undefined
  /** The longest a request may be on its way from its first byte until it has taken effect, milliseconds: within W. */
  readonly latestMs: number
  /** The longest a host may hold back, at this moment, what arrives there. */
  readonly heldBackMs: (host: string) => number
  /** Told of every fate but `delivered`. */
  readonly met: (fate: Fate, host: string, method: string) => void
}

/** What networks do, with what is most dangerous more than once. */
export const FATES: readonly Fate[] = [
  'refused',
  'request-lost',
  'answer-lost',
  'answer-lost',
  'cut-after',
  'late',
  'late',
  'late',
  'slow',
]

/** Connections of a machine that stood still are stale for a moment: what it sends on them is often lost, or held up. */
const STALE_FOR_MS = 2_000
const STALE_TROUBLE = 0.6
const STALE_FATES: readonly Fate[] = ['late', 'late', 'cut-after', 'request-lost']

/** How many of its changes a slow host answers late. */
const SLOW_HOST_LATE = 0.6

/**
 * The way out of one machine: requests travel in virtual time to simulators in the same process. What has left travels on even when the
 * sender dies, stands still or gives up.
 */
export class VirtualNetwork extends Dispatcher {
  readonly #machine: Machine
  readonly #options: NetworkOptions

  constructor(machine: Machine, options: NetworkOptions) {
    super()
    this.#machine = machine
    this.#options = options
  }

  override dispatch(request: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    void this.#exchange(request, new Receiver(this.#machine, handler))
    return true
  }

  override async close(): Promise<void> {}

  override async destroy(): Promise<void> {}

  async #exchange(request: Dispatcher.DispatchOptions, receiver: Receiver): Promise<void> {
    const { world, hosts, latestMs, heldBackMs, met } = this.#options
    const host = String(request.origin)
    await this.#machine.through(`http ${request.method} ${host}`, async () => {})
    const fate = this.#fate(host, request.method)
    const outMs = this.#wayMs(fate)
    const backMs = this.#backMs(fate)
    const app = hosts[host]
    if (app === undefined || fate === 'refused') {
      met('refused', host, request.method)
      receiver.fail('ECONNREFUSED')
      return
    }
    if (!receiver.begin()) return
    const beganMs = world.nowMs
    let body: Buffer
    try {
      body = await collect(request.body)
    } catch (error) {
      receiver.failWith(error)
      return
    }
    // The last byte has left: from here on the sender's fate changes nothing.
    if (receiver.over && request.body != null) world.note('a request had left when its sender gave up')
    if (fate !== 'delivered') met(fate, host, request.method)
    if (fate === 'request-lost') return
    if (fate === 'late') receiver.fail('ECONNRESET')
    world.schedule(world.nowMs + outMs, () => {
      // The other side cuts whatever has not taken effect in time (A2).
      if (world.nowMs - beganMs + heldBackMs(host) > latestMs) {
        met('request-lost', host, request.method)
        receiver.fail('ECONNRESET')
        return
      }
      void arrive(app, request, body, (answer) => {
        if (fate === 'answer-lost' || fate === 'late') return
        world.schedule(world.nowMs + backMs, () =>
          fate === 'cut-after' || answer === undefined ? receiver.fail('ECONNRESET') : receiver.answer(answer),
        )
      })
    })
    // The sender may be struck at this very moment: the request is on its way and nobody knows.
    if (request.method !== 'GET') void this.#machine.through(`http ${request.method} ${host} has left`, async () => {})
  }

  #fate(host: string, method: string): Fate {
    const { world, random, trouble, fates, slowHost } = this.#options
    const chance = trouble(host)
    const stale = chance > 0 && world.nowMs - this.#machine.thawedAtMs < STALE_FOR_MS
    if (stale && random.chance(STALE_TROUBLE)) return random.pick(STALE_FATES)
    if (chance > 0 && host === slowHost && method !== 'GET' && random.chance(SLOW_HOST_LATE)) return 'answer-late'
    return random.chance(chance) ? random.pick(fates) : 'delivered'
  }

  #backMs(fate: Fate): number {
    if (fate === 'answer-late') return this.#options.random.between(2_000, 90_000)
    return this.#wayMs(fate === 'slow' ? 'slow' : 'delivered')
  }

  /** How long the way out takes; what is late comes at the last moment as often as before. */
  #wayMs(fate: Fate): number {
    const { random, latestMs } = this.#options
    if (fate === 'slow') return random.between(1_000, 14_000)
    if (fate !== 'late') return random.between(1, 40)
    return random.between(random.chance(0.5) ? latestMs - 10_000 : Math.floor(latestMs / 4), latestMs)
  }
}

interface Answer {
  readonly status: number
  readonly headers: Record<string, string | string[]>
  readonly body: Buffer
}

async function arrive(
  app: FastifyInstance,
  request: Dispatcher.DispatchOptions,
  body: Buffer,
  done: (answer: Answer | undefined) => void,
): Promise<void> {
  try {
    const response = await app.inject({
      method: request.method as 'GET',
      url: request.path,
      headers: { ...flatHeaders(request.headers), host: new URL(String(request.origin)).host },
      ...(body.length > 0 || request.method === 'POST' ? { payload: body } : {}),
    })
    const headers: Record<string, string | string[]> = {}
    for (const [name, value] of Object.entries(response.headers))
      if (value !== undefined) headers[name] = Array.isArray(value) ? value : String(value)
    done({ status: response.statusCode, headers, body: response.rawPayload })
  } catch {
    done(undefined)
  }
}

function flatHeaders(headers: Dispatcher.DispatchOptions['headers']): Record<string, string> {
  const flat: Record<string, string> = {}
  for (const [name, value] of Object.entries((headers ?? {}) as Record<string, unknown>))
    if (value !== undefined && value !== null) flat[name] = String(value)
  return flat
}

async function collect(body: Dispatcher.DispatchOptions['body']): Promise<Buffer> {
  if (body === undefined || body === null) return Buffer.alloc(0)
  if (typeof body === 'string') return Buffer.from(body)
  if (body instanceof Uint8Array) return Buffer.from(body)
  const pieces: Uint8Array[] = []
  for await (const piece of body as AsyncIterable<Uint8Array>) pieces.push(piece)
  return Buffer.concat(pieces)
}

/** The sender's side of an exchange: hears each thing once, when its machine can hear it. */
class Receiver {
  readonly #machine: Machine
  readonly #handler: Dispatcher.DispatchHandler
  #over = false
  readonly #controller: Dispatcher.DispatchController

  constructor(machine: Machine, handler: Dispatcher.DispatchHandler) {
    this.#machine = machine
    this.#handler = handler
    const abort = (reason: Error) => this.failWith(reason)
    this.#controller = {
      paused: false,
      aborted: false,
      reason: null,
      rawHeaders: null,
      rawTrailers: null,
      pause: () => {},
      resume: () => {},
      abort,
    } as unknown as Dispatcher.DispatchController
  }

  get over(): boolean {
    return this.#over
  }

  /** The moment before the first byte; false when the sender stopped it. */
  begin(): boolean {
    try {
      this.#handler.onRequestStart?.(this.#controller, {})
    } catch (error) {
      this.failWith(error)
    }
    return !this.#over
  }

  fail(code: string): void {
    this.failWith(Object.assign(new Error(code), { code }))
  }

  failWith(error: unknown): void {
    if (this.#over) return
    this.#over = true
    this.#machine.deliver(() =>
      this.#handler.onResponseError?.(this.#controller, error instanceof Error ? error : new Error(String(error))),
    )
  }

  answer({ status, headers, body }: Answer): void {
    if (this.#over) return
    this.#over = true
    this.#machine.deliver(() => {
      this.#handler.onResponseStart?.(this.#controller, status, headers, '')
      if (body.length > 0) this.#handler.onResponseData?.(this.#controller, body)
      this.#handler.onResponseEnd?.(this.#controller, {})
    })
  }
}
