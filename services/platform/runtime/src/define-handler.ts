import type { BoundDestination, Effect, HubError, Json, Logger, RunEffect } from '@samband/kernel'
import type { EventDefinition } from '@samband/messages'
import type { Documents } from './documents.ts'

/** Any effect, as a handler declares it. */
// biome-ignore lint/suspicious/noExplicitAny: a list of effects has no common input; each keeps its own types where it is run.
export type AnyEffect = Effect<any, any, any>

/**
 * Publishes through the outbox, in the transaction that ends the run. The event's id comes from the cause (R4). A handler publishes into one topic:
 * it is the source of its events, and readers of a topic take numbers they do not find there for missing (R7).
 */
export type Publish = <Data, Input>(
  definition: EventDefinition<Data, Input>,
  data: Input,
  /** Tells apart several events of one type that one run publishes; constant or from content, never an index. */
  name?: string,
) => void

/** What a handler gets besides the event. */
export interface HandlerContext {
  readonly tenant: string
  /** The id that was answered with a 2xx, where the event serves one. */
  readonly acceptedId: string | undefined
  readonly effect: RunEffect
  readonly publish: Publish
  /** Writes take effect in the transaction that ends the run. */
  readonly documents: Documents
  /** Where this run's effects go; to be kept with what a later step must go to as well (R19). Absent for a handler without effects. */
  readonly destination: BoundDestination | undefined
  /** Takes a value once and keeps it with the row: times, ids, rendered texts (R20). The same name gives the same value on every run. */
  once<Value extends Json>(name: string, take: () => Value): Promise<Value>
  /** Wall clock, milliseconds; for anything that is sent or stored take it through `once`. */
  now(): number
  readonly log: Logger
  /** Aborts when the process drains for good. */
  readonly signal: AbortSignal
}

/** What a service does with one type of event. */
export interface Handler<Data = unknown> {
  /** Idempotency namespace: renaming it replays history. Old names stand in `aliases`. */
  readonly name: string
  readonly aliases: readonly string[]
  readonly consumes: EventDefinition<Data, never>
  /** Rows with equal lane run one after the other, in order; `undefined` where the handler needs no order. */
  lane(data: Data): string | undefined
  /** Health before everything else: higher runs first. */
  readonly priority: number
  readonly effects: readonly AnyEffect[]
  /** The system this handler's effects go to; absent for a handler without effects. */
  readonly system: string | undefined
  /** False for an event this handler leaves alone: no row is made. */
  accepts(data: Data): boolean
  /** The destination an earlier step of the same thing went to; `undefined` takes the one configured now. */
  follows(data: Data, documents: Pick<Documents, 'get'>): Promise<BoundDestination | undefined>
  handle(data: Data, context: HandlerContext): Promise<void>
}

/** What the author of a handler writes; the rest has defaults. */
export interface HandlerSpec<Data, Input> {
  readonly name: string
  readonly aliases?: readonly string[]
  readonly consumes: EventDefinition<Data, Input>
  /** The ordering key, by default the event's own; `none`: this handler needs no order. */
  readonly order?: ((data: Data) => string) | 'none'
  readonly priority?: number
  readonly effects?: readonly AnyEffect[]
  readonly system?: string
  readonly accepts?: (data: Data) => boolean
  readonly follows?: (data: Data, documents: Pick<Documents, 'get'>) => Promise<BoundDestination | undefined>
  handle(data: Data, context: HandlerContext): Promise<void>
}

/**
 * Declares a handler. A handler reads as the business rule: translate, decide, act, publish. It may run any number of times.
 * @throws TypeError when effects are declared without a system, or two effects share a name
 */
export function defineHandler<Data, Input>(spec: HandlerSpec<Data, Input>): Handler<Data> {
  const effects = spec.effects ?? []
  const names = effects.flatMap((effect) => [effect.name, ...(effect.aliases ?? [])])
  if (new Set(names).size !== names.length) throw new TypeError(`${spec.name}: two effects share a name`)
  if (effects.length > 0 && spec.system === undefined)
    throw new TypeError(`${spec.name}: effects need the name of their system`)
  for (const effect of effects) {
    const needsProbe = effect.guarantee === 'probe' || effect.guarantee === 'unique'
    if (needsProbe && effect.probe === undefined)
      throw new TypeError(`${spec.name}: effect ${effect.name} is '${effect.guarantee}' without a probe`)
  }
  return {
    name: spec.name,
    aliases: spec.aliases ?? [],
    consumes: spec.consumes as EventDefinition<Data, never>,
    lane: (data) => {
      if (spec.order === 'none') return undefined
      return spec.order === undefined ? spec.consumes.partitionKey(data) : spec.order(data)
    },
    priority: spec.priority ?? 0,
    effects,
    system: spec.system,
    accepts: spec.accepts ?? (() => true),
    follows: spec.follows ?? (async () => undefined),
    handle: (data, context) => spec.handle(data, context),
  }
}

/** Where a tenant's effects of one system go, by the configuration in force now. */
export interface DestinationPolicy {
  readonly destination: BoundDestination
  /** Most effects under way at once. */
  readonly ceiling: number
  /** How long a row may go on failing before it is parked. */
  readonly giveUpAfterMs: number
}

/**
 * Looks up a tenant's destination. Throws a HubError with disposition `paused` when the tenant or its system is not configured:
 * the message is innocent.
 */
export type FindDestination = (tenant: string, system: string) => DestinationPolicy

/** The reason why a row could not be handled, as kept with it. */
export interface Failure {
  readonly error: HubError
  readonly effect: string | undefined
}
