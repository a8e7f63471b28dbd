import { afterEach, beforeEach, describe } from 'vitest'
import { findsChanges } from './conformance/finds-changes.ts'
import { largeContents } from './conformance/large-contents.ts'
import { leavesNothing } from './conformance/leaves-nothing.ts'
import { storesAndReads } from './conformance/stores-and-reads.ts'
import { survivesStops } from './conformance/survives-stops.ts'
import type { PayloadsWorld } from './conformance/world.ts'

export type { PayloadsWorld } from './conformance/world.ts'

/** Every adapter of `Payloads` passes this. `makeWorld` makes a new, empty storage for each test. */
export function payloadsConformance(name: string, makeWorld: () => Promise<PayloadsWorld>): void {
  describe(`payloads: ${name}`, () => {
    let world: PayloadsWorld
    beforeEach(async () => {
      world = await makeWorld()
    })
    afterEach(() => world.close())
    const current = () => world

    describe('stores and reads', () => storesAndReads(current))
    describe('large contents', () => largeContents(current))
    describe('leaves nothing of what failed', () => leavesNothing(current))
    describe('survives a stop at any step', () => survivesStops(current))
    describe('finds every change', () => findsChanges(current))
  })
}
