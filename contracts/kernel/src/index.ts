export type {
  BusBatch,
  BusConsumer,
  BusPosition,
  BusRecord,
  BusSubscription,
  EventBus,
  LogOutside,
} from './bus.ts'
export type {
  Attempt,
  BoundDestination,
  Effect,
  EffectKey,
  Guarantee,
  ProbeAnswer,
  RunEffect,
  Timing,
} from './effect.ts'
export type { Disposition, ErrorDetails } from './errors.ts'
export { asHubError, HubError, NothingHappened } from './errors.ts'
export type { IdSource } from './ids.ts'
export { canonicalJson, causeId, sha256Hex, shortId } from './ids.ts'
export type { Json } from './json.ts'
export type { LogFields, Logger } from './logger.ts'
export type { PayloadFacts, Payloads } from './payloads.ts'
export type { Series, SqlRow, SqlValue, Store, TransactionTerms, Tx } from './store.ts'
export type { Clock, Stopwatch, Time, Timers } from './time.ts'
export { isoInstant, sleep } from './time.ts'
export type { TokenSource } from './tokens.ts'
