import { type Instance, kodeOf, type User } from './archive.ts'
import { isObject, type Values } from './check.ts'
import { type Core, isNikita } from './core.ts'
import { hasArchiveFormat, journalpostOf } from './create.ts'
import { CORE_SET } from './entities.ts'
import { isClosed, isFrozen } from './links.ts'
import { instantOf, localDateTime } from './local-time.ts'
import { Refusal } from './refusal.ts'

/** Fields with multiplicity 1..1 in answers: a PUT that leaves them out does not take them away. */
const ALWAYS_THERE: ReadonlySet<string> = new Set([
  ...['dokumentmedium', 'saksdato', 'administrativEnhet', 'referanseAdministrativEnhet', 'saksansvarlig', 'saksstatus'],
  ...[
    'referanseSaksansvarlig',
    'journalenhet',
    'arkivertDato',
    'arkivertAv',
    'referanseArkivertAv',
    'referanseArkivdel',
  ],
  ...['journalposttype', 'journalstatus', 'journaldato', 'dokumentetsDato', 'mottattDato', 'korrespondanseparttype'],
  ...['dokumenttype', 'dokumentstatus', 'tilknyttetRegistreringSom', 'mimeType', 'systemID'],
])

/** The ETag of an object: its version in quotes. */
export function etagOf(instance: Instance): string {
  return `"${instance.version}"`
}

type Headers = Readonly<Record<string, string | string[] | undefined>>

function header(headers: Headers, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value[0] : value
}

/** @throws Refusal 409 for a stale ETag; 400 or 428 when it is missing where it must stand (the header is not standardised) */
export function checkPrecondition(core: Core, instance: Instance, headers: Headers): void {
  if (isNikita(core)) {
    const given = header(headers, 'etag')
    if (given === undefined || !/^"\d+"$/.test(given))
      throw new Refusal(400, 'The request header ETag must be a quoted number.')
    if (given !== etagOf(instance)) throw new Refusal(409, 'The ETag is not that of the current version.')
    return
  }
  const given = header(headers, 'if-match') ?? header(headers, 'etag')
  if (given === undefined) {
    if (core.missingPrecondition === 'accept') return
    throw new Refusal(core.missingPrecondition, 'If-Match or ETag is missing.')
  }
  if (given !== '*' && given !== etagOf(instance))
    throw new Refusal(409, 'The object has been changed since it was read.')
}

function same(left: unknown, right: unknown): boolean {
  if (typeof left === 'string' && typeof right === 'string') {
    const [a, b] = [instantOf(left), instantOf(right)]
    if (a !== undefined && b !== undefined) return a === b
    return left.toLowerCase() === right.toLowerCase()
  }
  if (isObject(left) && isObject(right)) return left['kode'] === right['kode']
  return left === right
}

/** RFC 7396. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  const merged: Values = isObject(target) ? { ...target } : {}
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name]
    else merged[name] = mergePatch(merged[name], value)
  }
  return merged
}

/** The body a PATCH amounts to: what is stored, changed as told. @throws Refusal 501 for moving an object by its `_links` */
export function patched(instance: Instance, patch: unknown): unknown {
  if (!isObject(patch)) throw new Refusal(400, 'Expected a JSON object.')
  if ('_links' in patch) throw new Refusal(501, 'Moving an object is not supported here.')
  return mergePatch(instance.values, patch)
}

/**
 * Changes one object to what a whole body says (PUT, or a PATCH merged before).
 * @throws Refusal 400, 404 (unknown kode on Nikita), 409 for a rule
 */
export function updateInstance(core: Core, instance: Instance, body: unknown, user: User): void {
  const entity = core.dialect.entities[instance.kind]
  const old = instance.values
  const sent = core.check.entity(instance.kind, body)
  for (const name of [...entity.fixed, 'systemID']) {
    if (sent[name] !== undefined && !same(sent[name], old[name])) throw new Refusal(400, `${name} cannot be changed.`)
  }
  const next: Values = { ...sent }
  const keeps = [...entity.fixed, ...entity.dropped, ...entity.deafToUpdate, ...CORE_SET]
  for (const name of keeps) putBack(next, old, name)
  for (const name of [...ALWAYS_THERE, ...entity.hidden]) if (next[name] === undefined) putBack(next, old, name)
  if (!isNikita(core)) standardRules(core, instance, next, user)
  next['endretDato'] = localDateTime(core.nowMs())
  next['endretAv'] = user.navn
  next['referanseEndretAv'] = user.systemID
  if (!Object.hasOwn(entity.fields, 'endretDato')) for (const name of CORE_SET) delete next[name]
  instance.values = next
  instance.version += 1
}

