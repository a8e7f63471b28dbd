import type { Json } from '@samband/kernel'

/** Why a text is no JSON that can be looked at. */
export type JsonFault = 'not-utf8' | 'not-json' | 'no-object' | 'too-deep'

const MOST_LEVELS = 20

/**
 * The JSON object that bytes hold, without its members that are null: KS's v2 and v3 clients send every unset field as null (seen November
 * 2026), and to leave a field out means the same. A null in a list stays and is refused later.
 */
export function readJsonObject(bytes: Uint8Array): { readonly [name: string]: Json } | JsonFault {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return 'not-utf8'
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return 'not-json'
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'no-object'
  return isDeeperThan(value, MOST_LEVELS) ? 'too-deep' : (withoutNulls(value) as { readonly [name: string]: Json })
}

/** Checked level by level, since a recursion would end with the stack that a hostile nesting is meant to break. */
function isDeeperThan(value: object, levels: number): boolean {
  let level: unknown[] = [value]
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth === levels) return true
    level = level
      .flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []))
      .filter((one) => typeof one === 'object' && one !== null)
  }
  return false
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (typeof value !== 'object' || value === null) return value
  // fromEntries defines members, so that one called __proto__ stays a member and is refused as unknown.
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, one]) => (one === null ? [] : [[name, withoutNulls(one)]])),
  )
}
