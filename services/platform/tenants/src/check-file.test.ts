import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { checkOperatorsFile, checkTenantFile } from './check-file.ts'
import { isOrgnr } from './orgnr.ts'
import { aTenantFile, FJORD, resolverOf, someSecrets } from './testing/world.ts'

const secrets = someSecrets()

test('a complete file is accepted, with defaults and secrets in place', async () => {
  const { value, faults, warnings, orgnr } = await checkTenantFile(aTenantFile(FJORD), resolverOf(secrets))
  expect([faults, warnings, orgnr]).toEqual([[], [], FJORD])
  expect(value?.connectors.svarut).toMatchObject({
    timing: { startWithinMs: 5000, inFlightMs: 960_000, lookUpLagMs: 300_000 },
    ceiling: 4,
    giveUpAfterMs: 86_400_000,
    statusPollMs: 900_000,
  })
  expect(value?.connectors.svarut.integrasjonPassord.text()).toBe('fjelltopp-og-havgap')
  expect(value?.payloadKey.bytes().length).toBe(32)
  expect(value?.klienter[0]?.secret.equals('klienthemmelighet-nr-1')).toBe(true)
  expect(value?.klienter[0]?.secret.equals('klienthemmelighet-nr-2')).toBe(false)
})

test.each([
  ['basic', 'type: basic, user: samband, password: env:SVARUT_PASSORD'],
  ['client credentials', 'type: oauth2, clientId: a, clientSecret: env:SVARUT_PASSORD'],
  [
    'password grant',
    'type: oauth2, clientId: a, clientSecret: env:SVARUT_PASSORD, user: b, password: env:KLIENT_SECRET',
  ],
])('an archive core may be added, with login by %s', async (_, login) => {
  const { value, faults } = await checkTenantFile(withNoark5(`{ ${login} }`), resolverOf(secrets))
  expect(faults).toEqual([])
  expect(value?.connectors.noark5?.timing).toEqual({ startWithinMs: 5000, inFlightMs: 120_000, lookUpLagMs: 60_000 })
})

test('all faults are named together: shape, unknown names, ranges and secrets that are not there', async () => {
  const text = aTenantFile(FJORD, 'fagsystem', {
    'kontoId: 0c9bb2f6-5a7e-4a3b-9d58-6a1a3bb0f001\n': 'kontoID: x\n',
    'baseUrl: https://svarut.example.no': 'baseUrl: http://svarut.example.no',
    'integrasjonPassord: env:SVARUT_PASSORD': 'integrasjonPassord: env:FINNES_IKKE',
    'forsendelse.les]': 'forsendelse.less]',
    'payloadDays: 90': 'payloadDays: 0',
    'navn: ': 'navn: [',
    [`kommunen ${FJORD}`]: 'kommunen]',
  })
  const { faults, value, orgnr } = await checkTenantFile(text, resolverOf(secrets))
  expect(value).toBeUndefined()
  expect(orgnr).toBe(FJORD)
  expect(faults.map(({ path }) => path).sort()).toEqual([
    'connectors.svarut.baseUrl',
    'connectors.svarut.integrasjonPassord',
    'connectors.svarut.kontoID',
    'connectors.svarut.kontoId',
    'klienter[0].scopes[1]',
    'navn',
    'retention.payloadDays',
  ])
  for (const { expected, came, todo } of faults) {
    expect([expected, came, todo].map((part) => part.length > 5)).toEqual([true, true, true])
  }
})

test('a secret written into the file is a fault, and its value is told nowhere', async () => {
  const text = aTenantFile(FJORD, 'fagsystem', {
    'integrasjonPassord: env:SVARUT_PASSORD': 'integrasjonPassord: hunter2-hunter2',
    'kid: samband-2026': 'hunter2-hunter2: 1',
    'kontoId: 0c9bb2f6': 'kontoId: [hunter2-hunter2]\n    x: y',
  })
  const { faults } = await checkTenantFile(text, resolverOf(secrets))
  expect(faults.map(({ path }) => path)).toContain('connectors.svarut.integrasjonPassord')
  expect(JSON.stringify(faults)).not.toContain('hunter2')
})

test('broken YAML is told with its line, and nothing of its text', async () => {
  const text = aTenantFile(FJORD).replace(
    'integrasjonPassord: env:SVARUT_PASSORD',
    'integrasjonPassord: @hunter2: "hunter2',
  )
  const { faults } = await checkTenantFile(text, resolverOf(secrets))
  expect(faults.length).toBeGreaterThan(0)
  expect(faults[0]).toMatchObject({ path: '', expected: 'valid YAML' })
  expect(faults[0]?.came).toMatch(/in line \d+$/)
  expect(JSON.stringify(faults)).not.toContain('hunter2')
})

