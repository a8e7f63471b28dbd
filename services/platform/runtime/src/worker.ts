import { type Logger, sleep, type Tx } from '@samband/kernel'
import { raiseAlarmOnce } from './alarms.ts'
import type { Handler } from './define-handler.ts'
import { beatLease, type InboxRow, readRow, retakeRow, takeable, takeRow } from './rows.ts'
import { type Running, type RunSurroundings, runRow } from './run-row.ts'

/** How many rows may be under way, and how leases are watched. */
export interface WorkerLimits {
  readonly mostRunning: number
  readonly mostRunningPerTenant: number
  /** L: a lease whose token and beat have not moved for so long has lapsed (R8). */
  readonly leaseMs: number
  /** How often a worker that shares the store looks for rows of others; unused where the store is exclusive. */
  readonly pollMs: number
}

export const DEFAULT_LIMITS: WorkerLimits = { mostRunning: 64, mostRunningPerTenant: 24, leaseMs: 60_000, pollMs: 500 }

/** A row that a pass has taken. */
interface Taken {
  readonly row: InboxRow
  readonly handler: Handler
}

function pairOf(handler: string, tenant: string): string {
  return `${handler} ${tenant}`
}

/** Rows are taken, kept and taken over by statements that name everything that must hold: what others do in between makes none of them wrong. */
const LOOSE = { serial: false } as const

/** Sleeps no longer than this, whatever is due when: the clock may have jumped meanwhile. */
const LONGEST_NAP_MS = 30_000

/**
 * Takes due rows and runs them: health first, tenants in turn, within the ceilings, one row per lane. Everything it knows by memory
 * may be wrong at any time; every decision is checked against the token in the store.
 */
