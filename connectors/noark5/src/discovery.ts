import type { HttpResponse } from '@samband/connector-kit'
import { jsonOf, retryAfterMs } from '@samband/connector-kit'
import type { Clock } from '@samband/kernel'
import { failed, nothing } from './errors.ts'
import { ExpiringCache } from './expiring-cache.ts'
import { equals, filtered } from './filter.ts'
import type { Link, Links } from './links.ts'
import { linksOf, sameHref } from './links.ts'
import { entriesOf } from './list.ts'
import type { CoreReading, Seen } from './reading.ts'
import { isErrorBody, Wire, WireSystem } from './wire.ts'

const GOOD_FOR_MS = 10 * 60 * 1000
/** TG 1.1 §6.1: what a core takes in one request when it does not say. */
const DEFAULT_BULKGRENSE_BYTES = 157_286_400
const DEEPEST_KLASSE = 20

/** A package of the root. */
export type PackageName = 'arkivstruktur' | 'sakarkiv' | 'metadata'

/** The way from the root to where things are filed, by links alone. Kept for ten minutes; dropped when the core says 401 or 404. */
export class Discovery {
  readonly #core: CoreReading
  readonly #links: ExpiringCache<Links>
  readonly #places: ExpiringCache<string>
  readonly #sizes: ExpiringCache<number>

  constructor(core: CoreReading, clock: Clock) {
    this.#core = core
    this.#links = new ExpiringCache(clock, GOOD_FOR_MS)
    this.#places = new ExpiringCache(clock, GOOD_FOR_MS)
    this.#sizes = new ExpiringCache(clock, GOOD_FOR_MS)
  }

  drop(): void {
    this.#links.clear()
    this.#places.clear()
    this.#sizes.clear()
  }

