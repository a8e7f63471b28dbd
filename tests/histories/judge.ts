import type { Conductor } from './conductor.ts'
import type { Letter } from './letters.ts'

/** What is wrong after a history, one sentence each. */
export interface Findings {
  readonly lost: string[]
  readonly twice: string[]
  readonly outOfOrder: string[]
  readonly stuck: string[]
}

/** Compares what clients were told with what truly reached the destinations, and with what the hub says of it. */
export async function judge(history: Conductor): Promise<Findings> {
  const findings: Findings = { lost: [], twice: [], outOfOrder: [], stuck: [] }
  const classes = await classesOf(history, findings)
  for (const letter of history.letters) judgeLetter(history, letter, classes.get(letter.acceptedId), findings)
  judgeCases(history, findings)
  judgeDiscards(history, findings)
  judgePromises(history, findings)
  judgeOrder(history, findings)
  judgePlaces(history, findings)
  return findings
}

/** The class of every accepted id; each must be in exactly one. */
async function classesOf(history: Conductor, findings: Findings): Promise<ReadonlyMap<string, string>> {
  const classes = new Map<string, string>()
  for (const line of await history.account()) {
    let sum = 0
    for (const [name, ids] of Object.entries(line.classes)) {
      for (const id of ids) {
        sum += 1
        if (classes.has(id)) findings.lost.push(`account: ${id} is in two classes`)
        classes.set(id, name)
      }
    }
    if (sum !== line.accepted) findings.lost.push(`account: ${line.accepted} accepted, ${sum} in classes`)
  }
  return classes
}

function judgeLetter(history: Conductor, letter: Letter, found: string | undefined, findings: Findings): void {
  const name = `${letter.eksternReferanse} (${letter.mark})`
  const { svarut, noark5 } = history.surroundings
  const sent = svarut.received().filter((one) => one.marks.includes(letter.mark)).length
  const core = noark5.received()
  const filed = core.journalposter.filter(
    (one) => one.tittel.includes(`SAMBAND-MARK:${letter.mark}`) && one.deleted !== true,
  )
  if (sent > 1) findings.twice.push(`${name}: ${sent} letters at SvarUt`)
  if (filed.length > 1) findings.twice.push(`${name}: ${filed.length} journalposter`)
  if (found === undefined) {
    if (letter.answered) findings.lost.push(`${name}: answered with a 2xx and not in the ledger`)
    else if (sent + filed.length > 0 && !history.restored)
      findings.lost.push(`${name}: acted on though it was never accepted`)
    return
  }
  switch (found) {
    case 'done':
      if (sent === 0) findings.lost.push(`${name}: said to be done, not at SvarUt`)
      if (letter.noekkel !== undefined && !isDoneAlthoughDiscarded(history, letter))
        judgeFiling(history, letter, name, findings)
      return
    case 'discarded':
      if (sent > 0) findings.lost.push(`${name}: shown as discarded, and at SvarUt`)
      return
    case 'endedBadly':
      return
    case 'unaccounted':
      findings.lost.push(`${name}: nobody has it`)
      return
    default:
      findings.stuck.push(`${name}: ${found} for ever`)
  }
}

/** A filed letter: one journalpost with E, one party, and every document with its bytes, once each. */
function judgeFiling(history: Conductor, letter: Letter, name: string, findings: Findings): void {
  const core = history.surroundings.noark5.received()
  const [journalpost] = core.journalposter.filter(
    (one) => one.tittel.includes(`SAMBAND-MARK:${letter.mark}`) && one.deleted !== true,
  )
  if (journalpost === undefined) {
    findings.lost.push(`${name}: said to be done, no journalpost`)
    return
  }
  if (journalpost.journalstatus !== 'E') findings.lost.push(`${name}: journalpost left at ${journalpost.journalstatus}`)
  const of = <Item extends { readonly journalpost: string; readonly deleted?: boolean }>(items: readonly Item[]) =>
    items.filter((one) => one.journalpost === journalpost.systemID && one.deleted !== true).length
  const parts = of(core.korrespondanseparter)
  const files = core.filer.filter((one) => one.journalpost === journalpost.systemID)
  const descriptions = of(core.dokumentbeskrivelser)
  if (parts > 1) findings.twice.push(`${name}: ${parts} korrespondanseparter`)
  if (parts < 1) findings.lost.push(`${name}: no korrespondansepart`)
  if (files.length > letter.documents || descriptions > letter.documents)
    findings.twice.push(
      `${name}: ${files.length} files, ${descriptions} dokumentbeskrivelser for ${letter.documents} documents`,
    )
  if (files.length < letter.documents)
    findings.lost.push(`${name}: ${files.length} files for ${letter.documents} documents`)
}

/** One saksmappe per key and tenant. */
function judgeCases(history: Conductor, findings: Findings): void {
  const keys = new Set(
    history.letters.flatMap((letter) => (letter.noekkel === undefined ? [] : [`${letter.tenant} ${letter.noekkel}`])),
  )
  const cases = history.surroundings.noark5.received().saksmapper.filter((one) => one.deleted !== true)
  if (cases.length > keys.size) findings.twice.push(`${cases.length} saksmapper for ${keys.size} keys`)
}

