import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type ChildProgram, startProgram } from '../../deploy/local/installation/program.ts'
import { MARKED_NUMBER, type MarkedLetter, markedLetterForm, PERSONAL_MARK } from '../support/marked-letter.ts'
import { type Simulators, startSimulators } from '../support/simulators.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts'
import { makeClientKeys, SHARED, testTenant, writeTenantFiles } from '../support/tenant-files.ts'

/**
 * Letters in which every free text is marked go well, wrong and astray. Then all that a hub leaves behind is searched for the mark: files, log, traces, metrics, and what it answers to
 * senders and operators.
 */
const HUB = fileURLToPath(new URL('../../services/hub/src/main.ts', import.meta.url))
/** Several processes on a busy machine. */
const LIMIT_MS = 120_000
const TENANT = testTenant('314758625')

/** Something a hub has left behind, and where. */
interface Left {
  readonly place: string
  readonly bytes: Buffer
}

let folder: TemporaryFolder
let simulators: Simulators
let hub: ChildProgram
let collector: Server
let left: readonly Left[]

beforeAll(async () => {
  folder = temporaryFolder('personal-data')
  const keys = makeClientKeys()
  simulators = await startSimulators({
    tenants: [TENANT.orgnr],
    publicKeyPem: keys.publicKeyPem,
    inFlightLimitMs: 1_000,
    journey: [{ status: 'LEST', afterMs: 0 }],
  })
  const traces: Left[] = []
  collector = createServer(async (request, answer) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece)
    traces.push({ place: 'traces', bytes: Buffer.concat(pieces) })
    answer.end()
  }).listen(0, '127.0.0.1')
  await vi.waitUntil(() => collector.listening)
  const log = openSync(join(folder.path, 'log'), 'a')
  hub = startProgram({
    file: HUB,
    errorsTo: log,
    env: {
      ...writeTenantFiles(
        join(folder.path, 'tenants'),
        [TENANT],
        simulators.urls,
        {
          timing: { startWithinMs: 1_000, inFlightMs: 1_000, lookUpLagMs: 300 },
          statusPollMs: 200,
          ceiling: 4,
        },
        keys,
      ),
      SAMBAND_DATA: join(folder.path, 'data'),
      SAMBAND_TENANTS: join(folder.path, 'tenants'),
      SAMBAND_TOKEN_KEY: Buffer.alloc(32, 7).toString('base64'),
      SAMBAND_PORT: '0',
      SAMBAND_LOG_LEVEL: 'debug',
      SAMBAND_STATUS_ROUND_MS: '200',
      SAMBAND_OTLP_URL: `http://127.0.0.1:${(collector.address() as AddressInfo).port}/v1/traces`,
    },
  })
  closeSync(log)
  const { listening } = (await hub.ready) as { listening: string }
  const answers = await live(listening)
  expect((await hub.stop(20_000)).code).toBe(0)
  left = [...traces, ...answers, ...filesBelow(folder.path).filter(({ place }) => !place.startsWith('tenants/'))]
}, LIMIT_MS)

afterAll(async () => {
  await hub?.stop(5_000)
  await simulators?.program.stop(5_000)
  collector?.close()
  folder?.remove()
})

/** What another system says when it refuses, in the forms of both; it repeats what it was sent. */
const echo = (status: number) => ({
  status,
  body: {
    status,
    errorId: '00000000-0000-4000-8000-000000000001',
    errorCode: 'VALIDATION_ERROR',
    message: `mottaker.${PERSONAL_MARK} (${MARKED_NUMBER}) er ukjent, dokumenter[0].filnavn ${PERSONAL_MARK}-vedtak.txt`,
    description: `${PERSONAL_MARK} saksmappe finnes`,
    [PERSONAL_MARK]: [MARKED_NUMBER],
  },
})

