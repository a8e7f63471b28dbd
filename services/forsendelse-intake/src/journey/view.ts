import { decidingChange, instantOf, isGivenUp } from '@samband/letter-record'
import { forsendelseStatus } from '@samband/messages'
import type { KnownLetter } from './known-documents.ts'
import type { Waiting } from './waiting.ts'

/** How far a letter has come, as its sender sees it. */
export type LetterStatus = 'MOTTATT' | 'ARKIVERT' | 'SENDT' | 'LEVERT' | 'LUKKET' | 'FEILET' | 'FORKASTET'

const STATUS_SENTENCES: Readonly<Record<LetterStatus, string>> = {
  MOTTATT: 'Samband har tatt imot brevet.',
  ARKIVERT: 'Brevet er arkivert og venter på å bli sendt.',
  SENDT: 'SvarUt har overtatt brevet.',
  LEVERT: 'Brevet er levert.',
  LUKKET: 'SvarUt er ferdig med brevet uten å ha meldt det levert.',
  FEILET: 'Brevet er ikke kommet fram til mottakeren.',
  FORKASTET:
    'Drift har avsluttet behandlingen av brevet. Skal det likevel sendes, må det sendes inn med ny eksternReferanse.',
}

/** Something that has happened to a letter. */
export interface LetterStep {
  readonly tidspunkt: string
  readonly hendelse: string
}

/** The journey of a letter as the API shows it. Holds ids, codes and times; no personal data. */
export interface LetterView {
  readonly id: string
  readonly eksternReferanse: string
  readonly status: LetterStatus
  readonly forklaring: string
  readonly mottattTidspunkt: string
  readonly sendtTidspunkt?: string
  readonly svarUt?: {
    readonly id: string
    readonly status?: string
    readonly forklaring?: string
    readonly endretTidspunkt?: string
  }
  readonly journalpost?: {
    readonly systemID: string
    readonly saksmappeSystemID: string
    readonly registreringsID?: string
    readonly mappeID?: string
    readonly reservertTidspunkt: string
    readonly ekspedertTidspunkt?: string
    readonly sendtDato?: string
  }
  readonly avvist?: {
    readonly kode: string
    readonly arsak: string
    readonly ansvarlig: string
    readonly tidspunkt: string
  }
  readonly hendelser: readonly LetterStep[]
  readonly venter: readonly Waiting[]
}

/** How far the letter has come. */
export function statusOf(letter: KnownLetter, waiting: readonly Waiting[]): LetterStatus {
  const { reservert, sendt, avvist, endringer } = letter
  if (isGivenUp(avvist, sendt)) return 'FEILET'
  const change = decidingChange(endringer)
  const outcome = change === undefined ? 'underveis' : forsendelseStatus(change.status).outcome
  if (outcome === 'feilet') return 'FEILET'
  if (outcome === 'levert') return 'LEVERT'
  if (outcome === 'lukket') return 'LUKKET'
  if (sendt !== undefined || change !== undefined) return 'SENDT'
  if (waiting.length > 0 && waiting.every(({ tilstand }) => tilstand === 'forkastet')) return 'FORKASTET'
  return reservert === undefined ? 'MOTTATT' : 'ARKIVERT'
}

/** Puts together what is shown. */
export function viewOf(letter: KnownLetter, waiting: readonly Waiting[]): LetterView {
  const { forsendelse, sendt, avvist } = letter
  const status = statusOf(letter, waiting)
  const svarUt = svarUtOf(letter)
  const journalpost = journalpostOf(letter)
  return {
    id: letter.forsendelseId,
    eksternReferanse: forsendelse.eksternReferanse,
    status,
    forklaring: STATUS_SENTENCES[status],
    mottattTidspunkt: forsendelse.mottattTidspunkt,
    ...(sendt === undefined ? {} : { sendtTidspunkt: sendt.sendtTidspunkt }),
    ...(svarUt === undefined ? {} : { svarUt }),
    ...(journalpost === undefined ? {} : { journalpost }),
    ...(avvist === undefined
      ? {}
      : {
          avvist: { kode: avvist.code, arsak: avvist.arsak, ansvarlig: avvist.hvem, tidspunkt: avvist.avvistTidspunkt },
        }),
    hendelser: stepsOf(letter),
    venter: waiting,
  }
}

function svarUtOf({ sendt, endringer }: KnownLetter): LetterView['svarUt'] {
  if (sendt === undefined) return undefined
  const newest = endringer.at(-1)
  if (newest === undefined) return { id: sendt.svarUtId }
  const { status, endretTidspunkt } = newest
  return { id: sendt.svarUtId, status, forklaring: forsendelseStatus(status).meaning, endretTidspunkt }
}

function journalpostOf({ reservert, ekspedert }: KnownLetter): LetterView['journalpost'] {
  if (reservert === undefined) return undefined
  const { registreringsId, mappeId } = reservert
  return {
    systemID: reservert.journalpostSystemId,
    saksmappeSystemID: reservert.saksmappeSystemId,
    ...(registreringsId === undefined ? {} : { registreringsID: registreringsId }),
    ...(mappeId === undefined ? {} : { mappeID: mappeId }),
    reservertTidspunkt: reservert.reservertTidspunkt,
    ...(ekspedert === undefined
      ? {}
      : { ekspedertTidspunkt: ekspedert.ekspedertTidspunkt, sendtDato: ekspedert.sendtDato }),
  }
}

/** Oldest first; of the same moment, in the order of the usual course. */
function stepsOf({ forsendelse, reservert, sendt, endringer, avvist, ekspedert }: KnownLetter): readonly LetterStep[] {
  const steps: LetterStep[] = [{ tidspunkt: forsendelse.mottattTidspunkt, hendelse: 'Samband tok imot brevet.' }]
  if (reservert !== undefined) {
    steps.push({
      tidspunkt: reservert.reservertTidspunkt,
      hendelse: 'Brevet ble arkivert, og journalposten er reservert.',
    })
  }
  if (sendt !== undefined) steps.push({ tidspunkt: sendt.sendtTidspunkt, hendelse: 'SvarUt overtok brevet.' })
  for (const { status, endretTidspunkt } of endringer) {
    steps.push({ tidspunkt: endretTidspunkt, hendelse: `${status}: ${forsendelseStatus(status).meaning}` })
  }
  if (avvist !== undefined) steps.push({ tidspunkt: avvist.avvistTidspunkt, hendelse: `Ikke sendt: ${avvist.arsak}` })
  if (ekspedert !== undefined) {
    steps.push({ tidspunkt: ekspedert.ekspedertTidspunkt, hendelse: 'Journalposten er satt til ekspedert.' })
  }
  return steps.sort((a, b) => instantOf(a.tidspunkt) - instantOf(b.tidspunkt))
}