/** Letters of one case are filed in the order in which they were accepted, but for those that a person took out of it. */
function judgeOrder(history: Conductor, findings: Findings): void {
  if (history.restored) return
  const placed = history.database
    .prepare(
      `SELECT i.accepted_id AS accepted_id, i.lane AS lane FROM inbox i JOIN outbox o ON o.event_id = i.event_id
       WHERE i.handler = 'journal.reserver' AND i.state = 'done' AND NOT EXISTS (SELECT 1 FROM audit u WHERE u.row_id = i.row_id) ORDER BY o.place`,
    )
    .all()
  const made = history.surroundings.noark5.received().journalposter
  const lanes = new Map<string, number>()
  for (const row of placed) {
    const letter = history.letters.find((one) => one.acceptedId === row.accepted_id)
    const at = made.findIndex((one) => letter !== undefined && one.tittel.includes(`SAMBAND-MARK:${letter.mark}`))
    const before = lanes.get(String(row.lane)) ?? -1
    if (at >= 0 && at < before)
      findings.outOfOrder.push(
        `${letter?.eksternReferanse}: filed before a letter of the same case that was accepted earlier`,
      )
    lanes.set(String(row.lane), Math.max(before, at))
  }
}

/** It went out although a person had discarded it; what should have followed did not, and an alarm says so. */
function isDoneAlthoughDiscarded(history: Conductor, letter: Letter): boolean {
  return (
    history.database
      .prepare("SELECT 1 FROM inbox WHERE accepted_id = ? AND remark = 'although discarded'")
      .get(letter.acceptedId) !== undefined
  )
}

/** What a person discarded stays so until a person takes it back, or evidence comes and an alarm says so. */
function judgeDiscards(history: Conductor, findings: Findings): void {
  const revived = history.database
    .prepare(
      `SELECT i.accepted_id AS accepted_id, i.state AS state FROM inbox i WHERE i.state NOT IN ('discarded', 'discarding') AND i.remark IS NULL
       AND (SELECT u.verb FROM audit u WHERE u.row_id = i.row_id AND u.verb IN ('discard', 'undo') ORDER BY u.number DESC LIMIT 1) = 'discard'`,
    )
    .all()
  for (const row of revived)
    findings.lost.push(
      `${String(row.accepted_id)}: discarded by a person, and ${String(row.state)} without anybody having taken that back`,
    )
}

/** Of what a person was told is discarded nothing is made until it is taken back, not even with an alarm (R10, R22). */
function judgePromises(history: Conductor, findings: Findings): void {
  if (history.restored) return
  for (const { rowId, fromMs, untilMs } of history.operators.promises) {
    const row = history.database.prepare('SELECT accepted_id, handler FROM inbox WHERE row_id = ?').get(rowId)
    const letter = history.letters.find((one) => one.acceptedId === row?.accepted_id)
    if (letter === undefined) continue
    const made = row?.handler === 'journal.reserver' ? filedAt(history, letter) : sentAt(history, letter)
    if (made.some((at) => at > history.world.wallMs(fromMs) && at < history.world.wallMs(untilMs)))
      findings.lost.push(
        `${letter.eksternReferanse} (${letter.mark}): said to be discarded, and carried out after that`,
      )
  }
}

/** When SvarUt took a letter in, each time. */
function sentAt(history: Conductor, letter: Letter): number[] {
  return history.surroundings.svarut
    .received()
    .filter((one) => one.marks.includes(letter.mark))
    .map((one) => one.receivedAtMs)
}

/** When the journalpost of a letter and its parts were made. The saksmappe belongs to others as well. */
function filedAt(history: Conductor, letter: Letter): number[] {
  const core = history.surroundings.noark5.received()
  const journalposter = core.journalposter.filter((one) => one.tittel.includes(`SAMBAND-MARK:${letter.mark}`))
  const parts = [...core.korrespondanseparter, ...core.dokumentbeskrivelser, ...core.dokumentobjekter]
  const isOurs = ({ journalpost }: { readonly journalpost: string | undefined }) =>
    journalposter.some(({ systemID }) => systemID === journalpost)
  return [
    ...[...journalposter, ...parts.filter(isOurs)].map((one) => one.opprettetMs),
    ...core.filer.filter(isOurs).map((one) => one.receivedMs),
  ]
}

/** Rows of a case are filed in the order of their places, those that were discarded before anything was made and then taken back too. */
function judgePlaces(history: Conductor, findings: Findings): void {
  const rows = history.database
    .prepare(
      `SELECT i.accepted_id AS accepted_id, i.lane AS lane FROM inbox i WHERE i.handler = 'journal.reserver' AND i.state = 'done' AND i.remark IS NULL
       AND NOT EXISTS (SELECT 1 FROM audit u WHERE u.row_id = i.row_id AND u.verb = 'discard' AND (u.details NOT LIKE '%"partlyDone":[]%' OR u.details LIKE '%discarding%')) ORDER BY i.place`,
    )
    .all()
  const made = history.surroundings.noark5.received().journalposter
  const lanes = new Map<string, number>()
  for (const row of rows) {
    const letter = history.letters.find((one) => one.acceptedId === row.accepted_id)
    const at = made.findIndex((one) => letter !== undefined && one.tittel.includes(`SAMBAND-MARK:${letter.mark}`))
    const before = lanes.get(String(row.lane)) ?? -1
    if (at >= 0 && at < before && !history.restored)
      findings.outOfOrder.push(
        `${letter?.eksternReferanse}: its place in the case is later than that of a letter filed after it`,
      )
    lanes.set(String(row.lane), Math.max(before, at))
  }
}
