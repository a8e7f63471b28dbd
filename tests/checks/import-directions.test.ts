import { expect, test } from 'vitest'
import { importDirections } from './import-directions.ts'
import { importRules } from './import-rules.ts'
import { temporaryTree } from './temporary-tree.ts'

const manifests: Record<string, string> = {
  'package.json': JSON.stringify({
    workspaces: [
      'contracts/kernel',
      'contracts/messages',
      'connectors/kit',
      'connectors/simulator-kit',
      'connectors/svarut',
      'connectors/noark5',
      'services/platform/store',
      'services/hub',
      'services/intake',
      'services/archiver',
      'tests',
    ],
    devDependencies: { vitest: '1.0.0', ajv: '1.0.0' },
  }),
}

const libraries = { zod: '1.0.0', fastify: '1.0.0', undici: '1.0.0' }

function manifest(folder: string, name: string, entries: Record<string, string> = {}): void {
  const names = [
    'kernel',
    'messages',
    'connector-kit',
    'simulator-kit',
    'svarut',
    'noark5',
    'store',
    'hub',
    'intake',
    'archiver',
  ]
  const ours = Object.fromEntries(names.map((one) => [`@samband/${one}`, '0.1.0']))
  manifests[`${folder}/package.json`] = JSON.stringify({
    name: `@samband/${name}`,
    exports: { '.': './src/index.ts', ...entries },
    dependencies: { ...ours, ...libraries },
  })
}
manifest('contracts/kernel', 'kernel')
manifest('contracts/messages', 'messages')
manifest('connectors/kit', 'connector-kit')
manifest('connectors/simulator-kit', 'simulator-kit')
manifest('connectors/svarut', 'svarut', { './simulator': './simulator/index.ts' })
manifest('connectors/noark5', 'noark5')
manifest('services/platform/store', 'store', { './conformance': './src/conformance.ts' })
manifest('services/hub', 'hub')
manifest('services/intake', 'intake')
manifest('services/archiver', 'archiver')
manifest('tests', 'tests')

async function brokenRules(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const findings = await importDirections.find(temporaryTree({ ...manifests, ...files }))
  return findings.map(({ where, message }) => `${message.split(':')[0]} at ${where}`)
}

/** For every rule one file that breaks it, and the line where it does. */
const violations: Readonly<Record<string, { files: Record<string, string>; at: string }>> = {
  'contracts-stand-alone': {
    files: { 'contracts/messages/generate/main.ts': "import { send } from '@samband/svarut'\n" },
    at: 'contracts/messages/generate/main.ts:1',
  },
  'connectors-below-services': {
    files: { 'connectors/svarut/src/client.ts': "import type { Store } from '@samband/store'\n" },
    at: 'connectors/svarut/src/client.ts:1',
  },
  'services-below-tests': {
    files: { 'services/intake/src/main.ts': "import { aForsendelse } from '@samband/tests'\n" },
    at: 'services/intake/src/main.ts:1',
  },
  'kernel-imports-nothing': {
    files: {
      'contracts/kernel/src/time.ts':
        "import { createHash } from 'node:crypto'\nimport { readFileSync } from 'node:fs'\n",
    },
    at: 'contracts/kernel/src/time.ts:2',
  },
  'messages-import-only-zod': {
    files: { 'contracts/messages/src/ids.ts': "import { z } from 'zod'\nimport { causeId } from '@samband/kernel'\n" },
    at: 'contracts/messages/src/ids.ts:2',
  },
  'connectors-apart': {
    files: {
      'connectors/svarut/src/client.ts':
        "import { request } from '@samband/connector-kit'\nimport { file } from '@samband/noark5'\n",
    },
    at: 'connectors/svarut/src/client.ts:2',
  },
  'services-apart': {
    files: {
      'services/hub/src/main.ts': "import { intake } from '@samband/intake'\n",
      'services/intake/src/start.ts': "import '@samband/store'\nimport type { Archiver } from '@samband/archiver'\n",
    },
    at: 'services/intake/src/start.ts:2',
  },
  'through-exports': {
    files: {
      'services/intake/src/start.ts':
        "export { x } from '@samband/kernel'\nexport { y } from '@samband/kernel/src/time.ts'\n",
    },
    at: 'services/intake/src/start.ts:2',
  },
  'simulator-shares-nothing': {
    files: {
      'connectors/svarut/simulator/server.ts':
        "import '@samband/simulator-kit'\nlet x: import('../src/wire.ts').Forsendelse\n",
    },
    at: 'connectors/svarut/simulator/server.ts:2',
  },
  'connector-leaves-simulator': {
    files: { 'connectors/svarut/src/client.ts': "import { start } from '../simulator/server.ts'\n" },
    at: 'connectors/svarut/src/client.ts:1',
  },
  'decisions-do-no-io': {
    files: {
      'services/intake/src/domain/decide.ts':
        "import type { Stats } from 'node:fs'\nimport { read } from '../read.ts'\n",
      'services/intake/src/read.ts': "import { readFileSync } from 'node:fs'\n",
    },
    at: 'services/intake/src/domain/decide.ts:2',
  },
  'production-leaves-tests': {
    files: { 'services/intake/src/start.ts': "const suite = await import('@samband/store/conformance')\n" },
    at: 'services/intake/src/start.ts:1',
  },
  'declared-where-used': {
    files: { 'services/intake/src/start.ts': "import { z } from 'zod'\nimport Ajv from 'ajv/dist/2020.js'\n" },
    at: 'services/intake/src/start.ts:2',
  },
}

