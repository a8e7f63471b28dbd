import { spawn } from 'node:child_process'
import { chmodSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts'

const DEMO = fileURLToPath(new URL('../../services/hub/src/demo/main.ts', import.meta.url))
/** What a newcomer's machine may need; in one process it takes about 16 seconds, on servers of its own about 50. */
const LIMIT_MS = 180_000

let folder: TemporaryFolder
beforeEach(() => {
  folder = temporaryFolder('demo-test')
  // PostgreSQL runs as another user where this is root, and keeps its data below.
  chmodSync(folder.path, 0o755)
})
afterEach(() => folder.remove())

/** Runs the demo with a temporary folder of its own; `onText` sees what it has written so far. */
function demo(args: readonly string[], onText: (text: string, stop: () => void) => void = () => {}) {
  return new Promise<{ code: number | null; out: string; err: string }>((resolve, reject) => {
    const child = spawn(process.execPath, [DEMO, ...args], {
      env: { ...process.env, TMPDIR: folder.path, TEMP: folder.path },
    })
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

/**
 * Defines what holds for the demo, however its hub runs.
 * @param mode the arguments that say how
 */
export function demoTests(mode: readonly string[]): void {
  test('the demo ends by itself, with nothing lost, parked or done twice, and leaves no files', {
    timeout: LIMIT_MS,
  }, async () => {
    const { code, out, err } = await demo([...mode, '--exit'])
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
    expect(readdirSync(folder.path)).toEqual([])
  })

  test('Ctrl-C in the middle stops everything and leaves no files', { timeout: LIMIT_MS }, async () => {
    const { code, err } = await demo(mode, (text, stop) => {
      if (text.includes('SvarUt har tatt brevet')) stop()
    })
    expect([code, err]).toEqual([0, ''])
    expect(readdirSync(folder.path)).toEqual([])
  })
}
