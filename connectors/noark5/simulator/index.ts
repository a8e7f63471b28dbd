export type { RegisteredMetadata } from './check.ts'
export type { CodeList } from './codes.ts'
export type { Profile } from './dialect.ts'
export { fileSpool } from './file-spool.ts'
export type { ArkivdelFixture, KlasseFixture, Noark5SimulatorOptions } from './options.ts'
export type {
  Received,
  ReceivedDokumentbeskrivelse,
  ReceivedDokumentobjekt,
  ReceivedFil,
  ReceivedJournalpost,
  ReceivedKorrespondansepart,
  ReceivedObject,
  ReceivedSaksmappe,
} from './received.ts'
export { createNoark5Simulator, type Noark5Simulator, type SaksmappeFixture } from './simulator.ts'
export { memorySpool, type Spool } from './spool.ts'
export type { BrokenUpload } from './upload.ts'
