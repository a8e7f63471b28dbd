import { above, type Instance, kodeOf } from './archive.ts'
import type { Dialect } from './dialect.ts'
import type { Kind } from './entities.ts'

/** Prefix of every relation key. */
export const REL = 'https://rel.arkivverket.no/noark5/v5/api/'

/** `_links` on the wire. */
export type Links = Record<string, { readonly href: string; readonly templated?: true }>

/** What a path below the root asks for: an operation, and what it is done to. */
export interface Target {
  readonly operation: string
  readonly argument: string
}

const QUERY = '{?$filter&$orderby&$top&$skip&$search}'

/** Package of a relation: sakarkiv for what chapter 2a brings, else arkivstruktur. */
function packageOf(name: string): 'sakarkiv' | 'arkivstruktur' {
  const own = name.replace(/^ny-/, '')
  return ['saksmappe', 'journalpost', 'avskrivning', 'arkivnotat', 'presedens'].includes(own)
    ? 'sakarkiv'
    : 'arkivstruktur'
}

/** The relation key of a name, with its final slash. */
export function rel(name: string): string {
  return `${REL}${packageOf(name)}/${name}/`
}

/** FNV-1a: turns the name of an operation into a word nobody would guess or build upon. */
function scramble(name: string): string {
  let hash = 0x811c9dc5
  for (let at = 0; at < name.length; at += 1) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193)
  return (hash >>> 0).toString(36)
}

/** Everything a path can ask for; `list:x` and `ny:x` go by the name of their relation. */
const OPERATIONS = [
  ...['arkivstruktur', 'sakarkiv', 'metadata', 'admin', 'system', 'basic', 'codes', 'code', 'self', 'fil', 'session'],
  ...['arkivskaper', 'arkiv', 'arkivdel', 'klassifikasjonssystem', 'klasse', 'mappe', 'saksmappe', 'registrering'].map(
    (name) => `list:${name}`,
  ),
  ...['journalpost', 'arkivnotat', 'presedens', 'korrespondansepart', 'dokumentbeskrivelse', 'dokumentobjekt'].map(
    (name) => `list:${name}`,
  ),
  ...['avskrivning'].map((name) => `list:${name}`),
  ...[
    'saksmappe',
    'journalpost',
    'korrespondansepartperson',
    'korrespondansepartenhet',
    'korrespondansepartintern',
  ].map((name) => `ny:${name}`),
  ...['dokumentbeskrivelse', 'dokumentobjekt', 'avskrivning', 'skjermingmetadata'].map((name) => `ny:${name}`),
]

const WORDS: ReadonlyMap<string, string> = new Map(OPERATIONS.map((operation) => [operation, scramble(operation)]))
const BY_WORD: ReadonlyMap<string, string> = new Map([...WORDS].map(([operation, word]) => [word, operation]))

/** The operation and argument of a path below the root; undefined for a path this core never gave out. */
export function readPath(rest: string): Target | undefined {
  const [word = '', argument = '', ...more] = rest.split('/')
  const operation = BY_WORD.get(word)
  if (operation === undefined || more.some((part) => part !== '')) return undefined
  return { operation, argument }
}

const CHILD_LISTS: Partial<Record<Kind, readonly string[]>> = {
  arkivskaper: ['arkiv'],
  arkiv: ['arkivdel'],
  arkivdel: ['klassifikasjonssystem', 'mappe', 'registrering'],
  klassifikasjonssystem: ['klasse'],
  klasse: ['mappe', 'registrering'],
  saksmappe: ['registrering'],
  journalpost: ['avskrivning', 'dokumentbeskrivelse', 'korrespondansepart'],
  dokumentbeskrivelse: ['dokumentobjekt'],
}

const PARENT: Partial<Record<Kind, readonly (readonly [relation: string, kinds: readonly Kind[]])[]>> = {
  arkiv: [['arkivskaper', ['arkivskaper']]],
  arkivdel: [['arkiv', ['arkiv']]],
  klassifikasjonssystem: [['arkivdel', ['arkivdel']]],
  klasse: [['klassifikasjonssystem', ['klassifikasjonssystem']]],
  saksmappe: [
    ['arkivdel', ['arkivdel']],
    ['klasse', ['klasse']],
  ],
  journalpost: [
    ['arkivdel', ['arkivdel']],
    ['mappe', ['mappe', 'saksmappe']],
  ],
  korrespondansepartperson: [['registrering', ['registrering', 'journalpost']]],
  korrespondansepartenhet: [['registrering', ['registrering', 'journalpost']]],
  korrespondansepartintern: [['registrering', ['registrering', 'journalpost']]],
  dokumentbeskrivelse: [['registrering', ['registrering', 'journalpost']]],
  dokumentobjekt: [['dokumentbeskrivelse', ['dokumentbeskrivelse']]],
  avskrivning: [['journalpost', ['journalpost']]],
}

/** A saksmappe is a mappe and a journalpost a registrering: both relations lead to the same object. */
const ALSO: Partial<Record<Kind, string>> = { saksmappe: 'mappe', journalpost: 'registrering' }

const CODE_LISTS: Partial<Record<Kind, readonly string[]>> = {
  arkivdel: ['arkivdelstatus', 'dokumentmedium'],
  saksmappe: ['dokumentmedium', 'saksstatus'],
  journalpost: ['dokumentmedium', 'journalposttype', 'journalstatus'],
  korrespondansepartperson: ['korrespondanseparttype'],
  korrespondansepartenhet: ['korrespondanseparttype'],
  korrespondansepartintern: ['korrespondanseparttype'],
  dokumentbeskrivelse: ['dokumentmedium', 'dokumentstatus', 'dokumenttype', 'tilknyttetregistreringsom'],
  dokumentobjekt: ['format', 'variantformat'],
  avskrivning: ['avskrivningsmaate'],
}

