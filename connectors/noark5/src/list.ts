import { failed } from './errors.ts'
import { sameHref } from './links.ts'
import type { CoreReading, Seen } from './reading.ts'
import { seen } from './reading.ts'
import type { Wire } from './wire.ts'
import { WireList } from './wire.ts'

/**
 * Every entry of a list, page by page (TG 1.1 §6.1: `count` is the total, an empty list has no `results`). A single object counts as a list
 * of one. Nothing is yielded for a well-formed empty list; anything doubtful throws, so that "nothing found" is never read out of an error.
 *
 * @throws HubError NOARK5_UVENTET_SVAR (transient); NOARK5_LISTE_GAR_I_RING (permanent) when the pages do not end; NOARK5_ROT_UKJENT (paused) for 404
 */
export async function* entriesOf(
  core: Pick<CoreReading, 'find'>,
  url: string,
  signal: AbortSignal,
): AsyncGenerator<Seen> {
  const visited: string[] = []
  const known = new Set<string>()
  let next: string | undefined = url
  while (next !== undefined) {
    const page: Seen | undefined = await core.find(next, signal)
    if (!page) throw notThere()
    visited.push(next)
    const entries = pageOf(page)
    let fresh = 0
    for (const wire of entries) {
      const entry = seen(wire, next, {})
      const identity = identityOf(entry)
      if (known.has(identity)) continue
      known.add(identity)
      fresh += 1
      yield entry
    }
    const following: string | undefined = page.links.get('next')?.href
    if (following !== undefined && (fresh === 0 || visited.some((one) => sameHref(one, following)))) throw endless()
    next = following
  }
}

/** What stands on one page. A count with no results, on a first page or a later one, is a contradiction and no empty list. */
function pageOf(page: Seen): readonly Wire[] {
  const list = WireList.safeParse(page.wire)
  if (!list.success) throw odd()
  const { count, results } = list.data
  if (results !== undefined && results.length > 0) return results
  if (count === 0 || (results !== undefined && count === undefined)) return []
  if (count === undefined && page.links.has('self')) return [page.wire]
  throw odd()
}

function identityOf({ wire, self }: Seen): string {
  const { systemID, kode } = wire
  if (typeof systemID === 'string') return systemID
  return typeof kode === 'string' ? kode : self
}

function odd() {
  const message = 'The core answered with neither a list nor an object where a list was asked for.'
  return failed('NOARK5_UVENTET_SVAR', 'transient', message)
}

function notThere() {
  return failed(
    'NOARK5_UVENTET_SVAR',
    'transient',
    'The core answered 404 to the address of a list that it gave itself.',
  )
}

function endless() {
  const message = 'The pages of a list do not end: the next one is one that was read already, or brings nothing new.'
  return failed('NOARK5_LISTE_GAR_I_RING', 'permanent', message)
}
