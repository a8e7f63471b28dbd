import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { STOREVIK, startTestHub, type TestHub } from '../test-support.ts'
import type { CliRequest, CliSettings, Transport } from './client.ts'
import { EXIT } from './exit-codes.ts'
import { runCli } from './run-cli.ts'
import { VERBS } from './verbs.ts'

let hub: TestHub
let parkedId: string
let parkedRow: number

beforeAll(async () => {
  hub = await startTestHub()
  parkedId = await hub.accept({ reference: 'sak 2026/17', behaviour: 'park', sak: 'sak-1' })
  parkedRow = await hub.rowIn(parkedId, 'parked')
  const behind = await hub.accept({ reference: 'bak', behaviour: 'send', sak: 'sak-1' })
  await hub.rowIn(behind, 'waiting')
  hub.completed.set(behind, 'complete')
})
afterAll(() => hub.stop())

const SETTINGS: CliSettings = {
  url: 'http://nav.example/',
  klientId: 'drift-alle',
  klientSecret: 'hemmelig-drift-alle',
  operator: 'Kåre Prøve',
}
/** The machine of a hub has none of the files these tests name. */
const NO_FILES = { isFolder: () => false, head: () => undefined, restore: () => undefined }
const NO_HOMES = {
  environmentFaults: async () => ['SAMBAND_POSTGRES_URL is not set.'],
  plan: () => Promise.reject(new Error('nothing to plan')),
  move: () => Promise.reject(new Error('nothing to move')),
}
const NO_DATABASE = { environmentFaults: NO_HOMES.environmentFaults, stamp: async () => undefined }
const PARKED = 'prove.send|PROVE_AVVIST|tittel'

/** Hands requests to the app without a network. */
function intoTheApp(seen: CliRequest[] = []): Transport {
  return async (request) => {
    seen.push(request)
    const { method, headers, body } = request
    const url = request.url.replace(/^http:\/\/nav\.example/, '')
    const answer = await hub.app.inject({ method, url, headers, ...(body === undefined ? {} : { payload: body }) })
    return { status: answer.statusCode, body: answer.body }
  }
}

async function samband(
  args: readonly string[],
  changes: { settings?: Partial<CliSettings>; transport?: Transport; width?: number } = {},
) {
  const out: string[] = []
  const err: string[] = []
  const code = await runCli({
    args,
    settings: { ...SETTINGS, ...changes.settings },
    transport: changes.transport ?? intoTheApp(),
    files: NO_FILES,
    doctor: async () => EXIT.usage,
    homes: NO_HOMES,
    database: NO_DATABASE,
    width: changes.width ?? 100,
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
  })
  return { code, out: out.join('\n'), err: err.join('\n') }
}

test('failures are laid out with meaning, owner, next step and how to see the rows', async () => {
  const { code, out } = await samband(['failures'])
  expect(code).toBe(EXIT.ok)
  expect(out).toBe(`PROVE_AVVIST (felt tittel) i prove.send
  Antall:        1 parkert, 0 venter, 0 forkastes; den eldste fra 02.03.2026 09:00:00
  Kommuner:      Lillevik
  Betydning:     Prøvemottakeren godtar ikke brevet.
  Hvem:          saksbehandler
  Neste steg:    Rett brevet og kjør om igjen.
  Siste melding: The letter is refused.
  Rader:         npm run samband -- failures '${PARKED}'`)
})

test('the rows of a cause are a table in Norwegian time', async () => {
  const { out } = await samband(['failures', PARKED], { width: 120 })
  const lines = out.split('\n')
  expect(lines).toContain('RAD  TILSTAND  KOMMUNE   MOTTATT              NESTE FORSØK  BAK  FORSENDELSE')
  expect(lines.find((line) => line.includes(parkedId))).toMatch(
    /^ {2}\d {2}parkert {3}Lillevik {2}02\.03\.2026 09:00:\d\d {18}1 {2}/,
  )
})

