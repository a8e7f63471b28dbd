import { type ChildProcess, spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'

const HUB = fileURLToPath(new URL('../../services/hub/src/main.ts', import.meta.url))
const CLI = fileURLToPath(new URL('../../services/operations/src/cli/main.ts', import.meta.url))
const EXAMPLES = fileURLToPath(new URL('../../deploy/tenants/', import.meta.url))
const KEY = Buffer.alloc(32, 3).toString('base64')
const SECRET = 'hemmelighet-til-proven'
/** Starting Node a few times on a busy machine. */
const LIMIT_MS = 120_000

let folder: string
let running: ChildProcess[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'samband-backup-test-'))
  mkdirSync(join(folder, 'tenants'))
  // Midsund files nothing, and its SvarUt is a closed port: letters are taken in and wait.
  const midsund = readFileSync(join(EXAMPLES, 'midsund.yaml'), 'utf8').replaceAll(
    /https:\/\/test\.(?:svarut\.ks|maskinporten)\.no/g,
    'http://127.0.0.1:1',
  )
  for (const [name, text] of [
    ['midsund.yaml', midsund],
    ['operators.yaml', readFileSync(join(EXAMPLES, 'operators.yaml'), 'utf8')],
  ] as const) {
    writeFileSync(
      join(folder, 'tenants', name),
      text.replaceAll(/file:\/etc\/samband\/secrets\/(\S+)/g, (_whole, secret: string) =>
        secret.endsWith('key') ? 'env:KEY' : secret.endsWith('pem') ? 'env:JWK' : 'env:SECRET',
      ),
    )
  }
})
afterEach(async () => {
  for (const child of running) {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
  }
  running = []
  rmSync(folder, { recursive: true, force: true })
})

/** Any RSA key as a JWK, which fits one line of the environment. */
function aJwk(): string {
  return JSON.stringify(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }))
}

async function startHub(
  jwk: string,
): Promise<{ readonly url: string; readonly log: () => string; stop(): Promise<number | null> }> {
  const env = {
    SAMBAND_DATA: join(folder, 'data'),
    SAMBAND_TENANTS: join(folder, 'tenants'),
    SAMBAND_BACKUPS: join(folder, 'kopier'),
    SAMBAND_PORT: '0',
    SAMBAND_TOKEN_KEY: KEY,
    SAMBAND_DRAIN_MS: '1000',
    KEY,
    SECRET,
    JWK: jwk,
  }
  const child = spawn(process.execPath, [HUB], { env: { ...process.env, ...env } })
  running.push(child)
  let log = ''
  child.stderr.on('data', (piece) => {
    log += piece
  })
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (line) => resolve((JSON.parse(String(line)) as { listening: string }).listening))
    void ended.then((code) => reject(new Error(`the hub ended with ${code}: ${log}`)))
  })
  return {
    url,
    log: () => log,
    stop() {
      child.kill('SIGTERM')
      return ended
    },
  }
}

function samband(args: readonly string[], url = ''): Promise<{ code: number | null; text: string }> {
  const env = {
    SAMBAND_URL: url,
    SAMBAND_KLIENT_ID: 'drift',
    SAMBAND_KLIENT_SECRET: SECRET,
    SAMBAND_OPERATOR: 'Driftsvakt',
  }
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [CLI, ...args], { env: { ...process.env, ...env } })
    let text = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (piece) => {
        text += piece
      })
    }
    child.on('close', (code) => resolve({ code, text }))
  })
}

async function sender(url: string) {
  const token = await fetch(`${url}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`sak-midsund:${SECRET}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  })
  const authorization = `Bearer ${((await token.json()) as { access_token: string }).access_token}`
  return {
    async send(eksternReferanse: string): Promise<{ readonly status: number; readonly id: string }> {
      const form = new FormData()
      const mottaker = { navn: 'Syntetisk mottaker', digitalId: '15859099928' }
      const dokumenter = [{ filnavn: 'brev.pdf', mimeType: 'application/pdf' }]
      form.append(
        'forsendelse',
        JSON.stringify({ eksternReferanse, tittel: 'Brev', mottaker, kunDigitalLevering: true, dokumenter }),
      )
      form.append('fil', new Blob(['%PDF-1.7'], { type: 'application/pdf' }), 'brev.pdf')
      const answer = await fetch(`${url}/api/v1/forsendelser`, {
        method: 'POST',
        headers: { authorization },
        body: form,
      })
      return { status: answer.status, id: ((await answer.json()) as { id: string }).id }
    },
    knows: async (id: string) =>
      (await fetch(`${url}/api/v1/forsendelser/${id}`, { headers: { authorization } })).status === 200,
  }
}

test('a copy of a running hub is put back: what came before it is there, what came after is taken in again under its own id', {
  timeout: LIMIT_MS,
}, async () => {
  const jwk = aJwk()
  const first = await startHub(jwk)
  const before = await (await sender(first.url)).send('for-kopien')
  expect(before.status).toBe(202)

  const copied = await samband(['backup', 'natt.db'], first.url)
  expect(copied).toMatchObject({ code: 0 })
  expect(copied.text).toContain(join(folder, 'kopier', 'natt.db'))
  expect((await samband(['backup', 'natt.db'], first.url)).text).toContain('Det finnes en fil med dette navnet')
  expect((await samband(['backup', '../ut.db'], first.url)).code).toBe(1)
  expect((await samband(['audit'], first.url)).text).toContain('Driftsvakt fikk skrevet sikkerhetskopien')
  const after = await (await sender(first.url)).send('etter-kopien')

  const restore = ['restore', '--fra', join(folder, 'kopier', 'natt.db'), '--data', join(folder, 'data')]
  expect((await samband(restore)).text).toContain('stopp det først')
  expect(await first.stop()).toBe(0)
  const restored = await samband(restore)
  expect(restored).toMatchObject({ code: 0 })
  expect(restored.text).toContain('spør det mottakersystemet før det sender')
  expect(existsSync(/er tatt vare på: (\S+)/.exec(restored.text)?.[1] ?? '')).toBe(true)

  const second = await startHub(jwk)
  expect(second.log()).toContain('the store was restored')
  const again = await sender(second.url)
  expect([await again.knows(before.id), await again.knows(after.id)]).toEqual([true, false])
  expect(await again.send('etter-kopien')).toEqual({ status: after.status, id: after.id })
  expect(await second.stop()).toBe(0)
})
