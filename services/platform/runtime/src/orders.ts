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
import { openAttempts, readEffect } from './attempts.ts'
import type { Person } from './audit.ts'
import type { Answer, OperatorVerbs, VerbOutcome } from './operator.ts'
import { runtimeOf } from './prepare-store.ts'
import { codeOf } from './standstills.ts'

/** A verb as it lies in the store until its owner has carried it out. */
type Order =
  | {
      readonly verb: 'discard' | 'undo'
      readonly rowId: number
      readonly by: Person
      readonly reason: string
      readonly seen?: SeenRow
    }
  | {
      readonly verb: 'answer'
      /** The newest attempt when it was ordered. */
      readonly attempt?: number | undefined
      readonly effectKey: string
      readonly answer: Answer
      readonly by: Person
      readonly reason: string
      readonly lookedAt: string
    }

/** A row as it stood when something was ordered about it. */
interface SeenRow {
  readonly state: string
  readonly park_number: number
  readonly lease_token: number
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

/** Handlers of rows that nobody could read begin so. */
const UNREADABLE = 'inbox.'
const POLL_MS = 100
const PATIENCE_MS = 15_000

/**
 * The verbs of a service that has no handlers itself: each is ordered of the service that has, which knows its effects and its own waiting times.
 * An order is carried out once, in one transaction with its outcome, and only on what was seen when it was given, however late that is; one that nobody
 * has begun within 15 s is withdrawn. Records nobody could read belong to no service: they have no effects, and this one's own verbs do.
 *
 * @throws what the owner's verb throws; HubError DRIFT_TJENESTEN_SVARER_IKKE (transient) when nothing was done, DRIFT_ORDRE_UAVKLART (transient) when the store
 *   cannot be asked what came of it
 */
export function createOrderedVerbs(
  options: { readonly store: Store; readonly time: Time; readonly ids: IdSource },
  own: OperatorVerbs,
): OperatorVerbs {
  const { store, time, ids } = options

  async function order(of: (tx: Tx) => Promise<Seen | undefined>, wanted: Order): Promise<VerbOutcome> {
    const orderId = ids.uuid()
    const isNobodys = await store.transaction('runtime.order', async (tx) => {
      const seen = await of(tx)
      if (seen === undefined) throw notFound(wanted)
      const { handler, order } = seen
      if (handler.startsWith(UNREADABLE)) return true
      const runtime = await runtimeOf(tx, handler)
      if (runtime === undefined) throw silent(`No service on this store has the handler ${handler}.`)
      await tx.run(
        "INSERT INTO operator_order (order_id, runtime, verb, given_at, state) VALUES (?, ?, ?, ?, 'given')",
        orderId,
        runtime,
        JSON.stringify(order),
        time.clock.now(),
      )
      return false
    })
    if (isNobodys) return perform(own, wanted)
    const begunMs = time.stopwatch.read()
    for (;;) {
      const ended = await outcomeOf(orderId).catch(() => undefined)
      if (ended !== undefined) return told(ended)
      if (time.stopwatch.read() - begunMs > PATIENCE_MS && (await withdraw(orderId)))
        throw silent('The service that this belongs to does not answer.')
      await sleep(time.timers, POLL_MS)
    }
  }

  async function outcomeOf(orderId: string): Promise<Ended | undefined> {
    const ended = await store.read('runtime.order-outcome', (tx) =>
      tx.one<{ outcome: string }>(
        "SELECT outcome FROM operator_order WHERE order_id = ? AND state <> 'given'",
        orderId,
      ),
    )
    return ended === undefined ? undefined : (JSON.parse(ended.outcome) as Ended)
  }

  /** False when it has been carried out meanwhile. @throws HubError DRIFT_ORDRE_UAVKLART */
  async function withdraw(orderId: string): Promise<boolean> {
    try {
      const withdrawn = await store.transaction('runtime.order-withdraw', (tx) =>
        tx.run("DELETE FROM operator_order WHERE order_id = ? AND state = 'given'", orderId),
      )
      return withdrawn === 1
    } catch (error) {
      throw unsettled(error)
    }
  }

  function aboutRow(wanted: Extract<Order, { rowId: number }>): Promise<VerbOutcome> {
    return order(async (tx) => {
      const row = await seenRow(tx, wanted.rowId)
      if (row === undefined) return undefined
      const { handler, ...seen } = row
      return { handler, order: { ...wanted, seen } }
    }, wanted)
  }

  return {
    discard: (rowId, by, reason) => aboutRow({ verb: 'discard', rowId, by, reason }),
    undo: (rowId, by, reason) => aboutRow({ verb: 'undo', rowId, by, reason }),
    answer(effectKey, answer, by, reason, lookedAt) {
      const wanted = { verb: 'answer', effectKey, answer, by, reason, lookedAt } as const
      return order(async (tx) => {
        const effect = await readEffect(tx, effectKey)
        if (effect === undefined) return undefined
        return {
          handler: effect.handler,
          order: { ...wanted, attempt: (await openAttempts(tx, effectKey))[0]?.number },
        }
      }, wanted)
    },
    trust: own.trust,
  }
}

/** Whose a thing is, and the order about it. */
interface Seen {
  readonly handler: string
  readonly order: Order
}

function seenRow(tx: Tx, rowId: number): Promise<(SeenRow & { readonly handler: string }) | undefined> {
  return tx.one('SELECT handler, state, park_number, lease_token FROM inbox WHERE row_id = ?', rowId)
}

/**
 * An order may come to its owner long after it was given. It holds for what was seen then: the same parking or the same open attempt; and where the
 * row was on its way, as long as it still is. @throws HubError DRIFT_FEIL_TILSTAND
 */
async function refuseStale(tx: Tx, order: Order): Promise<void> {
  if (order.verb === 'answer') {
    if ((await openAttempts(tx, order.effectKey))[0]?.number === order.attempt) return
  } else {
    const now = await seenRow(tx, order.rowId)
    const { seen } = order
    if (now === undefined || seen === undefined) return
    const onItsWay = [now, seen].every(({ state }) => state === 'waiting' || state === 'running')
    const same = onItsWay ? now.park_number === seen.park_number : now.lease_token === seen.lease_token
    if (same) return
  }
  const message = 'It has changed since this was ordered: nothing was done. Look at it again.'
  throw new HubError('DRIFT_FEIL_TILSTAND', 'permanent', message)
}

function told(ended: Ended): VerbOutcome {
  if ('outcome' in ended) return ended.outcome
  const { code, disposition, message, path, retryAfterMs } = ended.refused
  throw new HubError(code, disposition, message, {
    ...(path === null ? {} : { path }),
    ...(retryAfterMs === null ? {} : { retryAfterMs }),
  })
}

function unsettled(cause: unknown): HubError {
  const message = 'The store does not answer: whether this is carried out is not known. Look at the journey first.'
  return new HubError('DRIFT_ORDRE_UAVKLART', 'transient', message, { cause })
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
    const verbs = options.verbsOver(
      endingIn(
        store,
        (tx) => refuseStale(tx, order),
        (tx, outcome) => end(tx, orderId, { outcome }, time.clock.now()),
      ),
    )
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
    // One that cannot be carried out keeps none of the others waiting.
    for (const { order_id, verb } of given) {
      await carryOut(order_id, JSON.parse(verb) as Order).catch((error) =>
        log.warn('an order could not be carried out; it is tried again', { code: codeOf(error) }),
      )
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await round().catch((error) => log.warn('orders could not be read; it is tried again', { code: codeOf(error) }))
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

/** The store, whose transactions begin with a check and end with a note of what they returned: all or nothing. */
function endingIn(
  store: Store,
  check: (tx: Tx) => Promise<void>,
  note: (tx: Tx, outcome: VerbOutcome) => Promise<void>,
): Store {
  return {
    exclusive: store.exclusive,
    read: store.read,
    close: store.close,
    transaction: (place, work, terms) =>
      store.transaction(
        place,
        async (tx) => {
          await check(tx)
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
