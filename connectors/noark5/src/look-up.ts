import type { HubError, ProbeAnswer } from '@samband/kernel'
import { asHubError } from '@samband/kernel'
import type { Core } from './core.ts'
import { failed } from './errors.ts'
import { equals, filtered } from './filter.ts'
import type { Link } from './links.ts'
import { entriesOf } from './list.ts'
import type { Seen } from './reading.ts'

/** What an effect makes. */
export type Kind = 'saksmappe' | 'journalpost' | 'korrespondansepart' | 'dokumentbeskrivelse' | 'dokumentobjekt'

/** Something made or found earlier that the next step hangs on; evidence of its effect fits. */
export type Parent = {
  readonly systemId: string
  readonly self: string
  /** False when the core gave it another systemID than ours: then look-ups by ours tell nothing. Null when others made it. */
  readonly egenId?: boolean | null
  /** Digest of the skjerming it was seen with, null for none. */
  readonly skjerming?: string | null
}

/** Where things of a kind are listed; korrespondanseparter only below their journalpost. */
async function listOf(
  core: Core,
  kind: Kind,
  parent: Parent | undefined,
  signal: AbortSignal,
): Promise<Link | undefined> {
  switch (kind) {
    case 'saksmappe':
    case 'journalpost':
      return core.discovery.list('sakarkiv', `sakarkiv/${kind}`, signal)
    case 'dokumentbeskrivelse':
    case 'dokumentobjekt':
      return core.discovery.list('arkivstruktur', `arkivstruktur/${kind}`, signal)
    case 'korrespondansepart': {
      const journalpost = parent && (await readParent(core, 'journalpost', parent, signal))
      return journalpost?.links.get('arkivstruktur/korrespondansepart')
    }
  }
}

/** Searches a list by systemID. `ignored` tells that the core paid no attention to the filter, so that an empty result proves nothing. */
async function search(core: Core, list: Link, systemId: string, signal: AbortSignal) {
  const hits: Seen[] = []
  let ignored = false
  for await (const entry of entriesOf(core, filtered(list, equals('systemID', systemId)), signal)) {
    if (sameId(entry.wire['systemID'], systemId)) hits.push(entry)
    else ignored = true
  }
  return { hits, ignored }
}

/** UUIDs are the same in either case. */
export function sameId(a: unknown, b: string): boolean {
  return typeof a === 'string' && a.toLowerCase() === b.toLowerCase()
}

/** The object with this systemID, by search in its package's list. @throws as `entriesOf` */
export async function findById(
  core: Core,
  kind: Kind,
  systemId: string,
  signal: AbortSignal,
): Promise<Seen | undefined> {
  const list = await listOf(core, kind, undefined, signal)
  return list && (await search(core, list, systemId, signal)).hits[0]
}

/**
 * A parent by its address, or by search where the address has changed, be it the path or, after the core has moved, the host. `undefined` when
 * neither finds it.
 */
export async function readParent(
  core: Core,
  kind: Kind,
  parent: Parent,
  signal: AbortSignal,
): Promise<Seen | undefined> {
  const found = core.isOurs(parent.self) ? await core.find(parent.self, signal) : undefined
  if (found && sameId(found.wire['systemID'], parent.systemId)) return found
  core.recent.delete(parent.self)
  core.discovery.drop()
  return findById(core, kind, parent.systemId, signal)
}

/** What is looked for: something our key may have made. */
export interface Wanted {
  readonly kind: Kind
  readonly key: string
  readonly parent: Parent | undefined
  /** The title it was sent with; not given for kinds that have none, or whose parent tells whether the core keeps our systemID. */
  readonly tittel?: string | undefined
}

/**
 * Whether the core holds what a key has made (protocol rule R13). "Not there" only from a well-formed empty answer, of a core that keeps our
 * systemID, to a question that does find something else we know is there. As long as nothing has shown that it keeps them, it may take a request
 * that is still on its way beside a second one: then the answer is to be believed late.
 */
