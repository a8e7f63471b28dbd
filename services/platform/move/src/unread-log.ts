import type { Store } from '@samband/kernel'

/** The name of the embedded hub on its own log. */
export const HUB_GROUP = 'samband'

/** What stands in the embedded log behind the place up to which the hub has taken it in, and what it keeps aside until an earlier event has come (R7). */
export interface UnreadLog {
  /** Events by id; the hub took none of them in, or only while it was killed. */
  readonly eventIds: readonly string[]
  /** Records that came from no outbox row: nothing in this hub writes such ones. */
  readonly strangers: number
}

/** Reads the tail of the embedded log; a hub that was stopped in good order mostly has none. */
export async function readUnreadLog(source: Store): Promise<UnreadLog> {
  const rows = await source.read('move.unread', (tx) =>
    tx.all<{ headers: string }>(
      `SELECT l.headers FROM bus_log l LEFT JOIN bus_offset o ON o.consumer_group = ? AND o.topic = l.topic AND o.part = 0
       WHERE l.log_offset >= COALESCE(o.next_offset, 0) ORDER BY l.topic, l.log_offset`,
      HUB_GROUP,
    ),
  )
  const held = await source.read('move.held', (tx) =>
    tx.all<{ event_id: string }>('SELECT event_id FROM held_event WHERE consumer_group = ?', HUB_GROUP),
  )
  const ids = new Set([
    ...held.map((row) => row.event_id),
    ...rows.map(({ headers }) => (JSON.parse(headers) as Record<string, string>)['ce_id'] ?? ''),
  ])
  const eventIds: string[] = []
  let strangers = 0
  for (const id of ids) {
    const known = await source.read('move.unread-outbox', (tx) =>
      tx.one('SELECT 1 AS found FROM outbox WHERE event_id = ?', id),
    )
    if (known === undefined) strangers += 1
    else eventIds.push(id)
  }
  return { eventIds, strangers }
}
