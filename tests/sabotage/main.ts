import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { sabotageFleet } from './by-fleet.ts'
import { sabotageHistories } from './by-histories.ts'
import { copySources } from './copy.ts'

/**
 * `npm run sabotage -- [--mode kafka] [--most N] [--seed S] [--only TEXT]... [--write]`: takes each rule out of a copy of the sources and plays histories
 * until one finds it, or in the mode `kafka` ill-treats an installation of several processes. The copy without a change must pass the same. `--write`
 * keeps what was found in a file of results, each as soon as it is known, and draws the table beside it anew from all that is kept.
 */
const { values } = parseArgs({
  options: {
    mode: { type: 'string', default: 'embedded' },
    most: { type: 'string', default: '1500' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', multiple: true },
    write: { type: 'boolean', default: false },
  },
})
const root = new URL('../..', import.meta.url).pathname
const order = {
  seed: values.seed,
  most: Number(values.most),
  isWanted: (title: string) => values.only === undefined || values.only.some((text) => title.includes(text)),
  keepIn: values.write ? join(root, 'tests/sabotage') : undefined,
}
const copy = copySources(root)
try {
  const isWell = values.mode === 'kafka' ? await sabotageFleet(copy, order) : await sabotageHistories(copy, order)
  process.exitCode = isWell ? 0 : 1
} finally {
  copy.remove()
}
