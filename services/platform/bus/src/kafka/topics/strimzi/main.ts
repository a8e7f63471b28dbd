import { readFileSync } from 'node:fs'
import { readTopicPlans } from '../topic-plan.ts'
import { strimziTopics } from './strimzi-topics.ts'

/** `main.ts > deploy/kafka/strimzi.yaml`: the planned topics as resources for Strimzi. */
const PLANS = new URL('../../../../../../../deploy/kafka/topics.json', import.meta.url)

process.stdout.write(strimziTopics(readTopicPlans(readFileSync(PLANS, 'utf8'))))