/** Sends letters that meet what letters meet, waits until they have come to rest, and returns what was answered on the way. */
async function live(url: string): Promise<readonly Left[]> {
  const answers: Left[] = []
  const call = async (by: string, method: string, path: string, body?: RequestInit['body'], headers: object = {}) => {
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: by, operator: 'Driftsvakt', ...headers },
      ...(body === undefined ? {} : { body }),
    })
    const text = await answer.text()
    answers.push({
      place: `${method} ${path} answered ${answer.status}`,
      bytes: Buffer.from(`${JSON.stringify([...answer.headers])}\n${text}`),
    })
    return { status: answer.status, text, json: <Body>() => JSON.parse(text) as Body }
  }
  const tokenOf = async (klientId: string, secret: string) => {
    const basic = `Basic ${Buffer.from(`${klientId}:${secret}`).toString('base64')}`
    const form = new URLSearchParams({ grant_type: 'client_credentials' })
    const { access_token } = (await call(basic, 'POST', '/oauth/token', form)).json<{ access_token: string }>()
    return `Bearer ${access_token}`
  }
  const sender = await tokenOf(TENANT.klientId, TENANT.klientSecret)
  const operator = await tokenOf(SHARED.operatorKlientId, SHARED.operatorSecret)
  const send = async (letter: MarkedLetter, hears: number) => {
    const { contentType, body } = markedLetterForm(letter)
    const answer = await call(sender, 'POST', '/api/v1/forsendelser', body, { 'content-type': contentType })
    expect(answer.status, answer.text).toBe(hears)
    return answer
  }
  const drift = (path: string) => call(operator, 'GET', `/api/v1/drift${path}`)
  const act = (path: string, body: object) =>
    call(operator, 'POST', `/api/v1/drift${path}`, JSON.stringify(body), { 'content-type': 'application/json' })

  await simulators.order('svarut', { operation: 'send', fault: 'refuse', mark: 'avvist-1', ...echo(400) })
  await simulators.order('svarut', { operation: 'send', fault: 'answer-lost', mark: 'tapt-svar-1' })
  await simulators.order('svarut', { operation: 'send', fault: 'server-error', mark: 'feil-1', ...echo(500) })
  await simulators.order('svarut', {
    operation: 'send',
    fault: 'error-under-200',
    mark: 'feil-1',
    ...echo,
    status: 200,
  })
  await simulators.order('noark5', { operation: '*', fault: 'server-error', times: 2, ...echo(503) })
  await simulators.order('noark5', { operation: '*', fault: 'wrong-schema', times: 1, ...echo(201) })

  await send({ eksternReferanse: 'god-1', noekkel: 'a' }, 202)
  await send({ eksternReferanse: 'god-1', noekkel: 'a' }, 200)
  await send({ eksternReferanse: 'god-1', noekkel: 'a', more: { tittel: `${PERSONAL_MARK} annen` } }, 409)
  await send({ eksternReferanse: 'avvist-1', noekkel: 'b' }, 202)
  await send({ eksternReferanse: 'tapt-svar-1', noekkel: 'c' }, 202)
  await send({ eksternReferanse: 'feil-1', noekkel: 'd' }, 202)
  await send({ eksternReferanse: 'uten-klasse-1', noekkel: 'e', klasse: 'FINNES-IKKE' }, 202)
  for (const more of [
    { mottaker: { navn: PERSONAL_MARK, digitalId: '15859099929' } },
    { mottaker: PERSONAL_MARK, sikkerhetsniva: PERSONAL_MARK, konteringskode: `${PERSONAL_MARK} for lang` },
    { tittel: [PERSONAL_MARK], dokumenter: [{ filnavn: `${PERSONAL_MARK}/a`, mimeType: PERSONAL_MARK }] },
    { eksternReferanse: `${PERSONAL_MARK} ${MARKED_NUMBER}` },
    { arkiv: { klasse: MARKED_NUMBER, saksmappe: { noekkel: MARKED_NUMBER, tittel: PERSONAL_MARK }, journalpost: 1 } },
    { dokumenter: [{ filnavn: `${PERSONAL_MARK}-en-annen.txt`, mimeType: 'text/plain' }] },
  ]) {
    await send({ eksternReferanse: 'gal-1', noekkel: 'f', more }, 400)
  }

  type Account = { linjer: { antall: Record<string, number>; ider: Record<string, string[]> }[] }
  type Failures = { grupper: { fingerprint: string; parkert: number }[] }
  const parked = async () => (await drift('/feil')).json<Failures>().grupper.filter(({ parkert }) => parkert > 0)
  await vi.waitUntil(async () => (await parked()).length === 2, { timeout: LIMIT_MS, interval: 200 })
  await vi.waitUntil(async () => (await simulators.letters()).length === 3, { timeout: LIMIT_MS, interval: 200 })

  for (const { fingerprint } of await parked()) await drift(`/feil/${encodeURIComponent(fingerprint)}`)
  const account = (await drift('/regnskap?dag=alle')).json<Account>()
  const ids = account.linjer.flatMap(({ ider }) => Object.values(ider).flat())
  for (const id of ids) {
    await drift(`/reise/${id}`)
    await call(sender, 'GET', `/api/v1/forsendelser/${id}`)
  }
  const [first] = await parked()
  const plan = await act('/omkjoringer', { utvalg: { fingerprint: first?.fingerprint }, arsak: 'prøver en gang til' })
  await act(`/omkjoringer/${plan.json<{ id: string }>().id}/start`, {})
  await act('/omkjoringer', { utvalg: { fingerprint: first?.fingerprint }, arsak: `gjelder ${MARKED_NUMBER}` })
  await drift('/alarmer')
  await drift('/revisjon')
  await call(operator, 'GET', '/metrics')
  await call(operator, 'GET', '/readyz')
  return answers
}

