import { describe, expect, test } from 'vitest'
import { equals, filtered } from './filter.ts'
import { linksOf, relationName, sameHref } from './links.ts'

const R = 'https://rel.arkivverket.no/noark5/v5/api/'
const from = 'https://arkiv.example.no/api/'

describe('links', () => {
  test('a relation is the same with and without its final slash', () => {
    expect(relationName(`${R}sakarkiv/ny-journalpost/`)).toBe('sakarkiv/ny-journalpost')
    expect(relationName(`${R}sakarkiv/ny-journalpost`)).toBe('sakarkiv/ny-journalpost')
    expect(relationName('self')).toBe('self')
  })

  test('a templated address is cut at the brace, whether the flag says so or not', () => {
    const links = linksOf(
      { _links: { a: { href: 'https://x.no/a/{?$filter}' }, b: { href: 'https://x.no/b/', templated: true } } },
      from,
    )
    expect(links.get('a')).toEqual({ href: 'https://x.no/a/', templated: true })
    expect(links.get('b')).toEqual({ href: 'https://x.no/b/', templated: true })
  })

  test('relative addresses and the older list form are read, and what is no link is left out', () => {
    expect(linksOf({ _links: { self: { href: 'sak/1' } } }, from).get('self')?.href).toBe(`${from}sak/1`)
    expect(linksOf({ _links: [{ rel: 'self', href: '/x' }, 7, null] }, from).get('self')?.href).toBe(
      'https://arkiv.example.no/x',
    )
    expect(linksOf({ _links: { a: null, b: {}, c: { href: '' }, d: 'x' } }, from).size).toBe(0)
    expect(linksOf({ _links: 'x' }, from).size).toBe(0)
    expect(linksOf({}, from).size).toBe(0)
  })

  test('addresses are compared without their final slash', () => {
    expect(sameHref('https://x.no/a/', 'https://x.no/a')).toBe(true)
    expect(sameHref('https://x.no/a', 'https://x.no/b')).toBe(false)
  })
})

describe('filters', () => {
  test('a quote in a text is doubled', () => {
    expect(equals('tittel', "Ola's 'sak'")).toBe("tittel eq 'Ola''s ''sak'''")
  })

  test('the query is percent-encoded, quotes too, and comes after one that is there', () => {
    const url = filtered({ href: 'https://x.no/a/', templated: true }, equals('tittel', 'Bø & co + 100%'))
    expect(url).toBe('https://x.no/a/?$filter=tittel%20eq%20%27B%C3%B8%20%26%20co%20%2B%20100%25%27')
    expect(new URL(url).searchParams.get('$filter')).toBe("tittel eq 'Bø & co + 100%'")
    expect(filtered({ href: 'https://x.no/a?b=1', templated: true }, "c eq ''")).toMatch(/\?b=1&\$filter=/)
  })
})
