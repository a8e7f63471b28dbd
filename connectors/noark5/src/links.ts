import type { Wire } from './wire.ts'

const NOARK_RELATION = /^https?:\/\/rel\.arkivverket\.no\/noark5\/v5\/api\//

/** One link: an absolute address, and whether a query may be added. */
export interface Link {
  readonly href: string
  readonly templated: boolean
}

/** Links by relation: Noark relations without prefix and final slash (`sakarkiv/ny-journalpost`), others as they are. */
export type Links = ReadonlyMap<string, Link>

/** A relation as this connector names it: without the common prefix and without the final slash, which old cores leave out. */
export function relationName(key: string): string {
  return key.replace(NOARK_RELATION, '').replace(/\/+$/, '')
}

/**
 * The links of an object (TG 1.1, chapter 6, `_links`), made absolute against the address it came from and cut at `{`.
 * Also reads the older list form. What is no link is left out; the first of several keys that mean the same relation wins.
 */
export function linksOf(body: Wire, from: string): Links {
  const links = new Map<string, Link>()
  for (const [key, value] of entriesOf(body['_links'])) {
    const link = linkOf(value, from)
    const name = relationName(key)
    if (link && !links.has(name)) links.set(name, link)
  }
  return links
}

function entriesOf(links: unknown): [string, unknown][] {
  if (Array.isArray(links)) {
    return links.flatMap((link: unknown): [string, unknown][] => {
      const rel = member(link, 'rel')
      return typeof rel === 'string' ? [[rel, link]] : []
    })
  }
  return typeof links === 'object' && links !== null ? Object.entries(links) : []
}

function linkOf(value: unknown, from: string): Link | undefined {
  const href = member(value, 'href')
  if (typeof href !== 'string' || href === '') return undefined
  const cut = href.indexOf('{')
  const plain = cut === -1 ? href : href.slice(0, cut)
  if (!URL.canParse(plain, from)) return undefined
  return { href: new URL(plain, from).href, templated: cut !== -1 || member(value, 'templated') === true }
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

/** True when two addresses are the same but for a final slash. */
export function sameHref(a: string, b: string): boolean {
  return a.replace(/\/+$/, '') === b.replace(/\/+$/, '')
}
