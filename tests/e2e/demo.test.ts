import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'

const DEMO = fileURLToPath(new URL('../../services/hub/src/demo/main.ts', import.meta.url))
/** What a newcomer's machine may need; here it takes about 16 seconds. */
const LIMIT_MS = 180_000

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'samband-demo-test-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Runs the demo with a temporary folder of its own; `onText` sees what it has written so far. */
function demo(args: readonly string[], onText: (text: string, stop: () => void) => void = () => {}) {
  return new Promise<{ code: number | null; out: string; err: string }>((resolve, reject) => {
    const child = spawn(process.execPath, [DEMO, ...args], { env: { ...process.env, TMPDIR: folder, TEMP: folder } })
    let out = ''
    let err = ''
    child.stdout.on('data', (piece) => {
      out += piece
      onText(out, () => child.kill('SIGINT'))
    })
    child.stderr.on('data', (piece) => {
      err += piece
    })
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, out, err }))
  })
}

test('the demo ends by itself, with nothing lost, parked or done twice, and leaves no files', {
  timeout: LIMIT_MS,
}, async () => {
  const { code, out, err } = await demo(['--exit'])
  expect(err).toBe('')
  expect(JSON.parse(out.trimEnd().split('\n').at(-1) ?? '')).toEqual({
    accepted: 12,
    sentAtSvarUt: 12,
    filedInCore: 8,
    parked: 0,
    lost: 0,
    twice: 0,
  })
  expect(code).toBe(0)
  for (const sentence of [
    'Det sendes ikke en gang til: SvarUt har 1 eksemplar.',
    'Arkivkjernen svarer, og brevene som ventet, går videre.',
    'De ble stanset før noe forlot navet.',
    'Regnskapet stemmer.',
  ]) {
    expect(out.replaceAll(/\s+/g, ' ')).toContain(sentence)
  }
  expect(readdirSync(folder)).toEqual([])
})

test('Ctrl-C in the middle stops everything and leaves no files', { timeout: LIMIT_MS }, async () => {
  const { code, err } = await demo([], (text, stop) => {
    if (text.includes('SvarUt har tatt brevet')) stop()
  })
  expect([code, err]).toEqual([0, ''])
  expect(readdirSync(folder)).toEqual([])
})
