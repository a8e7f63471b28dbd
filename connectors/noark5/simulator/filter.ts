import { Refusal } from './refusal.ts'

/** A value in a filter; `word` is something unquoted that is neither number, date, true, false nor null. */
export type Literal =
  | { readonly is: 'text' | 'word' | 'date'; readonly value: string }
  | { readonly is: 'number'; readonly value: number }
  | { readonly is: 'boolean'; readonly value: boolean }
  | { readonly is: 'null'; readonly value: null }

/** What is compared: a path of names, maybe inside a function. */
export interface Operand {
  readonly path: readonly string[]
  readonly apply?: { readonly name: 'year' | 'tolower' | 'toupper' | 'substring'; readonly numbers: readonly number[] }
}

/** A `$filter`, read. */
export type Filter =
  | { readonly op: 'and' | 'or'; readonly left: Filter; readonly right: Filter }
  | { readonly op: 'not'; readonly of: Filter }
  | { readonly op: 'eq' | 'ne' | 'gt' | 'ge' | 'lt' | 'le'; readonly operand: Operand; readonly literal: Literal }
  | { readonly op: 'contains' | 'startswith' | 'endswith'; readonly operand: Operand; readonly text: string }

const TOKEN =
  /\s*(?:'((?:[^']|'')*)'|(\d{4}-\d\d-\d\d(?:T[\d:.]+)?(?:Z|[+-]\d\d:\d\d)?)(?![\w-])|([A-Za-z0-9_.:/-]+)|([(),]))/uy

type Token = { readonly kind: 'text' | 'date' | 'word' | 'sign'; readonly value: string }

function tokens(source: string): Token[] {
  const found: Token[] = []
  TOKEN.lastIndex = 0
  let at = 0
  while (source.slice(at).trim() !== '') {
    TOKEN.lastIndex = at
    const match = TOKEN.exec(source)
    if (match === null) throw new Refusal(400, `$filter: not understood from position ${at}.`, 'query')
    const [, text, date, word, sign] = match
    if (text !== undefined) found.push({ kind: 'text', value: text.replaceAll("''", "'") })
    else if (date !== undefined) found.push({ kind: 'date', value: date })
    else if (word !== undefined) found.push({ kind: 'word', value: word })
    else found.push({ kind: 'sign', value: sign ?? '' })
    at = TOKEN.lastIndex
  }
  return found
}

const COMPARISONS = new Set(['eq', 'ne', 'gt', 'ge', 'lt', 'le'])

class Reader {
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(source: string) {
    this.#tokens = tokens(source)
  }

  whole(): Filter {
    const filter = this.#or()
    if (this.#at < this.#tokens.length) this.#fail('the end')
    return filter
  }

  #or(): Filter {
    let left = this.#and()
    while (this.#takes('word', 'or')) left = { op: 'or', left, right: this.#and() }
    return left
  }

  #and(): Filter {
    let left = this.#one()
    while (this.#takes('word', 'and')) left = { op: 'and', left, right: this.#one() }
    return left
  }

  #one(): Filter {
    if (this.#takes('word', 'not')) return { op: 'not', of: this.#one() }
    if (this.#takes('sign', '(')) {
      const inner = this.#or()
      this.#expect(')')
      return inner
    }
    const name = this.#word()
    if ((name === 'contains' || name === 'startswith' || name === 'endswith') && this.#takes('sign', '(')) {
      const operand = this.#operand(this.#word())
      this.#expect(',')
      const text = this.#tokens[this.#at++]
      if (text?.kind !== 'text') return this.#fail('a text in single quotes')
      this.#expect(')')
      return { op: name, operand, text: text.value }
    }
    const operand = this.#operand(name)
    const op = this.#word()
    if (!COMPARISONS.has(op)) this.#fail('eq, ne, gt, ge, lt or le')
    return { op: op as 'eq', operand, literal: this.#literal() }
  }

  #operand(name: string): Operand {
    if (/\/(any|all)$/.test(name)) throw new Refusal(501, '$filter: any and all are not supported here.', 'query')
    if (!this.#takes('sign', '(')) return { path: name.split('/') }
    if (name !== 'year' && name !== 'tolower' && name !== 'toupper' && name !== 'substring') {
      throw new Refusal(501, `$filter: the function ${name} is not supported here.`, 'query')
    }
    const inner = this.#operand(this.#word())
    const numbers: number[] = []
    while (this.#takes('sign', ',')) numbers.push(Number(this.#word()))
    this.#expect(')')
    return { path: inner.path, apply: { name, numbers } }
  }

  #literal(): Literal {
    const token = this.#tokens[this.#at++]
    if (token === undefined || token.kind === 'sign') return this.#fail('a value')
    if (token.kind === 'text' || token.kind === 'date') return { is: token.kind, value: token.value }
    if (token.value === 'null') return { is: 'null', value: null }
    if (token.value === 'true' || token.value === 'false') return { is: 'boolean', value: token.value === 'true' }
    if (/^-?\d+(\.\d+)?$/.test(token.value)) return { is: 'number', value: Number(token.value) }
    return { is: 'word', value: token.value }
  }

  #word(): string {
    const token = this.#tokens[this.#at++]
    return token?.kind === 'word' ? token.value : this.#fail('a name')
  }

  #takes(kind: Token['kind'], value: string): boolean {
    const token = this.#tokens[this.#at]
    if (token?.kind !== kind || token.value !== value) return false
    this.#at += 1
    return true
  }

  #expect(sign: string): void {
    if (!this.#takes('sign', sign)) this.#fail(sign)
  }

  #fail(expected: string): never {
    throw new Refusal(400, `$filter: expected ${expected} at token ${this.#at}.`, 'query')
  }
}

/**
 * Reads a `$filter` (TG 1.1, 6.1: eq ne gt ge lt le and or, startswith, contains, substring, year; endswith, not, tolower besides).
 * @throws Refusal 400 for what cannot be read, 501 for any, all and other functions
 */
export function readFilter(source: string): Filter {
  return new Reader(source).whole()
}
