import type { Clock } from '@samband/kernel'

/** Values that are read anew when they are old, or when they were dropped. A failed load keeps nothing. */
export class ExpiringCache<Value> {
  readonly #clock: Clock
  readonly #goodForMs: number
  readonly #mostEntries: number
  readonly #entries = new Map<string, { readonly value: Value; readonly storedAt: number }>()

  constructor(clock: Clock, goodForMs: number, mostEntries = 1000) {
    this.#clock = clock
    this.#goodForMs = goodForMs
    this.#mostEntries = mostEntries
  }

  /** The value, unless it is too old; a clock that jumped back makes it too old as well. */
  get(key: string): Value | undefined {
    const entry = this.#entries.get(key)
    if (!entry) return undefined
    const age = this.#clock.now() - entry.storedAt
    return age >= 0 && age < this.#goodForMs ? entry.value : undefined
  }

  set(key: string, value: Value): void {
    this.#entries.delete(key)
    this.#entries.set(key, { value, storedAt: this.#clock.now() })
    const oldest = this.#entries.keys().next()
    if (this.#entries.size > this.#mostEntries && !oldest.done) this.#entries.delete(oldest.value)
  }

  /** The value kept, or the one `load` gives. Loads of the same key side by side are not joined: each has its own abort. */
  async load(key: string, load: () => Promise<Value>): Promise<Value> {
    const kept = this.get(key)
    if (kept !== undefined) return kept
    const value = await load()
    this.set(key, value)
    return value
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
  }
}
