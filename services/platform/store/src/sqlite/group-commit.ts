import { HubError, type Tx } from '@samband/kernel'

/** A transaction or a read that waits for its turn on the one connection. */
export interface Job {
  readonly place: string
  readonly kind: 'write' | 'read'
  readonly work: (tx: Tx) => Promise<unknown>
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

/** What the pump needs of the connection; all synchronous, as `node:sqlite` is. */
export interface GroupConnection {
  readonly tx: Tx
  /** False when another connection holds the write lock: the group is tried again later. */
  begin(): boolean
  savepoint(): void
  release(): void
  /** False when the database has already rolled back the whole group by itself. */
  rollbackToSavepoint(): boolean
  /** Durable on return. False when the disk was full: then nothing of the group was written, for certain. */
  commit(): boolean
  /** Gives up the open group, as a killed process does; no statement is ever answered again. */
  die(): void
}

/** How the pump waits: for other work that is ready, and for a busy database. */
export interface GroupTurns {
  /** Resolves when everything that was ready has had its turn, so that one group takes it all. */
  turn(): Promise<void>
  /** Resolves when it is worth trying a busy database again. */
  busy(): Promise<void>
  /** Told once, when the connection can no longer be used: the process has to start anew. */
  broken?(error: Error): void
}

/** Counts of the pump, for metrics and benches. */
export interface GroupStatistics {
  groups: number
  transactions: number
  reads: number
}

/** A job whose work is over, and what it will be told. */
interface Ended {
  readonly job: Job
  readonly answer: () => void
  readonly worked: boolean
}

const LARGEST_GROUP = 256
/** So many turns of the event loop that bring nobody new end the wait for company, and so many end it in any case. */
const QUIET_TURNS = 6
const MOST_TURNS = 24

/**
 * Group commit: transactions that are waiting together share one commit, each in a savepoint of its own. A job is answered only
 * after the commit that holds it (protocol rule R1); reads run between groups, so they never see what may still vanish.
 */
export function createGroupCommit(connection: GroupConnection, turns: GroupTurns) {
  const writes: Job[] = []
  const reads: Job[] = []
  const statistics: GroupStatistics = { groups: 0, transactions: 0, reads: 0 }
  let pumping: Promise<void> | undefined
  let broken: Error | undefined

  /** Runs one job in its savepoint; false when the database gave up the whole group. What a job is told waits for the commit. */
  async function runWrite(job: Job, ended: Ended[]): Promise<boolean> {
    try {
      connection.savepoint()
      const value = await job.work(connection.tx)
      connection.release()
      ended.push({ job, answer: () => job.resolve(value), worked: true })
      return true
    } catch (error) {
      ended.push({ job, answer: () => job.reject(error), worked: false })
      return connection.rollbackToSavepoint()
    }
  }

  async function runGroup(): Promise<void> {
    if (!connection.begin()) {
      await turns.busy()
      return
    }
    const ended: Ended[] = []
    const fail = (error: unknown) => {
      for (const { job, answer, worked } of ended) {
        if (worked) job.reject(error)
        else answer()
      }
    }
    try {
      for (let taken = 0; taken < LARGEST_GROUP; taken++) {
        const job = writes.shift()
        if (job === undefined) break
        if (!(await runWrite(job, ended))) {
          fail(
            new HubError('STORE_FEIL', 'transient', 'The database rolled the whole group back; nothing was written.'),
          )
          return
        }
      }
      if (!connection.commit()) {
        fail(
          new HubError(
            'STORE_DISK_FULL',
            'transient',
            'The disk of the store is full: nothing was written. Make room.',
          ),
        )
        return
      }
    } catch (error) {
      // Nobody can tell what reached the disk, or in what state the connection is: it must not go on.
      broken = unusable(error)
      turns.broken?.(broken)
      fail(broken)
      return
    }
    statistics.groups += 1
    statistics.transactions += ended.filter(({ worked }) => worked).length
    for (const { answer } of ended) answer()
  }

  async function runReads(): Promise<void> {
    for (let job = reads.shift(); job !== undefined; job = reads.shift()) {
      statistics.reads += 1
      try {
        job.resolve(await job.work(connection.tx))
      } catch (error) {
        job.reject(error)
      }
    }
  }

  /**
   * Waits for company while turns go on bringing it, and answers the readers meanwhile: a commit costs far more than a few turns of the
   * event loop, and whoever comes too late waits for the next one.
   */
  async function gather(): Promise<void> {
    for (let turn = 0, quiet = 0; turn < MOST_TURNS && quiet < QUIET_TURNS && writes.length < LARGEST_GROUP; turn++) {
      const before = writes.length
      await turns.turn()
      await runReads()
      quiet = writes.length > before ? 0 : quiet + 1
    }
  }

  async function pump(): Promise<void> {
    while (writes.length + reads.length > 0 && broken === undefined) {
      await gather()
      try {
        if (writes.length > 0) await runGroup()
      } catch (error) {
        // The database does not even begin: everybody who waits is told, and the next one tries anew.
        for (const job of writes.splice(0)) job.reject(error)
      }
    }
    if (broken !== undefined) for (const job of [...writes.splice(0), ...reads.splice(0)]) job.reject(broken)
  }

  function start(): void {
    pumping ??= pump().finally(() => {
      pumping = undefined
      if (writes.length + reads.length > 0) start()
    })
  }

  return {
    statistics,
    submit(job: Job): void {
      if (broken !== undefined) {
        job.reject(broken)
        return
      }
      if (job.kind === 'write') writes.push(job)
      else reads.push(job)
      start()
    },
    /** Resolves when nothing is waiting or running. */
    async idle(): Promise<void> {
      while (pumping !== undefined) await pumping
    },
  }
}

function unusable(cause: unknown): HubError {
  return new HubError(
    'STORE_UBRUKELIG',
    'transient',
    'The store failed in a way that leaves open what was written: the hub must be started anew, and looks then.',
    { cause },
  )
}
