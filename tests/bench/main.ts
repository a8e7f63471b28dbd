import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { acceptance } from './acceptance.ts'
import { backlog } from './backlog.ts'
import { type Figure, isHit, type Part } from './figures.ts'
import { hops } from './hops.ts'
import { filedLetters, letters } from './letters.ts'
import { describeMachine, machineLoad, printInto, type Results, tableOf } from './report.ts'
import { serverParts } from './servers/mode.ts'

/**
 * `npm run bench -- [--mode embedded|kafka] [--only NAME]... [--write] [--profile FOLDER] [--scale NUMBER] [--burst COUNT]`: measures, prints a table
 * beside the baseline, and with `--write` makes it the baseline. `--scale` and `--burst` are for the mode kafka: a tenth of the events tells whether
 * it runs, not how fast. Ends with 0 whether the aims are reached or not: a busy machine is no fault of the code.
 */
const EMBEDDED: readonly Part[] = [letters, filedLetters, hops, acceptance, backlog]
const fileHere = (name: string) => fileURLToPath(new URL(name, import.meta.url))

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    write: { type: 'boolean', default: false },
    profile: { type: 'string' },
    mode: { type: 'string', default: 'embedded' },
    scale: { type: 'string', default: '1' },
    burst: { type: 'string' },
  },
})
if (!['embedded', 'kafka'].includes(values.mode)) fail(`there is no mode ${values.mode}; there are embedded and kafka`)
const [scale, burst] = [values.scale, values.burst].map((given) => (given === undefined ? undefined : Number(given)))
if (!((scale ?? 0) > 0) || !((burst ?? 1) >= 1)) fail('--scale is a number above 0, --burst one of 1 or more')
const onServers = values.mode === 'kafka' ? serverParts({ scale: scale ?? 1, burst }) : undefined
const PARTS = onServers?.parts ?? EMBEDDED
const RESULTS = fileHere(onServers === undefined ? 'results.json' : 'servers/results.json')
const names = PARTS.map(({ name }) => name)
const unknown = values.only?.find((name) => !names.includes(name))
if (unknown !== undefined) fail(`there is no part ${unknown}; there are ${names.join(', ')}`)
const profileFolder = values.profile === undefined ? undefined : resolve(values.profile)
if (profileFolder !== undefined) mkdirSync(profileFolder, { recursive: true })

const startedMs = Date.now()
const tell = (sentence: string) =>
  void process.stderr.write(`${Math.round((Date.now() - startedMs) / 1000)} s: ${sentence}\n`)
const baseline = existsSync(RESULTS) ? (JSON.parse(readFileSync(RESULTS, 'utf8')) as Results) : undefined
const figures: Figure[] = []
try {
  for (const part of PARTS.filter(({ name }) => values.only?.includes(name) ?? true)) {
    tell(part.name)
    figures.push(...(await part.measure({ profileFolder, tell })))
  }
} finally {
  await onServers?.close()
}
const heading = `${describeMachine()}, load ${machineLoad()}`
process.stdout.write(`${heading}\n\n${tableOf(figures, baseline)}\n`)
const missed = figures.filter((figure) => isHit(figure) === false)
process.stdout.write(missed.length === 0 ? '\nevery aim is reached\n' : `\n${missed.length} aims are missed\n`)

if (values.write) {
  const kept = baseline?.figures.filter(({ name }) => !figures.some((figure) => figure.name === name)) ?? []
  const rounded = figures.map(rounding)
  // A part run alone replaces only its own figures.
  const results = {
    measured: new Date().toISOString().slice(0, 10),
    machine: describeMachine(),
    load: machineLoad(),
    figures: [...kept, ...rounded],
  }
  writeFileSync(RESULTS, `${JSON.stringify(results, undefined, 2)}\n`)
  if (onServers !== undefined)
    printInto(
      fileHere('README.md'),
      'bench --mode kafka',
      `Measured on ${results.measured}: ${heading}\n\n${tableOf(results.figures, undefined)}`,
    )
}
tell('done')

/** Three digits: more would only tell of the noise. */
function rounding({ range, ...figure }: Figure): Figure {
  const three = (value: number) => Number(value.toPrecision(3))
  const rounded = { ...figure, value: three(figure.value) }
  return range === undefined
    ? rounded
    : { ...rounded, range: { lowest: three(range.lowest), highest: three(range.highest) } }
}

function fail(sentence: string): never {
  process.stderr.write(`bench: ${sentence}\n`)
  process.exit(2)
}
