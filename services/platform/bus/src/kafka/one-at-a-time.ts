/** What the gate does to one partition. */
export interface Fetching {
  /** Fetch it from where it stands. */
  go(): void
  /** Fetch it no longer, for the time being. */
  hold(): void
  /** Fetch it on. */
  resume(): void
}

/**
 * Lets partitions be fetched one at a time. A record that kafkajs cannot decode ends the whole consumer, and the error does not say
 * where it stands; fetched alone, the partition that ends it is known.
 */
export interface OneAtATime {
  /** Asks that a partition be fetched: at once when it is its turn or all have been tried. */
  enter(place: string, fetching: Fetching): void
  /** A partition that is not to be fetched any more. */
  leave(place: string): void
  /** A fetch from a broker begins. */
  begun(node: string): void
  /** A fetch from a broker has brought what it brought, and all of it was decoded. */
  fetched(node: string): void
  /** The partition that is fetched alone just now. */
  onTrial(): string | undefined
}

interface Trial {
  readonly place: string
  readonly begun: Set<string>
  readonly fetched: Set<string>
}

/** Makes the gate for one assignment; `done` is called when each of `places` has been tried. */
export function createOneAtATime(places: readonly string[], done: () => void): OneAtATime {
  const untried = new Set(places)
  const entered = new Map<string, Fetching>()
  const nodes = new Set<string>()
  let trial: Trial | undefined

  function next(): void {
    trial = undefined
    if (untried.size === 0) {
      for (const { resume } of entered.values()) resume()
      done()
      return
    }
    const place = [...untried].find((one) => entered.has(one))
    if (place === undefined) return
    trial = { place, begun: new Set(), fetched: new Set() }
    entered.get(place)?.go()
  }

  return {
    enter(place, fetching) {
      entered.set(place, fetching)
      if (untried.size === 0 || trial?.place === place) fetching.go()
      else if (trial === undefined) next()
    },
    leave(place) {
      entered.delete(place)
      if (untried.delete(place) && (trial === undefined || trial.place === place)) next()
    },
    begun(node) {
      nodes.add(node)
      trial?.begun.add(node)
    },
    fetched(node) {
      if (trial === undefined || !trial.begun.has(node)) return
      trial.fetched.add(node)
      // Which broker has the partition is not known here, so all of them must have answered since the trial began.
      if (![...nodes].every((one) => trial?.fetched.has(one))) return
      entered.get(trial.place)?.hold()
      untried.delete(trial.place)
      next()
    },
    onTrial: () => trial?.place,
  }
}
