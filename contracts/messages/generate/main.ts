import { join } from 'node:path'
import { staleFiles, writeGenerated } from './generated-files.ts'

/** `node generate/main.ts` writes schemas, asyncapi.json and the event catalogue; `--check` compares and fails with sentences. */
const contractsRoot = join(import.meta.dirname, '../..')

if (process.argv.includes('--check')) {
  const problems = staleFiles(contractsRoot)
  for (const problem of problems) console.error(problem)
  if (problems.length === 0) console.log('Generated contract files are up to date.')
  process.exitCode = problems.length === 0 ? 0 : 1
} else {
  writeGenerated(contractsRoot)
  console.log('Wrote schemas, asyncapi.json and docs/event-catalogue.md.')
}
