import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { readInstallation } from './installation.ts'
import { aFolder, aTenantsFolder, clearUp, SECRET } from './testing/installation-on-disk.ts'

afterEach(clearUp)

const KEY = Buffer.from(Array.from({ length: 32 }, (_one, index) => index * 7)).toString('base64')

const hub = () => ({ SAMBAND_DATA: '/var/lib/samband', SAMBAND_TENANTS: aTenantsFolder(), SAMBAND_TOKEN_KEY: KEY })
const services = () => ({
  SAMBAND_TENANTS: aTenantsFolder(),
  SAMBAND_TOKEN_KEY: KEY,
  SAMBAND_KAFKA_BROKERS: 'kafka:9092',
  SAMBAND_POSTGRES_URL: 'postgresql://samband@db/samband',
  SAMBAND_S3_ENDPOINT: 'https://s3.example',
  SAMBAND_S3_BUCKET: 'samband',
  SAMBAND_S3_KEY: 'key',
  SAMBAND_S3_SECRET: SECRET,
})

/** Grades and subjects of what was found. */
function found(env: Record<string, string>) {
  const { findings } = readInstallation(env)
  expect(JSON.stringify(findings)).not.toContain(SECRET)
  return findings.map(({ grade, subject }) => `${grade} ${subject}`)
}

test('the environment tells which of the two kinds of installation it is', () => {
  expect(readInstallation(hub()).installation?.kind).toBe('hub')
  expect(readInstallation(services()).installation?.kind).toBe('services')
  expect([found(hub()), found(services())]).toEqual([['ok miljøvariablene'], ['ok miljøvariablene']])
})

test('without one it says which variables are missing', () => {
  expect(found({ SAMBAND_TENANTS: '/tenants' })).toEqual(['fault SAMBAND_DATA'])
})

test('what the start would refuse is told by name of each variable', () => {
  expect(found({ ...hub(), SAMBAND_PORT: SECRET, SAMBAND_OUT_PROXY_PASSWORD: SECRET })).toEqual(['fault SAMBAND_PORT'])
  expect(found({ ...hub(), SAMBAND_OUT_PROXY_PASSWORD: SECRET })).toEqual(['fault SAMBAND_OUT_PROXY_USER'])
  expect(found({ ...services(), SAMBAND_TENANTS: '/nowhere' })).toEqual(['fault SAMBAND_TENANTS'])
  const file = join(aFolder(), 'file')
  writeFileSync(file, '')
  expect(found({ ...hub(), SAMBAND_DATA: file })).toEqual(['fault SAMBAND_DATA'])
})

test('what starts but ought to be otherwise is a warning', () => {
  const careless = {
    ...services(),
    SAMBAND_TOKEN_KEY: Buffer.alloc(32, 1).toString('base64'),
    SAMBAND_KAFKA_USER: 'samband',
    SAMBAND_KAFKA_PASSWORD: SECRET,
    SAMBAND_S3_ENDPOINT: 'http://s3.example',
  }
  expect(found(careless)).toEqual([
    'ok miljøvariablene',
    'warning SAMBAND_TOKEN_KEY',
    'warning SAMBAND_KAFKA_TLS',
    'warning SAMBAND_S3_ENDPOINT',
  ])
})
