export type { EmbeddedBusOptions } from './embedded/embedded-bus.ts'
export { createEmbeddedBus } from './embedded/embedded-bus.ts'
