import type { Answer } from '@samband/simulator-kit'
import { type Instance, LIST_KINDS, type User } from './archive.ts'
import type { RegisteredMetadata, Values } from './check.ts'
import { type Core, isNikita } from './core.ts'
import { readFilter } from './filter.ts'
import type { Links, LinkWriter } from './links.ts'
import { Matcher, valuesAt } from './match.ts'
import { present } from './present.ts'
import { json, Refusal } from './refusal.ts'

/** A query as it came: options in their order. */
export interface Query {
  readonly options: ReadonlyMap<string, string>
  readonly first: string | undefined
}

/** Reads the part of a URL after `?`. */
export function readQuery(raw: string): Query {
  const options = new Map(new URLSearchParams(raw))
  return { options, first: options.keys().next().value }
}

function page(query: Query, name: '$top' | '$skip', otherwise: number): number {
  const text = query.options.get(name)
  if (text === undefined) return otherwise
  if (!/^\d+$/.test(text)) throw new Refusal(400, `${name}: expected a number.`, 'query')
  return Number(text)
}

function nextHref(listHref: string, query: Query, skip: number): string {
  const options = new Map(query.options)
  options.set('$skip', String(skip))
  const parts = [...options].map(
    ([name, value]) => `${encodeURIComponent(name).replace('%24', '$')}=${encodeURIComponent(value)}`,
  )
  return `${listHref}?${parts.join('&')}`
}

function order(matcher: Matcher, text: string, instances: Instance[]): Instance[] {
  const keys = text.split(',').map((part) => {
    const [field = '', direction = 'asc'] = part.trim().split(/\s+/)
    if (direction !== 'asc' && direction !== 'desc') throw new Refusal(400, '$orderby: expected asc or desc.', 'query')
    const path = field.split('/')
    matcher.end(path)
    return { path, sign: direction === 'asc' ? 1 : -1 }
  })
  const compare = (a: Instance, b: Instance): number => {
    for (const { path, sign } of keys) {
      const [left, right] = [valuesAt(a, path)[0], valuesAt(b, path)[0]] as [string | number, string | number]
      if (left === right) continue
      if (left === undefined || right === undefined) return left === undefined ? -sign : sign
      return left < right ? -sign : sign
    }
    return 0
  }
  return instances.toSorted(compare)
}

function searched(core: Core, query: Query, instances: Instance[]): Instance[] {
  const text = query.options.get('$search')?.replaceAll('"', '').toLowerCase()
  if (text === undefined) return instances
  if (isNikita(core)) throw new Refusal(400, 'Hibernate Search is not initialised.', 'query')
  const fields = ['tittel', 'beskrivelse', 'mappeID', 'registreringsID']
  return instances.filter((one) =>
    fields.some((name) =>
      String(one.values[name] ?? '')
        .toLowerCase()
        .includes(text),
    ),
  )
}

/**
 * Answers a list, of the whole core or below `parent` (TG 1.1, 6.1). `$top` is the length of a page: `next` leads on as long as
 * there is more. Unfiltered lists of Nikita lose the query and page in circles.
 * @param lookupLagMs objects younger than this are not found
 */
