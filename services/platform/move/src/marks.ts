import type { Store } from '@samband/kernel'
import { MOVE_UNDER_WAY } from '@samband/runtime'
import type { SchemaStanding } from '@samband/store/postgres'

/** Whose installation a finished move has brought. */
const MOVED_FROM = 'moved_from'
/** Written by opening the store, and by nothing that runs on it. */
const OF_OPENING: ReadonlySet<string> = new Set(['lineage'])

/** What stands where the installation is to go. */
export type TargetState = 'empty' | 'half-done' | 'done' | 'half-done of another' | 'not empty'

/** @param identity of the installation that wants to move there; `undefined` while it has none */
export function targetState(standing: SchemaStanding | undefined, identity: string | undefined): TargetState {
  if (standing === undefined) return 'empty'
  const underWay = standing.meta[MOVE_UNDER_WAY]
  if (underWay !== undefined) return underWay === identity ? 'half-done' : 'half-done of another'
  if (identity !== undefined && standing.meta[MOVED_FROM] === identity) return 'done'
  const isUsed = standing.filled.length > 0 || Object.keys(standing.meta).some((name) => !OF_OPENING.has(name))
  return isUsed ? 'not empty' : 'empty'
}

/**
 * Takes the target for this installation; from here on no service starts on it. False when something has come in between: a service that starts writes
 * down its handlers first, and of the two transactions one sees the other.
 */
export async function claimTarget(target: Store, identity: string): Promise<boolean> {
  return target.transaction('move.claim', async (tx) => {
    const meta = await tx.all<{ name: string; value: string }>('SELECT name, value FROM meta')
    const standing = {
      filled: [],
      meta: Object.fromEntries(meta.map(({ name, value }) => [name, value])),
      otherSessions: 0,
    }
    const state = targetState(standing, identity)
    if (state !== 'empty' && state !== 'half-done') return false
    await tx.run(
      'INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
      MOVE_UNDER_WAY,
      identity,
    )
    return true
  })
}

/** The move is finished: services may start. */
export async function openTarget(target: Store, identity: string): Promise<void> {
  await target.transaction('move.open', async (tx) => {
    await tx.run('DELETE FROM meta WHERE name = ?', MOVE_UNDER_WAY)
    for (const name of [MOVED_FROM, 'installation'])
      await tx.run(
        'INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
        name,
        identity,
      )
  })
}
