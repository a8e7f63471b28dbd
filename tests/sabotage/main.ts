import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { copySources } from './copy.ts'
import { SABOTAGES, type Sabotage } from './sabotages.ts'

/**
 * `npm run sabotage -- [--most N] [--seed S] [--only TEXT]... [--write]`: takes each rule out of a copy of the sources and plays histories
 * until one finds it. The copy without a change must pass the same seeds. `--write` keeps what was found in `results.json`, each as soon as it
 * is known, and draws the table in `TABLE.md` anew from all that is kept.
 */
const { values } = parseArgs({
  options: {
    most: { type: 'string', default: '1500' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', multiple: true },
    write: { type: 'boolean', default: false },
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

/** What a run found, kept by name of the sabotage. */
type Kept = Record<
  string,
  { readonly found: string; readonly histories: number; readonly seed: string; readonly day: string }
>

const RESULTS = join(root, 'tests/sabotage/results.json')
const TABLE = join(root, 'tests/sabotage/TABLE.md')

function keep({ sabotage, found, histories }: Outcome): void {
  if (!values.write) return
  const kept = JSON.parse(existsSync(RESULTS) ? readFileSync(RESULTS, 'utf8') : '{}') as Kept
  kept[`${sabotage.rule} ${sabotage.name}`] = {
    found: found ?? 'not found',
    histories,
    seed: values.seed,
    day: new Date().toISOString().slice(0, 10),
  }
  writeFileSync(RESULTS, `${JSON.stringify(kept, null, 2)}\n`)
  writeFileSync(TABLE, table(kept))
}

function table(kept: Kept): string {
  const rows = SABOTAGES.map(({ rule, name }) => {
    const one = kept[`${rule} ${name}`]
    return `| ${rule} | ${name} | ${one?.found ?? 'not run'} | ${one?.histories ?? ''} | ${one?.seed ?? ''} | ${one?.day ?? ''} |`
  })
  return [
    '# Rules taken out, and what the histories found',
    '',
    'Written by `npm run sabotage -- --write`; never by hand.',
    '',
    '| rule | taken out | found | histories until then | seed | day |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}

try {
  const chosen = SABOTAGES.filter(
    (sabotage) =>
      values.only === undefined || values.only.some((text) => `${sabotage.rule} ${sabotage.name}`.includes(text)),
  )
  const outcomes: Outcome[] = []
  for (const sabotage of chosen) {
    const outcome = commit(sabotage)
    outcomes.push(outcome)
    keep(outcome)
    process.stderr.write(
      `${sabotage.rule.padEnd(8)} ${sabotage.name}: ${outcome.found ?? 'NOT FOUND'} after ${outcome.histories}\n`,
    )
  }
  const most = Math.max(...outcomes.map((outcome) => outcome.histories))
  const untouched = play(most, false)
  const clean = KINDS.every((kind) => untouched[kind] === 0)
  const missed = outcomes.filter((outcome) => outcome.found === undefined).length
  process.stdout.write(
    `${JSON.stringify({ sabotages: outcomes.length, found: outcomes.length - missed, untouchedPasses: clean, histories: most })}\n`,
  )
  process.exitCode = missed === 0 && clean ? 0 : 1
} finally {
  copy.remove()
}
