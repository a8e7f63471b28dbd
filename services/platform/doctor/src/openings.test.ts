import { readServiceConfig } from '@samband/process'
import { afterEach, expect, test } from 'vitest'
import { readTenantForms } from './checks/tenants.ts'
import type { Installation } from './installation.ts'
import { type Opening, openingsOf } from './openings.ts'
import { openingsText } from './report.ts'
import { aTenantsFolder, clearUp, SECRET, tenantFile } from './testing/installation-on-disk.ts'

afterEach(clearUp)

const ENV = {
  SAMBAND_TENANTS: '/tenants',
  SAMBAND_TOKEN_KEY: Buffer.alloc(32, 1).toString('base64'),
  SAMBAND_KAFKA_BROKERS: 'kafka-2:9093,kafka-1:9093',
  SAMBAND_KAFKA_TLS: 'true',
  SAMBAND_POSTGRES_URL: `postgresql://samband:${SECRET}@db.example/samband`,
  SAMBAND_S3_ENDPOINT: 'https://s3.example:9000',
  SAMBAND_S3_BUCKET: 'samband',
  SAMBAND_S3_KEY: 'key',
  SAMBAND_S3_SECRET: SECRET,
}

const AUKRA = tenantFile(
  {
    svarut: 'https://svarut.example/api',
    maskinporten: 'https://mp.example/token',
    noark5: 'https://arkiv.kommune.example/noark5v5/',
  },
  { svarut: `wayOut: { proxy: "http://own-proxy:8080", proxyUser: samband, proxyPassword: env:PASSORD }` },
)
const MOLDE = tenantFile(
  { svarut: 'https://svarut.example/api', maskinporten: 'https://mp.example/token', noark5: 'http://10.0.0.7:8080/' },
  { orgnr: '311094688' },
)

function openings(env: Record<string, string>, files: readonly string[]): readonly Opening[] {
  const read = readServiceConfig({ ...ENV, ...env })
  if ('faults' in read) throw new Error(read.faults.join())
  const installation: Installation = { kind: 'services', config: read.config }
  const folder = aTenantsFolder(Object.fromEntries(files.map((text, index) => [`${index}.yaml`, text])))
  return openingsOf(installation, readTenantForms(folder).tenants)
}

const brief = ({ fra, retning, vert, port, protokoll, gjennom }: Opening) =>
  `${fra} ${retning} ${vert}:${port} ${protokoll}${gjennom === '' ? '' : ` via ${gjennom}`}`

test('stores are for every service, destinations for the one that calls them, by the way they are called', () => {
  const proxy = { SAMBAND_OUT_PROXY: 'http://proxy.example:3128', SAMBAND_OUT_NO_PROXY: '.kommune.example,10.0.0.7' }
  const all = openings({ ...proxy, SAMBAND_OTLP_URL: 'http://collector:4318/v1/traces' }, [AUKRA, MOLDE])
  const of = (service: string) => all.filter(({ fra, retning }) => fra === service && retning === 'ut').map(brief)
  const stores = [
    'ut collector:4318 HTTP',
    'ut db.example:5432 PostgreSQL',
    'ut kafka-1:9093 Kafka over TLS',
    'ut kafka-2:9093 Kafka over TLS',
    'ut s3.example:9000 HTTPS',
  ]
  const with_ = (service: string, more: readonly string[]) =>
    [...stores, ...more].map((one) => `${service} ${one}`).sort()
  expect(of('forsendelse-intake')).toEqual(with_('forsendelse-intake', []))
  expect(of('operations')).toEqual(with_('operations', []))
  expect(of('journal-archiver')).toEqual(
    with_('journal-archiver', ['ut 10.0.0.7:8080 HTTP', 'ut arkiv.kommune.example:443 HTTPS']),
  )
  expect([...of('forsendelse-dispatcher')].sort()).toEqual(
    with_('forsendelse-dispatcher', [
      'ut mp.example:443 HTTPS via proxy.example:3128',
      'ut own-proxy:8080 HTTP CONNECT',
      'ut proxy.example:3128 HTTP CONNECT',
      'ut svarut.example:443 HTTPS via own-proxy:8080',
      'ut svarut.example:443 HTTPS via proxy.example:3128',
    ]),
  )
  expect(all.filter(({ retning }) => retning === 'inn').map(({ fra, vert }) => `${fra} ${vert}`)).toEqual([
    'forsendelse-dispatcher overvåkingen',
    'forsendelse-intake fagsystemene',
    'forsendelse-intake overvåkingen',
    'journal-archiver overvåkingen',
    'operations driftsmaskinene',
    'operations overvåkingen',
  ])
  expect(new Set(all.map(({ fra, sone }) => `${fra} ${sone}`))).toEqual(
    new Set([
      'forsendelse-dispatcher sikker',
      'forsendelse-intake åpen',
      'journal-archiver sikker',
      'operations sikker',
    ]),
  )
})

test('a token endpoint of Kafka is an opening of its own', () => {
  const token = {
    SAMBAND_KAFKA_LOGIN: 'oauthbearer',
    SAMBAND_KAFKA_TOKEN_URL: 'https://login.example/token',
    SAMBAND_KAFKA_TOKEN_CLIENT: 'samband',
    SAMBAND_KAFKA_TOKEN_SECRET: SECRET,
  }
  expect(openings(token, []).filter(({ vert }) => vert === 'login.example')).toHaveLength(4)
})

test('the list is the same whatever the order of files, and holds no secret', () => {
  const one = openings({}, [AUKRA, MOLDE])
  const other = openings({ SAMBAND_KAFKA_BROKERS: 'kafka-1:9093,kafka-2:9093' }, [MOLDE, AUKRA])
  expect(other).toEqual(one)
  expect(openingsText(one)).not.toContain(SECRET)
  expect(openingsText(one).split('\n')[0]).toMatch(/^fra\/til +sone +retning +vert +port +protokoll +gjennom +formål$/)
})