test('every rule of the import directions has a planted violation here', () => {
  expect(Object.keys(violations).sort()).toEqual(importRules.map(({ name }) => name).sort())
})

test.each(Object.entries(violations))(
  '%s finds the planted violation, and nothing else does',
  async (rule, { files, at }) => {
    expect(await brokenRules(files)).toContain(`${rule} at ${at}`)
    const places = (await brokenRules(files)).map((found) => found.split(' at ')[1])
    expect(new Set(places)).toEqual(new Set([at]))
  },
)

test('a relative path into another package is reported as reaching past its exports', async () => {
  const files = { 'services/intake/src/start.ts': "import { x } from '../../platform/store/src/sqlite/open.ts'\n" }
  expect(await brokenRules(files)).toEqual(['through-exports at services/intake/src/start.ts:1'])
})

test('translate.ts may import schemas and pure files of its own connector', async () => {
  const files = {
    'connectors/svarut/src/translate.ts': "import { z } from 'zod'\nimport { Wire } from './wire.ts'\n",
    'connectors/svarut/src/wire.ts': "import { z } from 'zod'\nimport type { Dispatcher } from 'undici'\n",
  }
  expect(await brokenRules(files)).toEqual([])
})

test('translate.ts may take what is pure from a package that also does I/O, and nothing else from it', async () => {
  const kit = {
    'connectors/kit/src/index.ts':
      "export { personNumber } from './identifiers.ts'\nexport { request } from './http.ts'\nexport type { Answer } from './http.ts'\n",
    'connectors/kit/src/identifiers.ts': 'export const personNumber = 1\n',
    'connectors/kit/src/http.ts': "import { request as send } from 'undici'\n",
  }
  const translate = 'connectors/svarut/src/translate.ts'
  const pure = { ...kit, [translate]: "import { personNumber, type Answer } from '@samband/connector-kit'\n" }
  expect(await brokenRules(pure)).toEqual([])
  const impure = { ...kit, [translate]: "import { personNumber, request } from '@samband/connector-kit'\n" }
  expect(await brokenRules(impure)).toEqual([`decisions-do-no-io at ${translate}:1`])
})

test('tests may import everything, and a test beside the code may use its simulator', async () => {
  const files = {
    'tests/e2e/letter.test.ts':
      "import { a } from '../../services/hub/src/inside.ts'\nimport '@samband/svarut/simulator'\n",
    'connectors/svarut/src/client.test.ts':
      "import { test } from 'vitest'\nimport { start } from '../simulator/server.ts'\n",
  }
  expect(await brokenRules(files)).toEqual([])
})

test('each rule explains itself in a sentence that says why', () => {
  for (const { name, because } of importRules) expect(because, name).toMatch(/^[A-Z].{40,}\.$/)
})
