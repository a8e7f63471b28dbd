import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Check } from './check.ts'
import { filesBelow } from './tree.ts'

const mostLines = 400

/** Files, from the root, that are one long table: nothing in them gets clearer by being cut in two. */
const tables: ReadonlySet<string> = new Set<string>([
  'connectors/noark5/simulator/entities.ts',
  'tests/sabotage/sabotages.ts',
])

/** No source file grows past what one can keep in mind. */
export const fileLength: Check = {
  name: 'length',
  promise: `no source file has more than ${mostLines} lines`,
  async find(root) {
    return filesBelow(root, (path) => /\.(ts|mjs|sql)$/.test(path) && !tables.has(path)).flatMap((path) => {
      const lineCount = readFileSync(join(root, path), 'utf8').replace(/\n$/, '').split('\n').length
      if (lineCount <= mostLines) return []
      return [
        { where: path, message: `${lineCount} lines: split it by job (or list it as a table in file-length.ts).` },
      ]
    })
  },
}
