import { isoInstant } from '@samband/kernel'
import { ForsendelseMottattV1, JournalpostReservertV1 } from '@samband/messages'
import type { Journey, JourneyRow } from '@samband/runtime'
import { INTAKE_HANDLER_PREFIX } from './handlers.ts'
import { nextStepOf, wordsOf } from './sender-words.ts'

/** Something that is not done yet, and why. */
export interface Waiting {
  /** Which step, in Norwegian. */
  readonly hva: string
  readonly tilstand: 'i-arbeid' | 'venter' | 'stanset' | 'forkastes' | 'forkastet'
  readonly siden: string
  /** Error code of the latest try, where one failed. */
  readonly kode?: string
  /** Why, in Norwegian; the constant sentence of the code. */
  readonly forklaring: string
  /** Whose turn it is. */
  readonly ansvarlig?: string
  /** What the sender can do, if only to wait; not for what operators have given up. */
  readonly nesteSteg?: string
}

const TILSTAND: Readonly<Record<string, Waiting['tilstand']>> = {
  running: 'i-arbeid',
  waiting: 'venter',
  parked: 'stanset',
  discarding: 'forkastes',
  discarded: 'forkastet',
}

const NO_ERROR: Readonly<Record<Waiting['tilstand'], string>> = {
  'i-arbeid': 'Steget utføres nå.',
  venter: 'Steget står i kø og blir utført av seg selv.',
  stanset: 'Steget er stanset til drift har sett på det.',
  forkastes: 'Drift avslutter steget når det er sikkert hva som har skjedd hos mottakersystemet.',
  forkastet: 'Drift har avsluttet steget uten at det ble fullført.',
}

/** What of a letter's journey is not done, for its sender. Rows that only keep this service's books are left out. */
export function waitingOf(journey: Journey, filed: boolean): readonly Waiting[] {
  return journey.rows
    .filter(({ handler, state }) => state !== 'done' && !handler.startsWith(INTAKE_HANDLER_PREFIX))
    .map((row) => toWaiting(row, filed))
}

function toWaiting(row: JourneyRow, filed: boolean): Waiting {
  const tilstand = TILSTAND[row.state] ?? 'venter'
  const hva = stepOf(row.eventType, filed)
  const siden = isoInstant(row.receivedAt)
  const kode = row.lastCode
  if (kode === null) return { hva, tilstand, siden, forklaring: NO_ERROR[tilstand] }
  const { meaning, owner } = wordsOf(kode)
  const after = tilstand === 'venter' ? 'Det prøves igjen av seg selv.' : NO_ERROR[tilstand]
  const nesteSteg = nextStepOf(tilstand, owner)
  return {
    hva,
    tilstand,
    siden,
    kode,
    forklaring: `${meaning} ${after}`,
    ansvarlig: owner,
    ...(nesteSteg === undefined ? {} : { nesteSteg }),
  }
}

/** The step that an event sets off: what is to be filed is filed first, and closed when it has been sent. */
function stepOf(eventType: string, filed: boolean): string {
  if (eventType === ForsendelseMottattV1.type && filed) return 'Arkivering i sak- og arkivsystemet'
  if (eventType === ForsendelseMottattV1.type || eventType === JournalpostReservertV1.type)
    return 'Sending gjennom SvarUt'
  return 'Ferdigstilling av journalposten'
}
