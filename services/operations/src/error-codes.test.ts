import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { explain, RUNTIME_ERROR_CODES } from './error-codes.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const CODE = /'([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)'/g

interface Source {
  readonly path: string
  readonly text: string
}

/** TypeScript that runs in production: no tests, conformance suites, simulators, demonstrations or helpers of tests. */
function productionSources(): Source[] {
  const isLeftOut = (path: string) =>
    /\.test\.ts$|\/conformance(\/|\.ts$)|\/simulator(-kit)?\/|\/testing\/|\/test-support\.ts$|\/demo\//.test(path)
  return ['contracts', 'connectors', 'services'].flatMap((layer) =>
    readdirSync(join(ROOT, layer), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.parentPath.includes('node_modules'))
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => !isLeftOut(path))
      .map((path) => ({ path: path.slice(ROOT.length), text: readFileSync(path, 'utf8') })),
  )
}

/** Codes that errors are made with: the literals in the first argument, and those written straight into a row. */
function thrownCodes({ text }: Source): string[] {
  const made = [...text.matchAll(/new (?:HubError|NothingHappened|ContractError|Refusal)\(([^,]*),/g)].map(
    (match) => match[1] ?? '',
  )
  const written = [...text.matchAll(/last_code = '[A-Z_0-9]+'/g)].map((match) => match[0])
  return [...made, ...written].flatMap((part) => [...part.matchAll(CODE)].map((match) => match[1] ?? ''))
}

/** Keys of every table `X_ERROR_CODES = { … }`. */
function explainedCodes({ text }: Source): string[] {
  return [...text.matchAll(/[A-Z0-9]+_ERROR_CODES[^=\n]*= \{\n([\s\S]*?)\n\}/g)].flatMap((table) =>
    [...(table[1] ?? '').matchAll(/^ {2}([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+): /gm)].map((key) => key[1] ?? ''),
  )
}

const sources = productionSources()
const explained = new Set(sources.flatMap(explainedCodes))

test('the sources are found and read', () => {
  expect(sources.length).toBeGreaterThan(50)
  expect([...explained]).toEqual(expect.arrayContaining(Object.keys(RUNTIME_ERROR_CODES)))
  expect(sources.flatMap(thrownCodes)).toContain('STORE_DISK_FULL')
})

test('every code that production code throws is explained in a table', () => {
  const missing = sources.flatMap((source) =>
    thrownCodes(source)
      .filter((code) => !explained.has(code))
      .map((code) => `${source.path}: ${code}`),
  )
  expect(missing).toEqual([])
})

describe.each(Object.entries(RUNTIME_ERROR_CODES))('%s', (code, { meaning, owner, nextStep }) => {
  test('says what it means, who can help, and what to do, in whole sentences', () => {
    expect(meaning).toMatch(/^\p{Lu}.*\.$/u)
    expect(nextStep).toMatch(/^\p{Lu}.*\.$/u)
    expect(['saksbehandler', 'arkivar', 'drift', 'KS']).toContain(owner)
    expect(explain({}, code).meaning).toBe(meaning)
  })
})

test('a code that no table knows still gets an owner and a next step', () => {
  expect(explain({}, 'UKJENT_KODE')).toMatchObject({ owner: 'drift', nextStep: expect.stringContaining('loggen') })
})
