import { above, type Instance, LIST_KINDS } from './archive.ts'
import type { Dialect } from './dialect.ts'
import type { Kind } from './entities.ts'
import type { Filter, Literal, Operand } from './filter.ts'
import type { Fields, FieldType, GroupName } from './groups.ts'
import { instantOf, localYear } from './local-time.ts'
import { Refusal } from './refusal.ts'

/** Fields Nikita's query translator does not know although the entity has them. */
const UNKNOWN_TO_NIKITA = new Set(['journalaar', 'journalsekvensnummer', 'journalpostnummer'])

/** Kind of value a path ends in. */
type EndType = 'text' | 'integer' | 'datetime' | 'any'

function endOfField(dialect: Dialect, type: FieldType, name: string, rest: readonly string[]): EndType | undefined {
  const [form, detail = ''] = type.split(':') as [string, string?]
  const [next, ...more] = rest
  if (form === 'code' || form === 'codes') return next === 'kode' || next === 'kodenavn' ? 'text' : undefined
  if (form === 'group' || form === 'groups') {
    return next === undefined ? 'any' : endOfFields(dialect.groups[detail as GroupName].fields, dialect, next, more)
  }
  // Nikita keeps noekkelord as objects with a field of the same name.
  if (form === 'texts' && (next === undefined || (next === name && dialect.name === 'nikita'))) return 'text'
  if (rest.length > 0) return undefined
  return form === 'integer' || form === 'datetime' ? form : 'text'
}

function endOfFields(fields: Fields, dialect: Dialect, name: string, rest: readonly string[]): EndType | undefined {
  const type = Object.hasOwn(fields, name) ? fields[name] : undefined
  return type === undefined ? undefined : endOfField(dialect, type, name, rest)
}

function endOfPath(dialect: Dialect, kinds: readonly Kind[], path: readonly string[]): EndType | undefined {
  const [name = '', ...rest] = path
  if (dialect.name === 'nikita' && UNKNOWN_TO_NIKITA.has(name)) return undefined
  if (name.includes(':')) return dialect.name === 'nikita' && /-.*-/.test(name) ? undefined : 'any'
  for (const kind of kinds) {
    const end = endOfFields(dialect.entities[kind].fields, dialect, name, rest)
    if (end !== undefined) return end
  }
  const related = Object.hasOwn(LIST_KINDS, name) ? LIST_KINDS[name] : undefined
  return related === undefined || rest.length === 0 ? undefined : endOfPath(dialect, related, rest)
}

/** All values at the end of a path; related objects are looked for above first, then directly below. */
export function valuesAt(instance: Instance, path: readonly string[]): unknown[] {
  const [name = '', ...rest] = path
  if (name.includes(':')) {
    const metadata = instance.values['virksomhetsspesifikkeMetadata'] as Record<string, unknown> | undefined
    return [metadata?.[name]]
  }
  if (Object.hasOwn(instance.values, name)) return within(instance.values[name], rest)
  const related = Object.hasOwn(LIST_KINDS, name) ? LIST_KINDS[name] : undefined
  if (related === undefined || rest.length === 0) return []
  const upper = above(instance, related)
  const all = upper === undefined ? instance.children.filter((child) => related.includes(child.kind)) : [upper]
  return all.flatMap((one) => valuesAt(one, rest))
}

function within(value: unknown, rest: readonly string[]): unknown[] {
  if (Array.isArray(value)) return value.flatMap((one) => within(one, typeof one === 'string' ? [] : rest))
  const [name, ...more] = rest
  if (name === undefined || typeof value !== 'object' || value === null) return [value]
  return within((value as Record<string, unknown>)[name], more)
}

function applied(operand: Operand, value: unknown): unknown {
  const { apply } = operand
  if (apply === undefined || typeof value !== 'string') return value
  switch (apply.name) {
    case 'year': {
      const instant = instantOf(value)
      return instant === undefined ? undefined : localYear(instant)
    }
    case 'tolower':
      return value.toLowerCase()
    case 'toupper':
      return value.toUpperCase()
    case 'substring': {
      const [from = 0, length = value.length] = apply.numbers
      return value.slice(from, from + length)
    }
  }
}

function compare(op: 'eq' | 'gt' | 'ge' | 'lt' | 'le', value: unknown, literal: string | number | boolean): boolean {
  if (typeof value !== typeof literal) return false
  const [left, right] = [value as string | number, literal as string | number]
  switch (op) {
    case 'eq':
      return left === right
    case 'gt':
      return left > right
    case 'ge':
      return left >= right
    case 'lt':
      return left < right
    case 'le':
      return left <= right
  }
}

/** A `$filter` as a test on one object; everything that can be wrong with it has been refused when this returns. */
export class Matcher {
  readonly #dialect: Dialect
  readonly #kinds: readonly Kind[]

