import type { ArchiveReceived } from '../../support/simulators.ts'
import type { Letter } from './letters.ts'

/** What is wrong, one sentence each. */
export interface Findings {
  readonly lost: string[]
  readonly twice: string[]
}

/** A letter as SvarUt took it. */
export interface LetterAtSvarUt {
  readonly marks: readonly string[]
  readonly dokumenter: readonly { readonly sha256: string }[]
}

/** What a judge looks at of a letter. */
export type JudgedLetter = Pick<Letter, 'mark' | 'documents' | 'saksmappe' | 'forsendelseId' | 'eksternReferanse'>

/** Compares what clients were told with what reached the destinations. Whatever is not there, or not the same, is lost. */
export function judge(
  accepted: readonly JudgedLetter[],
  atSvarUt: readonly LetterAtSvarUt[],
  archive: ArchiveReceived,
): Findings {
  const findings: Findings = { lost: [], twice: [] }
  for (const letter of accepted) {
    judgeSent(letter, atSvarUt, findings)
    if (letter.saksmappe !== undefined) judgeFiled(letter, archive, findings)
  }
  const known = new Set(accepted.map(({ mark }) => mark))
  for (const one of atSvarUt) {
    if (!one.marks.some((mark) => known.has(mark)))
      findings.twice.push(`SvarUt has a letter with the marks ${one.marks.join(', ')}, which nobody handed in`)
  }
  judgeCases(accepted, archive, findings)
  return findings
}

const nameOf = ({ eksternReferanse, forsendelseId, mark }: JudgedLetter) =>
  `${forsendelseId ?? '?'} (${eksternReferanse}, ${mark})`

function judgeSent(letter: JudgedLetter, atSvarUt: readonly LetterAtSvarUt[], findings: Findings): void {
  const [first, ...others] = atSvarUt.filter(({ marks }) => marks.includes(letter.mark))
  if (first === undefined) findings.lost.push(`${nameOf(letter)}: not at SvarUt`)
  else if (!sameDocuments(first.dokumenter, letter.documents))
    findings.lost.push(`${nameOf(letter)}: at SvarUt with other documents`)
  if (others.length > 0) findings.twice.push(`${nameOf(letter)}: ${others.length + 1} letters at SvarUt`)
}

function sameDocuments(there: readonly { readonly sha256: string }[], wanted: readonly string[]): boolean {
  return there.length === wanted.length && wanted.every((sha256, place) => there[place]?.sha256 === sha256)
}

function judgeFiled(letter: JudgedLetter, archive: ArchiveReceived, findings: Findings): void {
  const name = nameOf(letter)
  const [journalpost, ...others] = archive.journalposter.filter(({ marks }) => marks.includes(letter.mark))
  if (others.length > 0) findings.twice.push(`${name}: ${others.length + 1} journalposter`)
  if (journalpost === undefined) {
    findings.lost.push(`${name}: no journalpost`)
    return
  }
  if (journalpost.deleted) findings.lost.push(`${name}: its journalpost was deleted`)
  if (journalpost.journalstatus !== 'E')
    findings.lost.push(`${name}: journalpost left at ${journalpost.journalstatus ?? 'no journalstatus'}`)
  const saksmappe = archive.saksmapper.find(({ systemID }) => systemID === journalpost.saksmappe)
  if (saksmappe?.tittel !== letter.saksmappe) findings.lost.push(`${name}: filed in another saksmappe`)
  const of = <Item extends { readonly journalpost: string | undefined }>(items: readonly Item[]) =>
    items.filter((one) => one.journalpost === journalpost.systemID)
  const parts = of(archive.korrespondanseparter)
  judgeCount(name, 'mottakere', parts.filter(({ type }) => type === 'EM').length, 1, findings)
  if (parts.filter(({ type }) => type !== 'EM').length > 1) findings.twice.push(`${name}: more than one avsender`)
  judgeCount(name, 'dokumentbeskrivelser', of(archive.dokumentbeskrivelser).length, letter.documents.length, findings)
  judgeCount(name, 'dokumentobjekter', of(archive.dokumentobjekter).length, letter.documents.length, findings)
  const files = of(archive.filer)
  for (const sha256 of letter.documents)
    judgeCount(
      name,
      'files with the bytes of one document',
      files.filter((one) => one.sha256 === sha256).length,
      1,
      findings,
    )
  if (files.some(({ sha256 }) => !letter.documents.includes(sha256)))
    findings.lost.push(`${name}: filed with other bytes`)
}

function judgeCount(name: string, what: string, came: number, wanted: number, findings: Findings): void {
  if (came < wanted) findings.lost.push(`${name}: ${came} ${what} instead of ${wanted}`)
  if (came > wanted) findings.twice.push(`${name}: ${came} ${what} instead of ${wanted}`)
}

/** One saksmappe per key. */
function judgeCases(accepted: readonly JudgedLetter[], archive: ArchiveReceived, findings: Findings): void {
  const titles = new Map<string, number>()
  for (const { tittel } of archive.saksmapper) titles.set(tittel, (titles.get(tittel) ?? 0) + 1)
  const wanted = new Set(accepted.flatMap(({ saksmappe }) => saksmappe ?? []))
  for (const [title, count] of titles) {
    if (count > 1) findings.twice.push(`${count} saksmapper for one key: ${title}`)
    else if (!wanted.has(title)) findings.twice.push(`a saksmappe that no letter asked for: ${title}`)
  }
}

/** Accepted letters that have not come all the way, as far as the destinations show. */
export function unfinished<One extends JudgedLetter>(
  accepted: readonly One[],
  atSvarUt: readonly LetterAtSvarUt[],
  archive: ArchiveReceived,
): One[] {
  const sent = new Set(atSvarUt.flatMap(({ marks }) => marks))
  const filed = new Set(
    archive.journalposter.filter(({ journalstatus }) => journalstatus === 'E').flatMap(({ marks }) => marks),
  )
  return accepted.filter(({ mark, saksmappe }) => !sent.has(mark) || (saksmappe !== undefined && !filed.has(mark)))
}
