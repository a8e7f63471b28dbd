import { generateKeyPairSync } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { checkOperatorsFile, checkTenantFile, type SecretResolver } from '@samband/tenants'
import { expect, test } from 'vitest'
import { asDemoFile, DEMO_TIMING, environmentName, secretNamesIn, settingOf } from './tenant-files.ts'

const FOLDER = fileURLToPath(new URL('../../../../deploy/tenants/', import.meta.url))
const NAMES = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml') && name !== 'operators.yaml')
const read = (name: string) => readFileSync(`${FOLDER}${name}`, 'utf8')

const PEM = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString()
const base64Key = Buffer.alloc(32, 1).toString('base64')
const secrets: SecretResolver = { resolve: async (ref) => (/maskinporten/i.test(ref) ? PEM : base64Key) }
const addresses = { svarut: 'http://127.0.0.1:1', maskinporten: 'http://127.0.0.1:2', noark5: 'http://127.0.0.1:3' }

test('five municipalities and their operators are examples that can be used as they stand', async () => {
  expect(NAMES.sort()).toEqual(['aukra.yaml', 'midsund.yaml', 'molde.yaml', 'rauma.yaml', 'vestnes.yaml'])
  const orgnrs = new Set<string>()
  for (const name of NAMES) {
    const { faults, warnings, value } = await checkTenantFile(read(name), secrets)
    expect([name, faults, warnings]).toEqual([name, [], []])
    expect(value?.orgnr).toMatch(/^[23]/)
    orgnrs.add(value?.orgnr ?? '')
  }
  expect(orgnrs.size).toBe(NAMES.length)
  expect((await checkOperatorsFile(read('operators.yaml'), secrets)).faults).toEqual([])
})

test('no two files share a secret, apart from the client at Maskinporten, or a konto', () => {
  const names = NAMES.flatMap((name) => secretNamesIn(read(name))).filter((name) => name !== 'maskinporten.pem')
  expect(new Set(names).size).toBe(names.length)
  expect(new Set(NAMES.map((name) => settingOf(read(name), 'kontoId'))).size).toBe(NAMES.length)
})

test('as a demo file it points at the simulators alone, and is still accepted', async () => {
  for (const name of NAMES) {
    const text = asDemoFile(read(name), addresses)
    const { faults, value } = await checkTenantFile(text, secrets)
    expect([name, faults]).toEqual([name, []])
    expect(value?.connectors.svarut).toMatchObject({ baseUrl: 'http://127.0.0.1:1/api', timing: DEMO_TIMING })
    expect(value?.connectors.svarut.maskinporten).toMatchObject({
      issuer: 'http://127.0.0.1:2/',
      tokenUrl: 'http://127.0.0.1:2/token',
    })
    if (value?.connectors.noark5 !== undefined)
      expect(value.connectors.noark5).toMatchObject({ baseUrl: 'http://127.0.0.1:3/api/', timing: DEMO_TIMING })
    expect(text).not.toMatch(/https:|\/etc\/samband/)
  }
})

test('secrets get names of the environment', () => {
  expect(environmentName('aukra-hmac-key')).toBe('SAMBAND_DEMO_AUKRA_HMAC_KEY')
  expect(secretNamesIn('a: file:/etc/samband/secrets/x-key # never\nb: file:/etc/samband/secrets/y.pem\n')).toEqual([
    'x-key',
    'y.pem',
  ])
})

test('a setting is read without quotes and comments', () => {
  expect(settingOf('orgnr: "310001007"\nnavn: Aukra kommune\n  arkivdel: Sakarkiv # its title\n', 'arkivdel')).toBe(
    'Sakarkiv',
  )
  expect(settingOf('- klientId: drift\n', 'klientId')).toBe('drift')
  expect(() => settingOf('a: b\n', 'orgnr')).toThrow('has no orgnr')
})
