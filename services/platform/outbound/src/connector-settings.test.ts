import { createHash, createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { NIKITA_PROFILE, STANDARD_PROFILE } from '@samband/noark5'
import { checkTenantFile } from '@samband/tenants'
import { expect, test } from 'vitest'
import { maskinportenConfigOf, noarkProfileOf } from './connector-settings.ts'

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const key = createHash('sha256').update('a key').digest('base64')

/** The settings of a tenant's file that has these lines for Maskinporten and for its core. */
async function settingsOf(maskinporten: string, noark5 = '') {
  const text = `orgnr: "314758625"
navn: Prøvekommunen
payloadKey: env:KEY
hmacKey: env:KEY
retention: { payloadDays: 90 }
connectors:
  svarut:
    baseUrl: https://svarut.example.no
    kontoId: konto-1
    integrasjonId: integrasjon-1
    integrasjonPassord: env:KEY
    maskinporten:
      issuer: https://maskinporten.example.no/
      tokenUrl: https://maskinporten.example.no/token
      clientId: samband
      kid: nokkel-1
      privateKey: env:JWK
      scope: ks:fiks ks:svarut
      ${maskinporten}
  noark5:
    baseUrl: https://arkiv.example.no/
    arkivdel: Sakarkiv
    profile: nikita
    login: { type: basic, user: samband, password: env:KEY }
    ${noark5}
`
  const jwk = JSON.stringify(privateKey.export({ format: 'jwk' }))
  const { value, faults } = await checkTenantFile(text, { resolve: async (ref) => (ref === 'env:JWK' ? jwk : key) })
  expect(faults).toEqual([])
  const { svarut, noark5: core } = value?.connectors ?? {}
  if (svarut === undefined || core === undefined) throw new Error('the file was not accepted')
  return { maskinporten: svarut.maskinporten, noark5: core }
}

test('the connector gets the key of a JWK, for whom the client asks, and the audience', async () => {
  const { maskinporten } = await settingsOf('consumerOrg: "311094688"\n      resource: [https://api.example.no]')
  const config = maskinportenConfigOf(maskinporten)
  expect(config).toMatchObject({
    tokenEndpoint: 'https://maskinporten.example.no/token',
    scopes: ['ks:fiks', 'ks:svarut'],
    consumerOrg: '311094688',
    resource: ['https://api.example.no'],
  })
  expect(createPrivateKey(config.key.privateKeyPem).equals(privateKey)).toBe(true)
})

test('without them the client asks for its own organisation and no audience', async () => {
  const { maskinporten } = await settingsOf('')
  const config = maskinportenConfigOf(maskinporten)
  expect(['consumerOrg' in config, 'resource' in config]).toEqual([false, false])
})

test('the deviations of a core are laid over its profile, and everything else stays', async () => {
  const { noark5 } = await settingsOf('', 'profileChanges: { systemIdKept: false, koder: { saksstatus: R } }')
  expect(noarkProfileOf(noark5)).toEqual({
    ...NIKITA_PROFILE,
    systemIdKept: false,
    koder: { ...NIKITA_PROFILE.koder, saksstatus: 'R' },
  })
  expect(noarkProfileOf({ profile: 'standard' })).toEqual(STANDARD_PROFILE)
})
