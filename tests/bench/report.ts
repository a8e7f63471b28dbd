import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { type Figure, isHit } from './figures.ts'

/** What is kept of a run, to compare later ones with. */
export interface Results {
  /** The day, ISO 8601. */
  readonly measured: string
  readonly machine: string
  /** Processes of others and of the bench that wanted a core at the end of the run, on average over the last minutes. */
  readonly load: number
  readonly figures: readonly Figure[]
}

/** The machine in one line, without its name. */
export function describeMachine(): string {
  const cores = cpus()
  return `${cores.length} cores ${cores[0]?.model.trim() ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GB, ${process.platform} ${process.arch}, Node ${process.version}`
}

/** The figures as a table, each beside what stands in the baseline. */
export function tableOf(figures: readonly Figure[], baseline: Results | undefined): string {
  const before = new Map(baseline?.figures.map((figure) => [figure.name, figure.value]))
  const rows = figures.map((figure) => [
    figure.name,
    shown(figure.value),
    figure.unit,
    rangeOf(figure),
    aimOf(figure),
    verdictOf(figure),
    baselineOf(before.get(figure.name)),
  ])
  const table = [['figure', 'value', 'unit', 'rounds', 'aim', '', 'baseline'], ...rows]
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? []
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/**
 * Puts what a run printed into a file, between its markers.
 * @throws Error when the file lacks them
 */
export function printInto(file: string, name: string, text: string): void {
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`]
  const [before, rest] = readFileSync(file, 'utf8').split(begin)
  const after = rest?.split(end)[1]
  if (after === undefined) throw new Error(`${file} has no place for the figures: it must hold ${begin} and ${end}`)
  writeFileSync(file, `${before}${begin}\n\n\`\`\`text\n${text}\n\`\`\`\n\n${end}${after}`)
}

/** Three digits that matter. */
export function shown(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value.toPrecision(3)
}

function rangeOf({ range }: Figure): string {
  return range === undefined ? '' : `${shown(range.lowest)} to ${shown(range.highest)}`
}

function aimOf({ aim }: Figure): string {
  if (aim === undefined) return ''
  return 'atMost' in aim ? `<= ${aim.atMost}` : `>= ${aim.atLeast}`
}

function verdictOf(figure: Figure): string {
  const hit = isHit(figure)
  if (hit === undefined) return ''
  return hit ? 'hit' : 'MISS'
}

function baselineOf(value: number | undefined): string {
  return value === undefined ? '' : shown(value)
}

/** How busy the machine was in the last five minutes: more than it has cores, and every figure by the clock is too low. */
export function machineLoad(): number {
  return Math.round((loadavg()[1] ?? 0) * 10) / 10
}
