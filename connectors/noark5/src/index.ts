export { Arkiv, Skjerming, saksmappeKey } from './arkiv.ts'
export type { InnholdRef } from './context.ts'
export type { Noark5Access, Noark5Dependencies } from './core.ts'
export type { Arkivdokument } from './effects/dokument.ts'
export { arkivdokumenter } from './effects/dokument.ts'
export type { OpprettDokumentbeskrivelseInput } from './effects/dokumentbeskrivelse.ts'
export type { OpprettDokumentobjektInput } from './effects/dokumentobjekt.ts'
export type { SettEkspedertInput } from './effects/ekspedert.ts'
export type { LastOppFilInput } from './effects/fil.ts'
export type { OpprettJournalpostInput } from './effects/journalpost.ts'
export type { OpprettKorrespondansepartInput } from './effects/korrespondansepart.ts'
export type { OpprettSaksmappeInput } from './effects/saksmappe.ts'
export type { Noark5Effects } from './effects.ts'
export { createNoark5Effects } from './effects.ts'
export type { ErrorCodeText, Noark5ErrorCode } from './errors.ts'
export { NOARK5_ERROR_CODES } from './errors.ts'
export type {
  EkspedertEvidence,
  FilEvidence,
  JournalpostEvidence,
  KorrespondansepartEvidence,
  Made,
  SaksmappeEvidence,
} from './evidence.ts'
export { Innhold, Mottaker } from './innhold.ts'
export type { Noark5Login } from './login.ts'
export type { Parent } from './look-up.ts'
export type { KnownRefusal, NoarkProfile } from './profile.ts'
export { NIKITA_PROFILE, STANDARD_PROFILE } from './profile.ts'