export function answerList(
  core: Core,
  links: LinkWriter,
  name: string,
  parent: Instance | undefined,
  query: Query,
  user: User,
  lookupLagMs: number,
): Answer {
  const kinds = LIST_KINDS[name] ?? []
  const nowMs = core.nowMs()
  const visible = core.archive
    .list(kinds, parent)
    .filter((one) => one.visibleFromMs <= nowMs && (one.preLaid || one.madeAtMs + lookupLagMs <= nowMs))
  const listHref = links.href(`list:${name}`, parent?.slug)
  if (isNikita(core) && query.first !== '$filter') return unfilteredNikita(core, links, name, visible, listHref)

  const matcher = new Matcher(core.dialect, kinds)
  const filter = query.options.get('$filter')
  const test = filter === undefined ? () => true : matcher.test(readFilter(filter))
  const mine = (one: Instance): boolean => !isNikita(core) || one.owner === user.navn
  let found = searched(
    core,
    query,
    visible.filter((one) => mine(one) && test(one)),
  )
  const orderBy = query.options.get('$orderby')
  if (orderBy !== undefined) found = order(matcher, orderBy, found)
  const top = Math.min(page(query, '$top', core.pageSize), isNikita(core) ? 1000 : core.pageSize)
  const skip = page(query, '$skip', 0)
  const shown = found.slice(skip, skip + top)
  const around: Links = { self: { href: listHref } }
  if (top > 0 && skip + top < found.length) around['next'] = { href: nextHref(listHref, query, skip + top) }
  if (isNikita(core) && skip > 0) around['previous'] = { href: nextHref(listHref, query, Math.max(0, skip - top)) }
  return listAnswer(found.length, entries(core, links, name, shown), around)
}

function entries(core: Core, links: LinkWriter, name: string, instances: readonly Instance[]): Values[] {
  return instances.map((one) => present(core, links, one, 'read', name === 'registrering' ? 'registrering' : 'itself'))
}

function listAnswer(count: number, results: readonly unknown[], links: Links): Answer {
  // An empty list has no member `results`.
  return json(200, { count, ...(results.length === 0 ? {} : { results }), _links: links })
}

function unfilteredNikita(core: Core, links: LinkWriter, name: string, all: Instance[], listHref: string): Answer {
  const around: Links = { self: { href: listHref } }
  // The address is wrong (`&` for `?`), and put right it gives this same page again.
  if (all.length > 10) around['next'] = { href: `${listHref.slice(0, -1)}&$skip=10` }
  return listAnswer(all.length, entries(core, links, name, all.slice(0, 10)), around)
}

function codeEntry(links: LinkWriter, list: string, kode: string, kodenavn: string): Values {
  const self = { href: links.href('code', `${list}~${encodeURIComponent(kode)}`) }
  return { kode, kodenavn, _links: { self } }
}

/** Answers one code list, or the registered names of virksomhetsspesifikkeMetadata. @throws Refusal 404 */
export function answerCodes(
  core: Core,
  links: LinkWriter,
  list: string,
  query: Query,
  metadata: RegisteredMetadata,
): Answer {
  const around: Links = { self: { href: links.href('codes', list) } }
  if (list === 'virksomhetsspesifikkeMetadata') {
    const names = Object.entries(metadata).map(([navn, type]) => ({ navn, type }))
    return listAnswer(names.length, names, around)
  }
  const values = Object.hasOwn(core.dialect.codeLists, list) ? core.dialect.codeLists[list] : undefined
  if (values === undefined) throw new Refusal(404, `No code list ${list}.`)
  const all = Object.entries(values).map(([kode, kodenavn]) => codeEntry(links, list, kode, kodenavn))
  if (isNikita(core)) {
    if (query.options.size > 0) throw new Refusal(400, 'Not supported for metadata.', 'query')
    return listAnswer(all.length, all, around)
  }
  const top = Math.min(page(query, '$top', core.pageSize), core.pageSize)
  const skip = page(query, '$skip', 0)
  if (top > 0 && skip + top < all.length)
    around['next'] = { href: nextHref(links.href('codes', list), query, skip + top) }
  return listAnswer(all.length, all.slice(skip, skip + top), around)
}

/** Answers one value of a code list. @throws Refusal 404 */
export function answerCode(core: Core, links: LinkWriter, argument: string): Answer {
  const [list = '', kode = ''] = argument.split('~')
  const kodenavn = core.dialect.codeLists[list]?.[kode]
  if (kodenavn === undefined) throw new Refusal(404, `The list ${list} has no kode ${kode}.`)
  return json(200, codeEntry(links, list, kode, kodenavn))
}
