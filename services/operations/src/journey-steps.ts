import { isoInstant } from '@samband/kernel'
import type { Journey, JourneyEffect, JourneyRow } from '@samband/runtime'
import type { ApentSporsmal, StarNa, Trinn } from './answers.ts'
import { type ErrorCodes, explain } from './error-codes.ts'
import type { OpenRow } from './reading/open-rows.ts'
import { alarmWords, closedWord, forklaring, stateWord, verbWord } from './wording.ts'

/** What a journey is told from, besides itself. Pure: the same facts give the same text. */
export interface JourneyFacts {
  readonly errorCodes: ErrorCodes
  readonly openRows: ReadonlyMap<number, OpenRow>
  readonly questions: ReadonlyMap<number, readonly ApentSporsmal[]>
  readonly openCircuits: readonly {
    readonly tenant: string
    readonly system: string
    readonly code: string | undefined
  }[]
}

/** Everything that has happened, in order of time, one sentence each. */
export function journeySteps(journey: Journey, errorCodes: ErrorCodes): Trinn[] {
  const steps: { readonly at: number; readonly step: Omit<Trinn, 'tid'> }[] = []
  const add = (at: number | null, slag: Trinn['slag'], tekst: string, radId: number | null = null) => {
    if (at !== null) steps.push({ at, step: { slag, tekst, radId } })
  }
  add(journey.acceptedAt, 'mottatt', `Mottatt og lagret trygt, med referanse ${journey.eksternReferanse}.`)
  for (const event of journey.events) {
    add(event.recordedAt, 'hendelse', `Hendelsen ${shortType(event.type)} ble skrevet.`)
    if (event.publishedAt === null)
      add(event.recordedAt, 'hendelse', `Hendelsen ${shortType(event.type)} er ikke lagt i loggen ennå.`)
  }
  for (const row of journey.rows) addRow(row, errorCodes, add)
  for (const effect of journey.effects) addEffect(effect, errorCodes, add)
  for (const alarm of journey.alarms) add(alarm.at, 'alarm', `ALARM: ${alarmWords(alarm.kind).betydning}`)
  for (const line of journey.audit) {
    add(line.at, 'revisjon', `${line.person} ${verbWord(line.verb)}. Begrunnelse: ${line.reason}`)
  }
  return steps.sort((a, b) => a.at - b.at).map(({ at, step }) => ({ tid: isoInstant(at), ...step }))
}

type Add = (at: number | null, slag: Trinn['slag'], tekst: string, radId?: number | null) => void

const REMARKS: Readonly<Record<string, string>> = {
  'although discarded': ', selv om den var forkastet',
  'taken back before the restore': '; forkastingen var angret før gjenopprettingen',
}

function addRow(row: JourneyRow, errorCodes: ErrorCodes, add: Add): void {
  add(row.receivedAt, 'behandling', `${row.handler} fikk hendelsen ${shortType(row.eventType)}.`, row.rowId)
  for (const run of row.failedRuns) {
    const { meaning } = explain(errorCodes, run.code)
    const outcome = run.outcome === 'parked' ? 'parkert' : 'venter til neste forsøk'
    add(
      run.endedAt,
      'behandling',
      `${row.handler}, kjøring ${run.number}: ${meaning} (${run.code}) Utfall: ${outcome}.`,
      row.rowId,
    )
  }
  const end = row.state === 'discarded' ? 'ble forkastet' : 'ble ferdig'
  const remark = REMARKS[row.remark ?? ''] ?? ''
  add(row.finishedAt, 'behandling', `${row.handler} ${end}${remark}.`, row.rowId)
}

function addEffect(effect: JourneyEffect, errorCodes: ErrorCodes, add: Add): void {
  for (const attempt of effect.attempts) {
    add(attempt.startedAt, 'forsok', `${effect.name}, forsøk ${attempt.number} begynte.`)
    if (attempt.state !== 'closed') continue
    const code =
      attempt.code !== null && isCode(attempt.code)
        ? ` ${explain(errorCodes, attempt.code).meaning} (${attempt.code})`
        : ''
    const by =
      attempt.code !== null && !isCode(attempt.code)
        ? ` (svart av ${attempt.code === 'probe' ? 'oppslag' : attempt.code})`
        : ''
    add(
      attempt.endedAt,
      'svar',
      `${effect.name}, forsøk ${attempt.number}: ${closedWord(attempt.closedAs ?? 'closed')}${by}.${code}`,
    )
  }
  add(effect.evidencedAt, 'svar', `${effect.name}: finnes hos mottakersystemet, ${evidenceText(effect.evidence)}`)
}

