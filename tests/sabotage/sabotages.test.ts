import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { FLEET_SABOTAGES } from './fleet-sabotages.ts'
import { SABOTAGES } from './sabotages.ts'

const root = new URL('../..', import.meta.url)

const all = [
  ...SABOTAGES,
  ...FLEET_SABOTAGES.map(({ wider = [], edits, ...one }) => ({ ...one, edits: [...wider, ...edits] })),
]

test.each(all.map((sabotage) => [sabotage.rule, sabotage.name, sabotage] as const))(
  'the sabotage of %s "%s" still fits the sources, each of its edits in exactly one place',
  (_rule, _name, { edits }) => {
    for (const { file, from } of edits) {
      const places = readFileSync(new URL(file, root), 'utf8').split(from).length - 1
      expect([file, places]).toEqual([file, 1])
    }
  },
)
