import {
  type AvvistDocument,
  COLLECTIONS,
  type EkspedertDocument,
  type ReservertDocument,
  type SendtDocument,
  type StatusDocument,
  withChange,
} from '@samband/letter-record'
import {
  ForsendelseAvvistV1,
  ForsendelseSendtV1,
  ForsendelseStatusEndretV1,
  JournalpostEkspedertV1,
  JournalpostReservertV1,
} from '@samband/messages'
import { defineHandler, type Handler } from '@samband/runtime'

/** Names of this service's handlers begin so; they only keep the books and are not shown to those who ask for a letter. */
export const INTAKE_HANDLER_PREFIX = 'forsendelse-intake.'

/** The handlers that follow accepted letters, one per event type, for the runtime. Running them again changes nothing. */
export function createIntakeHandlers(): readonly Handler[] {
  return [followSendt, followStatus, followAvvist, followReservert, followEkspedert]
}

const followSendt = defineHandler({
  name: 'forsendelse-intake.sendt',
  consumes: ForsendelseSendtV1,
  async handle({ forsendelseId, svarUtId, kontoId, sendtTidspunkt }, { documents }) {
    const sendt: SendtDocument = { svarUtId, kontoId, sendtTidspunkt }
    documents.put(COLLECTIONS.sendt, forsendelseId, sendt)
  },
})

const followStatus = defineHandler({
  name: 'forsendelse-intake.status',
  consumes: ForsendelseStatusEndretV1,
  async handle({ forsendelseId, status, endretTidspunkt }, { documents }) {
    const known = await documents.get<StatusDocument>(COLLECTIONS.status, forsendelseId)
    const changed: StatusDocument = { endringer: withChange(known?.endringer ?? [], { status, endretTidspunkt }) }
    documents.put(COLLECTIONS.status, forsendelseId, changed)
  },
})

const followAvvist = defineHandler({
  name: 'forsendelse-intake.avvist',
  consumes: ForsendelseAvvistV1,
  async handle({ forsendelseId, code, arsak, hvem, avvistTidspunkt }, { documents }) {
    const avvist: AvvistDocument = { code, arsak, hvem, avvistTidspunkt }
    documents.put(COLLECTIONS.avvist, forsendelseId, avvist)
  },
})

const followReservert = defineHandler({
  name: 'forsendelse-intake.reservert',
  consumes: JournalpostReservertV1,
  async handle(data, { documents }) {
    const { forsendelseId, journalpostSystemId, saksmappeSystemId, registreringsId, mappeId, reservertTidspunkt } = data
    const numbers = { registreringsId, mappeId }
    const reservert: ReservertDocument = { journalpostSystemId, saksmappeSystemId, ...numbers, reservertTidspunkt }
    documents.put(COLLECTIONS.reservert, forsendelseId, reservert)
  },
})

const followEkspedert = defineHandler({
  name: 'forsendelse-intake.ekspedert',
  consumes: JournalpostEkspedertV1,
  async handle({ forsendelseId, journalpostSystemId, sendtDato, ekspedertTidspunkt }, { documents }) {
    const ekspedert: EkspedertDocument = { journalpostSystemId, sendtDato, ekspedertTidspunkt }
    documents.put(COLLECTIONS.ekspedert, forsendelseId, ekspedert)
  },
})