test.each([
  ['the same setting twice', `${aTenantFile(FJORD)}navn: B\n`, 'DUPLICATE_KEY'],
  ['aliases', aTenantFile(FJORD, 'a-b', { 'navn: ': 'navn: &n ', 'kid: samband-2026': 'kid: *n' }), 'an alias'],
  ['an unknown tag', aTenantFile(FJORD, 'a-b', { 'navn: ': 'navn: !x ' }), 'TAG_RESOLVE_FAILED'],
])('refuses %s', async (_, text, came) => {
  const { faults } = await checkTenantFile(text, resolverOf(secrets))
  expect(faults[0]?.came).toContain(came)
})

test('says one thing, not thirty, of an empty file', async () => {
  const { faults } = await checkTenantFile('', resolverOf(secrets))
  expect(faults).toEqual([expect.objectContaining({ path: '', came: 'nothing' })])
})

test.each([
  ['payloadKey', `env:PAYLOAD_KEY_${FJORD}`, Buffer.alloc(31).toString('base64')],
  ['payloadKey', `env:PAYLOAD_KEY_${FJORD}`, 'not base64 at all, but of 43 characters....'],
  ['hmacKey', `env:HMAC_KEY_${FJORD}`, 'c2hvcnQ='],
  ['connectors.svarut.maskinporten.privateKey', 'env:MASKINPORTEN_KEY', '-----BEGIN PRIVATE KEY-----'],
  ['klienter[0].secret', 'env:KLIENT_SECRET', 'kort'],
])('refuses a %s that cannot be one', async (path, ref, value) => {
  const { faults } = await checkTenantFile(aTenantFile(FJORD), resolverOf(new Map([...secrets, [ref, value]])))
  expect(faults.map((fault) => fault.path)).toEqual([path])
  expect(JSON.stringify(faults)).not.toContain(value)
})

test('a private key as JWK is handed out as PEM, so that whoever signs need not know', async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwk = JSON.stringify(privateKey.export({ format: 'jwk' }))
  const { value, faults } = await checkTenantFile(
    aTenantFile(FJORD),
    resolverOf(new Map([...secrets, ['env:MASKINPORTEN_KEY', jwk]])),
  )
  expect(faults).toEqual([])
  const pem = value?.connectors.svarut.maskinporten.privateKey.text() ?? ''
  expect(createPrivateKey(pem).equals(privateKey)).toBe(true)
})

test.each([
  ['an elliptic curve', 'a private key of type ec', () => ec().privateKey.export({ type: 'pkcs8', format: 'pem' })],
  [
    'an elliptic curve as JWK',
    'a private key of type ec',
    () => JSON.stringify(ec().privateKey.export({ format: 'jwk' })),
  ],
  ['1024 bits', 'an RSA key of 1024 bits', () => rsa(1024).privateKey.export({ type: 'pkcs8', format: 'pem' })],
  ['a public key', 'no private key', () => rsa(2048).publicKey.export({ type: 'spki', format: 'pem' })],
  ['a public key as JWK', 'no private key', () => JSON.stringify(rsa(2048).publicKey.export({ format: 'jwk' }))],
])('refuses a key that Maskinporten would refuse: %s', async (_, came, key) => {
  const { faults } = await checkTenantFile(
    aTenantFile(FJORD),
    resolverOf(new Map([...secrets, ['env:MASKINPORTEN_KEY', String(key())]])),
  )
  expect(faults).toEqual([
    expect.objectContaining({
      path: 'connectors.svarut.maskinporten.privateKey',
      expected: expect.stringContaining('RSA private key of at least 2048 bits'),
      came: expect.stringContaining(came),
    }),
  ])
})

test('deviations of a core and the wishes of a client may be told, and nothing beside them', async () => {
  const changed = withNoark5('{ type: basic, user: a, password: env:SVARUT_PASSORD }')
    .replace(
      'profile: nikita',
      'profile: nikita\n    profileChanges: { systemIdKept: nei, etagHeaders: [ETag], koder: { saksstatus: "" } }',
    )
    .replace('scope: ks:fiks', 'scope: ks:fiks\n      consumerOrg: "314758626"\n      resource: []')
  const { faults } = await checkTenantFile(changed, resolverOf(secrets))
  expect(faults.map(({ path }) => path).sort()).toEqual([
    'connectors.noark5.profileChanges.etagHeaders',
    'connectors.noark5.profileChanges.koder.saksstatus',
    'connectors.noark5.profileChanges.systemIdKept',
    'connectors.svarut.maskinporten.consumerOrg',
    'connectors.svarut.maskinporten.resource',
  ])
})