/** True for a mappe that takes no more records (TG 1.1, 5.4.7). */
export function isClosed(mappe: Instance): boolean {
  return ['A', 'U'].includes(kodeOf(mappe, 'saksstatus') ?? '') || mappe.values['avsluttetDato'] !== undefined
}

/** True for a registrering that is archived, and whatever hangs on one: it is not changed any more. */
export function isFrozen(instance: Instance): boolean {
  const post = instance.kind === 'journalpost' ? instance : above(instance, ['journalpost'])
  return post !== undefined && kodeOf(post, 'journalstatus') === 'A'
}

/** Whether the arkivdel still takes new folders, or anything at all. */
export function arkivdelTakes(arkivdel: Instance | undefined, what: 'mappe' | 'registrering'): boolean {
  const status = arkivdel === undefined ? 'A' : kodeOf(arkivdel, 'arkivdelstatus')
  return status === 'A' || (status === 'O' && what === 'registrering')
}

/** Makes addresses and `_links` for one origin and profile. */
export class LinkWriter {
  readonly #root: string
  readonly #dialect: Dialect

  /** @param root for example `http://127.0.0.1:8080/api/` */
  constructor(root: string, dialect: Dialect) {
    this.#root = root
    this.#dialect = dialect
  }

  /** The address of an operation, with its final slash. */
  href(operation: string, argument?: string): string {
    const word = WORDS.get(operation) ?? operation
    return argument === undefined ? `${this.#root}${word}/` : `${this.#root}${word}/${argument}/`
  }

  /** The root, or a well-known address below it. */
  below(path = ''): string {
    return `${this.#root}${path}`
  }

  /** The address of one object. Nikita writes it without the final slash that its relations have. */
  self(instance: Instance): string {
    const href = this.href('self', instance.slug)
    return this.#dialect.name === 'nikita' ? href.slice(0, -1) : href
  }

  /** A list that can be asked with a query. */
  list(name: string, argument?: string): Links[string] {
    return { href: `${this.href(`list:${name}`, argument)}${QUERY}`, templated: true }
  }

  /** What may be created on an object now, by relation name without `ny-`. */
  creatable(instance: Instance): string[] {
    const standard = this.#dialect.name === 'standard'
    const arkivdel = instance.kind === 'arkivdel' ? instance : above(instance, ['arkivdel'])
    switch (instance.kind) {
      case 'arkivdel': {
        const classified = instance.children.some((child) => child.kind === 'klassifikasjonssystem')
        return arkivdelTakes(arkivdel, 'mappe') && !(classified && standard) ? ['saksmappe'] : []
      }
      case 'klasse':
        return arkivdelTakes(arkivdel, 'mappe') ? ['saksmappe'] : []
      case 'saksmappe': {
        // Nikita only stores saksstatus: a closed case goes on taking journalposter.
        const takes = arkivdelTakes(arkivdel, 'registrering') && !(standard && isClosed(instance))
        return takes ? ['journalpost'] : []
      }
      case 'journalpost': {
        if (standard && isFrozen(instance)) return ['avskrivning']
        const parts = ['korrespondansepartenhet', 'korrespondansepartperson']
        const names = ['avskrivning', 'dokumentbeskrivelse', ...parts]
        return standard ? [...names, 'korrespondansepartintern'] : names
      }
      case 'dokumentbeskrivelse':
        return standard && isFrozen(instance) ? [] : ['dokumentobjekt']
      default:
        return []
    }
  }

  /** All links of one object, sorted by relation in the standard profile (TG 1.1, 5.2). */
  of(instance: Instance): Links {
    const { kind, slug } = instance
    const links: Links = { self: { href: this.self(instance) }, [rel(kind)]: { href: this.href('self', slug) } }
    const also = ALSO[kind]
    if (also !== undefined) links[rel(also)] = { href: this.href('self', slug) }
    for (const name of CHILD_LISTS[kind] ?? []) links[rel(name)] ??= this.list(name, slug)
    if (kind === 'arkivdel' && !instance.children.some((child) => child.kind === 'klassifikasjonssystem')) {
      delete links[rel('klassifikasjonssystem')]
    }
    for (const [relation, kinds] of PARENT[kind] ?? []) {
      const parent = above(instance, kinds)
      if (parent !== undefined && !parent.deleted) links[rel(relation)] = { href: this.self(parent) }
    }
    for (const name of this.creatable(instance)) links[rel(`ny-${name}`)] = { href: this.href(`ny:${name}`, slug) }
    for (const list of CODE_LISTS[kind] ?? []) links[`${REL}metadata/${list}/`] = { href: this.href('codes', list) }
    this.#files(instance, links)
    return this.#dialect.name === 'standard' ? sorted(links) : links
  }

  #files(instance: Instance, links: Links): void {
    const standard = this.#dialect.name === 'standard'
    const onDescription = instance.kind === 'dokumentbeskrivelse' && standard && !isFrozen(instance)
    if (instance.kind === 'dokumentobjekt' || onDescription) {
      links[rel('fil')] = { href: this.href('fil', instance.slug) }
    }
    if (!standard && instance.values['skjerming'] !== undefined) {
      const href = this.href('ny:skjermingmetadata', instance.slug)
      links['https://nikita.arkivlab.no/noark5/v5/ny-skjermingmetadata/'] = { href }
    }
  }
}

/** The same links in ASCII order of their relations. */
export function sorted(links: Links): Links {
  return Object.fromEntries(Object.entries(links).sort(([a], [b]) => (a < b ? -1 : 1)))
}
