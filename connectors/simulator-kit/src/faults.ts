/** Every fault that can be ordered; the README has a table of what each one does. */
export const faultNames = [
  'slow',
  'down',
  'refuse',
  'accept-then-hang',
  'answer-lost',
  'accept-late',
  'lookup-lag',
  'lookup-error',
  'error-under-200',
  'answer-twice',
  'unauthorized',
  'conflict',
  'server-error',
  'error-after-effect',
  'wrong-schema',
  'not-found',
] as const

/** The name of one fault. */
export type FaultName = (typeof faultNames)[number]

/** One order at the fault desk. */
export interface FaultOrder {
  /** The simulator's own name of an operation, or `*` for any. */
  readonly operation: string
  readonly fault: FaultName
  /** How many requests it hits; Infinity = until cleared. Default 1, but Infinity for `down`. */
  readonly times?: number
  /** Only requests one of whose texts (for example eksternReferanse, title, mark of a document) contains this. */
  readonly mark?: string
  /** For `slow`, `accept-late` and `lookup-lag`. Default 1000. */
  readonly delayMs?: number
  /** Replaces the HTTP status of a fault that answers with an error. */
  readonly status?: number
  /** Replaces the body of a fault that answers. */
  readonly body?: unknown
}

/** An order that is still in force. */
export interface StandingOrder extends FaultOrder {
  readonly id: string
  readonly timesLeft: number
  readonly delayMs: number
}

/** How often a fault has hit an operation. */
export interface FaultUse {
  readonly fault: FaultName
  readonly operation: string
  readonly count: number
}

/** An HTTP answer. A body that is neither text, bytes nor undefined goes out as JSON (its Content-Type may be set in headers). */
export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** The book of orders: which fault hits which request. Knows nothing about HTTP. */
export class FaultBook {
  readonly #orders: (FaultOrder & { id: string; timesLeft: number; delayMs: number })[] = []
  readonly #used = new Map<string, { fault: FaultName; operation: string; count: number }>()
  #lastId = 0

  /** Adds an order and returns its id. */
  order(order: FaultOrder): string {
    this.#lastId += 1
    const id = `fault-${this.#lastId}`
    const timesLeft = order.times ?? (order.fault === 'down' ? Number.POSITIVE_INFINITY : 1)
    this.#orders.push({ ...order, id, timesLeft, delayMs: order.delayMs ?? 1000 })
    return id
  }

  /** Takes back one order, or all of them. Unknown or used up ids are ignored. What has been used stays counted. */
  clear(id?: string): void {
    if (id === undefined) this.#orders.length = 0
    const at = this.#orders.findIndex((order) => order.id === id)
    if (at !== -1) this.#orders.splice(at, 1)
  }

  /** The orders still in force, oldest first. */
  orders(): StandingOrder[] {
    return this.#orders.map((order) => ({ ...order }))
  }

  /** What has hit so far; `operation` is that of the request, never `*`, unless the request fits no operation. */
  used(): FaultUse[] {
    return [...this.#used.values()].map((use) => ({ ...use }))
  }

  /** Takes the oldest order that fits, and counts it; undefined when none does. `texts` undefined: orders with a mark do not fit. */
  take(
    operation: string,
    texts: readonly string[] | undefined,
    wanted: (fault: FaultName) => boolean,
  ): StandingOrder | undefined {
    const at = this.#orders.findIndex(
      (order) =>
        (order.operation === '*' || order.operation === operation) &&
        wanted(order.fault) &&
        (order.mark === undefined || texts?.some((text) => text.includes(order.mark ?? '')) === true),
    )
    const order = this.#orders[at]
    if (order === undefined) return undefined
    order.timesLeft -= 1
    if (order.timesLeft <= 0) this.#orders.splice(at, 1)
    const key = `${order.fault} ${operation}`
    const use = this.#used.get(key) ?? { fault: order.fault, operation, count: 0 }
    use.count += 1
    this.#used.set(key, use)
    return order
  }
}
