/** A value as JSON can say it. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

const LINE_WIDTH = 120

/**
 * JSON text as the repository's formatter leaves it: two spaces, lists on one line where they hold only plain values and fit.
 * So a generated file is never changed by formatting, and comparing it with the committed one stays a comparison of text.
 */
export function formatJson(value: Json): string {
  return `${format(value, 0, 0)}\n`
}

/** @param used characters already on the line before this value */
function format(value: Json, depth: number, used: number): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const inner = '  '.repeat(depth + 1)
  const outer = '  '.repeat(depth)
  if (isList(value)) {
    if (value.every(isPlain)) {
      const line = `[${value.map((item) => JSON.stringify(item)).join(', ')}]`
      if (used + line.length < LINE_WIDTH) return line
    }
    return `[\n${value.map((item) => inner + format(item, depth + 1, inner.length)).join(',\n')}\n${outer}]`
  }
  const members = Object.entries(value)
  if (members.length === 0) return '{}'
  return `{\n${members.map(([name, member]) => inner + formatMember(name, member, depth + 1, inner.length)).join(',\n')}\n${outer}}`
}

function formatMember(name: string, member: Json, depth: number, indent: number): string {
  const label = `${JSON.stringify(name)}: `
  return label + format(member, depth, indent + label.length)
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}

function isPlain(value: Json): boolean {
  return value === null || typeof value !== 'object'
}

/** Any value as JSON, or a TypeError for what JSON cannot say. Members that are `undefined` are left out. */
export function toJson(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json
}
