import { above, arkivdelOf, type Instance, kodeOf, type User } from './archive.ts'
import { isObject, UUID, type Values } from './check.ts'
import { type Core, code, isNikita } from './core.ts'
import type { Kind } from './entities.ts'
import type { LinkWriter } from './links.ts'
import { localDateTime, localDay } from './local-time.ts'
import { Refusal } from './refusal.ts'

const PEOPLE: ReadonlySet<Kind> = new Set([
  'korrespondansepartperson',
  'korrespondansepartenhet',
  'korrespondansepartintern',
])

/** What the core fills in for a kind when the client did not, as the template of `GET ny-…` shows it too. */
export function defaultsFor(core: Core, kind: Kind, parent: Instance, user: User): Values {
  // Nikita demands these from the client instead.
  if (isNikita(core)) return kind === 'saksmappe' ? { saksansvarlig: user.navn } : {}
  const dokumentmedium = code(core, 'dokumentmedium', 'E')
  switch (kind) {
    case 'saksmappe':
      return {
        dokumentmedium,
        administrativEnhet: 'Arkivtjenesten',
        saksansvarlig: user.navn,
        referanseSaksansvarlig: user.systemID,
        saksstatus: code(core, 'saksstatus', 'B'),
      }
    case 'journalpost':
      return {
        dokumentmedium,
        journalposttype: code(core, 'journalposttype', 'U'),
        journalstatus: code(core, 'journalstatus', 'R'),
      }
    case 'korrespondansepartperson':
    case 'korrespondansepartenhet':
      return { korrespondanseparttype: code(core, 'korrespondanseparttype', 'EM') }
    case 'korrespondansepartintern':
      return { korrespondanseparttype: code(core, 'korrespondanseparttype', 'IM') }
    case 'dokumentbeskrivelse': {
      const first = !parent.children.some((child) => child.kind === 'dokumentbeskrivelse')
      return {
        dokumentmedium,
        dokumenttype: code(core, 'dokumenttype', 'B'),
        dokumentstatus: code(core, 'dokumentstatus', 'B'),
        tilknyttetRegistreringSom: code(core, 'tilknyttetregistreringsom', first ? 'H' : 'V'),
      }
    }
    case 'dokumentobjekt':
      return { variantformat: code(core, 'variantformat', 'P'), sjekksumAlgoritme: 'SHA-256' }
    default:
      return {}
  }
}

/** What the core sets by itself at the moment of creation: numbers and dates. */
function setByCore(core: Core, kind: Kind, parent: Instance, values: Values, user: User): Values {
  const nowMs = core.nowMs()
  const moment = localDateTime(nowMs)
  switch (kind) {
    case 'saksmappe':
      return { saksdato: localDay(nowMs), ...values, ...core.archive.numberSaksmappe(values, nowMs) }
    case 'journalpost': {
      const arkivdel = arkivdelOf(parent)
      return {
        ...(arkivdel === undefined || isNikita(core) ? {} : { referanseArkivdel: arkivdel.systemID }),
        ...(isNikita(core) ? {} : { journaldato: localDay(nowMs) }),
        ...values,
        ...core.archive.numberJournalpost(values, parent, nowMs),
      }
    }
    case 'dokumentbeskrivelse':
      return {
        tilknyttetDato: moment,
        tilknyttetAv: user.navn,
        referanseTilknyttetAv: user.systemID,
        ...values,
        dokumentnummer: core.archive.next(`dokument ${parent.systemID}`, values['dokumentnummer']),
      }
    case 'dokumentobjekt': {
      const series = `versjon ${parent.systemID} ${(values['variantformat'] as { kode: string }).kode}`
      return { ...values, versjonsnummer: core.archive.next(series, values['versjonsnummer']) }
    }
    case 'avskrivning':
      return { avskrivningsdato: moment, avskrevetAv: user.navn, referanseAvskrevetAv: user.systemID, ...values }
    default:
      return values
  }
}

