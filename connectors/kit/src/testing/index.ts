export { countingIds } from './counting-ids.ts'
export type { ManualTime } from './manual-time.ts'
export { manualTime } from './manual-time.ts'
export { damagedDocument, memoryPayloads } from './memory-payloads.ts'
