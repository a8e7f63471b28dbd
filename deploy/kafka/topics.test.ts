import { readFileSync } from 'node:fs'
import { readTopicPlans } from '@samband/bus/kafka'
import { TOPICS } from '@samband/messages'
import { expect, test } from 'vitest'

const plans = readTopicPlans(readFileSync(new URL('./topics.json', import.meta.url), 'utf8'))

test('the topics of the file are those of the messages', () => {
  expect(plans.map(({ name }) => name).sort()).toEqual(TOPICS)
})

test('an acknowledged event survives the loss of one broker', () => {
  for (const { replicas, minInsyncReplicas } of plans) {
    expect(minInsyncReplicas).toBeGreaterThanOrEqual(2)
    expect(replicas).toBeGreaterThan(minInsyncReplicas)
  }
})