function refuseByRule(core: Core, kind: Kind, parent: Instance, values: Values, links: LinkWriter): void {
  if (!links.creatable(parent).includes(kind)) {
    if (isNikita(core))
      throw new Refusal(kind === 'korrespondansepartintern' ? 501 : 400, `No ${kind} can be made here.`)
    throw new Refusal(409, `No ${kind} can be made here: closed, archived, or the wrong place.`)
  }
  if (kind === 'journalpost' && isNikita(core)) {
    const status = (values['journalstatus'] as { kode: string }).kode
    if (status === 'A' && values['journaldato'] === undefined) throw new Refusal(400, 'journaldato is missing.')
  }
  const algorithm = values['sjekksumAlgoritme']
  if (algorithm !== undefined && algorithm !== 'SHA-256') throw new Refusal(400, 'sjekksumAlgoritme: expected SHA-256.')
  const reply = values['referanseAvskrivesAvJournalpost']
  if (kind === 'avskrivning' && typeof reply === 'string' && core.archive.bySystemId(reply)?.kind !== 'journalpost') {
    throw new Refusal(400, 'referanseAvskrivesAvJournalpost: no such journalpost.')
  }
}

function systemIdFor(core: Core, wanted: unknown): string {
  if (typeof wanted !== 'string' || !core.keepsClientSystemId) return core.uuid()
  if (core.archive.bySystemId(wanted) === undefined) return wanted.toLowerCase()
  if (!isNikita(core)) throw new Refusal(409, `systemID ${wanted} is taken.`)
  throw new Refusal(
    400,
    'could not execute statement; SQL [n/a]; constraint [PRIMARY]; nested exception is ConstraintViolationException: ' +
      `duplicate key value ${wanted}`,
  )
}

/**
 * Makes one object below `parent` from what a client sent, or refuses; nothing has changed when it does.
 * @throws Refusal 400, 404 (unknown kode on Nikita), 409 (rule or taken systemID), 501
 */
export function createInstance(
  core: Core,
  links: LinkWriter,
  kind: Kind,
  parent: Instance,
  body: unknown,
  user: User,
  lookupLagMs: number,
): Instance {
  const sent = core.check.entity(kind, withoutForeignSystemId(core, body))
  const values = { ...defaultsFor(core, kind, parent, user), ...sent }
  refuseByRule(core, kind, parent, values, links)
  const systemID = systemIdFor(core, sent['systemID'])
  const nowMs = core.nowMs()
  const made = setByCore(core, kind, parent, values, user)
  const archiveUnit: Values =
    PEOPLE.has(kind) || kind === 'avskrivning'
      ? {}
      : { opprettetDato: localDateTime(nowMs), opprettetAv: user.navn, referanseOpprettetAv: user.systemID }
  const instance = core.archive.add({
    kind,
    systemID,
    parent,
    values: { ...made, ...archiveUnit, systemID },
    owner: user.navn,
    nowMs,
    lookupLagMs,
  })
  // A child raises the version of its parent on Nikita, so that an ETag read before is stale.
  if (isNikita(core)) parent.version += 1
  return instance
}

/** A core that chooses every systemID itself does not look at the one it is sent. */
function withoutForeignSystemId(core: Core, body: unknown): unknown {
  if (core.keepsClientSystemId || !isObject(body) || !('systemID' in body)) return body
  if (typeof body['systemID'] === 'string' && !UUID.test(body['systemID'])) return body
  return Object.fromEntries(Object.entries(body).filter(([name]) => name !== 'systemID'))
}

/** True when a document of this journalpost is there in an archive format (TG 1.1, 6.1.11). */
export function hasArchiveFormat(dokumentbeskrivelse: Instance): boolean {
  return dokumentbeskrivelse.children.some((child) => kodeOf(child, 'variantformat') === 'A')
}

/** The journalpost an object hangs on. */
export function journalpostOf(instance: Instance): Instance | undefined {
  return instance.kind === 'journalpost' ? instance : above(instance, ['journalpost'])
}
