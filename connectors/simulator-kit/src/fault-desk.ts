import type { ServerResponse } from 'node:http'
import { type Answer, FaultBook, type FaultName, type FaultOrder, type FaultUse, type StandingOrder } from './faults.ts'
import type { SimulatorTime } from './time.ts'

/** The part of a Fastify request the desk looks at. */
export interface SeenRequest {
  readonly url: string
  readonly method: string
}

/** The part of a Fastify reply the desk uses. */
export interface SeenReply {
  readonly raw: ServerResponse
  hijack(): unknown
  code(status: number): unknown
  headers(values: Record<string, string>): unknown
  send(body?: unknown): unknown
}

/** What an order asks the effect itself to do. 0 = as usual. */
export interface EffectTerms {
  /** What this request makes (or, in a look-up: what is younger than this) is not found by look-ups until so much later. */
  readonly lookupLagMs: number
}

/** Does the work of one request, synchronously and completely, and says what to answer. Refusals are answers, not exceptions. */
export type Effect = (terms: EffectTerms) => Answer

/** The error answers of one foreign system, in its own words: the simulator writes one for all faults that answer. */
export type ErrorAnswer = (status: number, fault: FaultName, request: SeenRequest) => Answer

const defaultStatus: Partial<Record<FaultName, number>> = {
  refuse: 400,
  unauthorized: 401,
  'not-found': 404,
  conflict: 409,
  'server-error': 500,
  'lookup-error': 500,
  'error-after-effect': 500,
  'error-under-200': 500,
}
const asUsual: EffectTerms = { lookupLagMs: 0 }

/**
 * Takes orders for faults and carries them out around a simulator's routes.
 *
 * A request is hit by at most one `slow` and one other order, oldest first. `down` without a mark hits before the body
 * is read (see `installFaultDesk`); everything else hits in `around`, which the route calls once the body has been read.
 */
export class FaultDesk {
  readonly #book = new FaultBook()
  readonly #held = new Set<ServerResponse>()
  readonly #timers = new Set<() => void>()
  readonly #time: SimulatorTime
  readonly #errorAnswer: ErrorAnswer

  constructor(options: { readonly time: SimulatorTime; readonly errorAnswer: ErrorAnswer }) {
    this.#time = options.time
    this.#errorAnswer = options.errorAnswer
  }

  /** Orders a fault; returns the id of the order. */
  order(order: FaultOrder): string {
    return this.#book.order(order)
  }

  /** Takes back one order, or all of them. Does not undo what has already hit. */
  clear(id?: string): void {
    this.#book.clear(id)
  }

  /** The orders still in force, oldest first. */
  orders(): StandingOrder[] {
    return this.#book.orders()
  }

  /** How often each fault has hit each operation. */
  used(): FaultUse[] {
    return this.#book.used()
  }

  /** Destroys the connection if an order says the system is down; true when it did. Orders with a mark need `texts`. */
  isDown(reply: SeenReply, operation: string, texts?: readonly string[]): boolean {
    if (this.#book.take(operation, texts, (fault) => fault === 'down') === undefined) return false
    this.cut(reply)
    return true
  }

  /** Destroys the connection: the client sees a reset (a socket) or a rejected promise (`app.inject`). */
  cut(reply: SeenReply): void {
    reply.hijack()
    destroy(reply.raw)
  }

  /** Never answers. The connection is let go when the client leaves or the simulator closes. */
  hang(reply: SeenReply): void {
    reply.hijack()
    this.#held.add(reply.raw)
    reply.raw.once('close', () => this.#held.delete(reply.raw))
  }

  /**
   * Answers one request, whose body has been read, with whatever faults are ordered for it. The handler returns this.
   * @param texts what the marks of orders are looked for in
   * @param effect called zero times, once, or (`answer-twice`) twice
   */
  async around(
    request: SeenRequest,
    reply: SeenReply,
    operation: string,
    texts: readonly string[],
    effect: Effect,
  ): Promise<unknown> {
    if (this.isDown(reply, operation, texts)) return reply
    const slow = this.#book.take(operation, texts, (fault) => fault === 'slow')
    if (slow !== undefined) await this.#wait(slow.delayMs, reply)
    const order = this.#book.take(operation, texts, (fault) => fault !== 'slow' && fault !== 'down')
    if (order === undefined) return answer(reply, effect(asUsual))
    return this.#carryOut(order, request, reply, effect)
  }

  /** Lets go of everything held and forgets what was to happen later. Called when the app closes; safe to repeat. */
  close(): void {
    for (const cancel of this.#timers) cancel()
    this.#timers.clear()
    for (const raw of this.#held) destroy(raw)
    this.#held.clear()
  }

  #carryOut(order: StandingOrder, request: SeenRequest, reply: SeenReply, effect: Effect): unknown {
    switch (order.fault) {
      case 'accept-then-hang':
        effect(asUsual)
        this.hang(reply)
        return reply
      case 'answer-lost':
        effect(asUsual)
        this.cut(reply)
        return reply
      case 'accept-late':
        this.#later(order.delayMs, () => effect(asUsual))
        this.cut(reply)
        return reply
      case 'lookup-lag':
        return answer(reply, effect({ lookupLagMs: order.delayMs }))
      case 'answer-twice':
        effect(asUsual)
        return answer(reply, effect(asUsual))
      case 'error-after-effect':
        effect(asUsual)
        return answer(reply, this.#error(order, request))
      case 'error-under-200':
        return answer(reply, { ...this.#error(order, request), status: 200 })
      case 'wrong-schema':
        return answer(reply, { status: effect(asUsual).status, body: order.body ?? { resultat: ['ok'] } })
      default:
        return answer(reply, this.#error(order, request))
    }
  }

  #error(order: StandingOrder, request: SeenRequest): Answer {
    const usual = this.#errorAnswer(order.status ?? defaultStatus[order.fault] ?? 500, order.fault, request)
    return order.body === undefined ? usual : { ...usual, body: order.body }
  }

  #later(ms: number, run: () => void): void {
    const cancel = this.#time.after(ms, () => {
      this.#timers.delete(cancel)
      run()
    })
    this.#timers.add(cancel)
  }

  async #wait(ms: number, reply: SeenReply): Promise<void> {
    this.#held.add(reply.raw)
    await new Promise<void>((resolve) => this.#later(ms, resolve))
    this.#held.delete(reply.raw)
  }
}

function destroy(raw: ServerResponse): void {
  raw.destroy(Object.assign(new Error('the simulator destroyed the connection'), { code: 'ECONNRESET' }))
}

function answer(reply: SeenReply, given: Answer): unknown {
  if (reply.raw.destroyed) {
    reply.hijack() // the client has left: the effect stands, the answer has nowhere to go
    return reply
  }
  reply.code(given.status)
  const plain = given.body === undefined || typeof given.body === 'string' || given.body instanceof Uint8Array
  if (!plain) reply.headers({ 'content-type': 'application/json; charset=utf-8' })
  if (given.headers !== undefined) reply.headers({ ...given.headers })
  return reply.send(plain ? given.body : JSON.stringify(given.body))
}
