import type { Json } from '../generate/format-json.ts'
import type { JsonSchema } from '../generate/json-schema.ts'
import { canonical } from './canonical.ts'
import type { Change } from './rules.ts'

/** One difference between two schemas. */
export interface Finding {
  /** The field, with dots between levels and `[]` for the items of a list; empty for the whole. */
  readonly path: string
  readonly change: Change
}

/** Words for people; a reader does not look at them. */
const TEXT = ['$schema', '$id', '$comment', 'title', 'description', 'examples', 'deprecated']
const LOWER_LIMITS = ['minLength', 'minItems', 'minimum', 'exclusiveMinimum', 'minProperties']
const UPPER_LIMITS = ['maxLength', 'maxItems', 'maximum', 'exclusiveMaximum', 'maxProperties']
/** Handled one by one below; every other keyword has to be equal. */
const HANDLED = new Set([
  ...TEXT,
  ...LOWER_LIMITS,
  ...UPPER_LIMITS,
  ...[
    'type',
    'enum',
    'const',
    'pattern',
    'format',
    'default',
    'properties',
    'required',
    'items',
    'additionalProperties',
  ],
])

/**
 * Everything that changed from `older` to `newer`. The question behind it, in both directions: would a loose reader of the one
 * accept whatever a strict writer of the other may write? A strict writer writes no field that its schema does not declare.
 */
export function compareSchemas(older: JsonSchema, newer: JsonSchema, path = ''): readonly Finding[] {
  const finding = (change: Change): Finding => ({ path, change })
  const text = TEXT.some((keyword) => differs(older, newer, keyword)) ? [finding('text changed')] : []
  if (differs(older, newer, 'type')) return [...text, finding('type changed')]
  return [
    ...text,
    ...[...valueChanges(older, newer), ...limitChanges(older, newer), ...otherChanges(older, newer)].map(finding),
    ...fieldChanges(older, newer, path),
    ...itemChanges(older, newer, path),
  ]
}

function valueChanges(older: JsonSchema, newer: JsonSchema): readonly Change[] {
  const before = allowedValues(older)
  const after = allowedValues(newer)
  if (before === undefined && after === undefined) return []
  if (before === undefined) return ['value removed from list']
  if (after === undefined) return ['value added to list']
  return [
    ...(after.isSubsetOf(before) ? [] : (['value added to list'] as const)),
    ...(before.isSubsetOf(after) ? [] : (['value removed from list'] as const)),
  ]
}

/** The values of `enum` or `const`, each as canonical text; `undefined` when any value will do. */
function allowedValues(schema: JsonSchema): ReadonlySet<string> | undefined {
  if (schema['const'] !== undefined) return new Set([canonical(schema['const'])])
  return Array.isArray(schema['enum']) ? new Set(schema['enum'].map(canonical)) : undefined
}

function limitChanges(older: JsonSchema, newer: JsonSchema): readonly Change[] {
  const moved = (keyword: string, absent: number) => number(newer[keyword], absent) - number(older[keyword], absent)
  const steps = [
    ...LOWER_LIMITS.map((keyword) => moved(keyword, Number.MIN_SAFE_INTEGER)),
    ...UPPER_LIMITS.map((keyword) => -moved(keyword, Number.MAX_SAFE_INTEGER)),
    presence(older, newer, 'pattern'),
    presence(older, newer, 'format'),
  ]
  return [
    ...(steps.some((step) => step > 0) ? (['limit tightened'] as const) : []),
    ...(steps.some((step) => step < 0) ? (['limit loosened'] as const) : []),
  ]
}

/** 1 when only `newer` has the keyword, -1 when only `older` has it. */
function presence(older: JsonSchema, newer: JsonSchema, keyword: string): number {
  return Number(newer[keyword] !== undefined) - Number(older[keyword] !== undefined)
}

function number(value: Json | undefined, absent: number): number {
  return typeof value === 'number' ? value : absent
}

function otherChanges(older: JsonSchema, newer: JsonSchema): readonly Change[] {
  const bothHave = (keyword: string) => older[keyword] !== undefined && newer[keyword] !== undefined
  const unknown = Object.keys({ ...older, ...newer }).filter((keyword) => !HANDLED.has(keyword))
  const strictness = differs(older, newer, 'additionalProperties')
  const refuses = older['additionalProperties'] === false || newer['additionalProperties'] === false
  return [
    ...(bothHave('pattern') && differs(older, newer, 'pattern') ? (['pattern changed'] as const) : []),
    ...(bothHave('format') && differs(older, newer, 'format') ? (['format changed'] as const) : []),
    ...(differs(older, newer, 'default') ? (['default changed'] as const) : []),
    ...(strictness && refuses ? (['unknown fields refused'] as const) : []),
    ...(strictness && !refuses ? (['something else changed'] as const) : []),
    ...(unknown.some((keyword) => differs(older, newer, keyword)) ? (['something else changed'] as const) : []),
  ]
}

function fieldChanges(older: JsonSchema, newer: JsonSchema, path: string): readonly Finding[] {
  const [before, after] = [fields(older), fields(newer)]
  return Object.keys({ ...before, ...after }).flatMap((name) => {
    const field = path === '' ? name : `${path}.${name}`
    const [was, is] = [before[name], after[name]]
    const [wasRequired, isRequired] = [requires(older, name), requires(newer, name)]
    if (was === undefined)
      return [{ path: field, change: isRequired ? 'required field added' : 'optional field added' } as const]
    if (is === undefined)
      return [{ path: field, change: wasRequired ? 'required field removed' : 'optional field removed' } as const]
    const inside = compareSchemas(was, is, field)
    if (wasRequired === isRequired) return inside
    return [
      { path: field, change: wasRequired ? 'required made optional' : 'optional made required' } as const,
      ...inside,
    ]
  })
}

function itemChanges(older: JsonSchema, newer: JsonSchema, path: string): readonly Finding[] {
  const [was, is] = [older['items'], newer['items']]
  if (was === undefined && is === undefined) return []
  if (isSchema(was) && isSchema(is)) return compareSchemas(was, is, `${path}[]`)
  return differs(older, newer, 'items') ? [{ path: `${path}[]`, change: 'something else changed' }] : []
}

function fields(schema: JsonSchema): { readonly [name: string]: JsonSchema } {
  return (schema['properties'] ?? {}) as { readonly [name: string]: JsonSchema }
}

function requires(schema: JsonSchema, name: string): boolean {
  const { required } = schema
  return Array.isArray(required) && required.includes(name)
}

function isSchema(value: Json | undefined): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function differs(older: JsonSchema, newer: JsonSchema, keyword: string): boolean {
  return canonical(older[keyword] ?? null) !== canonical(newer[keyword] ?? null)
}
