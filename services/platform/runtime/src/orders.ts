import {
  asHubError,
  HubError,
  type IdSource,
  type Logger,
  type Store,
  sleep,
  type Time,
  type Tx,
} from '@samband/kernel'
import type { Person } from './audit.ts'
import type { Answer, OperatorVerbs, VerbOutcome } from './operator.ts'
import { runtimeOf } from './prepare-store.ts'
import { codeOf } from './standstills.ts'

/** A verb as it lies in the store until its owner has carried it out. */
type Order =
  | { readonly verb: 'discard' | 'undo'; readonly rowId: number; readonly by: Person; readonly reason: string }
  | {
      readonly verb: 'answer'
      readonly effectKey: string
      readonly answer: Answer
      readonly by: Person
      readonly reason: string
      readonly lookedAt: string
    }

/** What came of an order. A refusal carries everything its error had. */
type Ended =
  | { readonly outcome: VerbOutcome }
  | {
      readonly refused: {
        readonly code: string
        readonly disposition: HubError['disposition']
        readonly message: string
        readonly path: string | null
        readonly retryAfterMs: number | null
      }
    }

const POLL_MS = 100
const PATIENCE_MS = 15_000

/**
 * The verbs of a service that has no handlers itself: each is ordered of the service that has, which knows its effects and its own waiting times.
 * An order is carried out once, in one transaction with its outcome; one that nobody has begun within 15 s is withdrawn.
 *
 * @throws what the owner's verb throws; HubError DRIFT_TJENESTEN_SVARER_IKKE (transient) when nothing was done
 */
export function createOrderedVerbs(
  options: { readonly store: Store; readonly time: Time; readonly ids: IdSource },
  own: Pick<OperatorVerbs, 'trust'>,
): OperatorVerbs {
  const { store, time, ids } = options

  async function order(of: { readonly handlerOf: (tx: Tx) => Promise<string | undefined> }, order: Order) {
    const orderId = ids.uuid()
    await store.transaction('runtime.order', async (tx) => {
      const handler = await of.handlerOf(tx)
      if (handler === undefined) throw notFound(order)
      const runtime = await runtimeOf(tx, handler)
      if (runtime === undefined) throw silent(`No service on this store has the handler ${handler}.`)
      await tx.run(
        "INSERT INTO operator_order (order_id, runtime, verb, given_at, state) VALUES (?, ?, ?, ?, 'given')",
        orderId,
        runtime,
        JSON.stringify(order),
        time.clock.now(),
      )
    })
    const begunMs = time.stopwatch.read()
    for (;;) {
      const ended = await store.read('runtime.order-outcome', (tx) =>
        tx.one<{ outcome: string }>(
          "SELECT outcome FROM operator_order WHERE order_id = ? AND state <> 'given'",
          orderId,
        ),
      )
      if (ended !== undefined) return told(JSON.parse(ended.outcome) as Ended)
      if (time.stopwatch.read() - begunMs > PATIENCE_MS && (await withdraw(orderId)))
        throw silent('The service that this belongs to does not answer.')
      await sleep(time.timers, POLL_MS)
    }
  }

  /** False when it has been carried out meanwhile. */
  async function withdraw(orderId: string): Promise<boolean> {
    const withdrawn = await store.transaction('runtime.order-withdraw', (tx) =>
      tx.run("DELETE FROM operator_order WHERE order_id = ? AND state = 'given'", orderId),
    )
    return withdrawn === 1
  }

  const ofRow = (rowId: number) => ({
    handlerOf: async (tx: Tx) =>
      (await tx.one<{ handler: string }>('SELECT handler FROM inbox WHERE row_id = ?', rowId))?.handler,
  })

  return {
    discard: (rowId, by, reason) => order(ofRow(rowId), { verb: 'discard', rowId, by, reason }),
    undo: (rowId, by, reason) => order(ofRow(rowId), { verb: 'undo', rowId, by, reason }),
    answer: (effectKey, answer, by, reason, lookedAt) =>
      order(
        {
          handlerOf: async (tx) =>
            (await tx.one<{ handler: string }>('SELECT handler FROM effect WHERE effect_key = ?', effectKey))?.handler,
        },
        { verb: 'answer', effectKey, answer, by, reason, lookedAt },
      ),
    trust: own.trust,
  }
}

