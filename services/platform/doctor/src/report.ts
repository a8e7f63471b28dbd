import type { Finding, Grade } from './finding.ts'
import type { Opening } from './openings.ts'

const WORD: Readonly<Record<Grade, string>> = { ok: 'ok', warning: 'advarsel', fault: 'FEIL' }
const LEFT = Math.max(...Object.values(WORD).map((word) => word.length)) + 2

/** One line for each finding, in the order they were found, and one that counts them. */
export function reportText(findings: readonly Finding[]): string {
  const lines = findings.map(({ grade, subject, message, next }) => {
    const todo = next === undefined ? '' : ` → ${next}`
    return harmless(`${WORD[grade].padEnd(LEFT)}${subject}: ${message}${todo}`)
  })
  const count = (grade: Grade) => findings.filter((one) => one.grade === grade).length
  const warnings = count('warning')
  return [
    ...lines,
    '',
    `${count('fault')} feil, ${warnings} ${warnings === 1 ? 'advarsel' : 'advarsler'}, ${count('ok')} i orden.`,
  ].join('\n')
}

const COLUMNS = ['fra', 'sone', 'retning', 'vert', 'port', 'protokoll', 'gjennom', 'formal'] as const
const TITLES: Readonly<Record<(typeof COLUMNS)[number], string>> = {
  fra: 'fra/til',
  sone: 'sone',
  retning: 'retning',
  vert: 'vert',
  port: 'port',
  protokoll: 'protokoll',
  gjennom: 'gjennom',
  formal: 'formål',
}

/** The openings as a table that can be pasted into an order. */
export function openingsText(openings: readonly Opening[]): string {
  const rows = [
    COLUMNS.map((column) => TITLES[column]),
    ...openings.map((one) => COLUMNS.map((column) => String(one[column]))),
  ]
  const widths = COLUMNS.map((_column, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)))
  return rows
    .map((row) =>
      harmless(
        row
          .map((cell, index) => cell.padEnd(widths[index] ?? 0))
          .join('  ')
          .trimEnd(),
      ),
    )
    .join('\n')
}

/** Names come from files: no control character reaches the terminal. */
function harmless(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, ' ')
}
