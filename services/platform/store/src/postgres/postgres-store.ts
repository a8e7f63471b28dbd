import {
  asHubError,
  HubError,
  type IdSource,
  type SqlRow,
  type SqlValue,
  type Store,
  type Timers,
  type Tx,
} from '@samband/kernel'
import { type Connection, connect, type Watch } from './connection.ts'
import { asStoreError, isCertainRefusal, mostRepeats, outcomeUnknown } from './errors.ts'
import { createLocks, LockHeld } from './locks.ts'
import { createPool } from './pool.ts'
import type { CompleteSettings } from './settings.ts'

/** What the PostgreSQL store is built from. */
export interface PostgresStoreOptions {
  readonly settings: CompleteSettings
  readonly timers: Timers
  /** For jitter between two runs of the same work. */
  readonly ids: Pick<IdSource, 'fraction'>
  /** Looks at each new session before it is used; what it throws refuses the session, and with STORE_UBRUKELIG all work from then on. */
  readonly inspect?: (connection: Connection) => Promise<void>
  /** Told of every wait for the server. */
  readonly watch?: Watch
}

/** A `Store` on PostgreSQL, with counts of its transactions and a way to vanish as a killed process does. */
export interface PostgresStore extends Store {
  readonly statistics: PostgresStatistics
  /** Ends every session without a word; nothing that waits is ever answered. For tests of crashes. */
  abandon(): void
}

/** What became of the work. */
export interface PostgresStatistics {
  transactions: number
  reads: number
  /** Runs that were given up and begun anew, by the reason. */
  readonly repeats: { conflict: number; lock: number }
}

const BEGIN_WRITE = 'BEGIN ISOLATION LEVEL SERIALIZABLE'
const BEGIN_LOOSE = 'BEGIN ISOLATION LEVEL READ COMMITTED'
const BEGIN_READ = 'BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY'

/** Most runs of one work. A lock that is held does not count: the next run has waited for it and holds it. */
const MOST_RUNS = 15
/** So many runs may be lost to others before the work queues up. */
const RUNS_AMONG_OTHERS = 4
const FIRST_PAUSE_MS = 4
const LONGEST_PAUSE_MS = 400

type Mode = 'write' | 'loose' | 'read'

const BEGIN: Readonly<Record<Mode, string>> = { write: BEGIN_WRITE, loose: BEGIN_LOOSE, read: BEGIN_READ }

/** The store of the distributed mode. Transactions are serializable and run side by side; see the decision about it. */
export function createPostgresStore(options: PostgresStoreOptions): PostgresStore {
  const { settings, timers } = options
  const watch = options.watch ?? (() => {})
  const pool = createPool(settings.poolSize, async (begun) => {
    const connection = await connect(settings, watch, begun)
    try {
      await options.inspect?.(connection)
      return connection
    } catch (error) {
      connection.destroy()
      if (asHubError(error)?.code === 'STORE_UBRUKELIG') broken = error
      throw error
    }
  })
  const statistics: PostgresStatistics = { transactions: 0, reads: 0, repeats: { conflict: 0, lock: 0 } }
  const underWay = new Set<Promise<unknown>>()
  let ended: 'closed' | 'abandoned' | undefined
  let broken: unknown
  let closing: Promise<void> | undefined
  const isDead = () => ended === 'abandoned'

  async function untilDecided<T>(mode: Mode, work: (tx: Tx) => Promise<T>): Promise<T> {
    const locks = createLocks(settings.schema, settings.idleTimeoutMs)
    for (let run = 1, repeated = 0; ; ) {
      const outcome = await runOnce(mode, work, locks)
      if (outcome.kind === 'value') return outcome.value
      if (outcome.kind === 'lock held') {
        statistics.repeats.lock += 1
        continue
      }
      if (outcome.kind === 'failed') throw outcome.error
      const most = mostRepeats(outcome.cause)
      if (run >= MOST_RUNS || most === 'never' || (most === 'once' && repeated > 0)) throw asStoreError(outcome.cause)
      if (most === 'once') repeated += 1
      statistics.repeats.conflict += 1
      if (run > 1) await pause(run)
      // Whoever was in somebody's way so often goes on with those like it one at a time.
      if (run === RUNS_AMONG_OTHERS) locks.ask('often in the way')
      run += 1
    }
  }

  /** Full jitter: whoever ran into each other shall not do so again. The first repeat comes at once. */
  function pause(run: number): Promise<void> {
    const mostMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** run)
    return new Promise((resolve) => void timers.after(options.ids.fraction() * mostMs, resolve))
  }

  async function runOnce<T>(
    mode: Mode,
    work: (tx: Tx) => Promise<T>,
    locks: ReturnType<typeof createLocks>,
  ): Promise<Outcome<T>> {
    let connection: Connection
    try {
      connection = await begin(mode, locks)
    } catch (cause) {
      return { kind: 'refused', cause }
    }
    try {
      return await decide(connection, mode, work, locks)
    } finally {
      await locks.release(connection).catch(() => connection.destroy())
      pool.give(connection)
    }
  }

  /** A session with an open transaction. One that broke while nobody used it is replaced: nothing has been done on it. */
  async function begin(mode: Mode, locks: ReturnType<typeof createLocks>): Promise<Connection> {
    for (let tried = 0; ; tried++) {
      const connection = await pool.take()
      try {
        await locks.takeBefore(connection)
        await connection.command(BEGIN[mode])
        return connection
      } catch (error) {
        const replace = connection.lost && tried < settings.poolSize
        if (!connection.lost) await locks.release(connection).catch(() => connection.destroy())
        pool.give(connection)
        if (!replace) throw error
      }
    }
  }

  async function decide<T>(
    connection: Connection,
    mode: Mode,
    work: (tx: Tx) => Promise<T>,
    locks: ReturnType<typeof createLocks>,
  ): Promise<Outcome<T>> {
    const open = openTransaction(connection, locks, isDead)
    let value: T
    try {
      value = await work(open.tx)
    } catch (error) {
      await rollBack(connection, open)
      return open.failure() ?? { kind: 'failed', error }
    }
    // Work that goes on after a statement failed knows nothing of it; the server has given the transaction up.
    const failure = open.failure()
    if (failure !== undefined) {
      await rollBack(connection, open)
      return failure
    }
    open.end()
    try {
      const { command } = await connection.command('COMMIT')
      return command === 'COMMIT' ? { kind: 'value', value } : { kind: 'failed', error: notAwaited() }
    } catch (cause) {
      if (mode === 'read' || isCertainRefusal(cause)) return { kind: 'refused', cause }
      connection.destroy()
      return { kind: 'failed', error: outcomeUnknown(cause) }
    }
  }

  function submit<T>(mode: Mode, work: (tx: Tx) => Promise<T>): Promise<T> {
    if (isDead()) return new Promise(() => {})
    if (ended === 'closed')
      return Promise.reject(
        new HubError('STORE_UTILGJENGELIG', 'transient', 'The store is closed: the process is stopping.'),
      )
    if (broken !== undefined) return Promise.reject(broken)
    statistics[mode === 'read' ? 'reads' : 'transactions'] += 1
    const answer = untilDecided(mode, work)
    const tracked = answer.then(
      () => {},
      () => {},
    )
    underWay.add(tracked)
    void tracked.then(() => underWay.delete(tracked))
    return new Promise((resolve, reject) => {
      answer.then(
        (value) => isDead() || resolve(value),
        (error: unknown) => isDead() || reject(error),
      )
    })
  }

  return {
    exclusive: false,
    statistics,
    transaction: (_place, work, terms) => submit(terms?.serial === false ? 'loose' : 'write', work),
    read: (_place, work) => submit('read', work),
    abandon() {
      ended = 'abandoned'
      pool.destroy()
    },
    close() {
      if (isDead()) return Promise.resolve()
      ended = 'closed'
      closing ??= Promise.all(underWay).then(() => pool.end())
      return closing
    },
  }
}