test('a journey is told line by line, with what it waits for and what waits behind it', async () => {
  const { code, out } = await samband(['journey', 'sak 2026/17'])
  expect(code).toBe(EXIT.ok)
  expect(out).toContain('Status:      Står fast: 1 melding er parkert og venter på en person.')
  expect(out).not.toMatch(/parkert\. Parkert|\bforsok\b/)
  expect(out).toContain('Mottatt og lagret trygt, med referanse sak 2026/17.')
  expect(out).toContain('Bak venter: 1 melding')
  for (const line of out.split('\n')) expect(line.length, line).toBeLessThanOrEqual(100)
})

test('a replay is planned, shown, started, paused or cancelled by the same words as in the API', async () => {
  const planned = await samband(['replay', 'plan', '--rows', `${parkedRow}, 999`, '--reason', 'tittelen er rettet'])
  expect(planned.code).toBe(EXIT.ok)
  expect(planned.out).toContain('1 i alt: 1 kjøres på nytt')
  expect(planned.out).toContain('rad 999: står ikke parkert her')
  const id = /replay start (\S+)/.exec(planned.out)?.[1] ?? ''
  expect((await samband(['replay', 'show', id])).out).toContain('planlagt')
  expect((await samband(['replay', 'cancel', id, '--reason', 'feil utvalg'])).out).toContain('avbrutt')
  const late = await samband(['replay', 'start', id])
  expect(late).toMatchObject({ code: EXIT.refused, out: '' })
  expect(late.err).toContain('Tilstanden tillater det ikke')
})

test('discard, undo and audit: the person’s name arrives whole', async () => {
  expect((await samband(['discard', String(parkedRow), '--reason', 'Sendt på papir av arkivet'])).out).toBe(
    `Rad ${parkedRow}: Forkastet.`,
  )
  expect((await samband(['undo', String(parkedRow), '--reason', 'feil rad'])).code).toBe(EXIT.ok)
  await hub.rowIn(parkedId, 'parked')
  expect((await samband(['audit'])).out).toContain('Kåre Prøve forkastet. Sendt på papir av')
  expect(JSON.parse((await samband(['audit', '--json', '--limit', '1'])).out)).toMatchObject({
    linjer: [{ handling: 'undo', person: 'Kåre Prøve' }],
  })
})

test('a question is answered with what was looked at', async () => {
  const asked = await hub.accept({ reference: 'uten svar', behaviour: 'lose the answer' })
  await hub.rowIn(asked, 'parked')
  const { out } = await samband(['failures', 'prove.send|EFFECT_UTFALL_UKJENT|'])
  const key = /nøkkel (\S+)/.exec(out)?.[1] ?? ''
  const answered = await samband([
    'answer',
    key,
    'finnes',
    '--evidence',
    '{"postId":"post-9"}',
    '--reason',
    'funnet',
    '--looked-at',
    'listen',
  ])
  expect(answered.out).toContain('den finnes hos mottakersystemet')
  expect((await samband(['journey', asked])).out).toContain('{"postId":"post-9"}')
})

test('the account says in words and by its exit code when something is missing', async () => {
  expect(await samband(['account', '--day', '2026-03-02'])).toMatchObject({
    code: EXIT.ok,
    out: expect.stringContaining('Regnskapet stemmer'),
  })
  const lost = await hub.accept({ tenant: STOREVIK, reference: 'borte', behaviour: 'send' })
  await hub.rowIn(lost, 'done')
  const { code, out } = await samband(['account', '--tenant', STOREVIK, '--day', 'alle'])
  expect(code).toBe(EXIT.unaccounted)
  expect(out).toContain('REGNSKAPET STEMMER IKKE')
  expect(out).toContain(lost)
  hub.completed.set(lost, 'complete')
})

test('alarms say so when there are none', async () => {
  expect((await samband(['alarms', '--tenant', STOREVIK])).out).toBe('Ingen alarmer.')
})

test('the secret goes to the token endpoint alone, and reading names no person', async () => {
  const seen: CliRequest[] = []
  await samband(['failures'], { transport: intoTheApp(seen) })
  expect(seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
    'POST http://nav.example/oauth/token',
    'GET http://nav.example/api/v1/drift/feil',
  ])
  const secret = Buffer.from('drift-alle:hemmelig-drift-alle').toString('base64')
  expect(seen[0]?.headers['authorization']).toBe(`Basic ${secret}`)
  expect(JSON.stringify(seen[1])).not.toContain(secret)
  expect(seen[1]?.headers).not.toHaveProperty('operator')
})

