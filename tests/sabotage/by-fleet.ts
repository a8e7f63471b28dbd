import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { SabotageOrder } from './by-histories.ts'
import type { SourceCopy } from './copy.ts'
import { FLEET_SABOTAGES, type FleetSabotage, ORDEALS } from './fleet-sabotages.ts'
import { drawTable, keepResult, type ResultFiles } from './results.ts'

const KINDS = ['lost', 'twice', 'outOfOrder', 'stuck'] as const

type LastLine = Readonly<Record<(typeof KINDS)[number] | 'kills' | 'accepted', number>>

const BROKEN_OFF: LastLine = { kills: 0, accepted: 0, lost: 0, twice: 0, outOfOrder: 0, stuck: 0 }

/** One installation that was ill-treated. */
interface Suffered {
  readonly line: LastLine
  /** Whether nothing at all was wrong, also nothing that is no finding. */
  readonly isClean: boolean
  /** What it said of itself. */
  readonly output: string
}

/**
 * Runs the crash test of several processes on the copy with every rule, then on copies without one, for each way of treating an installation.
 * Where the first is not clean, as on a machine too busy for the times of the run, the others would say nothing and are left out. Prints what
 * was found. Takes two to four minutes for each. @returns whether all is as it should be
 */
export async function sabotageFleet(copy: SourceCopy, order: Omit<SabotageOrder, 'most'>): Promise<boolean> {
  if (order.keepIn !== undefined) drawTable(filesIn(order.keepIn), FLEET_SABOTAGES)
  const chosen = FLEET_SABOTAGES.filter(({ rule, name }) => order.isWanted(`${rule} ${name}`))
  const unclean: string[] = []
  let found = 0
  for (const ordeal of new Set(chosen.map((sabotage) => sabotage.ordeal))) {
    const { isClean, output } = await suffer(copy, order.seed, ordeal, widerOf(ordeal))
    process.stderr.write(`with every rule, ${ordeal}: ${isClean ? 'nothing wrong' : `SOMETHING IS WRONG\n${output}`}\n`)
    if (!isClean) {
      unclean.push(ordeal)
      continue
    }
    for (const sabotage of chosen.filter((one) => one.ordeal === ordeal))
      if (await isNoticed(copy, order, sabotage)) found += 1
  }
  process.stdout.write(
    `${JSON.stringify({ sabotages: chosen.length, found, untouchedPasses: unclean.length === 0 })}\n`,
  )
  return found === chosen.length
}

async function isNoticed(
  copy: SourceCopy,
  order: Omit<SabotageOrder, 'most'>,
  sabotage: FleetSabotage,
): Promise<boolean> {
  const edits = [...(sabotage.wider ?? []), ...sabotage.edits]
  const { line, output } = await suffer(copy, order.seed, sabotage.ordeal, edits)
  const kinds = KINDS.filter((kind) => line[kind] > 0)
  const isFound = kinds.some((kind) => sabotage.finding.includes(kind))
  process.stderr.write(
    `${sabotage.rule.padEnd(8)} ${sabotage.name}: ${kinds.join(', ') || 'NOTHING'} after ${line.kills} kills, ${line.accepted} letters\n`,
  )
  const first = output.split('\n').find((text) => KINDS.some((kind) => text.startsWith(`${kind}: `)))
  if (first !== undefined) process.stderr.write(`         ${first}\n`)
  if (order.keepIn !== undefined)
    keepResult(filesIn(order.keepIn), FLEET_SABOTAGES, sabotage, {
      found: isFound ? kinds.join(', ') : undefined,
      count: line.kills,
      seed: order.seed,
    })
  return isFound
}

function widerOf(ordeal: FleetSabotage['ordeal']) {
  return FLEET_SABOTAGES.filter((one) => one.ordeal === ordeal).flatMap(({ wider = [] }) => wider)
}

function filesIn(folder: string): ResultFiles {
  return {
    folder,
    results: 'fleet-results.json',
    table: 'FLEET-TABLE.md',
    heading: 'Rules taken out, and what the crash test of several processes found',
    command: 'npm run sabotage -- --mode kafka --write',
    counted: 'kills',
  }
}

async function suffer(
  copy: SourceCopy,
  seed: string,
  ordeal: FleetSabotage['ordeal'],
  edits: Parameters<SourceCopy['apply']>[0],
): Promise<Suffered> {
  const { kinds, kills } = ORDEALS[ordeal]
  const undo = copy.apply(edits)
  try {
    const program = join(copy.folder, 'tests/resilience/crash/main.ts')
    const told = ['--mode', 'kafka', '--seed', seed, '--kills', String(kills), '--kinds', kinds.join(',')]
    const { code, output } = await finished(program, told)
    const last = output.trim().split('\n').at(-1) ?? ''
    // Broken off, as where nothing starts any more: it has said why, and says nothing about the rule.
    if (!last.startsWith('{')) return { line: BROKEN_OFF, isClean: false, output: `${output}\nit was broken off` }
    return { line: JSON.parse(last) as LastLine, isClean: code === 0, output }
  } finally {
    undo()
  }
}

function finished(program: string, args: readonly string[]) {
  return new Promise<{ code: number | null; output: string }>((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.on('data', (piece) => {
      output += piece
    })
    // Whoever ends this run ends the servers that the other one has started.
    let interrupted = false
    const pass = (signal: NodeJS.Signals) => {
      interrupted = true
      child.kill(signal)
    }
    process.on('SIGTERM', pass).on('SIGINT', pass)
    child.once('error', reject)
    child.once('close', (code) => {
      process.off('SIGTERM', pass).off('SIGINT', pass)
      if (interrupted) reject(new Error('interrupted'))
      else resolve({ code, output })
    })
  })
}
