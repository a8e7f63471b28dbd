import type { ProblemFault } from '@samband/access'
import { pathText } from '@samband/connector-kit'
import type { z } from 'zod'
import { ruleOf } from './field-rules.ts'
import { fieldName, kindOf, valueAt } from './kinds.ts'

type Issue = z.core.$ZodIssue
type Path = readonly PropertyKey[]

const TYPES: Readonly<Record<string, string>> = {
  string: 'en tekst',
  number: 'et tall',
  int: 'et helt tall',
  boolean: 'true eller false',
  array: 'en liste',
  object: 'et objekt',
}

/**
 * Everything a schema finds wrong with `input`, in Norwegian, without a value. An unknown field does not hide other faults: the rest is checked
 * as if it were not there.
 * @param at where `input` stands in what the sender wrote
 */
export function schemaFaults(schema: z.ZodType, input: unknown, at: Path = []): ProblemFault[] {
  const issues = schema.safeParse(input).error?.issues ?? []
  const unknown = issues.filter((issue) => issue.code === 'unrecognized_keys')
  const faults = issues.flatMap((issue) => faultsOf(issue, input, at))
  if (unknown.length === 0) return faults
  const known = new Set(faults.map(({ path, code }) => `${path} ${code}`))
  const further = schemaFaults(schema, withoutFields(input, unknown), at)
  return [...faults, ...further.filter(({ path, code }) => !known.has(`${path} ${code}`))]
}

function faultsOf(issue: Issue, input: unknown, at: Path): ProblemFault[] {
  const path = [...at, ...issue.path]
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: pathText([...path, fieldName(key)]),
      code: 'UKJENT_FELT',
      detail: 'Feltet finnes ikke. Rett navnet, eller la det være.',
    }))
  }
  if (issue.code === 'invalid_union') return unionFaults(issue, input, at)
  return [{ path: pathText(path), ...judge(issue, path, valueAt(input, issue.path)) }]
}

/** Of a choice between shapes, what is wrong with the one that fits best; when that one is not whole, the choice itself. */
function unionFaults(issue: z.core.$ZodIssueInvalidUnion, input: unknown, at: Path): ProblemFault[] {
  const path = [...at, ...issue.path]
  const value = valueAt(input, issue.path)
  const best = [...issue.errors].sort((a, b) => a.length - b.length)[0] ?? []
  const isMissing = (one: Issue) => one.code === 'invalid_type' && valueAt(value, one.path) === undefined
  const nested = best.filter((one) => !isMissing(one)).flatMap((one) => faultsOf(one, value, path))
  if (best.length > 0 && !best.some(isMissing)) return nested
  const detail = `${ruleOf(path, issue.message)} Det som kom, er ${kindOf(value)}.`
  return [{ path: pathText(path), code: 'UGYLDIG_VERDI', detail }, ...nested]
}

function judge(issue: Issue, path: Path, value: unknown): Pick<ProblemFault, 'code' | 'detail'> {
  const came = `Det som kom, er ${kindOf(value)}.`
  switch (issue.code) {
    case 'invalid_type':
      if (value === undefined) return { code: 'MANGLER', detail: 'Feltet må være med.' }
      return { code: 'FEIL_TYPE', detail: `Må være ${TYPES[issue.expected] ?? issue.expected}. ${came}` }
    case 'too_big':
      return { code: 'FOR_STOR_VERDI', detail: `Kan være høyst ${amount(issue.maximum, value)}. ${came}` }
    case 'too_small':
      return { code: 'FOR_LITEN_VERDI', detail: `Må være minst ${amount(issue.minimum, value)}. ${came}` }
    case 'invalid_value':
      return { code: 'UGYLDIG_VERDI', detail: `Må være en av ${issue.values.map(String).join(', ')}. ${came}` }
    default:
      return { code: 'UGYLDIG_VERDI', detail: `${ruleOf(path, issue.message)} ${came}` }
  }
}

function amount(limit: number | bigint, value: unknown): string {
  if (typeof value === 'string') return `${limit} tegn`
  return Array.isArray(value) ? `${limit} i listen` : String(limit)
}

function withoutFields(input: unknown, issues: readonly z.core.$ZodIssueUnrecognizedKeys[]): unknown {
  const copy: unknown = structuredClone(input)
  for (const { path, keys } of issues) {
    const holder = valueAt(copy, path)
    if (typeof holder !== 'object' || holder === null) continue
    for (const key of keys) Reflect.deleteProperty(holder, key)
  }
  return copy
}
