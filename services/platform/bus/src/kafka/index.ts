export { type BrokerDesk, createBrokerDesk } from './broker-desk.ts'
export type { KafkaBusOptions } from './kafka-bus.ts'
export { createKafkaBus } from './kafka-bus.ts'
export { readKafkaEnv } from './kafka-env.ts'
export type { KafkaEnvironment, KafkaLogin, KafkaSettings, KafkaTokenClient, KafkaTuning } from './settings.ts'
export { DEFAULT_TUNING } from './settings.ts'
export { withTokens } from './token-client.ts'
export { strimziTopics } from './topics/strimzi/strimzi-topics.ts'
export { readTopicPlans, type TopicPlan } from './topics/topic-plan.ts'
export {
  applyTopicPlans,
  compareTopicPlans,
  describeReport,
  type TopicsComparison,
  type TopicsReport,
} from './topics/topics-command.ts'
