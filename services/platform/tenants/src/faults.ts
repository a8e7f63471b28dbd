import type { z } from 'zod'

/** One thing wrong with a file. Holds names of settings and files, never a value that stood there. */
export interface Fault {
  /** The setting, e.g. `connectors.svarut.timing.inFlightMs` or `klienter[0].secret`; empty for the file as a whole. */
  readonly path: string
  readonly expected: string
  /** What kind of thing came. */
  readonly came: string
  /** What to do about it. */
  readonly todo: string
}

/** For zod's `error`: what was expected and what to do, in one message that `faultsOf` takes apart. */
export function says(expected: string, todo: string): { readonly error: () => string } {
  return { error: () => `${expected}\n${todo}` }
}

/** All issues of zod as faults. `raw` is what was parsed; only its kinds and lengths are told. */
export function faultsOf(issues: readonly z.core.$ZodIssue[], raw: unknown): Fault[] {
  return issues.flatMap((issue) => {
    const [expected = '', todo = ''] = issue.message.split('\n')
    if (issue.code !== 'unrecognized_keys') {
      return [{ path: pathText(issue.path), expected, came: kindOf(valueAt(raw, issue.path)), todo }]
    }
    return issue.keys.map((key) => ({
      path: pathText([...issue.path, nameOrNote(key)]),
      expected,
      came: 'a setting of another name',
      todo,
    }))
  })
}

/** `connectors.svarut`, `klienter[0].secret`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`
    return text === '' ? String(part) : `${text}.${String(part)}`
  }, '')
}

/** The kind and size of a value, without the value: it may be a secret in the wrong place. */
export function kindOf(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'string') return `text of ${value.length} characters`
  if (typeof value === 'number') return 'a number'
  return typeof value === 'boolean' ? 'true or false' : 'a group of settings'
}

/** What looks like the name of a setting is shown; anything else may be a value that slipped to the left. */
function nameOrNote(key: string): string {
  return /^[A-Za-z][A-Za-z_-]{0,39}$/.test(key) ? key : '(a name that is none)'
}

function valueAt(raw: unknown, path: readonly PropertyKey[]): unknown {
  let value = raw
  for (const part of path) {
    if (value === null || typeof value !== 'object') return undefined
    value = Object.entries(value).find(([name]) => name === String(part))?.[1]
  }
  return value
}
