import type { Values } from './check.ts'
import type { Kind } from './entities.ts'
import { localYear } from './local-time.ts'
import type { StoredFile } from './spool.ts'

/** Who asks. `systemID` is what referanse…Av fields name. */
export interface User {
  readonly navn: string
  readonly systemID: string
}

/** One object of the archive. Everything but its place in the tree may change. */
export interface Instance {
  readonly kind: Kind
  readonly systemID: string
  /** The opaque part of its addresses. */
  readonly slug: string
  readonly parent: Instance | undefined
  readonly children: Instance[]
  readonly owner: string
  readonly madeAtMs: number
  /** Laid before anything reached the core, and so not counted as received. */
  readonly preLaid: boolean
  values: Values
  version: number
  /** Look-ups do not find it before this. */
  visibleFromMs: number
  deleted: boolean
  file: StoredFile | undefined
  /** Nikita: an upload that broke off leaves a file behind that blocks every further one. */
  uploadBlocked: boolean
}

/** What is needed to make an instance. */
export interface NewInstance {
  readonly kind: Kind
  readonly systemID: string
  readonly parent: Instance | undefined
  readonly values: Values
  readonly owner: string
  readonly nowMs: number
  readonly lookupLagMs?: number
  readonly preLaid?: boolean
}

/** Kinds a list of this name shows: a saksmappe is a mappe, a journalpost a registrering. */
export const LIST_KINDS: Readonly<Record<string, readonly Kind[]>> = {
  arkivskaper: ['arkivskaper'],
  arkiv: ['arkiv'],
  arkivdel: ['arkivdel'],
  klassifikasjonssystem: ['klassifikasjonssystem'],
  klasse: ['klasse'],
  mappe: ['mappe', 'saksmappe'],
  saksmappe: ['saksmappe'],
  registrering: ['registrering', 'journalpost'],
  journalpost: ['journalpost'],
  arkivnotat: [],
  presedens: [],
  korrespondansepart: ['korrespondansepartperson', 'korrespondansepartenhet', 'korrespondansepartintern'],
  korrespondansepartperson: ['korrespondansepartperson'],
  korrespondansepartenhet: ['korrespondansepartenhet'],
  korrespondansepartintern: ['korrespondansepartintern'],
  dokumentbeskrivelse: ['dokumentbeskrivelse'],
  dokumentobjekt: ['dokumentobjekt'],
  avskrivning: ['avskrivning'],
}

/** Everything the core holds, and its counters. */
export class Archive {
  readonly #bySystemId = new Map<string, Instance>()
  readonly #bySlug = new Map<string, Instance>()
  readonly #made: Instance[] = []
  readonly #counters = new Map<string, number>()
  #slugs = 0

  /** Adds an instance. A systemID that is taken by a living instance must have been refused before. */
  add(fresh: NewInstance): Instance {
    const instance: Instance = {
      kind: fresh.kind,
      systemID: fresh.systemID,
      slug: this.nextSlug(),
      parent: fresh.parent,
      children: [],
      owner: fresh.owner,
      madeAtMs: fresh.nowMs,
      preLaid: fresh.preLaid ?? false,
      values: fresh.values,
      version: 0,
      visibleFromMs: fresh.nowMs + (fresh.lookupLagMs ?? 0),
      deleted: false,
      file: undefined,
      uploadBlocked: false,
    }
    this.#made.push(instance)
    this.#bySystemId.set(instance.systemID, instance)
    this.#bySlug.set(instance.slug, instance)
    fresh.parent?.children.push(instance)
    return instance
  }

  /** An address part that says nothing about what stands behind it, and never comes twice. */
  nextSlug(): string {
    this.#slugs += 1
    // Multiplication by an odd number is one to one in 32 bits: looks random, needs no table.
    return (Math.imul(this.#slugs, 0x9e3779b1) >>> 0).toString(36).padStart(7, 'z')
  }

  /** Takes an instance out, and its children with it unless they are to stay behind without a parent. */
  remove(instance: Instance, withChildren: boolean): void {
    instance.deleted = true
    this.#bySystemId.delete(instance.systemID)
    this.#bySlug.delete(instance.slug)
    const siblings = instance.parent?.children
    siblings?.splice(siblings.indexOf(instance), 1)
    if (withChildren) for (const child of [...instance.children]) this.remove(child, true)
  }

  /** The living instance of a slug. */
  bySlug(slug: string): Instance | undefined {
    return this.#bySlug.get(slug)
  }

  /** The living instance of a systemID; UUIDs are compared without case. */
  bySystemId(systemID: string): Instance | undefined {
    return this.#bySystemId.get(systemID.toLowerCase())
  }

  /** Everything ever made, in order, deleted instances too. */
  made(): readonly Instance[] {
    return this.#made
  }

  /** Living instances of some kinds, below `parent` or anywhere, in the order they were made. */
  list(kinds: readonly Kind[], parent?: Instance): Instance[] {
    if (parent === undefined) return this.#made.filter((one) => !one.deleted && kinds.includes(one.kind))
    const found: Instance[] = []
    const descend = (above: Instance): void => {
      for (const child of above.children) {
        if (kinds.includes(child.kind)) found.push(child)
        else descend(child)
      }
    }
    descend(parent)
    return found
  }

  /** The next number of a series, from 1; a number given by a client moves the series on. */
  next(series: string, given?: unknown): number {
    const last = this.#counters.get(series) ?? 0
    const number = typeof given === 'number' ? given : last + 1
    this.#counters.set(series, Math.max(last, number))
    return number
  }

  /** mappeID, saksaar and sakssekvensnummer: one series for the core and year. */
  numberSaksmappe(values: Values, nowMs: number): Values {
    const saksaar = values['saksaar'] ?? localYear(nowMs)
    const sakssekvensnummer = this.next(`sak ${String(saksaar)}`, values['sakssekvensnummer'])
    return { mappeID: `${String(saksaar)}/${sakssekvensnummer}`, saksaar, sakssekvensnummer }
  }

  /** Numbers of a journalpost: journalsekvensnummer for the core and year, journalpostnummer within the saksmappe. */
  numberJournalpost(values: Values, saksmappe: Instance, nowMs: number): Values {
    const journalaar = values['journalaar'] ?? localYear(nowMs)
    const journalsekvensnummer = this.next(`journal ${String(journalaar)}`, values['journalsekvensnummer'])
    const journalpostnummer = this.next(`post ${saksmappe.systemID}`, values['journalpostnummer'])
    const registreringsID = `${String(saksmappe.values['mappeID'])}-${journalpostnummer}`
    return { registreringsID, journalaar, journalsekvensnummer, journalpostnummer }
  }
}

/** The nearest instance above that is one of `kinds`. */
export function above(instance: Instance, kinds: readonly Kind[]): Instance | undefined {
  for (let one = instance.parent; one !== undefined; one = one.parent) if (kinds.includes(one.kind)) return one
  return undefined
}

/** The kode of a coded field. */
export function kodeOf(instance: Instance, field: string): string | undefined {
  const value = instance.values[field] as { kode?: string } | undefined
  return value?.kode
}

/** The arkivdel an object belongs to. */
export function arkivdelOf(instance: Instance): Instance | undefined {
  return instance.kind === 'arkivdel' ? instance : above(instance, ['arkivdel'])
}
