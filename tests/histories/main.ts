import { type ChildProcess, fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { faultCount, findingKinds, type HistoryResult, shorten } from './history.ts'
import { loadTenantFiles } from './surroundings.ts'
import { add, KINDS, type Tally } from './tally.ts'

/** `npm run histories -- --count N --seed S [--from K]`: plays N seeded histories and prints one JSON object as its last line. */
const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '500' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
    processes: { type: 'string' },
    'stop-at-first': { type: 'boolean', default: false },
  },
})
const count = Number(values.count)
const from = Number(values.from)
const processes = Math.min(count, Number(values.processes ?? availableParallelism()))
if (!(count > 0) || !(processes > 0)) {
  process.stderr.write('histories: --count and --processes take whole numbers above 0\n')
  process.exit(2)
}

const results: HistoryResult[] = []
const broken: { number: number; message: string }[] = []
const startedAt = Date.now()
const workers = new Set<ChildProcess>()

/** A process plays this many and is replaced: what a history leaves behind in memory goes with it. */
const CHUNK = 100
let nextFrom = from

/** Plays chunk after chunk until none is left. */
async function playChunks(): Promise<void> {
  while (nextFrom < from + count && !stopped()) {
    const first = nextFrom
    nextFrom = Math.min(from + count, first + CHUNK)
    await playChunk(first, nextFrom - first)
  }
}

function stopped(): boolean {
  return values['stop-at-first'] && results.some((result) => faultCount(result) > 0)
}

function playChunk(first: number, size: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = fork(new URL('worker.ts', import.meta.url), [values.seed, String(first), String(size)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    workers.add(worker)
    worker.on('message', (message: { result: HistoryResult } | { broken: { number: number; message: string } }) => {
      if ('result' in message) results.push(message.result)
      else broken.push(message.broken)
      const done = results.length + broken.length
      if (done % 250 === 0)
        process.stderr.write(`${done} of ${count} histories, ${Math.round((Date.now() - startedAt) / 1000)} s\n`)
      if (stopped()) for (const one of workers) one.kill('SIGKILL')
    })
    worker.on('exit', (code) => {
      workers.delete(worker)
      if (code === 0 || stopped()) resolve()
      else reject(new Error(`a process of the histories ended with ${code}`))
    })
  })
}

await Promise.all(Array.from({ length: processes }, playChunks))

results.sort((a, b) => a.number - b.number)
const tally: Tally = {}
const sums = { lost: 0, twice: 0, outOfOrder: 0, stuck: 0 }
let steps = 0
const digest = createHash('sha256')
for (const result of results) {
  add(tally, result.tally)
  steps += result.steps
  digest.update(result.digest)
  for (const kind of Object.keys(sums) as (keyof typeof sums)[]) sums[kind] += result.findings[kind].length
}

const failed = results.filter((result) => faultCount(result) > 0)
for (const { number, message } of broken) process.stdout.write(`history ${number} could not be played: ${message}\n`)
if (failed.length > 0 && !values['stop-at-first']) await tellFailures()

/** A kind of fault or act that never met an open attempt has tried nothing; small runs may miss one. */
const unmet =
  count >= 500 && !values['stop-at-first'] ? KINDS.filter((kind) => (tally[kind]?.withOpenAttempt ?? 0) === 0) : []
for (const kind of unmet) process.stdout.write(`"${kind}" never met an open attempt: these histories do not try it\n`)
process.stderr.write(`${Math.round((Date.now() - startedAt) / 1000)} s\n`)

const faults = Object.fromEntries(
  Object.entries(tally)
    .sort()
    .map(([kind, met]) => [kind, met.times]),
)
process.stdout.write(
  `${JSON.stringify({ histories: results.length, steps, digest: digest.digest('hex').slice(0, 32), faults, ...sums })}\n`,
)
process.exitCode = failed.length > 0 || broken.length > 0 || unmet.length > 0 ? 1 : 0

async function tellFailures(): Promise<void> {
  for (const result of failed) process.stdout.write(`history ${result.number}: ${findingKinds(result)}\n`)
  await loadTenantFiles()
  for (const result of failed.slice(0, 3)) {
    process.stdout.write(
      `history ${result.number}: ${findingKinds(result)} (again with: npm run histories -- --count 1 --seed ${values.seed} --from ${result.number})\n`,
    )
    const { result: short } = await shorten(values.seed, result)
    for (const step of short.story) process.stdout.write(`  ${step}\n`)
    for (const [kind, sentences] of Object.entries(short.findings))
      for (const sentence of sentences) process.stdout.write(`  ${kind}: ${sentence}\n`)
  }
}
