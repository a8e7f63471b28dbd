import type { Store, Time, Tx } from '@samband/kernel'

/** A holder that has not been heard of for so long has gone. */
const LEASE_MS = 5_000
/** How often a holder shows that it lives, and another one looks whether it does. */
const BEAT_MS = 500
const NAME = 'relay'

/**
 * Lets one relay of a shared store publish at a time. Several would do no harm (R3), but publish everything as often as there are processes.
 * A lease whose beat has not moved for five seconds, by this process's stopwatch, is taken over.
 */
export function createRelayLease({ store, time }: { readonly store: Store; readonly time: Time }, holder: string) {
  let seen: { readonly value: string; readonly sinceMs: number } | undefined
  let beats = 0
  let nextLookMs = Number.NEGATIVE_INFINITY
  let holding = false

  const standing = async (tx: Tx): Promise<string> =>
    (await tx.one<{ value: string }>('SELECT value FROM meta WHERE name = ?', NAME))?.value ?? ''

  /** Nobody's, ours, or that of somebody who has not moved it for the length of a lease. */
  function isFree(value: string, nowMs: number): boolean {
    if (value === '' || value.startsWith(`${holder} `)) return true
    if (seen?.value !== value) seen = { value, sinceMs: nowMs }
    return nowMs - seen.sinceMs >= LEASE_MS
  }

  async function takeOrKeep(nowMs: number): Promise<boolean> {
    if (!isFree(await store.read('runtime.relay-look', standing), nowMs)) return false
    return store.transaction(
      'runtime.relay-lease',
      async (tx) => {
        if (!isFree(await standing(tx), nowMs)) return false
        await tx.run(
          'INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
          NAME,
          `${holder} ${beats + 1}`,
        )
        return true
        // Two that take it at once do no harm.
      },
      { serial: false },
    )
  }

  async function letGo(): Promise<void> {
    if (!holding) return
    holding = false
    await store.transaction('runtime.relay-release', (tx) =>
      tx.run('DELETE FROM meta WHERE name = ? AND value LIKE ?', NAME, `${holder} %`),
    )
  }

  return {
    /** Whether this relay may publish now. */
    async held(): Promise<boolean> {
      const nowMs = time.stopwatch.read()
      if (nowMs < nextLookMs) return holding
      holding = await takeOrKeep(nowMs)
      if (holding) beats += 1
      nextLookMs = nowMs + BEAT_MS
      return holding
    },
    /** Lets another go on that may reach the log where this one does not; alone, it takes the lease again after five seconds. */
    async stepAside(): Promise<void> {
      await letGo()
      nextLookMs = time.stopwatch.read() + LEASE_MS
    },
    /** Lets the next one go on at once. */
    release: letGo,
  }
}