  /** Address of the OpenID discovery document, from the root read without login. @throws HubError NOARK5_ROT_UKJENT (paused) */
  async oidc(signal: AbortSignal): Promise<string> {
    const link = (await this.#anonymousRoot(signal)).get('login/oidc')
    if (link) {
      this.#core.assertOurs(link.href)
      return link.href
    }
    throw rootUnknown('the relation login/oidc. Set tokenUrl for this core')
  }

  /** The links of a package; a relation of the root, shown when logged in. @throws HubError NOARK5_ROT_UKJENT (paused) */
  async package(name: PackageName, signal: AbortSignal): Promise<Links> {
    return this.#links.load(name, async () => {
      const link = (await this.#root(signal)).get(name)
      if (!link) throw rootUnknown(`the relation ${name}. Check the user's rights`)
      return (await this.#read(link.href, signal)).links
    })
  }

  /** A list of a package that takes `$filter`. */
  async list(name: PackageName, relation: string, signal: AbortSignal): Promise<Link> {
    const link = (await this.package(name, signal)).get(relation)
    if (link) return link
    throw rootUnknown(`the relation ${relation}. Check the user's rights`)
  }

  /** The largest upload in one request, in bytes; 0 for no limit. The default of the standard where the core does not say. */
  async bulkgrenseBytes(signal: AbortSignal): Promise<number> {
    return this.#sizes.load('bulkgrense', async () => {
      const root = await this.#root(signal)
      const admin = root.get('admin')
      const system =
        root.get('admin/system') ??
        (admin ? (await this.#read(admin.href, signal)).links.get('admin/system') : undefined)
      if (!system) return DEFAULT_BULKGRENSE_BYTES
      const found = WireSystem.safeParse((await this.#read(system.href, signal)).wire)
      return (found.success ? found.data.bulkgrense : undefined) ?? DEFAULT_BULKGRENSE_BYTES
    })
  }

  /**
   * Where a new saksmappe is created: on the klasse, or on the arkivdel where that has no klassifikasjonssystem (TG 1.1, 5.4.14).
   * @throws NothingHappened NOARK5_ARKIVDEL_MANGLER, _IKKE_ENTYDIG, _LUKKET, NOARK5_KLASSE_MANGLER (all permanent); what reading throws
   */
  async nySaksmappe(tittel: string, klasseID: string | undefined, signal: AbortSignal): Promise<string> {
    return this.#places.load(JSON.stringify([tittel, klasseID]), async () => {
      const arkivdel = await this.#arkivdel(tittel, signal)
      const systems = await this.#klassifikasjonssystemer(arkivdel, signal)
      const place =
        systems.length === 0 ? placeWithoutKlasse(arkivdel, klasseID) : await this.#klasse(systems, klasseID, signal)
      const link =
        place.links.get('sakarkiv/ny-saksmappe') ??
        (await this.#whole(place, signal)).links.get('sakarkiv/ny-saksmappe')
      if (link) return link.href
      const message = 'The arkivdel or klasse offers no ny-saksmappe: it is closed, or the user may not file there.'
      throw nothing('NOARK5_ARKIVDEL_LUKKET', 'permanent', message, { path: 'arkiv.arkivdel' })
    })
  }

  /**
   * Entries of a list with a field of this value. Where the profile says that filters hide what others made, and the filter finds nothing,
   * the whole list is read.
   */
  async where(list: Link, field: string, value: string, signal: AbortSignal): Promise<Seen[]> {
    const matches = (entry: Seen) => entry.wire[field] === value
    const found = await this.#matching(filtered(list, equals(field, value)), matches, signal)
    if (found.length > 0 || !this.#core.profile.filterHidesOthers) return found
    return this.#matching(list.href, matches, signal)
  }

  async #matching(url: string, matches: (entry: Seen) => boolean, signal: AbortSignal): Promise<Seen[]> {
    const found: Seen[] = []
    for await (const entry of entriesOf(this.#core, url, signal)) if (matches(entry)) found.push(entry)
    return found
  }

  async #arkivdel(tittel: string, signal: AbortSignal): Promise<Seen> {
    const list = await this.list('arkivstruktur', 'arkivstruktur/arkivdel', signal)
    const [arkivdel, another] = await this.where(list, 'tittel', tittel, signal)
    const details = { path: 'arkiv.arkivdel' }
    if (another) {
      const message = 'Several arkivdeler have the title that was given. Name one that is alone.'
      throw nothing('NOARK5_ARKIVDEL_IKKE_ENTYDIG', 'permanent', message, details)
    }
    if (arkivdel) {
      const { links } = arkivdel
      const enough = links.has('arkivstruktur/klassifikasjonssystem') || links.has('sakarkiv/ny-saksmappe')
      return enough ? arkivdel : this.#whole(arkivdel, signal)
    }
    const message = "No arkivdel has the title that was given (arkiv.arkivdel, else the tenant's account)."
    throw nothing('NOARK5_ARKIVDEL_MANGLER', 'permanent', message, details)
  }

  async #klassifikasjonssystemer(arkivdel: Seen, signal: AbortSignal): Promise<Seen[]> {
    const link = arkivdel.links.get('arkivstruktur/klassifikasjonssystem')
    return link ? this.#matching(link.href, () => true, signal) : []
  }

  async #klasse(systems: readonly Seen[], klasseID: string | undefined, signal: AbortSignal): Promise<Seen> {
    const details = { path: 'arkiv.klasse' }
    if (klasseID === undefined) {
      const message = 'The arkivdel has a klassifikasjonssystem, so a new saksmappe needs arkiv.klasse.'
      throw nothing('NOARK5_KLASSE_MANGLER', 'permanent', message, details)
    }
    for (const system of systems) {
      const list = system.links.get('arkivstruktur/klasse')
      const [klasse] = list ? await this.where(list, 'klasseID', klasseID, signal) : []
      if (klasse) return klasse
    }
    const deep = await this.#underklasse(systems, klasseID, signal)
    if (deep) return deep
    const message = "The arkivdel's klassifikasjonssystem has no klasse with this klasseID."
    throw nothing('NOARK5_KLASSE_MANGLER', 'permanent', message, details)
  }

  /** A klasse below other klasser: found among all, and taken when the way up ends in one of our systems. */
  async #underklasse(systems: readonly Seen[], klasseID: string, signal: AbortSignal): Promise<Seen | undefined> {
    const all = (await this.package('arkivstruktur', signal)).get('arkivstruktur/klasse')
    if (!all) return undefined
    for (const candidate of await this.where(all, 'klasseID', klasseID, signal)) {
      const system = await this.#systemAbove(candidate, signal)
      if (system && systems.some((one) => sameHref(one.self, system))) return candidate
    }
    return undefined
  }

