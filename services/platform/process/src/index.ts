export { registerHealth } from './health.ts'
export { storeLastGood } from './last-good.ts'
export { realIds, realTime } from './real-ports.ts'
export { startTracing } from './trace-export.ts'
