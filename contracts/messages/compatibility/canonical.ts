import { createHash } from 'node:crypto'
import type { Json } from '../generate/format-json.ts'

/** JSON with members in code-point order and without white space, so that equal values give equal text. */
export function canonical(value: Json): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  const members = Object.entries(value as { readonly [name: string]: Json }).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`
}

/** SHA-256 of the canonical text: formatting a file anew changes nothing, any other edit does. */
export function digest(value: Json): string {
  return createHash('sha256').update(canonical(value)).digest('hex')
}
