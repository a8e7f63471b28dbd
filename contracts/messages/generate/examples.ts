import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Json } from './format-json.ts'

/** A committed example of an event. */
export interface Example {
  readonly type: string
  /** `valid-….json` or `invalid-<field at fault>[~note].json`. */
  readonly name: string
  /** Whether every reader must accept it for ever. */
  readonly valid: boolean
  /** The field that a refusal must name; empty for a valid one. */
  readonly path: string
  readonly event: Json
}

/** Reads all examples below `<messagesRoot>/examples/<type>/`, in alphabetical order. @throws Error for a name that says neither valid nor invalid */
export function readExamples(messagesRoot: string): readonly Example[] {
  const root = join(messagesRoot, 'examples')
  return readdirSync(root)
    .sort()
    .flatMap((type) =>
      readdirSync(join(root, type))
        .sort()
        .map((name) => readExample(join(root, type, name), type, name)),
    )
}

function readExample(file: string, type: string, name: string): Example {
  const [, kind, rest = ''] = /^(valid|invalid)-(.+)\.json$/.exec(name) ?? []
  if (kind === undefined)
    throw new Error(`examples/${type}/${name}: the name must be valid-<what>.json or invalid-<field>.json`)
  const path = kind === 'invalid' ? (rest.split('~')[0] ?? '') : ''
  return { type, name, valid: kind === 'valid', path, event: JSON.parse(readFileSync(file, 'utf8')) as Json }
}
