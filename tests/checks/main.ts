import { join } from 'node:path'
import type { Check, Finding } from './check.ts'
import { determinism } from './determinism.ts'
import { fileLength } from './file-length.ts'
import { importDirections } from './import-directions.ts'
import { links } from './links.ts'
import { packages } from './packages.ts'
import { biome, compatibility, generated, types } from './programs.ts'

/** The quick ones first, so that most mistakes show within a second. */
const checks: readonly Check[] = [
  packages,
  importDirections,
  determinism,
  fileLength,
  links,
  biome,
  types,
  generated,
  compatibility,
]

const inWords = ({ where, message }: Finding): string => `    ${where === '' ? '' : `${where}  `}${message}`

async function runOne(check: Check, root: string): Promise<boolean> {
  const startedMs = performance.now()
  const findings = await check.find(root).catch((error: unknown) => [{ where: '', message: String(error) }])
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1).padStart(5)
  const verdict = findings.length === 0 ? 'ok    ' : 'failed'
  console.log(`${verdict} ${seconds} s  ${check.name.padEnd(14)} ${check.promise}`)
  for (const finding of findings) console.log(inWords(finding))
  return findings.length === 0
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !checks.some((check) => check.name === name))
if (unknown.length > 0) {
  console.error(`No check is called ${unknown.join(', ')}; there are ${checks.map(({ name }) => name).join(', ')}.`)
  process.exitCode = 1
} else {
  const root = join(import.meta.dirname, '..', '..')
  const failed: string[] = []
  for (const check of checks) {
    if (wanted.length > 0 && !wanted.includes(check.name)) continue
    if (!(await runOne(check, root))) failed.push(check.name)
  }
  console.log(failed.length === 0 ? 'All checks passed.' : `Failed: ${failed.join(', ')}.`)
  process.exitCode = failed.length === 0 ? 0 : 1
}
