import type { Clock } from '@samband/kernel'
import type { Discovery } from './discovery.ts'
import { nothing } from './errors.ts'
import { ExpiringCache } from './expiring-cache.ts'
import { entriesOf } from './list.ts'
import type { CoreReading } from './reading.ts'
import type { Kode } from './wire.ts'
import { WireCode } from './wire.ts'

const GOOD_FOR_MS = 60 * 60 * 1000

/** Kode to the pair as the core's own list has it. */
type CodeList = ReadonlyMap<string, Kode>

/** The core's own code lists (`R:metadata/<list>/`), read when first needed and kept for an hour. */
export class CodeLists {
  readonly #core: Pick<CoreReading, 'find'>
  readonly #discovery: Discovery
  readonly #clock: Clock
  readonly #lists: ExpiringCache<CodeList>

  constructor(core: Pick<CoreReading, 'find'>, discovery: Discovery, clock: Clock) {
    this.#core = core
    this.#discovery = discovery
    this.#clock = clock
    this.#lists = new ExpiringCache(clock, GOOD_FOR_MS)
  }

  /**
   * The pair kode and kodenavn of a list, spelled as in the core. A kode that is not there is looked for once more in a fresh list.
   * @param list relation name in lower case, e.g. `journalstatus`
   * @throws NothingHappened NOARK5_KODE_MANGLER (permanent), naming list and kode; what reading throws
   */
  async pair(list: string, kode: string, signal: AbortSignal, path?: string): Promise<Kode> {
    const found = await this.first(list, [kode], signal)
    if (found) return found
    const message = `The core's list ${list} has no kode ${kode} in use. Add it there, or name another in the profile.`
    throw nothing('NOARK5_KODE_MANGLER', 'permanent', message, path === undefined ? {} : { path })
  }

  /** The first of some koder that the list has, or `undefined`. */
  async first(list: string, koder: readonly string[], signal: AbortSignal): Promise<Kode | undefined> {
    if (koder.length === 0) return undefined
    const kept = this.#lists.get(list)
    const found = kept && firstIn(kept, koder)
    if (found) return found
    const fresh = await this.#read(list, signal)
    this.#lists.set(list, fresh)
    return firstIn(fresh, koder)
  }

  async #read(list: string, signal: AbortSignal): Promise<CodeList> {
    const link = (await this.#discovery.package('metadata', signal)).get(`metadata/${list}`)
    if (!link) {
      const message = `The core has no code list ${list}.`
      throw nothing('NOARK5_KODE_MANGLER', 'permanent', message)
    }
    const pairs = new Map<string, Kode>()
    for await (const { wire } of entriesOf(this.#core, link.href, signal)) {
      const entry = WireCode.safeParse(wire)
      if (!entry.success || this.#obsolete(entry.data)) continue
      const { kode, kodenavn } = entry.data
      pairs.set(kode, typeof kodenavn === 'string' ? { kode, kodenavn } : { kode })
    }
    return pairs
  }

  #obsolete({ inaktiv, utdatert }: WireCode): boolean {
    if (inaktiv === true) return true
    if (typeof utdatert !== 'string') return false
    const since = Date.parse(utdatert)
    return Number.isNaN(since) || since <= this.#clock.now()
  }
}

function firstIn(list: CodeList, koder: readonly string[]): Kode | undefined {
  for (const kode of koder) {
    const pair = list.get(kode)
    if (pair) return pair
  }
  return undefined
}
