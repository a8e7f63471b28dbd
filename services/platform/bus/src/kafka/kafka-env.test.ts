import { expect, test } from 'vitest'
import { readKafkaEnv } from './kafka-env.ts'

test('reads brokers, encryption and login', () => {
  const read = readKafkaEnv({
    SAMBAND_KAFKA_BROKERS: 'kafka-1:9093, kafka-2:9093',
    SAMBAND_KAFKA_TLS: 'true',
    SAMBAND_KAFKA_CA_FILE: '/etc/ca.pem',
    SAMBAND_KAFKA_USER: 'samband',
    SAMBAND_KAFKA_PASSWORD: 'hemmelig',
  })

  expect(read).toEqual({
    settings: {
      brokers: ['kafka-1:9093', 'kafka-2:9093'],
      clientId: 'samband',
      tls: { caFile: '/etc/ca.pem' },
      login: { mechanism: 'scram-sha-512', username: 'samband', password: 'hemmelig' },
    },
  })
})

test('names every variable that is at fault, and repeats no value', () => {
  const read = readKafkaEnv({
    SAMBAND_KAFKA_BROKERS: 'hunter2',
    SAMBAND_KAFKA_TLS: 'hunter2',
    SAMBAND_KAFKA_USER: '',
  })
  const text = JSON.stringify(read)

  for (const name of ['BROKERS', 'TLS', 'USER']) expect(text).toContain(`SAMBAND_KAFKA_${name}`)
  expect(text).not.toContain('hunter2')
  expect(readKafkaEnv({ SAMBAND_KAFKA_BROKERS: 'a:1', SAMBAND_KAFKA_USER: 'samband' })).toMatchObject({
    faults: [expect.stringContaining('SAMBAND_KAFKA_PASSWORD')],
  })
})
