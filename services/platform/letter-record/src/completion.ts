import type { Store } from '@samband/kernel'
import type { Completion } from '@samband/runtime'
import {
  type AvvistDocument,
  COLLECTIONS,
  type ForsendelseDocument,
  type SendtDocument,
  type StatusDocument,
} from './collections.ts'
import { decidingChange, isGivenUp } from './status-changes.ts'

/** What SvarUt says of a letter that has not reached, and will not reach, its mottaker. */
const BAD_ENDS: ReadonlySet<string> = new Set(['AVVIST', 'FEILET_UNDER_MOTTAK', 'IKKE_LEVERT'])

const LOOKED_AT = [
  COLLECTIONS.forsendelse,
  COLLECTIONS.sendt,
  COLLECTIONS.status,
  COLLECTIONS.avvist,
  COLLECTIONS.ekspedert,
]
/** Ids per statement. Few sizes, since the store keeps every statement it has once prepared. */
const CHUNKS = [1, 20, 400] as const

interface Row {
  readonly collection: string
  readonly id: string
  readonly body: string
}

/**
 * How accepted letters ended, for the account: `ended-badly` when SvarUt or the hub has rejected the letter or it could not be delivered,
 * `complete` when everything expected has happened (sent; and the journalpost closed, where it is to be filed), else `under-way`.
 * Every id that is asked for gets an answer. Reads in chunks; 400 letters in one statement.
 */
export function completionOf(store: Store): (ids: readonly string[]) => Promise<Map<string, Completion>> {
  return async (ids) => {
    const completions = new Map<string, Completion>()
    const unique = [...new Set(ids)]
    for (let from = 0; from < unique.length; from += CHUNKS[2]) {
      const chunk = unique.slice(from, from + CHUNKS[2])
      const rows = await readChunk(store, chunk)
      for (const id of chunk) completions.set(id, judge(rows.get(id) ?? new Map()))
    }
    return completions
  }
}

async function readChunk(store: Store, ids: readonly string[]): Promise<Map<string, Map<string, string>>> {
  const size = CHUNKS.find((one) => one >= ids.length) ?? CHUNKS[2]
  const padded = Array.from({ length: size }, (_, place) => ids[place] ?? ids[0] ?? '')
  const marks = (count: number) => Array.from({ length: count }, () => '?').join(', ')
  const sql = `SELECT collection, id, body FROM document WHERE collection IN (${marks(LOOKED_AT.length)}) AND id IN (${marks(size)})`
  const found = await store.read('forsendelse-intake.completion', (tx) => tx.all<Row>(sql, ...LOOKED_AT, ...padded))
  const byId = new Map<string, Map<string, string>>()
  for (const { collection, id, body } of found) {
    const documents = byId.get(id) ?? new Map<string, string>()
    documents.set(collection, body)
    byId.set(id, documents)
  }
  return byId
}

function judge(documents: ReadonlyMap<string, string>): Completion {
  const read = <Body>(collection: string): Body | undefined => {
    const body = documents.get(collection)
    return body === undefined ? undefined : (JSON.parse(body) as Body)
  }
  const sendt = read<SendtDocument>(COLLECTIONS.sendt)
  if (isGivenUp(read<AvvistDocument>(COLLECTIONS.avvist), sendt)) return 'ended-badly'
  const change = decidingChange(read<StatusDocument>(COLLECTIONS.status)?.endringer ?? [])
  if (change !== undefined && BAD_ENDS.has(change.status)) return 'ended-badly'
  const forsendelse = read<ForsendelseDocument>(COLLECTIONS.forsendelse)
  if (forsendelse === undefined || sendt === undefined) return 'under-way'
  return !forsendelse.arkiv || documents.has(COLLECTIONS.ekspedert) ? 'complete' : 'under-way'
}