/** A code of ours, or the names of those who answered. */
function isCode(text: string): boolean {
  return /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/.test(text)
}

function evidenceText(evidence: JourneyEffect['evidence']): string {
  if (evidence === null || typeof evidence !== 'object' || Array.isArray(evidence))
    return `bevis ${JSON.stringify(evidence)}.`
  return `${Object.entries(evidence)
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ')}.`
}

/** `no.samband.forsendelse.mottatt.v1` as people say it: `forsendelse.mottatt`. */
function shortType(type: string): string {
  return type.replace(/^no\.samband\./, '').replace(/\.v\d+$/, '')
}

/** Every open row: why it does not get on, when it is tried again, and how many wait behind it. */
export function standingNow(journey: Journey, facts: JourneyFacts): StarNa[] {
  return journey.rows.flatMap((row) => {
    const open = facts.openRows.get(row.rowId)
    // The two were read one after the other: a row may have ended in between.
    if (open === undefined || row.state === 'done' || row.state === 'discarded') return []
    const isRetried = row.state === 'waiting' && open.ahead === undefined && row.lastCode !== null
    return [
      {
        radId: row.rowId,
        behandler: row.handler,
        tilstand: stateWord(row.state),
        tekst: reasonOf(journey, row, open, facts),
        kode: row.lastCode,
        forklaring: row.lastCode === null ? null : forklaring(facts.errorCodes, row.lastCode),
        nesteForsok: isRetried ? isoInstant(open.dueAt) : null,
        bakVenter: row.behind,
        foran:
          open.ahead === undefined
            ? null
            : { radId: open.ahead.rowId, forsendelseId: open.ahead.acceptedId, tilstand: stateWord(open.ahead.state) },
        apneSporsmal: [...(facts.questions.get(row.rowId) ?? [])],
      },
    ]
  })
}

/** What the row in front does, as the end of a sentence. */
const HOLDS: Readonly<Record<string, string>> = {
  waiting: 'venter',
  running: 'kjører nå',
  parked: 'er parkert',
  discarding: 'forkastes',
}

function reasonOf(journey: Journey, row: JourneyRow, open: OpenRow, facts: JourneyFacts): string {
  const { state, lastCode } = row
  const help = lastCode === null ? undefined : explain(facts.errorCodes, lastCode)
  if (state === 'running') return 'Kjører nå.'
  if (state === 'parked')
    return `Parkert. ${help?.meaning ?? ''} ${help === undefined ? '' : `Hvem: ${help.owner}. ${help.nextStep}`}`.trim()
  if (open.inQuestion)
    return 'Var forkastet da lageret ble gjenopprettet. Mottakersystemet spørres om forkastingen var angret og meldingen utført. Ingen venter på svaret.'
  if (state === 'discarding')
    return 'Forkastes, men det er ikke avklart om den er utført hos mottakersystemet. Den holder plassen sin til det er besvart.'
  if (open.ahead !== undefined) {
    const other =
      open.ahead.acceptedId === null || open.ahead.acceptedId === journey.acceptedId
        ? ''
        : ` (forsendelse ${open.ahead.acceptedId})`
    return `Venter bak rad ${open.ahead.rowId}${other}, som ${HOLDS[open.ahead.state] ?? open.ahead.state}.`
  }
  const circuit = facts.openCircuits.find(
    (one) => one.tenant === journey.tenant && one.code !== undefined && one.code === lastCode,
  )
  if (circuit !== undefined)
    return `Venter på ${circuit.system}, som avviser oss eller er nede for hele kommunen. ${help?.meaning ?? ''} ${help?.nextStep ?? ''}`.trim()
  return help === undefined ? 'Venter på tur.' : `Venter til neste forsøk. ${help.meaning} ${help.nextStep}`
}

/** One sentence about the whole. */
export function conclusionOf(journey: Journey, now: readonly StarNa[]): string {
  const parked = journey.rows.filter((row) => row.state === 'parked').length
  if (parked > 0)
    return `Står fast: ${parked} ${parked === 1 ? 'melding er' : 'meldinger er'} parkert og venter på en person.`
  if (journey.rows.some((row) => row.state === 'discarding'))
    return 'Forkastes; et spørsmål til mottakersystemet er ubesvart.'
  if (now.length > 0) return 'Underveis.'
  if (journey.rows.some((row) => row.state === 'discarded')) return 'Avsluttet; en del av behandlingen er forkastet.'
  if (journey.events.some((event) => event.publishedAt === null) || journey.rows.length === 0)
    return 'Mottatt; behandlingen er ikke begynt ennå.'
  return 'Alt som er begynt, er ferdig.'
}
