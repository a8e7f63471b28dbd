import type { HttpDependencies } from '@samband/connector-kit'
import type { BoundDestination } from '@samband/kernel'
import type { ForsendelseStatus } from './client.ts'
import { sokStatus } from './client.ts'
import type { SvarUtAccess } from './transport.ts'

/** What a poller needs. */
export interface StatusClientDependencies {
  readonly http: HttpDependencies
  readonly access: (to: BoundDestination) => SvarUtAccess
}

/** Reads statuses; changes nothing. */
export interface StatusClient {
  /**
   * Statuses of any number of forsendelser of one konto, asked for a hundred at a time, one request after the other. Unknown ids are missing.
   * @throws HubError of `SVARUT_ERROR_CODES`, never unknown-outcome
   */
  sokStatus(to: BoundDestination, ids: readonly string[], signal?: AbortSignal): Promise<ForsendelseStatus[]>
}

const IDS_PER_REQUEST = 100

/** A reader of statuses for all tenants. */
export function createStatusClient(deps: StatusClientDependencies): StatusClient {
  return {
    async sokStatus(to, ids, signal = new AbortController().signal) {
      const access = deps.access(to)
      const transport = { http: access.http ?? deps.http, to, access }
      const wanted = new Set(ids.map((id) => id.toLowerCase()))
      const found: ForsendelseStatus[] = []
      const all = [...wanted]
      for (let from = 0; from < all.length; from += IDS_PER_REQUEST) {
        found.push(...(await sokStatus(transport, all.slice(from, from + IDS_PER_REQUEST), signal)))
      }
      return found.filter(({ id }) => wanted.has(id))
    },
  }
}