test('refuses to give up before an open question can be answered', async () => {
  const text = aTenantFile(FJORD, 'a-b', {
    '    kontoId': '    timing: { inFlightMs: 3000000 }\n    giveUpAfterMs: 3305000\n    kontoId',
  })
  const { faults } = await checkTenantFile(text, resolverOf(secrets))
  expect(faults.map(({ path, expected }) => [path, expected])).toEqual([
    ['connectors.svarut.giveUpAfterMs', expect.stringContaining('3305000')],
  ])
})

test('warns of a time in flight that is shorter than SvarUt’s own', async () => {
  const text = aTenantFile(FJORD, 'a-b', { '    kontoId': '    timing: { inFlightMs: 60000 }\n    kontoId' })
  const { faults, warnings } = await checkTenantFile(text, resolverOf(secrets))
  expect([faults.length, warnings.map(({ path }) => path)]).toEqual([0, ['connectors.svarut.timing.inFlightMs']])
})

test.each([
  [
    'user without password',
    '{ type: oauth2, clientId: a, clientSecret: env:SVARUT_PASSORD, user: b }',
    'login.password',
  ],
  ['a login of no type', '{ type: saml }', 'login.type'],
])('refuses %s at the archive core', async (_, login, path) => {
  const { faults } = await checkTenantFile(withNoark5(login), resolverOf(secrets))
  expect(faults.map((fault) => fault.path)).toEqual([`connectors.noark5.${path}`])
})

test.each(['http://localhost:9', 'http://127.0.0.1:9', 'http://svarut:8080', 'http://10.1.2.3', 'https://a.no/x'])(
  'takes the address %s',
  async (address) => {
    const text = aTenantFile(FJORD, 'a-b', { 'https://svarut.example.no': address })
    expect((await checkTenantFile(text, resolverOf(secrets))).faults).toEqual([])
  },
)

test.each(['http://a.no', 'https://u:p@a.no', 'https://a.no?x=1', 'ftp://a.no', 'a.no', 'http://10.evil.no'])(
  'refuses the address %s',
  async (address) => {
    const text = aTenantFile(FJORD, 'a-b', { 'https://svarut.example.no': address })
    const { faults } = await checkTenantFile(text, resolverOf(secrets))
    expect(faults.map(({ path }) => path)).toEqual(['connectors.svarut.baseUrl'])
  },
)

test('operators are checked in their own file, an unquoted orgnr is taken', async () => {
  const entry = (kommuner: string) =>
    `- { klientId: drift, secret: env:KLIENT_SECRET, scopes: [drift.les, drift.svar], kommuner: ${kommuner} }\n`
  const good = await checkOperatorsFile(entry(`[${FJORD}]`), resolverOf(secrets))
  expect([good.faults, good.value?.[0]?.kommuner]).toEqual([[], [FJORD]])
  expect((await checkOperatorsFile(entry('alle'), resolverOf(secrets))).faults).toEqual([])
  const bad = await checkOperatorsFile(
    entry('noen') + entry('alle').replace('drift.svar', 'forsendelse.les'),
    resolverOf(secrets),
  )
  expect(bad.faults.map(({ path }) => path).sort()).toEqual(['[0].kommuner', '[1].scopes[1]'])
  const twice = await checkOperatorsFile(entry('alle') + entry('alle'), resolverOf(secrets))
  expect(twice.faults.map(({ path }) => path)).toEqual(['[1].klientId'])
})

test('no way of printing a tenant shows a secret', async () => {
  const { value } = await checkTenantFile(aTenantFile(FJORD), resolverOf(secrets))
  const shown = `${JSON.stringify(value)} ${inspect(value, { depth: 9, showHidden: true })} ${value?.payloadKey}`
  for (const secret of secrets.values()) expect(shown).not.toContain(secret.slice(0, 16))
  expect(shown).toContain('[secret env:SVARUT_PASSORD]')
})

test('what is handed out cannot be changed', async () => {
  const { value } = await checkTenantFile(aTenantFile(FJORD), resolverOf(secrets))
  expect(Object.isFrozen(value?.connectors.svarut.timing) && Object.isFrozen(value?.klienter)).toBe(true)
})

test.each(['314758625', '311094688', '974760673', '889640782'])('%s is an organisasjonsnummer', (orgnr) => {
  expect(isOrgnr(orgnr)).toBe(true)
})

test.each(['314758626', '114758625', '31475862', '3147586250', '31475862x', '', '200000010'])(
  '%j is no organisasjonsnummer',
  (orgnr) => {
    expect(isOrgnr(orgnr)).toBe(false)
  },
)

function withNoark5(login: string): string {
  return aTenantFile(FJORD, 'fagsystem', {
    'klienter:': `  noark5:
    baseUrl: http://arkiv:8092/noark5v5/
    arkivdel: Sakarkiv
    profile: nikita
    login: ${login}
klienter:`,
  })
}

function ec() {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
}

function rsa(modulusLength: number) {
  return generateKeyPairSync('rsa', { modulusLength })
}
