import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runGate } from './gate.ts'
import { readLock } from './lock.ts'

/** `node compatibility/main.ts [--base <released.lock.json of the branch to merge into>]`: sentences and exit code 1, or 0. */
const messagesRoot = join(import.meta.dirname, '..')
const { base } = parseArgs({ options: { base: { type: 'string' } } }).values
const { problems, notes } = runGate(messagesRoot, base === undefined ? {} : { base: readLock(messagesRoot, base) })

for (const note of notes) console.log(note)
for (const problem of problems) console.error(problem)
if (problems.length === 0) console.log('Contracts are compatible with everything that was released.')
process.exitCode = problems.length === 0 ? 0 : 1
