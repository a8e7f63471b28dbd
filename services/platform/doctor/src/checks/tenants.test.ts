import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import {
  aFolder,
  aTenantsFolder,
  aWorld,
  clearUp,
  SECRET,
  SECRETS,
  tenantFile,
} from '../testing/installation-on-disk.ts'
import { checkTenants, readTenantForms } from './tenants.ts'

afterEach(clearUp)

async function found(folder: string, env: Record<string, string> = {}) {
  const { findings, tenants } = await checkTenants(folder, aWorld(env))
  expect(JSON.stringify(findings)).not.toContain(SECRET)
  const told = findings.map(({ grade, subject, message }) => `${grade} ${subject.replace(`${folder}/`, '')} ${message}`)
  return { told, tenants: tenants.map(({ orgnr }) => orgnr) }
}

test('sound files are in order', async () => {
  const { told, tenants } = await found(aTenantsFolder({ 'a.yaml': tenantFile({}) }))
  expect(told).toEqual(['ok SAMBAND_TENANTS Filene til 1 kommuner kan gjelde.'])
  expect(tenants).toEqual(['314758625'])
})

test('a file whose secret is missing is told with the setting, and the others are looked at all the same', async () => {
  const folder = aTenantsFolder({
    'a.yaml': tenantFile({}),
    'b.yaml': tenantFile({}, { orgnr: '311094688', svarut: 'ceiling: 4' }).replace('env:JWK', 'env:GONE'),
  })
  const { told, tenants } = await found(folder)
  expect(told).toEqual([
    expect.stringMatching(
      /^fault b\.yaml .*connectors\.svarut\.maskinporten\.privateKey: expected a secret behind env:GONE/,
    ),
    'ok SAMBAND_TENANTS Filene til 1 kommuner kan gjelde.',
  ])
  expect(tenants).toEqual(['314758625'])
})

test('a folder without municipalities, or without operators, is a warning', async () => {
  expect((await found(aTenantsFolder())).told).toEqual([expect.stringMatching(/^warning SAMBAND_TENANTS/)])
  const alone = aFolder()
  writeFileSync(join(alone, 'a.yaml'), tenantFile({}))
  expect((await found(alone)).told[0]).toMatch(/^warning operators\.yaml/)
})

test('a setting that is dangerous with a real SvarUt is a warning', async () => {
  const short = tenantFile({}, { svarut: 'timing: { inFlightMs: 1000 }' })
  expect((await found(aTenantsFolder({ 'a.yaml': short }))).told).toEqual([
    expect.stringMatching(/^warning a\.yaml connectors\.svarut\.timing\.inFlightMs/),
    'ok SAMBAND_TENANTS Filene til 1 kommuner kan gjelde.',
  ])
})

test('a secret that everybody on the machine may read is a warning', async () => {
  const secret = join(aFolder(), 'payload-key')
  writeFileSync(secret, SECRETS.PAYLOAD_KEY)
  const folder = aTenantsFolder({ 'a.yaml': tenantFile({}).replace('env:PAYLOAD_KEY', `file:${secret}`) })
  chmodSync(secret, 0o644)
  expect((await found(folder)).told[0]).toBe(`warning ${secret} Hemmeligheten kan leses av alle på maskinen.`)
  chmodSync(secret, 0o600)
  expect((await found(folder)).told).toHaveLength(1)
})

test('whoever plans needs no secrets, but the right form', () => {
  const broken = tenantFile({}, { orgnr: '123' })
  const folder = aTenantsFolder({ 'a.yaml': tenantFile({}).replaceAll('env:', 'env:GONE_'), 'b.yaml': broken })
  const { tenants, findings } = readTenantForms(folder)
  expect(tenants.map(({ orgnr }) => orgnr)).toEqual(['314758625'])
  expect(findings.map(({ subject }) => subject)).toEqual([join(folder, 'b.yaml')])
})
