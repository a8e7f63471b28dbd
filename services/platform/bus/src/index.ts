export { createEmbeddedBus } from './embedded/embedded-bus.ts'
export type { EmbeddedBusOptions } from './embedded/embedded-bus.ts'
