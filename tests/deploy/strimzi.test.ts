import { readFileSync } from 'node:fs'
import { readTopicPlans, strimziTopics } from '@samband/bus/kafka'
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'

const read = (name: string) => readFileSync(new URL(`../../deploy/kafka/${name}`, import.meta.url), 'utf8')
const plans = readTopicPlans(read('topics.json'))
const strimzi = read('strimzi.yaml')

test('strimzi.yaml is made from the file of topics', () => {
  expect(strimzi, 'node services/platform/bus/src/kafka/topics/strimzi/main.ts > deploy/kafka/strimzi.yaml').toBe(
    strimziTopics(plans),
  )
})

test('each resource says what the plan says, and every setting is a string', () => {
  const documents = parseAllDocuments(strimzi)

  expect(documents.flatMap(({ errors }) => errors)).toEqual([])
  expect(documents.map((document) => document.toJS())).toEqual(
    plans.map(({ name, partitions, replicas, retentionDays, minInsyncReplicas }) => ({
      apiVersion: 'kafka.strimzi.io/v1',
      kind: 'KafkaTopic',
      metadata: { name, labels: { 'strimzi.io/cluster': 'samband' } },
      spec: {
        partitions,
        replicas,
        config: expect.objectContaining({
          'retention.ms': String(retentionDays * 24 * 60 * 60 * 1000),
          'min.insync.replicas': String(minInsyncReplicas),
          'unclean.leader.election.enable': 'false',
        }),
      },
    })),
  )
})