export function createWorker(around: RunSurroundings, handlers: readonly Handler[], limits: WorkerLimits, log: Logger) {
  const byPriority = [...handlers].sort((a, b) => b.priority - a.priority)
  const running = new Map<number, Running>()
  const tenants = new Set<string>()
  const watched = new Map<number, { token: number; beat: number; sinceMs: number }>()
  const stopping = new AbortController()
  /** Until when (wall milliseconds) nothing of a handler and tenant is due; absent: not known, look. Only a hint, forgotten at times. */
  const quietUntil = new Map<string, number>()
  /** What was touched while a pass was under way: the pass knows nothing of it. */
  const touched = new Set<string>()
  let lastWholePassMs = Number.NEGATIVE_INFINITY
  let passWanted = false
  let passing: Promise<void> | undefined
  let cancelNap: (() => void) | undefined
  let turn = 0
  let idleWaiters: (() => void)[] = []

  function countRunning(tenant: string, system?: string): number {
    let count = 0
    for (const { row, handler } of running.values())
      if (row.tenant === tenant && (system === undefined || handler.system === system)) count += 1
    return count
  }

  /** How many rows of a handler and tenant may start now, beside those that run and those `taken` in this pass. */
  function roomFor(handler: Handler, tenant: string, taken: readonly Taken[]): number {
    const takenOfTenant = taken.filter((one) => one.row.tenant === tenant)
    const free = Math.min(
      limits.mostRunning - running.size - taken.length,
      limits.mostRunningPerTenant - countRunning(tenant) - takenOfTenant.length,
    )
    if (handler.system === undefined) return free
    const circuit = around.circuits.room(tenant, handler.system)
    if (circuit === 'none') return 0
    const takenOfSystem = takenOfTenant.filter((one) => one.handler.system === handler.system).length
    const ceiling = ceilingOf(tenant, handler.system) - countRunning(tenant, handler.system)
    return Math.min(free, (circuit === 'one' ? Math.min(1, ceiling) : ceiling) - takenOfSystem)
  }

  function ceilingOf(tenant: string, system: string): number {
    try {
      return around.findDestination(tenant, system).ceiling
    } catch {
      return 1
    }
  }

  /** Tenants in turn, those with least under way first. */
  function tenantsInTurn(): string[] {
    turn += 1
    const all = [...tenants]
    const rotated = all.map((_, index) => all[(index + turn) % all.length] ?? '')
    return rotated.sort((a, b) => countRunning(a) - countRunning(b))
  }

  /** Takes what is due and has room. Returns when the next row is due (wall milliseconds), `undefined` when some that are due had to be left. */
  async function takeDue(
    tx: Tx,
    handler: Handler,
    tenant: string,
    room: number,
    now: number,
    taken: Taken[],
  ): Promise<number | undefined> {
    let left = room
    for (const { row_id, due_at } of await takeable(tx, handler.name, tenant, room + 1)) {
      if (due_at > now) return due_at
      if (left === 0) return undefined
      const row = await takeRow(tx, row_id, around.holder)
      if (row === undefined) continue
      left -= 1
      taken.push({ row, handler })
    }
    return Number.POSITIVE_INFINITY
  }

  /** Rows may have become due by another hand: another worker, or a lane that was freed by the resolver. */
  function forgetAtTimes(): void {
    const nowMs = around.time.stopwatch.read()
    if (nowMs - lastWholePassMs < (around.store.exclusive ? LONGEST_NAP_MS : limits.pollMs)) return
    lastWholePassMs = nowMs
    quietUntil.clear()
  }

  function touch(handler: string, tenant: string): void {
    quietUntil.delete(pairOf(handler, tenant))
    touched.add(pairOf(handler, tenant))
  }

  /** One look at what is due. Returns when to look again, in milliseconds. */
  async function pass(): Promise<number> {
    const order = tenantsInTurn()
    const now = around.time.clock.now()
    forgetAtTimes()
    touched.clear()
    const { taken, nextDueAt, quiet } = await around.store.transaction(
      'runtime.take',
      async (tx) => {
        const taken: Taken[] = []
        const quiet = new Map<string, number>()
        let nextDueAt = Number.POSITIVE_INFINITY
        for (const handler of byPriority) {
          for (const tenant of order) {
            const knownMs = quietUntil.get(pairOf(handler.name, tenant)) ?? 0
            if (knownMs > now) {
              nextDueAt = Math.min(nextDueAt, knownMs)
              continue
            }
            const room = roomFor(handler, tenant, taken)
            if (room <= 0) continue
            const nextMs = await takeDue(tx, handler, tenant, room, now, taken)
            if (nextMs === undefined) continue
            nextDueAt = Math.min(nextDueAt, nextMs)
            quiet.set(pairOf(handler.name, tenant), nextMs)
          }
        }
        return { taken, nextDueAt, quiet }
      },
      LOOSE,
    )
    for (const [pair, untilMs] of quiet) if (!touched.has(pair)) quietUntil.set(pair, untilMs)
    for (const { row, handler } of taken) begin(row, handler)
    return Math.min(
      LONGEST_NAP_MS,
      nextDueAt - now,
      nextTrialMs(order),
      around.store.exclusive ? LONGEST_NAP_MS : limits.pollMs,
    )
  }

  function nextTrialMs(order: readonly string[]): number {
    let next = Number.POSITIVE_INFINITY
    for (const handler of byPriority) {
      if (handler.system === undefined) continue
      for (const tenant of order) {
        // A trial that may start now starts with the next row that is due; only one in the future is worth waking up for.
        const trialMs = around.circuits.nextTrialMs(tenant, handler.system)
        if (trialMs !== undefined && trialMs > 0) next = Math.min(next, trialMs)
      }
    }
    return next
  }

  function begin(row: InboxRow, handler: Handler): void {
    const one: Running = {
      row,
      handler,
      lease: { rowId: row.row_id, token: row.lease_token },
      controller: new AbortController(),
      leaseLost: false,
      madeProgress: false,
    }
    // A run of this process that has lost the row goes on until it notices; it must not complete a request any more.
    const former = running.get(row.row_id)
    if (former !== undefined) former.leaseLost = true
    running.set(row.row_id, one)
    const ended = runRow(around, one).catch((error: unknown) => noteDefect(row, error))
    void ended.then(() => {
      if (running.get(row.row_id) === one) running.delete(row.row_id)
      touch(handler.name, row.tenant)
      wake()
      if (running.size === 0) for (const resolve of idleWaiters.splice(0)) resolve()
    })
  }

  /** A run that could not even end itself: the row stays taken until its lease lapses, the hub goes on. */
  async function noteDefect(row: InboxRow, error: unknown): Promise<void> {
    const code = error instanceof Error ? error.name : 'defect'
    log.error('a run broke off without an end; the row is taken again when its lease has lapsed', {
      handler: row.handler,
      rowId: row.row_id,
      code,
    })
    const alarm = {
      kind: 'defect' as const,
      at: around.time.clock.now(),
      tenant: row.tenant,
      acceptedId: row.accepted_id ?? undefined,
      rowId: row.row_id,
      sentence: `A run of ${row.handler} broke off without an end (${code}): see the log of that time.`,
    }
    await around.store.transaction('runtime.alarm', (tx) => raiseAlarmOnce(tx, alarm)).catch(() => {})
  }

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      passWanted = false
      let napMs: number
      try {
        napMs = await pass()
        around.standstills.worked('taking messages')
      } catch (error) {
        around.standstills.failed('taking messages', error)
        napMs = 1_000
      }
      if (!passWanted && !stopping.signal.aborted) await nap(Math.max(1, napMs))
    }
  }

  function nap(napMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        cancelNap = undefined
        cancel()
        resolve()
      }
      const cancel = around.time.timers.after(napMs, done)
      cancelNap = done
    })
  }

  function wake(): void {
    passWanted = true
    cancelNap?.()
  }

  /** Shows that this holder lives. Only where others could take over. */
  async function beat(): Promise<void> {
    if (running.size === 0) return
    const lost = await around.store.transaction(
      'runtime.beat',
      async (tx) => {
        const lost: Running[] = []
        for (const one of running.values()) if (!(await beatLease(tx, one.lease))) lost.push(one)
        return lost
      },
      LOOSE,
    )
    for (const one of lost) one.leaseLost = true
  }

  /** Takes over rows whose holder has not been heard of for the length of a lease, by this process's stopwatch (R8). */
  async function takeOverLapsed(): Promise<void> {
    if (byPriority.length === 0) return
    const others = await around.store.read('runtime.leases', (tx) =>
      tx.all<InboxRow>(
        `SELECT * FROM inbox WHERE state = 'running' AND handler IN (${byPriority.map(() => '?').join(', ')})`,
        ...byPriority.map((handler) => handler.name),
      ),
    )
    const nowMs = around.time.stopwatch.read()
    const still = new Set<number>()
    for (const row of others) {
      const mine = running.get(row.row_id)
      if (mine !== undefined && mine.lease.token === row.lease_token) continue
      still.add(row.row_id)
      const seen = watched.get(row.row_id)
      if (seen === undefined || seen.token !== row.lease_token || seen.beat !== row.lease_beat) {
        watched.set(row.row_id, { token: row.lease_token, beat: row.lease_beat, sinceMs: nowMs })
      } else if (nowMs - seen.sinceMs >= limits.leaseMs) await takeOver(row, seen)
    }
    for (const rowId of [...watched.keys()]) if (!still.has(rowId)) watched.delete(rowId)
  }

  async function takeOver(row: InboxRow, seen: { token: number; beat: number }): Promise<void> {
    const handler = byPriority.find((one) => one.name === row.handler)
    if (handler === undefined) return
    // Read anew: the former holder may have bound the row or fixed values since it was looked at (R19, R20).
    const taken = await around.store.transaction(
      'runtime.take-over',
      async (tx) =>
        (await retakeRow(tx, { rowId: row.row_id, ...seen }, around.holder)) ? readRow(tx, row.row_id) : undefined,
      LOOSE,
    )
    watched.delete(row.row_id)
    if (taken === undefined) return
    log.warn('a lease lapsed: the row is taken over', {
      handler: row.handler,
      eventId: row.event_id,
      tenant: row.tenant,
    })
    begin(taken, handler)
  }

  /** Tenants whose rows were taken in, or made due, by another worker. */
  async function learnTenants(): Promise<void> {
    const found = await around.store.read('runtime.tenants', (tx) =>
      tx.all<{ tenant: string }>("SELECT DISTINCT tenant FROM inbox WHERE head = 1 AND state = 'waiting'"),
    )
    const before = tenants.size
    for (const { tenant } of found) tenants.add(tenant)
    if (tenants.size > before) wake()
  }

  /** Where the store is exclusive, the only leases that lapse are those of runs whose end could not be written. */
  async function watchLeases(): Promise<void> {
    while (!stopping.signal.aborted) {
      await sleep(around.time.timers, limits.leaseMs / 4, stopping.signal).catch(() => {})
      if (stopping.signal.aborted) return
      try {
        if (!around.store.exclusive) await beat()
        await takeOverLapsed()
        if (!around.store.exclusive) await learnTenants()
        around.standstills.worked('watching leases')
      } catch (error) {
        // While the store is away nobody can show that he lives: what was seen before says nothing.
        watched.clear()
        around.standstills.failed('watching leases', error)
      }
    }
  }

  return {
    /** Begins to take rows. `known` are the tenants that have rows already. */
    start(known: Iterable<string>): void {
      for (const tenant of known) tenants.add(tenant)
      passing ??= loop()
      void watchLeases()
    },
    /** Rows were added or made due: of one handler where it is named, else of all. */
    wake(changed: Iterable<{ readonly tenant: string; readonly handler?: string }> = []): void {
      for (const { tenant, handler } of changed) {
        tenants.add(tenant)
        for (const { name } of byPriority) if (handler === undefined || handler === name) touch(name, tenant)
      }
      wake()
    },
    runningCount: () => running.size,
    /**
     * Takes no more rows, lets those under way end for `graceMs`, then aborts them: their attempts stay open and are asked for after
     * the next start.
     */
    async stop(graceMs: number): Promise<void> {
      stopping.abort()
      cancelNap?.()
      await passing
      if (running.size === 0) return
      const ended = new Promise<void>((resolve) => void idleWaiters.push(resolve))
      const cancel = around.time.timers.after(graceMs, () => {
        for (const one of running.values()) one.controller.abort(new Error('the process is stopping'))
      })
      await ended
      cancel()
      idleWaiters = []
    },
  }
}
