import { expect, test } from 'vitest'
import { checkAnswers, requestsOf } from './appender.ts'

const record = (bytes: number) => ({ topic: 'topic', key: 'k', headers: {}, value: new Uint8Array(bytes) })

test('a success of kafkajs that leaves out a partition is none', () => {
  const answer = (partition: number, errorCode = 0) => ({ topicName: 'topic', partition, errorCode })

  expect(() => checkAnswers(new Set(['topic 0', 'topic 1']), [answer(0), answer(1)])).not.toThrow()
  expect(() => checkAnswers(new Set(['topic 0', 'topic 1']), [answer(0)])).toThrow('topic 1')
  expect(() => checkAnswers(new Set(['topic 0']), [answer(0, 7)])).toThrow('topic 0')
})

test('records are cut into requests by number and by size, in order; one that is larger goes alone', () => {
  const sizes = [10, 10, 10, 900, 10, 5_000, 10]
  const parts = requestsOf(sizes.map(record), { batchSize: 2, requestBytes: 1_000 })

  expect(parts.map((part) => part.map(({ value }) => value.byteLength))).toEqual([
    [10, 10],
    [10],
    [900],
    [10],
    [5_000],
    [10],
  ])
})
