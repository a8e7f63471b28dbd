import type { HttpResponse } from '@samband/connector-kit'
import { jsonOf } from '@samband/connector-kit'
import type { Attempt, EffectKey } from '@samband/kernel'
import { HubError, NothingHappened } from '@samband/kernel'
import type { Core } from './core.ts'
import { NOARK_JSON } from './core.ts'
import { failed, nothing } from './errors.ts'
import type { Made } from './evidence.ts'
import type { Kind, Parent } from './look-up.ts'
import { lookUp, readParent, sameId } from './look-up.ts'
import type { Seen } from './reading.ts'
import { seen } from './reading.ts'
import { refusalOf } from './refusals.ts'
import { skjermingSeen } from './translate.ts'
import type { Wire } from './wire.ts'
import { isErrorBody, WireObject } from './wire.ts'

/** A create that is ready to go: everything slow has been done. */
export interface PreparedCreate {
  readonly core: Core
  readonly kind: Kind
  readonly key: EffectKey
  /** The `ny-…` address. */
  readonly url: string
  readonly body: Wire
  readonly authorization: string
  readonly parent: Parent | undefined
}

/** The `ny-…` link of a parent: from what was just made, else from the parent itself. @throws as `parentOf`; `missing` when there is no such link */
export async function newLink(
  core: Core,
  kind: Kind,
  parent: Parent,
  relation: string,
  signal: AbortSignal,
  missing: () => Error = () => linkMissing(relation),
): Promise<string> {
  const recent = core.recent.get(parent.self)?.get(relation)
  if (recent) return recent.href
  const link = (await parentOf(core, kind, parent, signal)).links.get(relation)
  if (link) return link.href
  throw missing()
}

/** A parent as it is now. @throws NothingHappened NOARK5_FORELDER_MANGLER (permanent) */
export async function parentOf(core: Core, kind: Kind, parent: Parent, signal: AbortSignal): Promise<Seen> {
  const found = await readParent(core, kind, parent, signal)
  if (found) {
    core.recent.set(parent.self, found.links)
    return found
  }
  const message = `The ${kind} ${parent.systemId} that this belongs to is no longer in the core.`
  throw nothing('NOARK5_FORELDER_MANGLER', 'permanent', message)
}

function linkMissing(relation: string) {
  return nothing('NOARK5_LENKE_MANGLER', 'permanent', `The core does not offer ${relation}: closed, or not allowed.`)
}

/**
 * Creates one object with one POST and returns what came back. Not safe to repeat on a core that does not keep our systemID; elsewhere the second
 * one is refused, and what is there is returned.
 *
 * @throws NothingHappened for documented refusals (see `refusalOf`); HubError (unknown-outcome) for everything else
 */
export async function create(prepared: PreparedCreate, attempt: Attempt): Promise<Seen> {
  const { core, key } = prepared
  const answer = await core.send(attempt, {
    method: 'POST',
    url: prepared.url,
    headers: { accept: NOARK_JSON, 'content-type': NOARK_JSON, authorization: prepared.authorization },
    body: JSON.stringify(prepared.body),
  })
  if (answer.status === 200 || answer.status === 201) return made(prepared, answer)
  const refusal = refusalOf(core, answer, prepared)
  // A core that gives its own systemID does not refuse ours.
  if ((answer.status === 400 || answer.status === 409) && core.keepsIds) {
    const there = await conflicting(prepared, attempt.signal)
    if (there) return there
    if (refusal.means === 'exists') throw exists(prepared.kind, key)
  }
  throw refusal.error
}

function made(prepared: PreparedCreate, answer: HttpResponse): Seen {
  const { core, kind, key, url } = prepared
  const json = jsonOf(answer)
  const object = WireObject.safeParse(json)
  const found = object.success && !isErrorBody(json) ? seen(object.data, url, answer.headers) : undefined
  const self = found?.links.get('self')?.href ?? locationOf(answer, url)
  if (!found || self === undefined) {
    const message = `The core answered ${answer.status} to a create without systemID or address of what it made.`
    throw failed('NOARK5_UVENTET_SVAR', 'unknown-outcome', message)
  }
  core.recent.set(self, found.links)
  if (!sameId(found.wire['systemID'], key)) core.ids = 'replaced'
  else {
    core.keptId()
    core.lastMade.set(kind, key)
  }
  return { ...found, self }
}

function locationOf(answer: HttpResponse, url: string): string | undefined {
  const location = answer.headers['location']
  return location !== undefined && URL.canParse(location, url) ? new URL(location, url).href : undefined
}

/** After a refusal that may mean "your systemID exists": what is there, if it is. */
async function conflicting(prepared: PreparedCreate, signal: AbortSignal): Promise<Seen | undefined> {
  const { core, kind, key, parent } = prepared
  const answer = await lookUp(core, { kind, key, parent, tittel: tittelOf(prepared.body) }, signal)
  if (answer.kind === 'there') {
    core.recent.set(answer.evidence.self, answer.evidence.links)
    return answer.evidence
  }
  if (answer.kind === 'not-there') return undefined
  const message = 'The core refused a create, and whether the object is there could not be asked.'
  throw failed('NOARK5_UKJENT_UTFALL', 'unknown-outcome', message, { cause: answer.why })
}

function tittelOf({ tittel }: Wire): string | undefined {
  return typeof tittel === 'string' ? tittel : undefined
}

/** It says that it is there, and does not find it: an index that lags. Our request did nothing. */
function exists(kind: Kind, key: string) {
  const message = `The core says that ${kind} ${key} exists, and does not find it yet.`
  return nothing('NOARK5_KONFLIKT', 'transient', message)
}

/** The evidence of what was made or found for a key. */
export function evidenceOf(found: Seen, key: string): Made {
  const systemId = String(found.wire['systemID'])
  return { systemId, self: found.self, egenId: sameId(systemId, key), skjerming: skjermingSeen(found.wire) }
}

/** Reads within `act` must never look like "nothing happened": any of their errors leaves the outcome open. */
export async function within<T>(what: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof HubError && !(error instanceof NothingHappened) && error.disposition === 'unknown-outcome') {
      throw error
    }
    throw failed('NOARK5_UKJENT_UTFALL', 'unknown-outcome', `${what} could not be verified.`, { cause: error })
  }
}
