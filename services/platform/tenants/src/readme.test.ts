import { readFileSync } from 'node:fs'
import { createTestAuthority } from '@samband/connector-kit/testing'
import { expect, test } from 'vitest'
import { checkOperatorsFile, checkTenantFile } from './check-file.ts'
import { someSecrets } from './testing/world.ts'

test('the example files of the README are accepted as they stand', async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const [tenant = '', operators = ''] = [...readme.matchAll(/```yaml\n(.*?)```/gs)].map(([, text]) => text)
  const secrets = someSecrets()
  const { ca } = createTestAuthority(Date.now())
  const base64Key = Buffer.alloc(32, 1).toString('base64')
  const resolver = {
    resolve: async (ref: string) =>
      ref.endsWith('own-ca.pem') ? ca : ref.endsWith('.pem') ? secrets.get('env:MASKINPORTEN_KEY') : base64Key,
  }
  expect((await checkTenantFile(tenant, resolver)).faults).toEqual([])
  expect((await checkOperatorsFile(operators, resolver)).faults).toEqual([])
})
