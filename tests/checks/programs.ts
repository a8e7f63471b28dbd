import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Check } from './check.ts'
import { findByProgram } from './run-program.ts'

/** The types of every package, in one run: tsc then reads each file once. */
export const types: Check = {
  name: 'types',
  promise: 'the types hold',
  find: (root) => findByProgram(root, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json', '--pretty', 'false']),
}

/** Biome's lint rules and its formatting. */
export const biome: Check = {
  name: 'biome',
  promise: 'lint rules and formatting are kept (npm run format mends most of it)',
  find: (root) =>
    findByProgram(root, [
      'node_modules/@biomejs/biome/bin/biome',
      'check',
      '--error-on-warnings',
      '--reporter=concise',
      '--max-diagnostics=200',
    ]),
}

/** A check that a package brings itself, as a program that ends with 0 when all is well. */
function ownProgram(name: string, promise: string, program: readonly [string, ...string[]]): Check {
  return {
    name,
    promise,
    async find(root) {
      if (existsSync(join(root, program[0]))) return findByProgram(root, program)
      return [{ where: program[0], message: 'The program that this check runs is not there.' }]
    },
  }
}

/** What is generated from the messages lies committed as it would be generated now. */
export const generated = ownProgram('generated', 'generated files are up to date (npm run generate mends it)', [
  'contracts/messages/generate/main.ts',
  '--check',
])

/** Messages that were ever written can still be read. */
export const compatibility = ownProgram('compatibility', 'no contract changed in a way that breaks old messages', [
  'contracts/messages/compatibility/main.ts',
])
