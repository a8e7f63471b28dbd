import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { describe, expect, test } from 'vitest'
import type { Json } from '../generate/format-json.ts'
import type { JsonSchema } from '../generate/json-schema.ts'
import { compareSchemas } from './compare.ts'
import type { Change } from './rules.ts'
import { RULES } from './rules.ts'

/**
 * One kind of change, from `older` to `newer` and back. `samples` are values of the field `f`: enough of them to show, with a JSON
 * Schema validator that knows nothing of the rules, which of the two readers refuses what the other's writer may write.
 */
interface Row {
  readonly name: string
  readonly older: JsonSchema
  readonly newer: JsonSchema
  readonly there: readonly Change[]
  readonly back: readonly Change[]
  readonly samples: readonly Json[]
}

const of = (field: JsonSchema, required = true): JsonSchema => ({
  type: 'object',
  properties: { f: field },
  ...(required ? { required: ['f'] } : {}),
})
const nothing: JsonSchema = { type: 'object', properties: {} }
const text = { type: 'string' }
const row = (
  name: string,
  older: JsonSchema,
  newer: JsonSchema,
  there: readonly Change[],
  back: readonly Change[],
  samples: readonly Json[],
): Row => ({
  name,
  older,
  newer,
  there,
  back,
  samples: samples.map((f) => ({ f })),
})
const tightened: readonly Change[] = ['limit tightened']
const loosened: readonly Change[] = ['limit loosened']