/** How one run of the work ended. */
type Outcome<T> = { readonly kind: 'value'; readonly value: T } | Failure

type Failure =
  | { readonly kind: 'lock held' }
  /** By the server, or on the way to it; nothing was written. */
  | { readonly kind: 'refused'; readonly cause: unknown }
  /** By the work itself, or in a way that must not be repeated. */
  | { readonly kind: 'failed'; readonly error: unknown }

interface OpenTransaction {
  readonly tx: Tx
  /** What the first statement that failed makes of the transaction. */
  failure(): Failure | undefined
  /** From now on the `Tx` refuses. */
  end(): void
}

function openTransaction(
  connection: Connection,
  locks: ReturnType<typeof createLocks>,
  isDead: () => boolean,
): OpenTransaction {
  let failed: { readonly cause: unknown } | undefined
  let isOver = false

  async function guarded<T>(ask: () => Promise<T>): Promise<T> {
    if (isDead()) return new Promise(() => {})
    if (isOver) throw new Error('the transaction is over: its Tx was kept')
    if (failed !== undefined) throw failed.cause
    try {
      return await ask()
    } catch (cause) {
      if (isDead()) return new Promise(() => {})
      failed ??= { cause }
      throw cause
    }
  }

  const all = async <Row extends object = SqlRow>(sql: string, ...params: readonly SqlValue[]) =>
    guarded(async () => [...(await connection.statement(sql, params)).rows] as Row[])
  return {
    tx: {
      all,
      one: async <Row extends object = SqlRow>(sql: string, ...params: readonly SqlValue[]) =>
        (await all<Row>(sql, ...params))[0],
      run: (sql, ...params) => guarded(async () => (await connection.statement(sql, params)).changed),
      lock: (...names) => guarded(() => locks.take(connection, names)),
      next: (series) =>
        guarded(async () => {
          const { rows } = await connection.statement('SELECT nextval(?) AS number', [`series_${series}`])
          return Number(rows[0]?.['number'])
        }),
    },
    failure: () => {
      if (failed === undefined) return undefined
      return failed.cause instanceof LockHeld ? { kind: 'lock held' } : { kind: 'refused', cause: failed.cause }
    },
    end() {
      isOver = true
    },
  }
}

/** The server answers COMMIT with ROLLBACK when a statement has failed that the work did not wait for. */
function notAwaited(): HubError {
  return new HubError(
    'STORE_FEIL',
    'transient',
    'A statement failed that the work did not wait for; nothing was written.',
  )
}

async function rollBack(connection: Connection, open: OpenTransaction): Promise<void> {
  open.end()
  if (connection.lost) return
  await connection.command('ROLLBACK').catch(() => connection.destroy())
}
