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

const BROKERS = { SAMBAND_KAFKA_BROKERS: 'kafka:9093' }
const SCRAM = { SAMBAND_KAFKA_USER: 'samband', SAMBAND_KAFKA_PASSWORD: 'hunter2' }
const TOKEN = {
  SAMBAND_KAFKA_TOKEN_URL: 'https://login.example.no/token',
  SAMBAND_KAFKA_TOKEN_CLIENT: 'samband',
  SAMBAND_KAFKA_TOKEN_SECRET: 'hunter2',
}

test('the login is what the environment names', () => {
  const loginOf = (env: Record<string, string>) => {
    const read = readKafkaEnv({ ...BROKERS, ...env })
    return 'settings' in read ? read.settings.login : read.faults
  }
  expect(loginOf({})).toBeUndefined()
  expect(loginOf({ ...SCRAM, SAMBAND_KAFKA_LOGIN: 'scram-sha-256' })).toEqual({
    mechanism: 'scram-sha-256',
    username: 'samband',
    password: 'hunter2',
  })
  expect(loginOf({ ...TOKEN, SAMBAND_KAFKA_LOGIN: 'oauthbearer', SAMBAND_KAFKA_TOKEN_SCOPE: 'kafka' })).toEqual({
    mechanism: 'oauthbearer',
    tokenUrl: 'https://login.example.no/token',
    clientId: 'samband',
    clientSecret: 'hunter2',
    scope: 'kafka',
  })
})

test.each([
  ['a login that is none', { SAMBAND_KAFKA_LOGIN: 'hunter2' }, ['LOGIN']],
  ['SCRAM without user', { SAMBAND_KAFKA_LOGIN: 'scram-sha-256' }, ['USER', 'PASSWORD']],
  ['a password without user', { SAMBAND_KAFKA_PASSWORD: 'hunter2' }, ['USER']],
  ['tokens without a client', { SAMBAND_KAFKA_LOGIN: 'oauthbearer' }, ['TOKEN_URL', 'TOKEN_CLIENT', 'TOKEN_SECRET']],
  [
    'tokens without a secret',
    { ...TOKEN, SAMBAND_KAFKA_LOGIN: 'oauthbearer', SAMBAND_KAFKA_TOKEN_SECRET: undefined },
    ['TOKEN_SECRET'],
  ],
  ['a client for tokens that no login asks for', TOKEN, ['TOKEN_URL', 'TOKEN_CLIENT', 'TOKEN_SECRET']],
  ['a user beside tokens', { ...TOKEN, ...SCRAM, SAMBAND_KAFKA_LOGIN: 'oauthbearer' }, ['USER', 'PASSWORD']],
  ['a scope beside SCRAM', { ...SCRAM, SAMBAND_KAFKA_TOKEN_SCOPE: 'hunter2' }, ['TOKEN_SCOPE']],
])('%s is refused by name of each variable', (_what, env, names) => {
  const read = readKafkaEnv({ ...BROKERS, ...env })
  const faults = 'faults' in read ? read.faults : []
  expect(faults.map((fault) => fault.split(':')[0])).toEqual(names.map((name) => `SAMBAND_KAFKA_${name}`))
  expect(faults.join()).not.toContain('hunter2')
})