const ROWS: readonly Row[] = [
  row('an optional field', nothing, of(text, false), ['optional field added'], ['optional field removed'], ['a']),
  row('a required field', nothing, of(text), ['required field added'], ['required field removed'], ['a']),
  row(
    'a field made optional',
    of(text),
    of(text, false),
    ['required made optional'],
    ['optional made required'],
    ['a'],
  ),
  row('text and number', of(text), of({ type: 'number' }), ['type changed'], ['type changed'], ['a', 1]),
  row(
    'whole and any number',
    of({ type: 'integer' }),
    of({ type: 'number' }),
    ['type changed'],
    ['type changed'],
    [1, 1.5],
  ),
  row(
    'one value and a list of it',
    of(text),
    of({ type: 'array', items: text }),
    ['type changed'],
    ['type changed'],
    ['a', ['a']],
  ),
  row('null allowed', of(text), of({ type: ['string', 'null'] }), ['type changed'], ['type changed'], ['a', null]),
  row(
    'a wider list of values',
    of({ ...text, enum: ['a', 'b'] }),
    of({ ...text, enum: ['c', 'b', 'a'] }),
    ['value added to list'],
    ['value removed from list'],
    ['a', 'b', 'c'],
  ),
  row(
    'a swapped value',
    of({ ...text, enum: ['a', 'b'] }),
    of({ ...text, enum: ['a', 'c'] }),
    ['value added to list', 'value removed from list'],
    ['value added to list', 'value removed from list'],
    ['a', 'b', 'c'],
  ),
  row(
    'a list of values opened',
    of({ ...text, enum: ['a'] }),
    of(text),
    ['value added to list'],
    ['value removed from list'],
    ['a', 'b'],
  ),
  row(
    'a constant and a list with it',
    of({ ...text, const: 'a' }),
    of({ ...text, enum: ['a', 'b'] }),
    ['value added to list'],
    ['value removed from list'],
    ['a', 'b'],
  ),
  row(
    'another constant',
    of({ ...text, const: 'a' }),
    of({ ...text, const: 'b' }),
    ['value added to list', 'value removed from list'],
    ['value added to list', 'value removed from list'],
    ['a', 'b'],
  ),
  row('minLength', of({ ...text, minLength: 2 }), of({ ...text, minLength: 3 }), tightened, loosened, ['aa', 'aaa']),
  row('minLength set', of(text), of({ ...text, minLength: 1 }), tightened, loosened, ['', 'a']),
  row('maxLength', of({ ...text, maxLength: 3 }), of({ ...text, maxLength: 2 }), tightened, loosened, ['aa', 'aaa']),
  row('maxLength set', of(text), of({ ...text, maxLength: 1 }), tightened, loosened, ['a', 'aa']),
  row('minimum', of({ type: 'integer', minimum: 0 }), of({ type: 'integer', minimum: 1 }), tightened, loosened, [0, 1]),
  row(
    'exclusiveMinimum set',
    of({ type: 'integer' }),
    of({ type: 'integer', exclusiveMinimum: 0 }),
    tightened,
    loosened,
    [0, 1],
  ),
  row('maximum', of({ type: 'integer', maximum: 9 }), of({ type: 'integer', maximum: 8 }), tightened, loosened, [8, 9]),
  row('minItems', of({ type: 'array', minItems: 1 }), of({ type: 'array', minItems: 2 }), tightened, loosened, [
    ['a'],
    ['a', 'b'],
  ]),
  row('maxItems', of({ type: 'array', maxItems: 2 }), of({ type: 'array', maxItems: 1 }), tightened, loosened, [
    ['a'],
    ['a', 'b'],
  ]),
  row(
    'a limit moved at both ends',
    of({ ...text, minLength: 1, maxLength: 2 }),
    of({ ...text, minLength: 2, maxLength: 3 }),
    ['limit tightened', 'limit loosened'],
    ['limit tightened', 'limit loosened'],
    ['a', 'aaa'],
  ),
  row('a pattern set', of(text), of({ ...text, pattern: '^a' }), tightened, loosened, ['a', 'b']),
  row(
    'another pattern',
    of({ ...text, pattern: '^a' }),
    of({ ...text, pattern: '^b' }),
    ['pattern changed'],
    ['pattern changed'],
    ['a', 'b'],
  ),
  row('a format set', of(text), of({ ...text, format: 'date' }), tightened, loosened, ['2026-03-02', 'x']),
  row(
    'another format',
    of({ ...text, format: 'date' }),
    of({ ...text, format: 'date-time' }),
    ['format changed'],
    ['format changed'],
    ['2026-03-02', '2026-03-02T09:15:30Z'],
  ),
  row(
    'a default',
    of({ ...text, default: 'a' }),
    of({ ...text, default: 'b' }),
    ['default changed'],
    ['default changed'],
    ['a'],
  ),
  row(
    'unknown fields refused',
    of(text),
    { ...of(text), additionalProperties: false },
    ['unknown fields refused'],
    ['unknown fields refused'],
    ['a'],
  ),
  row(
    'a wholly new keyword',
    of({ type: 'array' }),
    of({ type: 'array', uniqueItems: true }),
    ['something else changed'],
    ['something else changed'],
    [['a'], ['a', 'a']],
  ),
  row(
    'a choice of schemas',
    of({ anyOf: [text] }),
    of({ anyOf: [text, { type: 'number' }] }),
    ['something else changed'],
    ['something else changed'],
    ['a', 1],
  ),
  row(
    'items described for the first time',
    of({ type: 'array' }),
    of({ type: 'array', items: text }),
    ['something else changed'],
    ['something else changed'],
    [['a'], [1]],
  ),
  row(
    'a field inside the items of a list',
    of({ type: 'array', items: nothing }),
    of({ type: 'array', items: of(text) }),
    ['required field added'],
    ['required field removed'],
    [[{}], [{ f: 'a' }]],
  ),
  row(
    'an optional field inside an object',
    of(nothing),
    of(of(text, false)),
    ['optional field added'],
    ['optional field removed'],
    [{}, { f: 'a' }],
  ),
  row(
    'a list made optional whose items changed as well',
    of({ type: 'array', items: text }),
    of({ type: 'array', items: { ...text, maxLength: 1 } }, false),
    ['required made optional', 'limit tightened'],
    ['optional made required', 'limit loosened'],
    [['a'], ['aa']],
  ),
  row(
    'other words',
    { ...of({ ...text, description: 'x' }), title: 'x' },
    { ...of({ ...text, description: 'y' }), title: 'y' },
    ['text changed', 'text changed'],
    ['text changed', 'text changed'],
    ['a'],
  ),
  row(
    'the same in another order',
    { ...of({ ...text, enum: ['a', 'b'] }), $id: 'x' },
    { $id: 'x', ...of({ enum: ['b', 'a'], type: 'string' }) },
    [],
    [],
    ['a', 'b'],
  ),
  {
    ...row(
      'a renamed field',
      of(text),
      { type: 'object', properties: { g: text }, required: ['g'] },
      ['required field removed', 'required field added'],
      ['required field removed', 'required field added'],
      [],
    ),
    samples: [{ f: 'a' }, { g: 'a' }],
  },
]

