import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { SourceCopy } from './copy.ts'
import { keepResult, type ResultFiles } from './results.ts'
import { SABOTAGES, type Sabotage } from './sabotages.ts'

/** What a run of sabotages is told. */
export interface SabotageOrder {
  readonly seed: string
  /** Most histories for each. */
  readonly most: number
  /** Whether a sabotage is to be tried, by its rule and name. */
  readonly isWanted: (title: string) => boolean
  /** Where results are kept; left out: they are not. */
  readonly keepIn: string | undefined
}

interface Outcome {
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

const KINDS = ['lost', 'twice', 'outOfOrder', 'stuck'] as const

/** Plays histories on copies without a rule, and on the untouched one. Prints what was found. @returns whether all is as it should be */
export async function sabotageHistories(copy: SourceCopy, order: SabotageOrder): Promise<boolean> {
  const chosen = SABOTAGES.filter(({ rule, name }) => order.isWanted(`${rule} ${name}`))
  const outcomes: Outcome[] = []
  for (const sabotage of chosen) {
    const outcome = commit(copy, order, sabotage)
    outcomes.push(outcome)
    const { found, histories } = outcome
    if (order.keepIn !== undefined)
      keepResult(filesIn(order.keepIn), SABOTAGES, sabotage, { found, count: histories, seed: order.seed })
    process.stderr.write(
      `${sabotage.rule.padEnd(8)} ${sabotage.name}: ${outcome.found ?? 'NOT FOUND'} after ${outcome.histories}\n`,
    )
  }
  const most = Math.max(...outcomes.map((outcome) => outcome.histories))
  const untouched = play(copy, order.seed, most, false)
  const clean = KINDS.every((kind) => untouched[kind] === 0)
  const missed = outcomes.filter((outcome) => outcome.found === undefined).length
  process.stdout.write(
    `${JSON.stringify({ sabotages: outcomes.length, found: outcomes.length - missed, untouchedPasses: clean, histories: most })}\n`,
  )
  return missed === 0 && clean
}

function filesIn(folder: string): ResultFiles {
  return {
    folder,
    results: 'results.json',
    table: 'TABLE.md',
    heading: 'Rules taken out, and what the histories found',
    command: 'npm run sabotage -- --write',
    counted: 'histories',
  }
}

function commit(copy: SourceCopy, order: SabotageOrder, sabotage: Sabotage): Outcome {
  const undo = copy.apply(sabotage.edits)
  try {
    const line = play(copy, order.seed, order.most, true)
    const found = KINDS.filter((kind) => line[kind] > 0)
    const expected = found.some((kind) => sabotage.finding.includes(kind))
    if (found.length > 0 && !expected) process.stderr.write(`found ${found.join(', ')} instead\n`)
    return { found: expected ? found.join(', ') : undefined, histories: line.histories }
  } finally {
    undo()
  }
}

function play(copy: SourceCopy, seed: string, count: number, stopAtFirst: boolean): LastLine {
  const args = [
    join(copy.folder, 'tests/histories/main.ts'),
    '--seed',
    seed,
    '--count',
    String(count),
    ...(stopAtFirst ? ['--stop-at-first'] : []),
  ]
  const run = spawnSync(process.execPath, args, { cwd: copy.folder, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
  const last = run.stdout.trim().split('\n').at(-1) ?? ''
  if (!last.startsWith('{'))
    throw new Error(`the histories ended without a last line:\n${run.stdout.slice(-2000)}\n${run.stderr.slice(-2000)}`)
  return JSON.parse(last) as LastLine
}
