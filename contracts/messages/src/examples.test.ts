import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { describe, expect, test } from 'vitest'
import { readExamples } from '../generate/examples.ts'
import type { Json } from '../generate/format-json.ts'
import { dataSchema, envelopeSchema } from '../generate/json-schema.ts'
import { ContractError, Envelope, EVENTS, findEvent, parseEvent } from './index.ts'

type Members = { readonly [name: string]: Json }

const messagesRoot = join(import.meta.dirname, '..')
const examples = readExamples(messagesRoot)
const ajv = new Ajv2020({ allErrors: true })
addFormats.default(ajv)
const validEnvelope = ajv.compile(envelopeSchema())
const validData = new Map(EVENTS.map((definition) => [definition.type, ajv.compile(dataSchema(definition))]))

/** Fields that only the zod schema can judge: check digits, and keys that have to agree with the data. */
const BEYOND_JSON_SCHEMA = ['tenant', 'partitionkey']

function refusedAt(event: unknown): string | undefined {
  try {
    parseEvent(event)
    return undefined
  } catch (error) {
    if (error instanceof ContractError) return error.details.path
    throw error
  }
}

function passesJsonSchema({ type, event }: (typeof examples)[number]): boolean {
  const { data, ...envelope } = event as Members
  return validEnvelope(envelope) && validData.get(type)?.(data) === true
}

describe.each(examples)('$type $name', (example) => {
  test(example.valid ? 'is accepted' : 'is refused at the field it is named for', () => {
    expect(refusedAt(example.event)).toBe(example.valid ? undefined : example.path)
  })

  test.skipIf(BEYOND_JSON_SCHEMA.includes(example.path))('is judged alike by the generated JSON Schema', () => {
    expect(passesJsonSchema(example)).toBe(example.valid)
  })
})

test.each(EVENTS.map(({ type }) => type))(
  '%s has a full, a minimal and a newer example, and some that are refused',
  (type) => {
    const own = examples.filter((example) => example.type === type)

    expect(own.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['valid-full.json', 'valid-minimal.json', 'valid-from-a-newer-writer.json']),
    )
    expect(own.filter(({ valid }) => !valid).length).toBeGreaterThanOrEqual(3)
    expect(
      own
        .filter(({ event }) => !('type' in (event as Members)) || (event as Members)['type'] !== type)
        .map(({ path }) => path),
    ).toEqual(own.filter(({ path }) => path === 'type').map(({ path }) => path))
  },
)

test.each(EVENTS.map(({ type }) => type))(
  'the full example of %s uses every field of its schema, and may be written',
  (type) => {
    const definition = findEvent(type)!
    const { data, ...envelope } = examples.find(
      (example) => example.type === type && example.name === 'valid-full.json',
    )!.event as Members
    const optionalOnFirst = type === 'no.samband.forsendelse.mottatt.v1' ? ['causationid'] : []

    expect(Object.keys(data as Members).toSorted()).toEqual(Object.keys(definition.schema.shape).toSorted())
    expect(Object.keys(envelope).toSorted()).toEqual(
      Object.keys(Envelope.shape)
        .filter((name) => !optionalOnFirst.includes(name))
        .toSorted(),
    )
    expect(definition.write(data as never)).toEqual(data)
  },
)

test.each(EVENTS.map(({ type }) => type))(
  'a field that is not known is ignored by readers of %s and refused to writers, at every depth',
  (type) => {
    const definition = findEvent(type)!
    const { data } = examples.find((example) => example.type === type && example.name === 'valid-full.json')!
      .event as Members
    for (const path of objectsIn(data!)) {
      const changed = structuredClone(data)
      Object.assign(at(changed, path), { navnPaMottaker: 'x' })

      expect(definition.parse(changed)).toEqual(data)
      expect(() => definition.write(changed as never)).toThrow(
        expect.objectContaining({
          code: 'CONTRACT_UNKNOWN_FIELD',
          details: { path: [...path, 'navnPaMottaker'].join('.') },
        }),
      )
    }
  },
)

/** The paths of all objects inside a value, itself included. */
function objectsIn(value: Json, path: readonly string[] = []): readonly (readonly string[])[] {
  if (value === null || typeof value !== 'object') return []
  const inside = Object.entries(value).flatMap(([name, member]: [string, Json]) => objectsIn(member, [...path, name]))
  return Array.isArray(value) ? inside : [path, ...inside]
}

function at(value: unknown, path: readonly string[]): object {
  return path.reduce((inner: unknown, step) => Reflect.get(inner as object, step), value) as object
}

test('an event of a type that is not known says so', () => {
  const event = { ...(examples[0]!.event as Members), type: 'no.samband.forsendelse.mottatt.v9' }

  expect(() => parseEvent(event)).toThrow(
    expect.objectContaining({ code: 'CONTRACT_UNKNOWN_TYPE', details: { path: 'type' } }),
  )
})

test('no event has a field for personal content', () => {
  const personal =
    /navn|name|tittel|title|adresse|address|foedsels|fodsels|fnr|personident|epost|telefon|diagnos|filnavn/i
  const fields = EVENTS.flatMap(({ type, schema }) => Object.keys(schema.shape).map((field) => `${type} ${field}`))

  expect(fields.filter((field) => personal.test(field.split(' ')[1]!))).toEqual([])
})

test('the package imports nothing but zod and its own files', () => {
  const sources = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.test.ts'),
  )
  const imported = sources.flatMap((file) =>
    [...readFileSync(join(import.meta.dirname, file), 'utf8').matchAll(/from '([^']+)'/g)].map(([, name]) => name!),
  )

  expect(sources.length).toBeGreaterThan(10)
  expect([...new Set(imported.filter((name) => !name.startsWith('.')))]).toEqual(['zod'])
})
