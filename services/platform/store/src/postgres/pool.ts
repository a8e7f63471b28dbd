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

/** A pool of at most `size` connections, opened when they are needed. `begun` is told how to end one that is still being opened. */
export function createPool(size: number, connect: (begun: (destroy: () => void) => void) => Promise<Connection>): Pool {
  const all = new Set<Connection>()
  const free: Connection[] = []
  const line: PromiseWithResolvers<Connection>[] = []
  const opening = new Set<() => void>()
  let isDestroyed = false

  async function open(): Promise<Connection> {
    let destroy = () => {}
    const begun = (end: () => void) => {
      if (isDestroyed) end()
      destroy = end
      opening.add(destroy)
    }
    try {
      const connection = await connect(begun)
      all.add(connection)
      return connection
    } finally {
      opening.delete(destroy)
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
      if (all.size + opening.size < size) return open().catch(passOn)
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
      isDestroyed = true
      for (const destroy of opening) destroy()
      for (const connection of all) connection.destroy()
    },
  }

  function passOn(error: unknown): never {
    openForNext()
    throw error
  }
}
