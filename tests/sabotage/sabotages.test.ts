import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { SABOTAGES } from './sabotages.ts'

const root = new URL('../..', import.meta.url)

test.each(SABOTAGES.map((sabotage) => [sabotage.rule, sabotage.name, sabotage] as const))(
  'the sabotage of %s "%s" still fits the sources, each of its edits in exactly one place',
  (_rule, _name, { edits }) => {
    for (const { file, from } of edits) {
      const places = readFileSync(new URL(file, root), 'utf8').split(from).length - 1
      expect([file, places]).toEqual([file, 1])
    }
  },
)
