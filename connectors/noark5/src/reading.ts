import type { HttpDependencies, HttpResponse } from '@samband/connector-kit'
import type { BoundDestination } from '@samband/kernel'
import type { Links } from './links.ts'
import { linksOf } from './links.ts'
import type { NoarkProfile } from './profile.ts'
import type { Wire } from './wire.ts'

/** An object of the core as it was just read or made. */
export interface Seen {
  readonly wire: Wire
  /** Its `self`, or the address it was read from. */
  readonly self: string
  readonly links: Links
  readonly etag: string | undefined
}

/** An object out of an answer: its links, its own address and ETag. */
export function seen(wire: Wire, url: string, headers: Readonly<Record<string, string>>): Seen {
  const links = linksOf(wire, url)
  return { wire, self: links.get('self')?.href ?? url, links, etag: headers['etag'] }
}

/** How a core is read, with our login. Nothing here changes anything over there; all of it is safe to repeat. */
export interface CoreReading {
  readonly to: BoundDestination
  readonly http: HttpDependencies
  readonly profile: NoarkProfile
  /** One GET without login, for the root. */
  anonymous(url: string, signal: AbortSignal): Promise<HttpResponse>
  /** One GET, repeated once with a new token after a 401. Any other status is returned. @throws NOARK5_INNLOGGING_AVVIST (paused) */
  get(url: string, signal: AbortSignal): Promise<HttpResponse>
  /** The object or list at an address, or `undefined` when the core says 404 or 410. @throws HubError for any other answer than a good one */
  find(url: string, signal: AbortSignal): Promise<Seen | undefined>
  /**
   * Addresses come from the core, our login goes with them: only to where the root is.
   * @throws NothingHappened NOARK5_FREMMED_ADRESSE (paused)
   */
  assertOurs(url: string): void
}
