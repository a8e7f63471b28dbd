import { configOf, type TopicPlan } from '../topic-plan.ts'

/** The cluster's name in Strimzi; the operator only looks at resources that carry it. */
const CLUSTER = 'samband'

/**
 * The planned topics as KafkaTopic resources for Strimzi's Topic Operator (API version v1, Strimzi 0.49 and later): YAML text, one
 * document each, in the order of the plans. The operator sets back what somebody changes by hand.
 */
export function strimziTopics(plans: readonly TopicPlan[]): string {
  return plans.map(resource).join('---\n')
}

function resource(plan: TopicPlan): string {
  const config = Object.entries(configOf(plan)).map(([name, value]) => `    ${name}: ${JSON.stringify(value)}\n`)
  return `apiVersion: kafka.strimzi.io/v1
kind: KafkaTopic
metadata:
  name: ${plan.name}
  labels:
    strimzi.io/cluster: ${CLUSTER}
spec:
  partitions: ${plan.partitions}
  replicas: ${plan.replicas}
  config:
${config.join('')}`
}
