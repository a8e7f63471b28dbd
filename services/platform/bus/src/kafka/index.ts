export type { KafkaBusOptions } from './kafka-bus.ts'
export { createKafkaBus } from './kafka-bus.ts'
export type { KafkaLogin, KafkaSettings, KafkaTuning } from './settings.ts'
export { DEFAULT_TUNING } from './settings.ts'
