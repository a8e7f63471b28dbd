/** Lets work on the same name happen one after the other, and others wait for its end. */
export interface Turns {
  /** Runs `work` after all earlier work on `name`, whether that went well or not. */
  take<T>(name: string, work: () => Promise<T>): Promise<T>
  /** Resolves when the work on `name` that is under way now has ended. */
  quiet(name: string): Promise<void>
}

/** Keeps nothing of names on which no work is under way. */
export function createTurns(): Turns {
  const last = new Map<string, Promise<void>>()
  return {
    take: (name, work) => {
      const mine = (last.get(name) ?? Promise.resolve()).then(work)
      const ended = mine.then(
        () => undefined,
        () => undefined,
      )
      last.set(name, ended)
      void ended.then(() => {
        if (last.get(name) === ended) last.delete(name)
      })
      return mine
    },
    quiet: async (name) => last.get(name),
  }
}
