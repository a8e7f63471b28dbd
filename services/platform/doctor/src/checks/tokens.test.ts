import { afterEach, expect, test } from 'vitest'
import { aTenantsFolder, aWorld, clearUp, nobody, SECRET, serve, tenantFile } from '../testing/installation-on-disk.ts'
import { checkTenants } from './tenants.ts'
import { checkTokens } from './tokens.ts'

afterEach(clearUp)

/** What is found about the tokens of tenants with these files. */
async function found(...files: readonly string[]) {
  const folder = aTenantsFolder(Object.fromEntries(files.map((text, index) => [`${index}.yaml`, text])))
  const world = aWorld()
  const { tenants } = await checkTenants(folder, world)
  expect(tenants).toHaveLength(files.length)
  const findings = await checkTokens(tenants, {}, world)
  expect(JSON.stringify(findings)).not.toMatch(new RegExp(`${SECRET}|eyJ`))
  return findings.map(({ grade, subject, message }) => `${grade} ${subject} ${message}`)
}

/** A token endpoint that answers so, and counts. */
async function maskinporten(status: number, body: object) {
  const asked: string[] = []
  const url = await serve((incoming, outgoing) => {
    asked.push(String(incoming.url))
    outgoing.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  return { url: `${url}/token`, asked }
}

test('one token is fetched for each client, not for each municipality', async () => {
  const { url, asked } = await maskinporten(200, { access_token: 'eyJ-token', token_type: 'Bearer', expires_in: 120 })
  expect(
    await found(tenantFile({ maskinporten: url }), tenantFile({ maskinporten: url }, { orgnr: '311094688' })),
  ).toEqual(['ok connectors.svarut.maskinporten (311094688, 314758625) Maskinporten gir token for ks:fiks.'])
  expect(asked).toEqual(['/token'])
})

test('a client that is refused, and a Maskinporten that does not answer, are faults with their codes', async () => {
  const { url } = await maskinporten(400, { error: 'invalid_grant', error_description: `Invalid assertion ${SECRET}` })
  expect(await found(tenantFile({ maskinporten: url }))).toEqual([
    expect.stringMatching(/^fault connectors\.svarut\.maskinporten \(314758625\) .*MASKINPORTEN_/),
  ])
  expect(await found(tenantFile({ maskinporten: `http://${await nobody()}/token` }))).toEqual([
    expect.stringContaining('MASKINPORTEN_UTILGJENGELIG'),
  ])
})