function filesBelow(root: string): readonly Left[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ place: path.slice(root.length + 1), bytes: readFileSync(path) }))
}

/** How a text may stand in bytes: as it is, in UTF-16, in hex, and in base64 from each of the three places it may begin at. */
function spellingsOf(text: string): readonly string[] {
  const base64 = [0, 1, 2].map((before) => {
    const whole = Buffer.concat([Buffer.alloc(before), Buffer.from(text)]).toString('base64')
    return whole.slice(before === 0 ? 0 : 4, Math.floor((before + text.length) / 3) * 4)
  })
  return [text, Buffer.from(text, 'utf16le').toString('latin1'), Buffer.from(text).toString('hex'), ...base64]
}

function placesWith(text: string): readonly string[] {
  const spellings = spellingsOf(text).map((one) => one.toLowerCase())
  return left
    .filter(({ bytes }) => {
      const there = bytes.toString('latin1').toLowerCase()
      return spellings.some((spelling) => there.includes(spelling))
    })
    .map(({ place }) => place)
}

test('the other systems got what is personal, so the marks were there to be left behind', async () => {
  expect(JSON.stringify(await simulators.archive())).toContain(PERSONAL_MARK)
  const taken = (await simulators.letters()).map(({ eksternReferanse }) => eksternReferanse?.split('~')[0])
  expect(taken.sort()).toEqual(['feil-1', 'god-1', 'tapt-svar-1'])
})

test('the search finds what is allowed to stand there, in store, log and traces', () => {
  expect(placesWith('god-1')).toEqual(expect.arrayContaining(['data/samband.db']))
  expect(placesWith('NOARK5_KLASSE_MANGLER')).toEqual(expect.arrayContaining(['log', 'data/samband.db']))
  expect(left.some(({ place, bytes }) => place === 'traces' && bytes.length > 0)).toBe(true)
  expect(left.some(({ place }) => place.startsWith('data/payloads/'))).toBe(true)
})

test.each([
  ['a name, an address, a title or a file name', PERSONAL_MARK],
  ['a fødselsnummer', MARKED_NUMBER],
  ['a fødselsnummer as people write it', `${MARKED_NUMBER.slice(0, 6)} ${MARKED_NUMBER.slice(6)}`],
])('%s stands nowhere', (_what, text) => {
  expect(placesWith(text)).toEqual([])
})
