import { spawn } from 'node:child_process'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestHub, type TestHub } from '../test-support.ts'

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url))

let hub: TestHub
let url: string

beforeAll(async () => {
  hub = await startTestHub()
  await hub.app.listen({ host: '127.0.0.1', port: 0 })
  url = `http://127.0.0.1:${(hub.app.server.address() as AddressInfo).port}`
})
afterAll(() => hub.stop())

/** Runs the program as a person would, with only these variables set. */
function samband(args: readonly string[], env: Readonly<Record<string, string>>) {
  return new Promise<{ code: number | null; out: string; err: string }>((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...args], { env })
    let out = ''
    let err = ''
    child.stdout.on('data', (piece) => {
      out += piece
    })
    child.stderr.on('data', (piece) => {
      err += piece
    })
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, out, err }))
  })
}

const client = { SAMBAND_KLIENT_ID: 'drift-alle', SAMBAND_KLIENT_SECRET: 'hemmelig-drift-alle' }

test('the program talks to a hub, and a name with letters beyond Latin-1 arrives whole', async () => {
  const rowId = await hub.rowIn(await hub.accept({ reference: 'a', behaviour: 'park' }), 'parked')
  const discarded = await samband(['discard', String(rowId), '--reason', 'Sendt på papir av arkivet'], {
    ...client,
    SAMBAND_URL: url,
    SAMBAND_OPERATOR: 'Čáhppe Prøve',
  })
  expect(discarded).toEqual({ code: 0, out: `Rad ${rowId}: Forkastet.\n`, err: '' })
  const audit = await samband(['audit'], { ...client, SAMBAND_URL: url })
  expect(audit.out).toContain('Čáhppe Prøve forkastet. Sendt på papir av arkivet')
})

test('the program names every variable that is missing or empty', async () => {
  const { code, err } = await samband(['failures'], { SAMBAND_URL: '' })
  expect(code).toBe(2)
  for (const name of ['SAMBAND_URL', 'SAMBAND_KLIENT_ID', 'SAMBAND_KLIENT_SECRET']) expect(err).toContain(name)
})

test('doctor needs no hub, but the environment of one', async () => {
  const { code, out } = await samband(['doctor'], {})
  expect([code, out.startsWith('FEIL')]).toEqual([1, true])
  expect(out).toContain('SAMBAND_POSTGRES_URL')
})