export async function lookUp(core: Core, wanted: Wanted, signal: AbortSignal): Promise<ProbeAnswer<Seen>> {
  const { kind, key, parent } = wanted
  try {
    const list = await listOf(core, kind, parent, signal)
    if (!list) return cannotTell('The core offers no list in which to look.')
    const { hits, ignored } = await search(core, list, key, signal)
    const [hit, another] = hits
    if (another) return { kind: 'cannot-tell', why: ambiguous() }
    if (hit) {
      core.keptId()
      return { kind: 'there', evidence: hit }
    }
    const other = kind === 'dokumentbeskrivelse' ? await byEksternReferanse(core, list, key, signal) : undefined
    if (other) return { kind: 'there', evidence: other }
    if (ignored) return cannotTell('The core ignores $filter.')
    if (!core.keepsIds || parent?.egenId === false) {
      return cannotTell('The core gives objects its own systemID, so that ours finds nothing.')
    }
    if (await perhapsUnderItsOwnId(core, list, wanted, signal)) {
      return cannotTell('Whether the core keeps our systemID is not known yet, and it has one with the same title.')
    }
    if (!(await controlled(core, kind, key, parent, signal))) {
      return cannotTell('The same question does not find an object that is known to be there.')
    }
    const refusesSecond = core.ids === 'kept' || parent?.egenId === true
    return refusesSecond ? { kind: 'not-there' } : { kind: 'not-there', believeLate: true }
  } catch (error) {
    return { kind: 'cannot-tell', why: asHubError(error) ?? doubtful('The look-up failed.', error) }
  }
}

/** The last of the kind that this process has made must be found by the same question; where none is known the control does not apply. */
async function controlled(
  core: Core,
  kind: Kind,
  key: string,
  parent: Parent | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  const known = core.lastMade.get(kind)
  // Korrespondanseparter have no list of their own: another one's journalpost is not the place to look.
  if (kind === 'korrespondansepart' || known === undefined || known === key) {
    const above = parentKind(kind)
    if (!parent || !above || parent.egenId !== true) return true
    return (await findById(core, above, parent.systemId, signal)) !== undefined
  }
  return (await findById(core, kind, known, signal)) !== undefined
}

/**
 * A core that replaces our systemID hides from a search by it what our request has made. As long as it is not known whether this core does, any
 * object with the same title may be ours. One whose systemID is name-based (UUID version 5), as our keys are and a core's own are not, shows that it keeps them.
 */
async function perhapsUnderItsOwnId(core: Core, list: Link, { parent, tittel }: Wanted, signal: AbortSignal) {
  if (core.ids !== 'unknown' || parent?.egenId === true || tittel === undefined) return false
  let perhaps = false
  for await (const { wire } of entriesOf(core, filtered(list, equals('tittel', tittel)), signal)) {
    if (NAME_BASED.test(String(wire['systemID']))) {
      core.keptId()
      return false
    }
    perhaps = true
  }
  return perhaps
}

const NAME_BASED = /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i

function parentKind(kind: Kind): Kind | undefined {
  switch (kind) {
    case 'saksmappe':
      return undefined
    case 'journalpost':
      return 'saksmappe'
    case 'dokumentobjekt':
      return 'dokumentbeskrivelse'
    default:
      return 'journalpost'
  }
}

/** eksternReferanse is searchable in every core, also in one that gives its own systemID (TG 1.1, Dokumentbeskrivelse). */
async function byEksternReferanse(core: Core, list: Link, key: string, signal: AbortSignal): Promise<Seen | undefined> {
  if (core.keepsIds) return undefined
  const hits: Seen[] = []
  for await (const entry of entriesOf(core, filtered(list, equals('eksternReferanse', key)), signal)) {
    if (entry.wire['eksternReferanse'] === key) hits.push(entry)
  }
  if (hits.length > 1) throw ambiguous()
  return hits[0]
}

function cannotTell(because: string): { readonly kind: 'cannot-tell'; readonly why: HubError } {
  return { kind: 'cannot-tell', why: doubtful(because) }
}

function doubtful(because: string, cause?: unknown): HubError {
  const message = `${because} A person must look in the archive.`
  return failed('NOARK5_KAN_IKKE_SLA_OPP', 'unknown-outcome', message, { cause })
}

function ambiguous(): HubError {
  return failed('NOARK5_IKKE_ENTYDIG', 'unknown-outcome', 'More than one object of the core has our key.')
}
