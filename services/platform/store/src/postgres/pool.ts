import type { Connection } from './connection.ts'

/** Connections of one process, used by one transaction at a time each. */
export interface Pool {
  /** A session that is free, or a new one; waits in line when there are as many as there may be. */
  take(): Promise<Connection>
  /** Back to the others; one that is lost makes room for a new one. */
  give(connection: Connection): void
  /** Ends those that are free. */
  end(): Promise<void>
  /** Vanishes with everything that is under way. */
  destroy(): void
}

/** A pool of at most `size` connections, opened when they are needed. */
export function createPool(size: number, connect: () => Promise<Connection>): Pool {
  const all = new Set<Connection>()
  const free: Connection[] = []
  const line: PromiseWithResolvers<Connection>[] = []
  let opening = 0

  async function open(): Promise<Connection> {
    opening += 1
    try {
      const connection = await connect()
      all.add(connection)
      return connection
    } finally {
      opening -= 1
    }
  }

  /** Room has become free: the next in line gets a session of its own. */
  function openForNext(): void {
    const next = line.shift()
    if (next === undefined) return
    open().then(next.resolve, (error: unknown) => {
      next.reject(error)
      openForNext()
    })
  }

  return {
    take() {
      for (let connection = free.pop(); connection !== undefined; connection = free.pop()) {
        if (!connection.lost) return Promise.resolve(connection)
        all.delete(connection)
      }
      if (all.size + opening < size) return open().catch(passOn)
      const next = Promise.withResolvers<Connection>()
      line.push(next)
      return next.promise
    },
    give(connection) {
      if (connection.lost) {
        all.delete(connection)
        openForNext()
        return
      }
      const next = line.shift()
      if (next === undefined) free.push(connection)
      else next.resolve(connection)
    },
    async end() {
      await Promise.all(free.splice(0).map((connection) => connection.end().catch(() => {})))
    },
    destroy() {
      for (const connection of all) connection.destroy()
    },
  }

  function passOn(error: unknown): never {
    openForNext()
    throw error
  }
}
