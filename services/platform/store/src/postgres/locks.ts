import { createHash } from 'node:crypto'
import type { Connection } from './connection.ts'

/** The number under which the server keeps a lock. Locks are shared by the whole database, so the schema is part of it. */
function lockKey(schema: string, name: string): string {
  return createHash('sha256').update(`${schema}\n${name}`).digest().readBigInt64BE().toString()
}

/** Somebody else holds a lock that was asked for: the transaction begins anew once it is free. */
export class LockHeld extends Error {
  override readonly name = 'LockHeld'
}

/** Locks of one transaction of one schema. */
export function createLocks(schema: string, idleTimeoutMs: number) {
  const asked = new Set<string>()
  const held = new Set<string>()
  const keysOf = (names: Iterable<string>) => [...new Set([...names].map((name) => lockKey(schema, name)))].sort()

  return {
    /** The next run has it before it begins. */
    ask(name: string): void {
      asked.add(name)
    },
    /**
     * Inside the transaction: takes what is free and never waits, for whoever waits here wakes up with a snapshot from before the other
     * one's commit and could only fail. @throws LockHeld
     */
    async take(connection: Connection, names: readonly string[]): Promise<void> {
      for (const name of names) asked.add(name)
      const missing = names.filter((name) => !held.has(name))
      if (missing.length === 0) return
      const list = keysOf(missing).join(', ')
      const { rows } = await connection.command(
        `SELECT count(*) AS refused FROM unnest(ARRAY[${list}]::bigint[]) AS key WHERE NOT pg_try_advisory_xact_lock(key)`,
      )
      if (rows[0]?.['refused'] !== 0) throw new LockHeld('a lock is held by another transaction')
    },
    /**
     * On the session, before the transaction begins and has a snapshot: waits for every lock that the run before has asked for, always in
     * the same order, so that two that wait never wait for each other. A process that stands still here loses its session.
     */
    async takeBefore(connection: Connection): Promise<void> {
      if (asked.size === 0) return
      for (const name of asked) held.add(name)
      const locks = keysOf(held).map((key) => `SELECT pg_advisory_lock(${key})`)
      await connection.command([`SET idle_session_timeout = ${idleTimeoutMs}`, ...locks].join('; '))
    },
    /** Gives up what `takeBefore` took, all of it or a part; only a session that is told so may serve another transaction. */
    async release(connection: Connection): Promise<void> {
      if (held.size === 0) return
      held.clear()
      await connection.command('SELECT pg_advisory_unlock_all(); RESET idle_session_timeout')
    },
  }
}
