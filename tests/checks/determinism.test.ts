import { describe, expect, test } from 'vitest'
import { determinism } from './determinism.ts'
import { determinismRules } from './determinism-rules.ts'
import { temporaryTree } from './temporary-tree.ts'

const path = 'services/intake/src/start.ts'

async function brokenRules(text: string, at = path): Promise<readonly string[]> {
  const findings = await determinism.find(temporaryTree({ [at]: text }))
  return [...new Set(findings.map(({ message }) => message.split(':')[0] ?? ''))]
}

/** For every rule the ways to break it. */
const violations: Readonly<Record<string, readonly string[]>> = {
  'time-by-port': [
    'const now = Date.now()',
    'const now = new Date()',
    'const now = new Date().toISOString()',
    'const now = Date()',
    "const now = globalThis.Date['now']()",
    'const clock = { now: Date.now }',
    'const { now } = Date',
    'const startedMs = performance.now()',
    "import { performance } from 'node:perf_hooks'",
    'const started = process.hrtime.bigint()',
  ],
  'waiting-by-port': [
    'setTimeout(() => {}, 1)',
    'const timers = { setTimeout }',
    'const later = globalThis.setInterval',
    "import { setTimeout as sleep } from 'node:timers/promises'",
    'const signal = AbortSignal.timeout(1000)',
  ],
  'randomness-by-port': [
    'const jitter = Math.random()',
    'const id = crypto.randomUUID()',
    "import { randomBytes } from 'node:crypto'",
    "import * as nodeCrypto from 'node:crypto'\nconst id = nodeCrypto.randomUUID()",
  ],
  'environment-by-main': [
    "const url = process.env['URL']",
    "import process from 'node:process'\nconst url = process.env.URL",
    "import { env } from 'node:process'",
    'const { env } = process',
  ],
  'no-thread-pool': [
    'await crypto.subtle.digest("SHA-256", bytes)',
    "import { scrypt } from 'node:crypto'",
    "import zlib from 'node:zlib'\nzlib.gzip(bytes, done)",
  ],
  'network-by-dispatcher': ["await fetch('http://127.0.0.1')", "import { request } from 'node:https'"],
}

test('every determinism rule has planted violations here', () => {
  expect(Object.keys(violations).sort()).toEqual(determinismRules.map(({ name }) => name).sort())
})

for (const [rule, texts] of Object.entries(violations)) {
  describe(rule, () => {
    test.each(texts)('refuses %s', async (text) => {
      expect(await brokenRules(text)).toContain(rule)
    })
  })
}

test.each([
  'const at = new Date(clock.now()).toISOString()',
  'const isDate = value instanceof Date',
  'const now = clock.now()',
  'setImmediate(next)',
  'function send(fetch: () => void) { fetch() }',
  'type Handle = ReturnType<typeof setTimeout>',
  'const ports = { setTimeout: timers.after, now: () => 0 }',
  "import { createHash, scryptSync } from 'node:crypto'",
  "import type { Time } from '@samband/kernel'\nconst answer = { performance: 1, fetch: 2 }",
  "// Date.now() is told by the clock\nconst text = 'process.env and Math.random()'",
])('leaves alone: %s', async (text) => {
  expect(await brokenRules(text)).toEqual([])
})

test.each([
  'services/hub/src/main.ts',
  'connectors/svarut/simulator/main.ts',
  'services/intake/src/start.test.ts',
  'tests/e2e/hub.ts',
])('%s may use the real clock and the environment', async (at) => {
  expect(await brokenRules("const a = [Date.now(), process.env['URL']]", at)).toEqual([])
})

test('a finding names the line and the use', async () => {
  const findings = await determinism.find(temporaryTree({ [path]: '\n\nconst a = Math.random()\n' }))
  expect(findings).toEqual([{ where: `${path}:3`, message: expect.stringContaining('uses Math.random') }])
})