describe('exit codes', () => {
  const cases: readonly (readonly [
    string,
    readonly string[],
    { settings?: Partial<CliSettings>; transport?: Transport },
    number,
    string,
  ])[] = [
    ['no command', [], {}, EXIT.usage, 'Bruk: npm run samband'],
    ['an unknown command', ['slett-alt'], {}, EXIT.usage, 'Kommandoen er ukjent'],
    ['an unknown option', ['failures', '--alt'], {}, EXIT.usage, '--tenant <orgnr>'],
    ['too few arguments', ['journey'], {}, EXIT.usage, 'Feil antall argumenter'],
    ['a limit of nothing', ['failures', '--limit', '5'], {}, EXIT.usage, '--limit gjelder radene'],
    ['a missing reason', ['discard', '1'], {}, EXIT.usage, '--reason mangler'],
    ['a row that is no number', ['discard', 'alle', '--reason', 'fordi det er slik'], {}, EXIT.usage, 'helt tall'],
    [
      'a selection of nothing',
      ['replay', 'plan', '--reason', 'alt'],
      {},
      EXIT.usage,
      '--fingerprint, --rows eller --forsendelse',
    ],
    [
      'evidence that is no JSON',
      ['answer', 'x', 'finnes', '--evidence', '{', '--reason', 'sett', '--looked-at', 'listen'],
      {},
      EXIT.usage,
      'JSON',
    ],
    [
      'an empty environment',
      ['failures'],
      { settings: { url: undefined, klientId: undefined, klientSecret: undefined } },
      EXIT.usage,
      'SAMBAND_URL',
    ],
    [
      'a change by nobody',
      ['undo', '1', '--reason', 'feil rad'],
      { settings: { operator: undefined } },
      EXIT.usage,
      'SAMBAND_OPERATOR',
    ],
    ['a wrong secret', ['failures'], { settings: { klientSecret: 'feil' } }, EXIT.notAllowed, 'godtar ikke klienten'],
    [
      'a client without the scope',
      ['failures'],
      { settings: { klientId: 'ingenting', klientSecret: 'hemmelig-ingenting' } },
      EXIT.notAllowed,
      'Ikke tilgang',
    ],
    ['what does not exist', ['journey', 'finnes-ikke'], {}, EXIT.notFound, 'Finnes ikke'],
    ['a refused value', ['discard', '1', '--reason', 'fordi'], {}, EXIT.refused, '(felt: arsak)'],
    [
      'a hub that is down',
      ['failures'],
      { transport: () => Promise.reject(new TypeError('fetch failed')) },
      EXIT.unavailable,
      'http://nav.example',
    ],
    [
      'something else that answers',
      ['failures'],
      { transport: async () => ({ status: 200, body: '<html>' }) },
      EXIT.unavailable,
      'Uventet svar',
    ],
  ]
  test.each(cases)('%s', async (_what, args, changes, code, words) => {
    const result = await samband(args, changes)
    expect(result.code).toBe(code)
    expect(result.err).toContain(words)
    expect(result.out).toBe('')
    expect(result.err).not.toContain('hemmelig-')
  })

  test('an answer this program does not know', async () => {
    const transport: Transport = async ({ url }) => ({
      status: 200,
      body: url.endsWith('/token') ? '{"access_token":"x"}' : '{"annet":1}',
    })
    expect(await samband(['failures'], { transport })).toMatchObject({
      code: EXIT.unavailable,
      err: expect.stringContaining('samme utgave'),
    })
    expect((await samband(['failures', '--json'], { transport })).out).toContain('"annet": 1')
  })
})

test.each(VERBS.map((verb) => verb.name))('%s explains itself without asking the hub', async (name) => {
  const transport: Transport = () => Promise.reject(new Error('asked'))
  const { code, out } = await samband([...name.split(' '), '--help'], { transport })
  expect(code).toBe(EXIT.ok)
  expect(out).toContain(`Bruk: npm run samband -- ${name}`)
})

test('help names every command', async () => {
  const { code, out } = await samband(['--help'])
  expect(code).toBe(EXIT.ok)
  for (const verb of VERBS) expect(out).toContain(`  ${verb.name}`)
})