function told(ended: Ended): VerbOutcome {
  if ('outcome' in ended) return ended.outcome
  const { code, disposition, message, path, retryAfterMs } = ended.refused
  throw new HubError(code, disposition, message, {
    ...(path === null ? {} : { path }),
    ...(retryAfterMs === null ? {} : { retryAfterMs }),
  })
}

function silent(because: string): HubError {
  return new HubError(
    'DRIFT_TJENESTEN_SVARER_IKKE',
    'transient',
    `${because} Nothing was done: start it, then try again.`,
  )
}

function notFound(order: Order): HubError {
  return order.verb === 'answer'
    ? new HubError('DRIFT_INGEN_APEN_FORESPORSEL', 'permanent', 'There is no open question under this effect key.', {
        path: 'effectKey',
      })
    : new HubError('DRIFT_FINNES_IKKE', 'permanent', `There is no message with row id ${order.rowId}.`, {
        path: 'rowId',
      })
}

/** Carries out what other services order of this one. */
export function createOrderTaker(options: {
  readonly store: Store
  readonly time: Time
  readonly log: Logger
  readonly runtime: string
  /** The verbs over a given store: each ends in one transaction of it. */
  readonly verbsOver: (store: Store) => OperatorVerbs
}) {
  const { store, time, log } = options
  const stopping = new AbortController()
  let loop: Promise<void> | undefined

  async function carryOut(orderId: string, order: Order): Promise<void> {
    const verbs = options.verbsOver(endingIn(store, (tx, outcome) => end(tx, orderId, { outcome }, time.clock.now())))
    try {
      await perform(verbs, order)
    } catch (thrown) {
      const error = asHubError(thrown)
      // An outage is no answer: the order stands, and is tried again.
      if (error === undefined || error.disposition !== 'permanent') throw thrown
      const { code, disposition, message, details } = error
      const refused = {
        code,
        disposition,
        message,
        path: details.path ?? null,
        retryAfterMs: details.retryAfterMs ?? null,
      }
      await store.transaction('runtime.order-refused', (tx) => end(tx, orderId, { refused }, time.clock.now()))
    }
  }

  async function round(): Promise<void> {
    const given = await store.read('runtime.orders', (tx) =>
      tx.all<{ order_id: string; verb: string }>(
        "SELECT order_id, verb FROM operator_order WHERE runtime = ? AND state = 'given' ORDER BY given_at",
        options.runtime,
      ),
    )
    for (const { order_id, verb } of given) await carryOut(order_id, JSON.parse(verb) as Order)
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await round().catch((error) =>
        log.warn('an order could not be carried out; it is tried again', { code: codeOf(error) }),
      )
      await sleep(time.timers, POLL_MS, stopping.signal).catch(() => {})
    }
  }

  return {
    start(): void {
      loop ??= run()
    },
    async stop(): Promise<void> {
      stopping.abort(new Error('the process is stopping'))
      await loop
    },
  }
}

function perform(verbs: OperatorVerbs, order: Order): Promise<VerbOutcome> {
  switch (order.verb) {
    case 'discard':
    case 'undo':
      return verbs[order.verb](order.rowId, order.by, order.reason)
    case 'answer':
      return verbs.answer(order.effectKey, order.answer, order.by, order.reason, order.lookedAt)
  }
}

/** The store, whose transactions end with a note of what they returned: both or neither. */
function endingIn(store: Store, note: (tx: Tx, outcome: VerbOutcome) => Promise<void>): Store {
  return {
    exclusive: store.exclusive,
    read: store.read,
    close: store.close,
    transaction: (place, work, terms) =>
      store.transaction(
        place,
        async (tx) => {
          const result = await work(tx)
          await note(tx, result as VerbOutcome)
          return result
        },
        terms,
      ),
  }
}

/** @throws HubError when another replica was faster, or the order was withdrawn: then nothing of this one happens */
async function end(tx: Tx, orderId: string, ended: Ended, now: number): Promise<void> {
  const changed = await tx.run(
    "UPDATE operator_order SET state = 'ended', outcome = ?, ended_at = ? WHERE order_id = ? AND state = 'given'",
    JSON.stringify(ended),
    now,
    orderId,
  )
  if (changed !== 1) throw new HubError('RUNTIME_ORDRE_BORTE', 'transient', 'The order was carried out or withdrawn.')
}
