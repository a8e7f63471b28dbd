import type { Ansvarlig } from '@samband/messages'

/**
 * What this service knows of a letter, one document per aspect, all under the forsendelseId. Each aspect is written by one handler alone:
 * the rows of two handlers run side by side, and with one document for all of it the slower one would write back what it had read.
 */
export const COLLECTIONS = {
  forsendelse: 'forsendelse-intake.forsendelse',
  reservert: 'forsendelse-intake.reservert',
  sendt: 'forsendelse-intake.sendt',
  status: 'forsendelse-intake.status',
  avvist: 'forsendelse-intake.avvist',
  ekspedert: 'forsendelse-intake.ekspedert',
} as const

/** Written with the acceptance, never changed. */
export type ForsendelseDocument = {
  readonly eksternReferanse: string
  readonly klientId: string
  /** Whether it is to be filed. */
  readonly arkiv: boolean
  readonly mottattTidspunkt: string
  /** Everything of the letter that lies in the payload store; what retention deletes. */
  readonly payloads: readonly string[]
}

/** The letter stands in the archive. */
export type ReservertDocument = {
  readonly journalpostSystemId: string
  readonly saksmappeSystemId: string
  readonly registreringsId?: string | undefined
  readonly mappeId?: string | undefined
  readonly reservertTidspunkt: string
}

/** SvarUt has taken the letter. */
export type SendtDocument = { readonly svarUtId: string; readonly kontoId: string; readonly sendtTidspunkt: string }

/** What SvarUt has reported, oldest first, each status and time once. */
export type StatusDocument = { readonly endringer: readonly StatusChange[] }

/** One status of SvarUt. */
export type StatusChange = { readonly status: string; readonly endretTidspunkt: string }

/** The hub could not send the letter. */
export type AvvistDocument = {
  readonly code: string
  readonly arsak: string
  readonly hvem: Ansvarlig
  readonly avvistTidspunkt: string
}

/** The journalpost is closed. */
export type EkspedertDocument = {
  readonly journalpostSystemId: string
  readonly sendtDato: string
  readonly ekspedertTidspunkt: string
}
