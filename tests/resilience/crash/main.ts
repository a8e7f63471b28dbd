import { parseArgs } from 'node:util'
import { runCrashes } from './crash-run.ts'

/** `npm run crash -- --kills N --seed S`: kills a hub under load N times; the last line is one JSON object. Ends with 1 when anything was lost or done twice. */
const { values } = parseArgs({
  options: { kills: { type: 'string', default: '20' }, seed: { type: 'string', default: '1' } },
})
const kills = Number(values.kills)
if (!Number.isInteger(kills) || kills < 1) {
  process.stderr.write('crash: --kills takes a whole number above 0\n')
  process.exit(2)
}

const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort())
const startedMs = Date.now()
const seconds = () => Math.round((Date.now() - startedMs) / 1000)

try {
  const outcome = await runCrashes({
    kills,
    seed: values.seed,
    signal: stopping.signal,
    tell: (line) => void process.stderr.write(`${seconds()} s: ${line}\n`),
  })
  const { findings, faults, missed, places } = outcome
  for (const [kind, sentences] of Object.entries(findings))
    for (const sentence of sentences) process.stdout.write(`${kind}: ${sentence}\n`)
  for (const fault of faults) process.stdout.write(`${fault}\n`)
  if (missed.length > 0) process.stdout.write(`never killed at: ${missed.join(', ')}\n`)
  /** Fewer kills than places cannot hit them all. */
  const shouldHaveHitAll = kills >= 2 * (places.length + missed.length)
  process.stderr.write(`${seconds()} s\n`)
  process.stdout.write(
    `${JSON.stringify({ kills: outcome.kills, places: places.length, accepted: outcome.accepted, lost: findings.lost.length, twice: findings.twice.length })}\n`,
  )
  const clean =
    findings.lost.length + findings.twice.length + faults.length === 0 && !(shouldHaveHitAll && missed.length > 0)
  process.exitCode = clean ? 0 : 1
} catch (error) {
  process.stderr.write(`crash: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  process.exitCode = 1
}
// Clients of a run that was broken off may still wait for a hub that never comes.
if (process.exitCode === 1) process.exit(1)
