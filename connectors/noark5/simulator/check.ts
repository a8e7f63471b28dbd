import type { Dialect } from './dialect.ts'
import { CORE_SET, type Kind } from './entities.ts'
import type { Fields, FieldType, GroupName } from './groups.ts'
import { instantOf } from './local-time.ts'
import { Refusal } from './refusal.ts'

/** JSON fields as they are stored. */
export type Values = Record<string, unknown>

/** Names registered for virksomhetsspesifikkeMetadata, with the type of their values. */
export type RegisteredMetadata = Readonly<
  Record<string, 'boolean' | 'date' | 'datetime' | 'integer' | 'decimal' | 'string' | 'uri'>
>

/** A UUID in either case. */
export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** True for a JSON object. */
export function isObject(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isBlank(text: string): boolean {
  return /^[\s\p{Cf}\p{Cc}]*$/u.test(text)
}

/** Reads what a client sent for one entity: names, types and codes. Rules between entities are not looked at here. */
export class BodyCheck {
  readonly #dialect: Dialect
  readonly #metadata: RegisteredMetadata

  constructor(dialect: Dialect, metadata: RegisteredMetadata) {
    this.#dialect = dialect
    this.#metadata = metadata
  }

  /**
   * The fields to store, with kodenavn filled in; what the core sets itself is left out.
   * @throws Refusal 400 (naming fields), 404 for an unknown kode on Nikita
   */
  entity(kind: Kind, body: unknown): Values {
    if (!isObject(body)) throw new Refusal(400, 'Expected a JSON object.')
    const entity = this.#dialect.entities[kind]
    const unknown = Object.keys(body).filter((name) => name !== '_links' && !Object.hasOwn(entity.fields, name))
    if (unknown.length > 0) throw new Refusal(400, `Unknown attributes on ${kind}: ${unknown.join(', ')}.`)
    const values: Values = {}
    for (const [name, type] of Object.entries(entity.fields)) {
      if (CORE_SET.has(name) || entity.dropped.includes(name)) continue
      const value = this.#value(type, body[name], name, false)
      if (value === undefined) continue
      if (entity.withKodenavn.includes(name) && !hasKodenavn(body[name])) {
        throw new Refusal(400, `${name}: kodenavn is missing.`)
      }
      values[name] = value
    }
    const missing = entity.mandatory.filter((name) => values[name] === undefined)
    if (missing.length > 0) throw new Refusal(400, `Missing on ${kind}: ${missing.join(', ')}.`)
    return values
  }

  #value(type: FieldType, value: unknown, path: string, nested: boolean): unknown {
    if (value === undefined || value === null) return undefined
    const [form, name = ''] = type.split(':') as [string, string?]
    switch (form) {
      case 'text':
        return this.#text(value, path)
      case 'integer':
        return Number.isSafeInteger(value) ? value : this.#wrong(path, 'an integer')
      case 'datetime': {
        const withTime = this.#dialect.name === 'nikita'
        const good = typeof value === 'string' && instantOf(value, withTime) !== undefined
        return good ? value : this.#wrong(path, 'a date and time with zone')
      }
      case 'systemid':
        return this.#systemId(value, path)
      case 'code':
        return this.#code(name, value, path, nested)
      case 'group':
        return this.#group(name as GroupName, value, path)
      case 'vsm':
        return this.#vsm(value, path)
      case 'texts':
        return this.#list('text', value, path)
      case 'codes':
        // Nikita wants these as objects of their own and refuses the list.
        if (this.#dialect.name === 'nikita') throw new Refusal(400, `Unknown attribute: ${path}.`)
        return this.#list(`code:${name}`, value, path)
      default:
        if (this.#dialect.name === 'nikita') return this.#firstOf(name as GroupName, value, path)
        return this.#list(`group:${name as GroupName}`, value, path)
    }
  }

  #text(value: unknown, path: string): unknown {
    if (typeof value !== 'string') {
      // A number for a text counts as missing on Nikita.
      return this.#dialect.name === 'nikita' ? undefined : this.#wrong(path, 'a text')
    }
    return this.#dialect.name === 'standard' && isBlank(value) ? undefined : value
  }

  #systemId(value: unknown, path: string): string {
    if (typeof value === 'string' && UUID.test(value)) return value
    if (this.#dialect.name === 'nikita' && path === 'systemID') throw new Refusal(500, 'Invalid UUID string.')
    return this.#wrong(path, 'a UUID')
  }

  #wrong(path: string, expected: string): never {
    throw new Refusal(400, `${path}: expected ${expected}.`)
  }

  #list(type: FieldType, value: unknown, path: string): unknown {
    if (!Array.isArray(value)) return this.#wrong(path, 'a list')
    const values = value
      .map((one, at) => this.#value(type, one, `${path}[${at}]`, true))
      .filter((one) => one !== undefined)
    return values.length === 0 ? undefined : values
  }

  /** Nikita takes personidentifikator as a list and keeps the first of it as an object. */
  #firstOf(group: GroupName, value: unknown, path: string): unknown {
    if (!Array.isArray(value)) return this.#wrong(path, 'a list')
    return value.length === 0 ? undefined : this.#group(group, value[0], path)
  }

  #code(list: string, value: unknown, path: string, nested: boolean): unknown {
    if (!isObject(value) || typeof value['kode'] !== 'string') return this.#wrong(path, 'an object with kode')
    const { kode, kodenavn } = value
    const known = this.#dialect.codeLists[list] ?? {}
    const name = Object.hasOwn(known, kode) ? known[kode] : undefined
    const open = list === 'land' || list === 'postnummer'
    if (nested && this.#dialect.name === 'nikita') return { ...value }
    if (name === undefined && !open) {
      throw new Refusal(this.#dialect.unknownCodeStatus, `${path}: the list ${list} has no kode ${kode}.`)
    }
    if (name !== undefined && typeof kodenavn === 'string' && kodenavn !== name) {
      throw new Refusal(400, `${path}: kode ${kode} is not called that in the list ${list}.`)
    }
    const spelled = name ?? (typeof kodenavn === 'string' ? kodenavn : undefined)
    return spelled === undefined ? { kode } : { kode, kodenavn: spelled }
  }

  #group(group: GroupName, value: unknown, path: string): unknown {
    if (!isObject(value)) return this.#wrong(path, 'an object')
    const { fields, mandatory } = this.#dialect.groups[group]
    const values = this.#dialect.dropsNestedFaults
      ? this.#whatIsGood(fields, value, path)
      : this.#allOf(fields, value, path)
    const missing = this.#dialect.dropsNestedFaults ? [] : mandatory.filter((name) => values[name] === undefined)
    if (missing.length > 0) throw new Refusal(400, `Missing in ${path}: ${missing.join(', ')}.`)
    return Object.keys(values).length === 0 ? undefined : values
  }

  #allOf(fields: Fields, value: Values, path: string): Values {
    const unknown = Object.keys(value).filter((name) => name !== '_links' && !Object.hasOwn(fields, name))
    if (unknown.length > 0) throw new Refusal(400, `Unknown attributes in ${path}: ${unknown.join(', ')}.`)
    const values: Values = {}
    for (const [name, type] of Object.entries(fields)) {
      const one = this.#value(type, value[name], `${path}.${name}`, true)
      if (one !== undefined) values[name] = one
    }
    return values
  }

  #whatIsGood(fields: Fields, value: Values, path: string): Values {
    const values: Values = {}
    for (const [name, type] of Object.entries(fields)) {
      if (value[name] !== undefined && type.startsWith('codes:'))
        this.#value(type, value[name], `${path}.${name}`, true)
      if (type === 'text' && typeof value[name] !== 'string') continue
      try {
        const one = this.#value(type, value[name], `${path}.${name}`, true)
        if (one !== undefined) values[name] = one
      } catch (error) {
        if (!(error instanceof Refusal)) throw error
      }
    }
    return values
  }

  #vsm(value: unknown, path: string): unknown {
    if (!isObject(value)) return this.#wrong(path, 'an object')
    for (const [name, one] of Object.entries(value)) {
      const type = Object.hasOwn(this.#metadata, name) ? this.#metadata[name] : undefined
      if (type === undefined) throw new Refusal(400, `${path}: ${name} is not registered in this core.`)
      if (this.#dialect.name === 'standard' && !fitsMetadata(type, one))
        this.#wrong(`${path}.${name}`, `a value of type ${type}`)
    }
    return { ...value }
  }
}

function hasKodenavn(value: unknown): boolean {
  return isObject(value) && typeof value['kodenavn'] === 'string'
}

function fitsMetadata(type: RegisteredMetadata[string], value: unknown): boolean {
  switch (type) {
    case 'boolean':
      return typeof value === 'boolean'
    case 'integer':
      return Number.isSafeInteger(value)
    case 'decimal':
      return typeof value === 'number'
    case 'date':
    case 'datetime':
      return typeof value === 'string' && instantOf(value) !== undefined
    default:
      return typeof value === 'string'
  }
}
