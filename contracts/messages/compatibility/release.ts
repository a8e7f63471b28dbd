import { join } from 'node:path'
import { releaseContracts } from './release-contracts.ts'

/** `node compatibility/release.ts [name …]`: releases the named contracts, or all of them, as they stand. */
for (const sentence of releaseContracts(join(import.meta.dirname, '..'), process.argv.slice(2))) {
  process.stdout.write(`${sentence}\n`)
}
