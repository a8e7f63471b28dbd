export type { Acceptance, AcceptanceOutcome } from './acceptance.ts'
export { accept, acceptedIdOf, readLedger } from './acceptance.ts'
export type { AccountClass, AccountLine, AccountScope, Completion } from './account.ts'
export { ACCOUNT_CLASSES, readAccount } from './account.ts'
export type { AuditLine, Person } from './audit.ts'
export { isSamePerson, writeAudit } from './audit.ts'
export type {
  AnyEffect,
  DestinationPolicy,
  FindDestination,
  Handler,
  HandlerContext,
  HandlerSpec,
  Publish,
} from './define-handler.ts'
export { defineHandler } from './define-handler.ts'
export type { Documents, StoredDocument } from './documents.ts'
export { documentsOf, getDocument } from './documents.ts'
export { effectKey } from './effect-key.ts'
export type { FailureGroup, StuckRow } from './failure-groups.ts'
export { readFailureGroups, readStuckRows } from './failure-groups.ts'
export type { Journey, JourneyEffect, JourneyRow } from './journey.ts'
export { readJourney } from './journey.ts'
export { createPinoLogger, LOG_FIELDS } from './logging.ts'
export type { Metrics } from './metrics.ts'
export { readMetricsPage } from './metrics-page.ts'
export type { Answer, OperatorVerbs, VerbOutcome } from './operator.ts'
export type { Finding, Poller, PollerContext } from './pollers.ts'
export { MOVE_UNDER_WAY } from './prepare-store.ts'
export type { ReplayJob, ReplaySelection, Replays } from './replay.ts'
export type { Runtime, RuntimeOptions } from './runtime.ts'
export { createRuntime } from './runtime.ts'
export type { WorkSpan } from './tracing.ts'
export { startChild } from './tracing.ts'
export type { WorkerLimits } from './worker.ts'
