import { createTestAuthority } from '@samband/connector-kit/testing'
import { expect, test } from 'vitest'
import { checkTenantFile } from '../check-file.ts'
import { someSecrets } from '../testing/world.ts'

const { ca } = createTestAuthority(Date.now())

/** The faults of a file whose SvarUt has this way out, as paths with what was expected, and what came of it. */
async function check(wayOut: string) {
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
    wayOut: ${wayOut}
    maskinporten:
      issuer: https://maskinporten.example.no/
      tokenUrl: https://maskinporten.example.no/token
      clientId: samband
      kid: nokkel-1
      privateKey: env:MASKINPORTEN_KEY
      scope: ks:fiks
`
  const secrets = new Map([...someSecrets(), ['file:/ca.pem', ca], ['env:KEY', Buffer.alloc(32, 1).toString('base64')]])
  const { faults, value } = await checkTenantFile(text, { resolve: async (ref) => secrets.get(ref) })
  return {
    faults: faults.map(({ path }) => path.replace('connectors.svarut.', '')),
    value,
    text: JSON.stringify(faults),
  }
}

test('a way out with proxy, login, authority and source address is taken, and each may be left out', async () => {
  const all =
    '{ proxy: "http://proxy.kommune.no:3128", proxyUser: samband, proxyPassword: env:KEY, ca: "file:/ca.pem", sourceAddress: 10.0.0.5 }'
  const { faults, value } = await check(all)
  expect(faults).toEqual([])
  expect(value?.connectors.svarut.wayOut?.ca?.text()).toBe(ca)
  expect((await check('{ proxy: none }')).faults).toEqual([])
  expect((await check('{ }')).faults).toEqual([])
})

test.each([
  ['a proxy with a user in its address', '{ proxy: "http://samband:hunter2@proxy:3128" }', ['wayOut.proxy']],
  ['a proxy with a path', '{ proxy: "http://proxy:3128/hunter2" }', ['wayOut.proxy']],
  ['a proxy of another kind', '{ proxy: "socks5://proxy:1080" }', ['wayOut.proxy']],
  ['a user without password', '{ proxy: "http://proxy:3128", proxyUser: samband }', ['wayOut.proxyPassword']],
  ['a password without user', '{ proxy: "http://proxy:3128", proxyPassword: env:KEY }', ['wayOut.proxyUser']],
  ['a user without proxy', '{ proxyUser: samband, proxyPassword: env:KEY }', ['wayOut.proxy']],
  [
    'a password in clear',
    '{ proxy: "http://proxy:3128", proxyUser: samband, proxyPassword: hunter2 }',
    ['wayOut.proxyPassword'],
  ],
  ['an authority that is no certificate', '{ ca: env:KEY }', ['wayOut.ca']],
  ['an authority that is not there', '{ ca: "file:/missing.pem" }', ['wayOut.ca']],
  ['a source address that is a name', '{ sourceAddress: hunter2 }', ['wayOut.sourceAddress']],
])('%s is a fault, told without the value', async (_what, wayOut, paths) => {
  const { faults, text } = await check(wayOut)
  expect(faults).toEqual(paths)
  expect(text).not.toContain('hunter2')
})