  async #systemAbove(klasse: Seen, signal: AbortSignal): Promise<string | undefined> {
    let one = klasse
    for (let depth = 0; depth < DEEPEST_KLASSE; depth += 1) {
      const above = one.links.get('arkivstruktur/overklasse')
      if (!above) {
        const system = one.links.get('arkivstruktur/klassifikasjonssystem')
        return system ? (await this.#onlyOne(system.href, signal))?.self : undefined
      }
      const next = await this.#onlyOne(above.href, signal)
      if (!next) return undefined
      one = next
    }
    return undefined
  }

  /** What a relation leads to, which may answer an object or a list of one. */
  async #onlyOne(url: string, signal: AbortSignal): Promise<Seen | undefined> {
    for await (const entry of entriesOf(this.#core, url, signal)) return entry
    return undefined
  }

  /** The object itself, where an entry of a list shows fewer links. */
  async #whole(entry: Seen, signal: AbortSignal): Promise<Seen> {
    return (await this.#core.find(entry.self, signal)) ?? entry
  }

  async #read(url: string, signal: AbortSignal): Promise<Seen> {
    const found = await this.#core.find(url, signal)
    if (found) return found
    this.drop()
    throw failed('NOARK5_UVENTET_SVAR', 'transient', 'The core answered 404 to an address that it gave itself.')
  }

  async #anonymousRoot(signal: AbortSignal): Promise<Links> {
    return this.#links.load('anonymous', async () =>
      this.#linksOfRoot((url) => this.#core.anonymous(url, signal), { lockedIsEmpty: true }),
    )
  }

  /** The root logged in. It is read without login first: what answers like no core at all gets no password. */
  async #root(signal: AbortSignal): Promise<Links> {
    await this.#anonymousRoot(signal)
    return this.#links.load('root', async () => this.#linksOfRoot((url) => this.#core.get(url, signal)))
  }

  /** @param rules.lockedIsEmpty a 401 counts as a root that shows nothing yet, against the standard but seen behind gateways */
  async #linksOfRoot(get: (url: string) => Promise<HttpResponse>, rules = { lockedIsEmpty: false }): Promise<Links> {
    const { baseUrl } = this.#core.to
    let url = baseUrl
    let answer = await get(url)
    const moved = answer.headers['location']
    // Some cores redirect a root without its final slash.
    if (answer.status >= 301 && answer.status <= 308 && moved !== undefined && URL.canParse(moved, url)) {
      url = new URL(moved, url).href
      this.#core.assertOurs(url)
      answer = await get(url)
    }
    if (answer.status === 401 && rules.lockedIsEmpty) return new Map()
    if (answer.status >= 500 || answer.status === 429) {
      const wait = retryAfterMs(answer.headers, this.#core.http.time.clock)
      const message = `The root of the core answered ${answer.status}.`
      throw failed('NOARK5_FORBIGAENDE_FEIL', 'transient', message, { retryAfterMs: wait })
    }
    const wire = Wire.safeParse(jsonOf(answer))
    const links = wire.success && answer.status === 200 && !isErrorBody(wire.data) ? linksOf(wire.data, url) : undefined
    if (links && links.size > 0) return links
    throw rootUnknown(`links (it answered ${answer.status}). Check the address`)
  }
}

function placeWithoutKlasse(arkivdel: Seen, klasseID: string | undefined): Seen {
  if (klasseID === undefined) return arkivdel
  const message = 'arkiv.klasse was given, but the arkivdel has no klassifikasjonssystem.'
  throw nothing('NOARK5_KLASSE_MANGLER', 'permanent', message, { path: 'arkiv.klasse' })
}

function rootUnknown(what: string) {
  return failed('NOARK5_ROT_UKJENT', 'paused', `The root of the core does not show ${what}.`)
}
