export { EVENTS, TOPICS } from './catalogue.ts'
export type { ContractErrorCode } from './contract-error.ts'
export { ContractError } from './contract-error.ts'
export type { EventData, EventDefinition, EventSpec } from './define-event.ts'
export { defineEvent, EVENT_TYPE } from './define-event.ts'
export type { CloudEvent, HeaderSource } from './envelope.ts'
export { Envelope, fromHeaders, fromSequence, headerName, toHeaders, toSequence } from './envelope.ts'
export { Ansvarlig, ForsendelseAvvistV1 } from './forsendelse/avvist.v1.ts'
export type { ForsendelseOutcome, ForsendelseStatusFacts } from './forsendelse/forsendelse-status.ts'
export { ForsendelseStatus, forsendelseStatus, isForsendelseStatus } from './forsendelse/forsendelse-status.ts'
export { ForsendelseMottattV1 } from './forsendelse/mottatt.v1.ts'
export { ForsendelseSendtV1 } from './forsendelse/sendt.v1.ts'
export { ForsendelseStatusEndretV1 } from './forsendelse/status-endret.v1.ts'
export {
  Avtrykk,
  EksternReferanse,
  EventId,
  ForsendelseId,
  KlientId,
  KontoId,
  NoarkSystemId,
  Orgnr,
  PayloadRef,
  SaksmappeKey,
  Sha256,
  SvarUtId,
  Tidspunkt,
} from './ids.ts'
export { JournalpostEkspedertV1 } from './journalpost/ekspedert.v1.ts'
export { JournalpostReservertV1 } from './journalpost/reservert.v1.ts'
export { findEvent, parseEvent } from './parse-event.ts'
export { Dokument, Innhold, Mottakertype, PayloadItem } from './payload-item.ts'