function putBack(next: Values, old: Values, name: string): void {
  if (old[name] === undefined) delete next[name]
  else next[name] = old[name]
}

function kode(values: Values, field: string): string | undefined {
  return (values[field] as { kode?: string } | undefined)?.kode
}

function standardRules(core: Core, instance: Instance, next: Values, user: User): void {
  if (isFrozen(instance)) throw new Refusal(409, 'Archived: it is not changed any more.')
  if (['arkiv', 'arkivdel', 'klassifikasjonssystem', 'klasse', 'arkivskaper'].includes(instance.kind)) {
    throw new Refusal(403, 'Changed only by administration.')
  }
  const moment = localDateTime(core.nowMs())
  if (instance.kind === 'journalpost' && kode(next, 'journalstatus') === 'A') {
    next['arkivertDato'] ??= moment
    next['arkivertAv'] ??= user.navn
    next['referanseArkivertAv'] ??= user.systemID
  }
  if (instance.kind !== 'saksmappe') return
  if (isClosed(instance) && next['tittel'] !== instance.values['tittel']) {
    throw new Refusal(409, 'tittel is not changed after the saksmappe was closed.')
  }
  const closing = kode(next, 'saksstatus') === 'A'
  if (!closing || kodeOf(instance, 'saksstatus') === 'A') return
  refuseClosing(instance)
  next['avsluttetDato'] = moment
  next['avsluttetAv'] = user.navn
  next['referanseAvsluttetAv'] = user.systemID
}

/** TG 1.1, 6.1.8, 6.1.11 and 6.1.12. */
function refuseClosing(saksmappe: Instance): void {
  for (const post of saksmappe.children) {
    if (post.kind !== 'journalpost' || kodeOf(post, 'journalstatus') === 'U') continue
    if (!['J', 'E', 'A'].includes(kodeOf(post, 'journalstatus') ?? '')) {
      throw new Refusal(409, 'The saksmappe has open journalposter.')
    }
    const answered = post.children.some((child) => child.kind === 'avskrivning')
    if (kodeOf(post, 'journalposttype') === 'I' && !answered) {
      throw new Refusal(409, 'The saksmappe has incoming journalposter that are not answered.')
    }
    const documents = post.children.filter((child) => child.kind === 'dokumentbeskrivelse')
    if (!documents.every(hasArchiveFormat))
      throw new Refusal(409, 'The saksmappe has documents without archive format.')
  }
}

/**
 * Deletes one object, or refuses (TG 1.1, 6.1.17 and the rules for journalstatus).
 * @throws Refusal 403, 409; on Nikita 400 for content that hangs on it
 */
export function deleteInstance(core: Core, instance: Instance): void {
  const content = instance.children.filter((child) =>
    ['dokumentbeskrivelse', 'dokumentobjekt', 'journalpost'].includes(child.kind),
  )
  if (isNikita(core)) {
    if (instance.kind !== 'journalpost' && content.length > 0) {
      throw new Refusal(400, 'could not execute statement; constraint [foreign key]')
    }
  } else refuseDeletion(core, instance, content)
  if (instance.file !== undefined) core.spool.remove(instance.file.spooled)
  // On Nikita the dokumentbeskrivelser of a journalpost stay behind; everything else that is still there goes along.
  for (const child of [...instance.children]) if (!content.includes(child)) core.archive.remove(child, true)
  core.archive.remove(instance, false)
}

function refuseDeletion(core: Core, instance: Instance, content: readonly Instance[]): void {
  const post = journalpostOf(instance)
  if (post !== undefined) {
    const status = kodeOf(post, 'journalstatus') ?? ''
    if (!core.deletableJournalstatus.includes(status)) {
      throw new Refusal(409, `Not deleted: the journalpost has status ${status}.`)
    }
  } else if (instance.kind !== 'saksmappe') throw new Refusal(403, 'Deleted only by administration.')
  else if (isClosed(instance)) throw new Refusal(409, 'A closed saksmappe is not deleted.')
  if (content.length > 0) throw new Refusal(409, 'Not deleted: something hangs on it still.')
}
