import type { LetterView } from '@samband/forsendelse-intake'

/** What the demo shows of a letter: the public API's answer, or only that it is on its way in. */
export interface ShownLetter {
  readonly kommune: string
  readonly eksternReferanse: string
  readonly documents: number
  readonly sizeBytes: number
  readonly isFiled: boolean
  readonly view: LetterView | undefined
}

/** Something that happened to a letter, for one line. */
export interface ProgressEvent {
  readonly text: string
  /** The table shows it too, so that a terminal needs no line for it. */
  readonly isInTable: boolean
  /** What to say instead when the same cause has been explained already. */
  readonly again?: { readonly kode: string; readonly text: string }
}

/** How a letter stands, for colours, counting and waiting. */
export type Standing = 'ferdig' | 'stanset' | 'venter' | 'underveis'

/** Done means: read by the recipient, and closed in the archive where it is filed. */
export function standingOf(letter: Pick<ShownLetter, 'isFiled' | 'view'>): Standing {
  const { view } = letter
  if (view === undefined) return 'underveis'
  if (view.venter.some(({ tilstand }) => tilstand === 'stanset')) return 'stanset'
  if (view.venter.some(({ tilstand, kode }) => tilstand === 'venter' && kode !== undefined)) return 'venter'
  const isRead = view.status === 'LEVERT'
  const isClosed = !letter.isFiled || view.journalpost?.ekspedertTidspunkt !== undefined
  return isRead && isClosed ? 'ferdig' : 'underveis'
}

/** The cells of a letter's row: kommune, referanse, innhold, arkiv, SvarUt, nå. */
export function cellsOf(letter: ShownLetter, contentText: string): string[] {
  const kommune = letter.kommune.charAt(0).toUpperCase() + letter.kommune.slice(1)
  return [
    kommune,
    letter.eksternReferanse,
    contentText,
    archiveCell(letter),
    letter.view?.svarUt?.status ?? svarUtCell(letter),
    nowCell(letter),
  ]
}

function archiveCell({ isFiled, view }: ShownLetter): string {
  if (!isFiled) return 'arkiveres ikke'
  const post = view?.journalpost
  if (post === undefined) return '–'
  const number = post.registreringsID ?? post.mappeID ?? 'ja'
  return `${number} ${post.ekspedertTidspunkt === undefined ? 'reservert' : 'ekspedert'}`
}

function svarUtCell({ view }: ShownLetter): string {
  return view?.svarUt === undefined ? '–' : 'overtatt'
}

function nowCell(letter: ShownLetter): string {
  const { view } = letter
  if (view === undefined) return 'sendes til navet'
  const standing = standingOf(letter)
  if (standing === 'ferdig') return 'ferdig'
  const open = view.venter.find(({ kode }) => kode !== undefined)
  if (standing === 'stanset') return `STANSET ${open?.kode ?? ''}`
  if (standing === 'venter') return `venter ${open?.kode ?? ''}`
  const [step] = view.venter
  if (step !== undefined) return NOW[step.hva] ?? step.hva
  return view.status === 'LEVERT' ? 'lest; journalposten avsluttes' : 'venter på mottakeren'
}

const NOW: Readonly<Record<string, string>> = {
  'Arkivering i sak- og arkivsystemet': 'arkiveres',
  'Sending gjennom SvarUt': 'sendes',
  'Ferdigstilling av journalposten': 'journalposten avsluttes',
}

/** What happened between two looks at a letter, in order. */
export function eventsBetween(before: LetterView | undefined, after: LetterView): ProgressEvent[] {
  const events: ProgressEvent[] = []
  const add = (text: string) => events.push({ text, isInTable: true })
  const explain = (what: string, forklaring: string, kode: string) =>
    events.push({
      text: `${what}: ${forklaring} (${kode})`,
      isInTable: false,
      again: { kode, text: `${what} av samme årsak (${kode})` },
    })
  if (after.journalpost !== undefined && before?.journalpost === undefined) {
    const { registreringsID } = after.journalpost
    add(
      `arkivert${registreringsID === undefined ? '' : ` som ${registreringsID}`} (reservert); først nå kan brevet sendes`,
    )
  }
  if (after.svarUt !== undefined && before?.svarUt === undefined) add('SvarUt har overtatt brevet')
  if (after.journalpost?.ekspedertTidspunkt !== undefined && before?.journalpost?.ekspedertTidspunkt === undefined) {
    add('journalposten er satt til ekspedert')
  }
  const status = after.svarUt?.status
  // That SvarUt has received it is what its own answer said already.
  if (status !== undefined && status !== 'MOTTATT' && status !== before?.svarUt?.status) {
    const short = `SvarUt melder ${status}`
    events.push({
      text: `${short}: ${after.svarUt?.forklaring ?? ''}`,
      isInTable: true,
      again: { kode: status, text: short },
    })
  }
  for (const waiting of after.venter) {
    const was = before?.venter.find(({ hva }) => hva === waiting.hva)
    if (waiting.kode === undefined || (was?.kode === waiting.kode && was.tilstand === waiting.tilstand)) continue
    if (waiting.tilstand === 'stanset') explain('STANSET', waiting.forklaring, waiting.kode)
    if (waiting.tilstand === 'venter' && was?.kode !== waiting.kode) explain('venter', waiting.forklaring, waiting.kode)
  }
  return events
}
