import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readServiceConfig, ServiceEnv } from './config.ts'

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

const ENV = {
  SAMBAND_TENANTS: '/etc/samband/tenants',
  SAMBAND_TOKEN_KEY: Buffer.alloc(32, 1).toString('base64'),
  SAMBAND_KAFKA_BROKERS: 'kafka-1:9092, kafka-2:9092',
  SAMBAND_POSTGRES_URL: 'postgresql://samband@db/samband',
  SAMBAND_S3_BUCKET: 'samband',
  SAMBAND_S3_KEY: 'nøkkel',
  SAMBAND_S3_SECRET: 'hemmelig',
}

/** The row of a variable as the README has to have it. */
function rowOf([name, setting]: [
  string,
  {
    readonly description?: string | undefined
    safeParse(value: unknown): { readonly success: boolean; readonly data?: unknown }
  },
]): string {
  const left = setting.safeParse(undefined)
  const empty = left.success && left.data === ''
  const byDefault = !left.success ? '–' : left.data === undefined || empty ? 'optional' : `\`${String(left.data)}\``
  return `| \`${name}\` | ${byDefault} | ${setting.description ?? ''} |`
}

test('the README has every variable of the environment, with its default and what it is for', () => {
  const shown = README.split('\n').filter((line) => line.startsWith('| `SAMBAND_'))
  expect(shown).toEqual(Object.entries(ServiceEnv.in.shape).map(rowOf))
})

test('an environment with what is needed is enough, and an empty variable counts as left out', () => {
  const read = readServiceConfig({ ...ENV, SAMBAND_KAFKA_USER: '', SAMBAND_S3_ENDPOINT: '' })
  expect(read).toMatchObject({
    config: {
      port: 8080,
      kafka: { brokers: ['kafka-1:9092', 'kafka-2:9092'] },
      postgres: { schema: 'samband' },
      s3: { bucket: 'samband', forcePathStyle: false, secretKey: 'env:SAMBAND_S3_SECRET' },
    },
  })
  expect('config' in read && read.config.kafka).not.toHaveProperty('login')
})

test('every fault is told at once by name of its variable, without a value', () => {
  const read = readServiceConfig({
    ...ENV,
    SAMBAND_POSTGRES_URL: undefined,
    SAMBAND_TOKEN_KEY: 'kort',
    SAMBAND_PORT: 'åtti',
  })
  const faults = 'faults' in read ? read.faults : []
  expect(faults.map((fault) => fault.split(' ')[0])).toEqual([
    'SAMBAND_TOKEN_KEY',
    'SAMBAND_PORT',
    'SAMBAND_POSTGRES_URL',
  ])
  expect(faults.join()).not.toMatch(/kort|åtti/)
})

test('a user without a password is a fault, and so is a CA without TLS', () => {
  const read = readServiceConfig({ ...ENV, SAMBAND_KAFKA_USER: 'samband', SAMBAND_KAFKA_CA_FILE: '/ca.pem' })
  const faults = 'faults' in read ? read.faults : []
  expect(faults.map((fault) => fault.split(':')[0])).toEqual(['SAMBAND_KAFKA_PASSWORD', 'SAMBAND_KAFKA_CA_FILE'])
})

test('the way out is read, and half a way out is told by the variable that is missing or too much', () => {
  const way = { SAMBAND_OUT_PROXY: 'http://proxy.example.no:3128', SAMBAND_OUT_ADDRESS: '10.0.0.5' }
  const full = {
    ...way,
    SAMBAND_OUT_PROXY_USER: 'samband',
    SAMBAND_OUT_PROXY_PASSWORD: 'hunter2',
    SAMBAND_OUT_NO_PROXY: '.kommune.no, arkiv,',
  }
  expect(readServiceConfig({ ...ENV, ...full })).toMatchObject({
    config: {
      wayOut: {
        sourceAddress: '10.0.0.5',
        proxy: {
          url: 'http://proxy.example.no:3128',
          login: { user: 'samband', password: 'hunter2' },
          except: ['.kommune.no', 'arkiv'],
        },
      },
    },
  })
  const faultsOf = (env: Record<string, string>) => {
    const read = readServiceConfig({ ...ENV, ...env })
    const faults = 'faults' in read ? read.faults : []
    expect(faults.join()).not.toContain('hunter2')
    return faults.map((fault) => fault.split(' ')[0])
  }
  expect(faultsOf({ ...way, SAMBAND_OUT_PROXY_USER: 'samband' })).toEqual(['SAMBAND_OUT_PROXY_PASSWORD'])
  expect(faultsOf({ ...way, SAMBAND_OUT_PROXY_PASSWORD: 'hunter2' })).toEqual(['SAMBAND_OUT_PROXY_USER'])
  expect(faultsOf({ SAMBAND_OUT_NO_PROXY: 'arkiv' })).toEqual(['SAMBAND_OUT_NO_PROXY'])
  expect(faultsOf({ SAMBAND_OUT_PROXY: 'http://samband:hunter2@proxy:3128' })).toEqual(['SAMBAND_OUT_PROXY'])
  expect(faultsOf({ SAMBAND_OUT_ADDRESS: 'hunter2' })).toEqual(['SAMBAND_OUT_ADDRESS'])
})
