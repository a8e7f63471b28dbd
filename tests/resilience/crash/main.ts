import { parseArgs } from 'node:util'
import { runCrashes } from './crash-run.ts'
import { KINDS, type Kind, runFleetCrashes } from './fleet/fleet-run.ts'

/**
 * `npm run crash -- --kills N --seed S [--mode kafka [--kinds service,broker]]`: kills a hub under load N times, or in the mode `kafka` the services, the broker and the
 * database of an installation; the last line is one JSON object. Ends with 1 when anything was lost or done twice.
 */
const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    mode: { type: 'string', default: 'embedded' },
    kinds: { type: 'string' },
  },
})
if (values.mode !== 'embedded' && values.mode !== 'kafka') {
  process.stderr.write('crash: --mode takes embedded or kafka\n')
  process.exit(2)
}
const kills = Number(values.kills)
if (!Number.isInteger(kills) || kills < 1) {
  process.stderr.write('crash: --kills takes a whole number above 0\n')
  process.exit(2)
}

const kinds = values.kinds?.split(',').map((name) => KINDS.find((kind) => kind === name))
if (kinds?.includes(undefined)) {
  process.stderr.write(`crash: --kinds takes some of ${KINDS.join(', ')}, with commas between\n`)
  process.exit(2)
}

const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort())
const startedMs = Date.now()
const seconds = () => Math.round((Date.now() - startedMs) / 1000)

const order = {
  kills,
  seed: values.seed,
  signal: stopping.signal,
  tell: (line: string) => void process.stderr.write(`${seconds()} s: ${line}\n`),
}

try {
  const clean = values.mode === 'kafka' ? await killFleet() : await killHub()
  process.exitCode = clean ? 0 : 1
} catch (error) {
  process.stderr.write(`crash: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  process.exitCode = 1
}
// Clients of a run that was broken off may still wait for a hub that never comes.
if (process.exitCode === 1) process.exit(1)

type AllFindings = Readonly<Record<string, readonly string[]>>

/** @returns whether nothing was wrong */
async function killHub(): Promise<boolean> {
  const { findings: found, faults, missed, places, accepted, ...outcome } = await runCrashes(order)
  const findings = { ...found }
  show(findings, faults)
  if (missed.length > 0) process.stdout.write(`never killed at: ${missed.join(', ')}\n`)
  /** Fewer kills than places cannot hit them all. */
  const shouldHaveHitAll = kills >= 2 * (places.length + missed.length)
  last({ kills: outcome.kills, places: places.length, accepted, ...counts(findings) })
  return isClean(findings, faults) && !(shouldHaveHitAll && missed.length > 0)
}

/** @returns whether nothing was wrong */
async function killFleet(): Promise<boolean> {
  const {
    findings: found,
    faults,
    byKind,
    accepted,
    ownEnds,
    ...outcome
  } = await runFleetCrashes({
    ...order,
    ...(kinds === undefined ? {} : { kinds: kinds as Kind[] }),
  })
  const findings = { ...found }
  show(findings, faults)
  process.stderr.write(`processes that ended by themselves and were started again: ${ownEnds}\n`)
  last({ kills: outcome.kills, byKind, accepted, ...counts(findings) })
  return isClean(findings, faults)
}

function show(findings: AllFindings, faults: readonly string[]): void {
  for (const [kind, sentences] of Object.entries(findings))
    for (const sentence of sentences) process.stdout.write(`${kind}: ${sentence}\n`)
  for (const fault of faults) process.stdout.write(`${fault}\n`)
}

/** How many there are of each kind of finding. */
function counts(findings: AllFindings) {
  return Object.fromEntries(Object.entries(findings).map(([kind, sentences]) => [kind, sentences.length]))
}

function isClean(findings: AllFindings, faults: readonly string[]): boolean {
  return faults.length === 0 && Object.values(findings).every((sentences) => sentences.length === 0)
}

function last(line: object): void {
  process.stderr.write(`${seconds()} s\n`)
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
