import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Where results are kept, and what the table drawn from them says. */
export interface ResultFiles {
  readonly folder: string
  readonly results: string
  readonly table: string
  readonly heading: string
  readonly command: string
  /** What is counted until something is found. */
  readonly counted: 'histories' | 'kills'
}

/** A sabotage, as far as its name goes. */
export interface Named {
  readonly rule: string
  readonly name: string
}

/** What a run found of one sabotage: kinds of findings, or `undefined` for none of those that were expected. */
export interface Found {
  readonly found: string | undefined
  /** How many histories, or kills, it took. */
  readonly count: number
  readonly seed: string
}

/** Results by name of the sabotage, kept from run to run. */
type Kept = Record<string, Readonly<Record<string, string | number>>>

/** Keeps one result and draws the table anew from all that are kept. */
export function keepResult(files: ResultFiles, all: readonly Named[], one: Named, { found, count, seed }: Found): void {
  const kept = keptIn(files)
  kept[`${one.rule} ${one.name}`] = {
    found: found ?? 'not found',
    [files.counted]: count,
    seed,
    day: new Date().toISOString().slice(0, 10),
  }
  writeFileSync(join(files.folder, files.results), `${JSON.stringify(kept, null, 2)}\n`)
  drawTable(files, all)
}

/** Draws the table of all sabotages, those that were never run among them. */
export function drawTable(files: ResultFiles, all: readonly Named[]): void {
  writeFileSync(join(files.folder, files.table), table(files, all, keptIn(files)))
}

function keptIn({ folder, results }: ResultFiles): Kept {
  const path = join(folder, results)
  return JSON.parse(existsSync(path) ? readFileSync(path, 'utf8') : '{}') as Kept
}

function table({ heading, command, counted }: ResultFiles, all: readonly Named[], kept: Kept): string {
  const rows = all.map(({ rule, name }) => {
    const one = kept[`${rule} ${name}`] ?? { found: 'not run' }
    const cells = [one['found'], one[counted], one['seed'], one['day']].map((cell) => cell ?? '')
    return `| ${[rule, name, ...cells].join(' | ')} |`
  })
  return [
    `# ${heading}`,
    '',
    `Written by \`${command}\`; never by hand.`,
    '',
    `| rule | taken out | found | ${counted} until then | seed | day |`,
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}
