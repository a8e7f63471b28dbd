import type { z } from 'zod'

/** What was wrong with a message. Never reused for anything else. */
export type ContractErrorCode =
  /** The data of an event is not what its type promises. */
  | 'CONTRACT_INVALID_DATA'
  /** A writer put a field into an event that its type does not have. */
  | 'CONTRACT_UNKNOWN_FIELD'
  /** An attribute of the envelope is missing or wrong. */
  | 'CONTRACT_INVALID_ENVELOPE'
  /** A header of the record is missing or wrong; `details.path` is the header's name. */
  | 'CONTRACT_INVALID_HEADER'
  /** No event type of that name is known here. */
  | 'CONTRACT_UNKNOWN_TYPE'

/**
 * A message that breaks its contract. It has the shape of the kernel's `HubError` (code, disposition, details.path)
 * without being one, because this package may be published and therefore imports nothing but zod. Recognise it by `code`.
 *
 * Always permanent: the same bytes never become valid. The text names the field, what was expected and what kind of value
 * came, and never the value itself, which may be personal data.
 */
export class ContractError extends Error {
  override readonly name: string = 'ContractError'
  readonly code: ContractErrorCode
  readonly disposition = 'permanent'
  /** The field at fault, with dots between the levels: `dokumenter.0.sha256`, `ce_tenant`. */
  readonly details: { readonly path: string }

  constructor(code: ContractErrorCode, message: string, path: string, options?: ErrorOptions) {
    super(message, options?.cause === undefined ? undefined : options)
    this.code = code
    this.details = { path }
  }
}

/** The first thing zod found wrong, as a path with dots and a sentence without the value. */
export function describeIssue(error: z.ZodError, input: unknown): { readonly path: string; readonly sentence: string } {
  const issue = error.issues[0]
  if (issue === undefined) return { path: '', sentence: 'Expected a valid value.' }
  return {
    path: issue.path.map(String).join('.'),
    sentence: `${expectation(issue.message)}; what came is ${kindOf(valueAt(input, issue.path))}.`,
  }
}

/** zod's "Invalid input: expected string, received undefined" without its second half, which `kindOf` says better. */
function expectation(message: string): string {
  return message.replace(/^Invalid input: expected/, 'Expected').replace(/, received [a-zA-Z ]*$/, '')
}

/** The kind and size of a value, for messages that must not show it. */
export function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (typeof value === 'string') return `a string of ${value.length} characters`
  if (Array.isArray(value)) return `a list of ${value.length}`
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/**
 * The path of the first field that `input` has and `parsed` lacks. A parser of this package drops what the schema does not
 * know and changes nothing else, so the difference is exactly the unknown fields, at every depth. `undefined` counts as absent.
 */
export function firstUnknownField(input: unknown, parsed: unknown, path: readonly string[] = []): string | undefined {
  if (Array.isArray(input) && Array.isArray(parsed)) {
    for (const [index, item] of input.entries()) {
      const found = firstUnknownField(item, parsed[index], [...path, String(index)])
      if (found !== undefined) return found
    }
    return undefined
  }
  if (!isObject(input) || !isObject(parsed)) return undefined
  for (const [name, value] of Object.entries(input)) {
    if (value === undefined) continue
    if (!Object.hasOwn(parsed, name)) return [...path, name].join('.')
    const found = firstUnknownField(value, parsed[name], [...path, name])
    if (found !== undefined) return found
  }
  return undefined
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input
  for (const step of path) value = isObject(value) || Array.isArray(value) ? Reflect.get(value, step) : undefined
  return value
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
