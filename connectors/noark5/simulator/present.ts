import type { Instance, User } from './archive.ts'
import type { Values } from './check.ts'
import { type Core, isNikita } from './core.ts'
import { defaultsFor } from './create.ts'
import type { Kind } from './entities.ts'
import { type Links, type LinkWriter, REL } from './links.ts'
import { utcMicroseconds } from './local-time.ts'

/** How an object is seen: as itself, or among registreringer, where Nikita shows what the journalpost itself hides. */
export type View = 'itself' | 'registrering'

/**
 * One object as JSON.
 * @param moment `made` is the answer to the POST, in which Nikita repeats dates as they were sent; later it gives UTC
 */
export function present(
  core: Core,
  links: LinkWriter,
  instance: Instance,
  moment: 'made' | 'read',
  view: View = 'itself',
): Values {
  const entity = core.dialect.entities[instance.kind]
  const shown: Values = { systemID: instance.systemID }
  const rewritesDates = isNikita(core) && moment === 'read'
  for (const [name, value] of Object.entries(instance.values)) {
    if (view === 'itself' && entity.hidden.includes(name)) continue
    const isDate = rewritesDates && entity.fields[name] === 'datetime' && typeof value === 'string'
    shown[name] = isDate ? utcMicroseconds(value) : value
  }
  if (instance.file !== undefined && !isNikita(core)) shown['referanseDokumentfil'] = links.href('fil', instance.slug)
  shown['_links'] = links.of(instance)
  return shown
}

const TEMPLATE_LISTS: Partial<Record<Kind, readonly string[]>> = {
  saksmappe: ['dokumentmedium', 'saksstatus'],
  journalpost: ['dokumentmedium', 'journalposttype', 'journalstatus'],
  korrespondansepartperson: ['korrespondanseparttype'],
  korrespondansepartenhet: ['korrespondanseparttype'],
  korrespondansepartintern: ['korrespondanseparttype'],
  dokumentbeskrivelse: ['dokumentmedium', 'dokumentstatus', 'dokumenttype', 'tilknyttetregistreringsom'],
  dokumentobjekt: ['format', 'variantformat'],
  avskrivning: ['avskrivningsmaate'],
}

/** What `GET ny-…` answers: defaults and the code lists that apply; no self (TG 1.1, 6.1). */
export function template(core: Core, links: LinkWriter, kind: Kind, parent: Instance, user: User): Values {
  const lists: Links = {}
  for (const list of TEMPLATE_LISTS[kind] ?? []) lists[`${REL}metadata/${list}/`] = { href: links.href('codes', list) }
  return { ...defaultsFor(core, kind, parent, user), _links: lists }
}
