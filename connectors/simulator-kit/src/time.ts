/**
 * The only source of time a simulator may use, so that a whole history can run in virtual time.
 * `after` calls `run` once, `ms` milliseconds from now, and returns a function that cancels the call (harmless to repeat).
 */
export interface SimulatorTime {
  nowMs(): number
  after(ms: number, run: () => void): () => void
}

/** The only source of randomness a simulator may use. `uuid` returns a new UUID in lower case. */
export interface SimulatorRandom {
  uuid(): string
}
