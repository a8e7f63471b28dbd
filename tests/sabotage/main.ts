import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { copySources } from './copy.ts'
import { SABOTAGES, type Sabotage } from './sabotages.ts'

/**
 * `npm run sabotage -- [--most N] [--seed S] [--only TEXT] [--table FILE]`: takes each rule out of a copy of the sources and plays histories
 * until one finds it. The copy without a change must pass the same seeds.
 */
const { values } = parseArgs({
  options: {
    most: { type: 'string', default: '1500' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    table: { type: 'string' },
  },
})
const root = new URL('../..', import.meta.url).pathname
const copy = copySources(root)

interface Outcome {
  readonly sabotage: Sabotage
  readonly found: string | undefined
  readonly histories: number
}

interface LastLine {
  readonly histories: number
  readonly lost: number
  readonly twice: number
  readonly outOfOrder: number
  readonly stuck: number
}

function play(count: number, stopAtFirst: boolean): LastLine & { readonly output: string } {
  const args = [
    join(copy.folder, 'tests/histories/main.ts'),
    '--seed',
    values.seed,
    '--count',
    String(count),
    ...(stopAtFirst ? ['--stop-at-first'] : []),
  ]
  const run = spawnSync(process.execPath, args, { cwd: copy.folder, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
  const last = run.stdout.trim().split('\n').at(-1) ?? ''
  if (!last.startsWith('{'))
    throw new Error(`the histories ended without a last line:\n${run.stdout.slice(-2000)}\n${run.stderr.slice(-2000)}`)
  return { ...(JSON.parse(last) as LastLine), output: run.stdout }
}

const KINDS = ['lost', 'twice', 'outOfOrder', 'stuck'] as const

function commit(sabotage: Sabotage): Outcome {
  const undo = copy.apply(sabotage.edits)
  try {
    const line = play(Number(values.most), true)
    const found = KINDS.filter((kind) => line[kind] > 0)
    const expected = found.some((kind) => sabotage.finding.includes(kind))
    if (found.length > 0 && !expected) process.stderr.write(`found ${found.join(', ')} instead\n`)
    return { sabotage, found: expected ? found.join(', ') : undefined, histories: line.histories }
  } finally {
    undo()
  }
}

function table(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(
    ({ sabotage, found, histories }) =>
      `| ${sabotage.rule} | ${sabotage.name} | ${found ?? '**not found**'} | ${histories} |`,
  )
  return ['| rule | taken out | found | histories until then |', '| --- | --- | --- | --- |', ...rows, ''].join('\n')
}

try {
  const chosen = SABOTAGES.filter(
    (sabotage) => values.only === undefined || `${sabotage.rule} ${sabotage.name}`.includes(values.only),
  )
  const outcomes: Outcome[] = []
  for (const sabotage of chosen) {
    const outcome = commit(sabotage)
    outcomes.push(outcome)
    process.stderr.write(
      `${sabotage.rule.padEnd(8)} ${sabotage.name}: ${outcome.found ?? 'NOT FOUND'} after ${outcome.histories}\n`,
    )
  }
  const most = Math.max(...outcomes.map((outcome) => outcome.histories))
  const untouched = play(most, false)
  const clean = KINDS.every((kind) => untouched[kind] === 0)
  process.stdout.write(table(outcomes))
  if (values.table !== undefined) writeFileSync(values.table, table(outcomes))
  const missed = outcomes.filter((outcome) => outcome.found === undefined).length
  process.stdout.write(
    `${JSON.stringify({ sabotages: outcomes.length, found: outcomes.length - missed, untouchedPasses: clean, histories: most })}\n`,
  )
  process.exitCode = missed === 0 && clean ? 0 : 1
} finally {
  copy.remove()
}
