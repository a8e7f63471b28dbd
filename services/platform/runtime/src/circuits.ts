import type { Stopwatch } from '@samband/kernel'

/** State of the way to one destination of one tenant. */
export interface CircuitState {
  readonly open: boolean
  readonly code: string | undefined
}

interface Circuit {
  openedForMs: number
  /** Stopwatch reading from which one row may try. */
  tryAtMs: number
  trying: boolean
  open: boolean
  failuresInARow: number
  code: string | undefined
}

const FIRST_PAUSE_MS = 5_000
const LONGEST_PAUSE_MS = 60_000
const FAILURES_UNTIL_DOWN = 5

/**
 * Circuits per tenant and destination. An open one lets no row start but one at a time, to see whether it is over; the others wait
 * without spending attempts. Kept in memory: after a restart the first row finds out anew.
 */
export class Circuits {
  readonly #circuits = new Map<string, Circuit>()
  readonly #stopwatch: Stopwatch

  constructor(stopwatch: Stopwatch) {
    this.#stopwatch = stopwatch
  }

  /** How many rows may start now. */
  room(tenant: string, system: string): 'any' | 'one' | 'none' {
    const circuit = this.#circuits.get(`${tenant} ${system}`)
    if (circuit === undefined || !circuit.open) return 'any'
    return !circuit.trying && this.#stopwatch.read() >= circuit.tryAtMs ? 'one' : 'none'
  }

  /** Milliseconds until a trial may start; `undefined` when the circuit is closed or a trial is under way. */
  nextTrialMs(tenant: string, system: string): number | undefined {
    const circuit = this.#circuits.get(`${tenant} ${system}`)
    if (circuit === undefined || !circuit.open || circuit.trying) return undefined
    return Math.max(0, circuit.tryAtMs - this.#stopwatch.read())
  }

  /** A row starts. While the circuit is open it is the trial. */
  started(tenant: string, system: string): void {
    const circuit = this.#circuits.get(`${tenant} ${system}`)
    if (circuit?.open) circuit.trying = true
  }

  /** The destination answered, whatever it said about the message. Returns true when that closed the circuit. */
  reached(tenant: string, system: string): boolean {
    const wasOpen = this.#circuits.get(`${tenant} ${system}`)?.open === true
    this.#circuits.delete(`${tenant} ${system}`)
    return wasOpen
  }

  /** The trial ended without telling anything about the destination. */
  undecided(tenant: string, system: string): void {
    const circuit = this.#circuits.get(`${tenant} ${system}`)
    if (circuit !== undefined) circuit.trying = false
  }

  /** Credentials refused, or configuration gone. Returns true when that opened the circuit. */
  refused(tenant: string, system: string, code: string): boolean {
    return this.#fail(tenant, system, code, true)
  }

  /** Nothing answered there. Returns true when that opened the circuit. */
  unreachable(tenant: string, system: string, code: string): boolean {
    return this.#fail(tenant, system, code, false)
  }

  #fail(tenant: string, system: string, code: string, atOnce: boolean): boolean {
    const name = `${tenant} ${system}`
    const circuit = this.#circuits.get(name) ?? {
      openedForMs: 0,
      tryAtMs: 0,
      trying: false,
      open: false,
      failuresInARow: 0,
      code: undefined,
    }
    this.#circuits.set(name, circuit)
    circuit.failuresInARow += 1
    circuit.trying = false
    circuit.code = code
    const wasOpen = circuit.open
    if (!atOnce && !wasOpen && circuit.failuresInARow < FAILURES_UNTIL_DOWN) return false
    circuit.open = true
    circuit.openedForMs = wasOpen ? Math.min(LONGEST_PAUSE_MS, circuit.openedForMs * 2) : FIRST_PAUSE_MS
    circuit.tryAtMs = this.#stopwatch.read() + circuit.openedForMs
    return !wasOpen
  }

  /** Every circuit that is open, for health, metrics and the console. */
  openOnes(): { tenant: string; system: string; code: string | undefined }[] {
    return [...this.#circuits].flatMap(([name, circuit]) => {
      const [tenant = '', system = ''] = name.split(' ')
      return circuit.open ? [{ tenant, system, code: circuit.code }] : []
    })
  }
}