  constructor(dialect: Dialect, kinds: readonly Kind[]) {
    this.#dialect = dialect
    this.#kinds = kinds
  }

  /** @throws Refusal 400 for a field the entity does not have, or a value of the wrong type */
  test(filter: Filter): (instance: Instance) => boolean {
    switch (filter.op) {
      case 'and':
      case 'or': {
        const [left, right] = [this.test(filter.left), this.test(filter.right)]
        return filter.op === 'and' ? (one) => left(one) && right(one) : (one) => left(one) || right(one)
      }
      case 'not': {
        const of = this.test(filter.of)
        return this.#dialect.name === 'nikita' ? () => false : (one) => !of(one)
      }
      case 'contains':
      case 'startswith':
      case 'endswith':
        return this.#textTest(filter.op, filter.operand, filter.text)
      default:
        return this.#comparison(filter.op, filter.operand, filter.literal)
    }
  }

  /** The end of a path that may be asked for. @throws Refusal 400 */
  end(path: readonly string[]): EndType {
    const end = endOfPath(this.#dialect, this.#kinds, path)
    if (end === undefined) throw new Refusal(400, `Unknown field in the query: ${path.join('/')}.`, 'query')
    return end
  }

  #findsNothing(operand: Operand): boolean {
    if (this.#dialect.name !== 'nikita') return false
    return operand.apply?.name === 'substring' || operand.path.some((part) => part.startsWith('korrespondansepart'))
  }

  #textTest(op: 'contains' | 'startswith' | 'endswith', operand: Operand, text: string): (one: Instance) => boolean {
    this.end(operand.path)
    if (this.#findsNothing(operand)) return () => false
    const fits = op === 'contains' && this.#dialect.name === 'nikita' ? wildcards(text) : textTests[op](text)
    return (one) => valuesAt(one, operand.path).some((value) => fits(String(applied(operand, value) ?? '')))
  }

  #comparison(
    op: 'eq' | 'ne' | 'gt' | 'ge' | 'lt' | 'le',
    operand: Operand,
    literal: Literal,
  ): (one: Instance) => boolean {
    const end = operand.apply?.name === 'year' ? 'integer' : this.end(operand.path)
    if (operand.apply !== undefined) this.end(operand.path)
    if (this.#findsNothing(operand)) return () => false
    if (literal.is === 'null') {
      if (op !== 'eq' && op !== 'ne') throw new Refusal(400, `${op} does not go with null.`, 'query')
      const empty = (one: Instance): boolean => valuesAt(one, operand.path).every((value) => value === undefined)
      return op === 'eq' ? empty : (one) => !empty(one)
    }
    if (literal.is === 'word' && this.#dialect.name === 'nikita' && operand.path.at(-1) === 'systemID')
      return () => false
    const wanted = this.#wanted(end, literal, operand.path.join('/'))
    const readable = (value: unknown): unknown => {
      const given = applied(operand, value)
      if (operand.path.at(-1) === 'systemID' && typeof given === 'string') return given.toLowerCase()
      return end === 'datetime' && typeof given === 'string' ? instantOf(given) : given
    }
    const relation = op === 'ne' ? 'eq' : op
    const some = (one: Instance): boolean =>
      valuesAt(one, operand.path).some((value) => compare(relation, readable(value), wanted))
    return op === 'ne' ? (one) => !some(one) : some
  }

  #wanted(end: EndType, literal: Exclude<Literal, { is: 'null' }>, path: string): string | number | boolean {
    const nikita = this.#dialect.name === 'nikita'
    const wrong = (): never => {
      throw new Refusal(400, `The value for ${path} has the wrong type.`, 'query')
    }
    if (literal.is === 'word' || (nikita && (literal.is === 'date' || literal.value === ''))) return wrong()
    if (end === 'datetime') {
      const instant = typeof literal.value === 'string' ? instantOf(literal.value) : undefined
      return instant ?? wrong()
    }
    if (end === 'integer' && literal.is !== 'number') return wrong()
    if (end === 'text' && literal.is !== 'text') return wrong()
    return path.endsWith('systemID') ? String(literal.value).toLowerCase() : literal.value
  }
}

const textTests = {
  contains: (text: string) => (value: string) => value.includes(text),
  startswith: (text: string) => (value: string) => value.startsWith(text),
  endswith: (text: string) => (value: string) => value.endsWith(text),
}

/** Nikita hands the text to SQL LIKE, where `_` is any character and `%` any text. */
function wildcards(text: string): (value: string) => boolean {
  const escaped = text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const pattern = new RegExp(escaped.replaceAll('_', '.').replaceAll('%', '.*'), 'su')
  return (value) => pattern.test(value)
}
