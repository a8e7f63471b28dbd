/** The kind and size of a value, in Norwegian, for sentences that must not show it. */
export function kindOf(value: unknown): string {
  if (value === undefined) return 'ingenting'
  if (value === null) return 'null'
  if (typeof value === 'string') return `en tekst på ${value.length} tegn`
  if (typeof value === 'number') return 'et tall'
  if (typeof value === 'boolean') return 'en sannhetsverdi'
  return Array.isArray(value) ? `en liste med ${value.length}` : 'et objekt'
}

/** The value at a path, `undefined` where there is none. */
export function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
    value = Reflect.get(value, step)
  }
  return value
}

/** The name of an unknown field, unless it looks as if somebody's data stood in the place of a name. */
export function fieldName(name: string): string {
  return /^[A-Za-z_][\w.-]{0,59}$/.test(name) && !/\d{6}/.test(name) ? name : '(feltnavn ikke gjengitt)'
}
