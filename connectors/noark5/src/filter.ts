import type { Link } from './links.ts'

/** A text as a value in `$filter`: in single quotes, a quote inside doubled (OData, as TG 1.1 §6.1 refers to). */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** `field eq 'value'`. Fields are the connector's own constants, never input. */
export function equals(field: string, value: string): string {
  return `${field} eq ${quoted(value)}`
}

/** The address of a list with a filter, percent-encoded; `$filter` comes first, because some cores ignore what stands before it. */
export function filtered(list: Link, expression: string): string {
  const separator = list.href.includes('?') ? '&' : '?'
  return `${list.href}${separator}$filter=${encodeURIComponent(expression).replaceAll("'", '%27')}`
}
