import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { runDoctor } from './run-doctor.ts'
import {
  aFolder,
  aTenantsFolder,
  aWorld,
  clearUp,
  nobody,
  SECRET,
  serve,
  tenantFile,
} from './testing/installation-on-disk.ts'

afterEach(clearUp)

const TOKEN_KEY = Buffer.from(Array.from({ length: 32 }, (_one, index) => index * 7)).toString('base64')

/** An embedded hub whose destinations all answer. */
async function anInstallation() {
  const there = await serve((_incoming, outgoing) => void outgoing.end('{}'))
  const folder = aTenantsFolder({
    'a.yaml': tenantFile({ svarut: there, maskinporten: `${there}/token`, noark5: there }),
  })
  const data = join(aFolder(), 'data')
  return { SAMBAND_DATA: data, SAMBAND_TENANTS: folder, SAMBAND_TOKEN_KEY: TOKEN_KEY }
}

async function doctor(args: readonly string[], env: Record<string, string>) {
  const out: string[] = []
  const err: string[] = []
  const terminal = { out: (text: string) => void out.push(text), err: (text: string) => void err.push(text) }
  const code = await runDoctor(args, aWorld(env), terminal)
  const text = `${out.join('\n')}${err.join('\n')}`
  for (const secret of [SECRET, TOKEN_KEY, 'PRIVATE KEY']) expect(text).not.toContain(secret)
  return { code, out: out.join('\n'), err: err.join('\n') }
}

test('a sound installation gives 0, with a line for each check and warnings that stop nothing', async () => {
  const { code, out } = await doctor([], await anInstallation())
  expect(code).toBe(0)
  const lines = out.split('\n')
  for (const what of [
    'miljøvariablene',
    'SAMBAND_DATA',
    'SAMBAND_TENANTS',
    'connectors.svarut.baseUrl (314758625)',
    'connectors.noark5.baseUrl',
  ])
    expect(lines.some((line) => line.startsWith(`ok        ${what}`))).toBe(true)
  expect(lines.some((line) => line.startsWith('advarsel  SAMBAND_BACKUPS: ') && line.includes(' → '))).toBe(true)
  expect(lines.at(-1)).toMatch(/^0 feil, \d+ advars(el|ler), \d+ i orden\.$/)
})

test('one fault gives 1 and hides none of the others, also as JSON', async () => {
  const env = await anInstallation()
  writeFileSync(
    join(env.SAMBAND_TENANTS, 'b.yaml'),
    tenantFile({ svarut: `http://${await nobody()}` }, { orgnr: '311094688' }).replace('klienter', ''),
  )
  const { code, out } = await doctor(['--json'], env)
  const { iOrden, funn } = JSON.parse(out)
  expect([code, iOrden]).toEqual([1, false])
  const faults = funn.filter(({ grade }: { grade: string }) => grade === 'fault')
  expect(faults.map(({ subject }: { subject: string }) => subject)).toContain('connectors.svarut.baseUrl (311094688)')
  for (const one of faults) expect(Object.keys(one)).toEqual(['grade', 'subject', 'message', 'next'])
  expect(funn.some(({ subject }: { subject: string }) => subject === 'connectors.noark5.baseUrl (314758625)')).toBe(
    true,
  )
})

test('an authority that cannot be read is told by its variable, and the rest is looked at', async () => {
  const { code, out } = await doctor([], { ...(await anInstallation()), SAMBAND_OUT_CA_FILE: '/nowhere.pem' })
  expect(code).toBe(1)
  expect(out).toMatch(/FEIL +SAMBAND_OUT_CA_FILE: Oppstarten nekter/)
  expect(out).toMatch(/ok +connectors\.noark5/)
})

test('tokens are asked for only when it is said', async () => {
  const env = await anInstallation()
  expect((await doctor([], env)).out).not.toContain('gir ikke token')
  const { code, out } = await doctor(['--token'], env)
  expect(code).toBe(1)
  expect(out).toMatch(/FEIL +connectors\.svarut\.maskinporten \(314758625\): Maskinporten gir ikke token/)
})

test('openings are listed without secrets being there, and a file that is refused is told', async () => {
  const env = await anInstallation()
  const planned = tenantFile({ svarut: 'https://svarut.example' }).replaceAll('env:', 'env:GONE_')
  writeFileSync(join(env.SAMBAND_TENANTS, 'a.yaml'), planned)
  const first = await doctor(['--nett', '--json'], env)
  expect([first.code, first.err]).toEqual([0, ''])
  const hosts = JSON.parse(first.out).map(({ vert }: { vert: string }) => vert)
  expect(hosts).toEqual(['maskinporten.example', 'svarut.example', 'driftsmaskinene', 'fagsystemene', 'overvåkingen'])
  writeFileSync(join(env.SAMBAND_TENANTS, 'b.yaml'), 'orgnr: x')
  const second = await doctor(['--nett'], env)
  expect([second.code, second.err.includes('b.yaml')]).toEqual([1, true])
  expect(second.out).toContain('svarut.example')
})

test('nothing lasting is changed: no folder is made, no file is left', async () => {
  const env = await anInstallation()
  await doctor([], env)
  expect(() => rmSync(env.SAMBAND_DATA)).toThrow(/ENOENT/)
})

test('services whose stores are all out of reach are told one by one', async () => {
  const env = {
    SAMBAND_TENANTS: aTenantsFolder(),
    SAMBAND_TOKEN_KEY: TOKEN_KEY,
    SAMBAND_KAFKA_BROKERS: await nobody(),
    SAMBAND_POSTGRES_URL: `postgresql://samband:${SECRET}@${await nobody()}/samband`,
    SAMBAND_S3_ENDPOINT: `http://${await nobody()}`,
    SAMBAND_S3_BUCKET: 'samband',
    SAMBAND_S3_KEY: 'key',
    SAMBAND_S3_SECRET: SECRET,
  }
  const { code, out } = await doctor([], env)
  expect(code).toBe(1)
  for (const name of ['SAMBAND_KAFKA_BROKERS', 'SAMBAND_POSTGRES_URL', 'SAMBAND_S3_ENDPOINT'])
    expect(out).toMatch(new RegExp(`FEIL +${name}: .*ECONNREFUSED.* → `))
})

test('options that are not understood give 2, and help explains them', async () => {
  expect((await doctor(['--alt'], {})).code).toBe(2)
  expect((await doctor(['--processes', '0'], {})).code).toBe(2)
  const { code, out } = await doctor(['--help'], {})
  expect([code, out.includes('--nett')]).toEqual([0, true])
})
