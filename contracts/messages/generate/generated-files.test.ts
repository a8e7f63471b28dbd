import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Parser } from '@asyncapi/parser'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { EVENTS, TOPICS } from '../src/index.ts'
import { formatJson } from './format-json.ts'
import { generatedFiles, staleFiles, writeGenerated } from './generated-files.ts'

const contractsRoot = join(import.meta.dirname, '../..')

test('the committed files are what the code generates', () => {
  expect(staleFiles(contractsRoot)).toEqual([])
})

test('the public AsyncAPI parser accepts the document without an error or a warning', { timeout: 60_000 }, async () => {
  const text = generatedFiles(contractsRoot).get('messages/asyncapi.json')!
  const { document, diagnostics } = await new Parser().parse(text)
  const serious = diagnostics
    .filter(({ severity }) => severity <= 1)
    .map(({ path, message }) => `${path.join('/')}: ${message}`)

  expect(serious).toEqual([])
  expect(document?.version()).toBe('3.0.0')
  expect(
    document
      ?.channels()
      .all()
      .map((channel) => channel.id())
      .toSorted(),
  ).toEqual(TOPICS)
  expect(
    document
      ?.allMessages()
      .all()
      .map((message) => message.name())
      .toSorted(),
  ).toEqual(EVENTS.map(({ type }) => type).toSorted())
})

describe('on a copy', () => {
  let copy: string
  beforeEach(() => {
    copy = mkdtempSync(join(tmpdir(), 'samband-generate-'))
    cpSync(join(contractsRoot, 'messages/examples'), join(copy, 'messages/examples'), { recursive: true })
    writeGenerated(copy)
  })
  afterEach(() => rmSync(copy, { recursive: true, force: true }))

  test('generating and checking agree, also the second time', () => {
    writeGenerated(copy)
    expect(staleFiles(copy)).toEqual([])
  })

  test.each([...generatedFiles(contractsRoot).keys()])('an edited %s is named', (path) => {
    const file = join(copy, path)
    writeFileSync(file, `${readFileSync(file, 'utf8')} `)

    expect(staleFiles(copy)).toEqual([expect.stringContaining(`contracts/${path} differs`)])
  })

  test('a missing file and a file of an event that is no more are named', () => {
    rmSync(join(copy, 'messages/asyncapi.json'))
    writeFileSync(join(copy, 'messages/schemas/no.samband.gammel.hendt.v1.schema.json'), '{}')

    expect(staleFiles(copy)).toEqual([
      expect.stringContaining('contracts/messages/asyncapi.json is missing'),
      expect.stringContaining('no.samband.gammel.hendt.v1.schema.json belongs to no event'),
    ])
  })
})

test('a list of plain values stands on one line as long as it fits', () => {
  const long = Array.from({ length: 20 }, (_, index) => `value-${index}`)

  expect(formatJson({ short: ['a', 1, null], none: [], empty: {}, objects: [{ a: true }] })).toBe(
    '{\n  "short": ["a", 1, null],\n  "none": [],\n  "empty": {},\n  "objects": [\n    {\n      "a": true\n    }\n  ]\n}\n',
  )
  expect(formatJson(long).split('\n')).toHaveLength(23)
})