const changes = (older: JsonSchema, newer: JsonSchema) => compareSchemas(older, newer).map(({ change }) => change)

/** Breaks that the changes stand for, as two answers: is an old event refused by the new reader, and the other way round? */
function claimed(found: readonly Change[]) {
  const breaks = found.map((change) => RULES[change].breaks)
  return {
    oldEventsRefused: breaks.some((b) => b === 'both' || b === 'old events, new reader'),
    newEventsRefused: breaks.some((b) => b === 'both' || b === 'new events, old reader'),
  }
}

function validator(schema: JsonSchema) {
  const ajv = new Ajv2020({ strict: false })
  addFormats.default(ajv)
  return ajv.compile(schema)
}

/** The schema of a strict writer: no field beyond those declared, at any depth. */
function closed(schema: JsonSchema): JsonSchema {
  const { properties, items } = schema
  return {
    ...schema,
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties as JsonSchema).map(([name, field]) => [name, closed(field as JsonSchema)]),
          ),
          additionalProperties: false,
        }),
    ...(items === undefined ? {} : { items: closed(items as JsonSchema) }),
  }
}

function refuses(writer: JsonSchema, reader: JsonSchema, samples: readonly Json[]): boolean {
  const [mayWrite, reads] = [validator(closed(writer)), validator(reader)]
  return [{}, ...samples].some((sample) => mayWrite(sample) && !reads(sample))
}

describe.each(ROWS)('$name', ({ older, newer, there, back, samples }) => {
  test('is recognised in both directions', () => {
    expect(changes(older, newer)).toEqual(there)
    expect(changes(newer, older)).toEqual(back)
  })

  test('breaks no reader that the rules do not name', () => {
    for (const [from, to] of [
      [older, newer],
      [newer, older],
    ] as const) {
      const { oldEventsRefused, newEventsRefused } = claimed(changes(from, to))
      if (!oldEventsRefused) expect(refuses(from, to, samples)).toBe(false)
      if (!newEventsRefused) expect(refuses(to, from, samples)).toBe(false)
    }
  })

  test('is forbidden wherever a reader refuses an event', () => {
    const verdicts = there.map((change) => RULES[change].verdict)
    if (refuses(older, newer, samples) || refuses(newer, older, samples)) expect(verdicts).toContain('forbidden')
  })
})

test('every claim that a reader breaks is shown by an event which a validator refuses', () => {
  const shown = (change: Change, breaks: 'old' | 'new') =>
    ROWS.some(({ older, newer, there, back, samples }) =>
      [
        { from: older, to: newer, found: there },
        { from: newer, to: older, found: back },
      ].some(({ from, to, found }) => {
        const alone = new Set<Change>(found.filter((name) => name !== 'text changed'))
        return (
          alone.size === 1 &&
          alone.has(change) &&
          (breaks === 'old' ? refuses(from, to, samples) : refuses(to, from, samples))
        )
      }),
    )
  const unshown = (Object.keys(RULES) as Change[])
    .filter((change) => change !== 'event type removed')
    .flatMap((change) => {
      const { oldEventsRefused, newEventsRefused } = claimed([change])
      return [
        ...(oldEventsRefused && !shown(change, 'old') ? [`${change}: old events`] : []),
        ...(newEventsRefused && !shown(change, 'new') ? [`${change}: new events`] : []),
      ]
    })

  expect(unshown).toEqual([])
})

test('every rule of one schema is tried', () => {
  const tried = new Set(ROWS.flatMap(({ there, back }) => [...there, ...back]))
  const beyondSchemas = ['topic changed', 'event type removed']

  expect(Object.keys(RULES).filter((change) => !tried.has(change as Change))).toEqual(beyondSchemas)
})

test('within a version only optional fields and other words are allowed', () => {
  const allowed = Object.entries(RULES).filter(([, { verdict }]) => verdict === 'allowed')

  expect(allowed.map(([change]) => change)).toEqual(['optional field added', 'text changed'])
})

test('a finding names the field, through objects and lists', () => {
  const deep = (field: JsonSchema) => of({ type: 'array', items: of(of(field)) })

  expect(compareSchemas(deep(text), deep({ ...text, maxLength: 1 }))).toEqual([
    { path: 'f[].f.f', change: 'limit tightened' },
  ])
})
