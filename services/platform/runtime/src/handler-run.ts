import {
  type BoundDestination,
  HubError,
  type Json,
  type Logger,
  type RunEffect,
  type Store,
  type Tx,
} from '@samband/kernel'
import { ContractError, type EventDefinition } from '@samband/messages'
import type { FindDestination, Handler } from './define-handler.ts'
import { type Documents, type DocumentWrite, getDocument, putDocument } from './documents.ts'
import { publishedEventId, writeEvent } from './outbox.ts'
import { boundDestination, type InboxRow } from './rows.ts'

/** What a handler that came to its end wants written: events and documents, in the transaction that ends its row. */
export interface HandlerOutcome {
  readonly outgoing: readonly Outgoing[]
  readonly writes: readonly DocumentWrite[]
}

interface Outgoing {
  readonly definition: EventDefinition<unknown, never>
  readonly data: unknown
  readonly name: string
}

/** What a handler is run with; the event is read anew, for the handler may be of a later release than its row. */
export interface HandlerRun {
  readonly store: Store
  readonly row: InboxRow
  readonly handler: Handler
  readonly findDestination: FindDestination
  /** Runs or asks for an effect, at the destination of this run. */
  effectAt(destination: BoundDestination): RunEffect
  /** A value taken once and kept with the row (R20). */
  once(name: string, take: () => Json): Promise<Json>
  /** Wall milliseconds. */
  now(): number
  readonly log: Logger
  readonly signal: AbortSignal
}

/** Runs a handler over its row and writes nothing. Rejects with whatever the handler or one of its effects threw. */
export async function runHandler(run: HandlerRun): Promise<HandlerOutcome> {
  const { row, handler } = run
  const data = readEvent(row, handler)
  const outgoing: Outgoing[] = []
  const writes: DocumentWrite[] = []
  const readDocuments: Pick<Documents, 'get'> = {
    get: async (collection, id) =>
      (await run.store.read('runtime.document', (tx) => getDocument(tx, collection, id)))?.body as never,
  }
  const destination =
    handler.system === undefined
      ? undefined
      : await destinationOf(run.findDestination, row, handler, handler.system, data, readDocuments)
  const acceptedId = row.accepted_id ?? undefined
  await handler.handle(data, {
    tenant: row.tenant,
    acceptedId,
    effect: run.effectAt(destination ?? NO_DESTINATION),
    publish: (definition, eventData, name = definition.type) => {
      if (outgoing.some((event) => event.name === name))
        throw new Error(`${handler.name} publishes ${name} twice in one run: name the second one`)
      outgoing.push({ definition: definition as EventDefinition<unknown, never>, data: eventData, name })
    },
    documents: {
      ...readDocuments,
      put: (collection, id, body, options) =>
        void writes.push({ collection, id, tenant: row.tenant, acceptedId, body, dueAt: options?.dueAt }),
    },
    destination,
    once: async (name, take) => (await run.once(name, take)) as never,
    now: run.now,
    log: run.log,
    signal: run.signal,
  })
  return { outgoing, writes }
}

/** Writes what a handler left, in the transaction that ends its row. */
export async function writeOutcome(
  tx: Tx,
  { row, handler }: Pick<HandlerRun, 'row' | 'handler'>,
  { outgoing, writes }: HandlerOutcome,
  traceparent: string | undefined,
  now: number,
): Promise<void> {
  for (const write of writes) await putDocument(tx, write)
  for (const event of outgoing) {
    await writeEvent(tx, {
      id: publishedEventId(row.event_id, stableName(handler), event.name),
      definition: event.definition,
      data: event.data,
      source: `/samband/${handler.name}`,
      subject: row.accepted_id ?? row.lane,
      tenant: row.tenant,
      correlationId: row.accepted_id ?? row.event_id,
      causationId: row.event_id,
      traceparent,
      time: now,
    })
  }
}

function notJson(cause: unknown): HubError {
  return new HubError('EVENT_UGYLDIG_JSON', 'permanent', 'The data of the event is not JSON.', { cause })
}

/** Reads the data anew: the handler may be of a later release than the row. The headers were checked when the row was made. */
function readEvent(row: InboxRow, handler: Handler): unknown {
  try {
    return handler.consumes.parse(JSON.parse(new TextDecoder().decode(row.value)))
  } catch (error) {
    if (error instanceof ContractError) throw error
    throw notJson(error)
  }
}

/** Bound at the first intent; until then where an earlier step went, else the configuration in force (R19). */
async function destinationOf(
  findDestination: FindDestination,
  row: InboxRow,
  handler: Handler,
  system: string,
  data: unknown,
  documents: Pick<Documents, 'get'>,
): Promise<BoundDestination> {
  return (
    boundDestination(row) ?? (await handler.follows(data, documents)) ?? findDestination(row.tenant, system).destination
  )
}

/** Effects of a handler without a system are refused when it is defined, so this is never sent anywhere. */
const NO_DESTINATION: BoundDestination = {
  system: 'none',
  tenant: '',
  baseUrl: '',
  account: '',
  user: '',
  timing: { startWithinMs: 0, inFlightMs: 0, lookUpLagMs: 0 },
}

/** The name that effect keys and event ids rest on: the oldest one the handler has had (R21). */
export function stableName(handler: Pick<Handler, 'name' | 'aliases'>): string {
  return handler.aliases[0] ?? handler.name
}
