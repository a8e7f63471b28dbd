import { expect, test } from 'vitest'
import { configOf, dangersOf, readTopicPlans, type TopicPlan } from './topic-plan.ts'

const plan: TopicPlan = {
  name: 'forsendelse',
  partitions: 12,
  replicas: 3,
  minInsyncReplicas: 2,
  retentionDays: 30,
  cleanupPolicy: 'delete',
  compression: 'uncompressed',
  maxMessageBytes: 1_048_588,
}
const asPlanned = { partitions: 12, replicas: 3, config: configOf(plan) }

test('a topic as planned has no dangers, nor has one with more of everything', () => {
  const more = {
    'retention.ms': '-1',
    'min.insync.replicas': '3',
    'max.message.bytes': '9000000',
    'compression.type': 'gzip',
  }

  expect(dangersOf(plan, asPlanned)).toEqual([])
  expect(dangersOf(plan, { partitions: 24, replicas: 5, config: { ...asPlanned.config, ...more } })).toEqual([])
})

test.each([
  ['fewer partitions', { partitions: 6 }, '6 partisjoner'],
  ['fewer replicas', { replicas: 1 }, '1 kopier'],
  ['compaction', { 'cleanup.policy': 'compact' }, 'cleanup.policy=compact'],
  ['compaction beside deletion', { 'cleanup.policy': 'compact,delete' }, 'cleanup.policy=compact,delete'],
  ['a shorter retention', { 'retention.ms': '1000' }, '1000 ms'],
  ['a retention by size', { 'retention.bytes': '1000' }, 'retention.bytes=-1'],
  ['an acknowledgement by fewer', { 'min.insync.replicas': '1' }, 'ved 1 kopier'],
  ['unclean elections', { 'unclean.leader.election.enable': 'true' }, 'kvitterte hendelser'],
  ['smaller records', { 'max.message.bytes': '1000' }, '1000 byte'],
  ['compressions that cannot be read', { 'compression.type': 'producer' }, 'compression.type=producer'],
  ['a setting that is not told', { 'retention.ms': '' }, 'sletter etter'],
])('%s is a danger, and only that is said', (_what, change, sentence) => {
  const { partitions = 12, replicas = 3, ...config } = change as { partitions?: number; replicas?: number }
  const dangers = dangersOf(plan, { partitions, replicas, config: { ...asPlanned.config, ...config } })

  expect(dangers).toHaveLength(1)
  expect(dangers[0]).toContain(sentence)
})

test('a plan with a misspelt or missing field is refused', () => {
  expect(() => readTopicPlans(JSON.stringify({ topics: [{ ...plan, retention: 3 }] }))).toThrow()
  expect(() => readTopicPlans(JSON.stringify({ topics: [{ ...plan, partitions: undefined }] }))).toThrow()
  expect(() => readTopicPlans(JSON.stringify({ topics: [{ ...plan, cleanupPolicy: 'compact' }] }))).toThrow()
})
