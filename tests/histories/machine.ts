import type { IdSource, Store, Time } from '@samband/kernel'
import type { Random } from './random.ts'
import type { World } from './world.ts'

/** What happens to a process when it makes a certain call through one of its ports. */
export interface Strike {
  readonly kind: 'crash' | 'freeze'
  /** `soon`: some milliseconds after the call has been answered, when others have been told already. */
  readonly when: 'before' | 'after' | 'soon'
  /** How long a frozen process stands still, milliseconds. */
  readonly forMs: number
}

/**
 * One process of a history: it can die between any two calls through its ports, and stand still for any time. A dead process gets no
 * answer any more; a frozen one gets it when it thaws. Its clock may jump; its stopwatch does not.
 */
export class Machine {
  readonly name: string
  readonly world: World
  alive = true
  calls = 0
  wallOffsetMs = 0
  /** When it last went on after standing still, by the world's stopwatch. */
  thawedAtMs = Number.NEGATIVE_INFINITY
  readonly strikes = new Map<number, Strike>()
  /** Strikes at the n-th call of a kind, as `kind n`. */
  readonly strikesAt = new Map<string, Strike>()
  readonly #callsOfKind = new Map<string, number>()
  onDeath: () => void = () => {}
  onFreeze: (forMs: number) => void = () => {}
  #thaw: PromiseWithResolvers<void> | undefined
  #heldBack: (() => void)[] = []

  constructor(name: string, world: World) {
    this.name = name
    this.world = world
  }

  get frozen(): boolean {
    return this.#thaw !== undefined
  }

  die(why: string): void {
    if (!this.alive) return
    this.alive = false
    this.world.note(`${this.name} dies: ${why}`, true)
    this.onDeath()
  }

  freeze(forMs: number, why: string): void {
    if (!this.alive || this.#thaw !== undefined) return
    this.#thaw = Promise.withResolvers<void>()
    this.world.note(`${this.name} stands still for ${Math.round(forMs / 1000)} s: ${why}`, true)
    this.world.schedule(this.world.nowMs + forMs, () => this.thaw())
    this.onFreeze(forMs)
  }

  thaw(): void {
    const waiting = this.#thaw
    if (waiting === undefined) return
    this.#thaw = undefined
    this.thawedAtMs = this.world.nowMs
    this.world.note(`${this.name} goes on`, true)
    waiting.resolve()
    for (const run of this.#heldBack.splice(0)) this.deliver(run)
  }

  /** Hands something to the process: now, when it thaws, or never. */
  deliver(run: () => void): void {
    if (!this.alive) return
    if (this.#thaw === undefined) run()
    else this.#heldBack.push(run)
  }

  /** Passes a call through: strikes may hit before and after it. */
  async through<T>(place: string, call: () => Promise<T>): Promise<T> {
    const number = this.calls++
    this.world.note(`${this.name} ${number} ${place}`)
    const strike = this.strikes.get(number) ?? this.#strikeAt(place)
    if (strike?.when === 'before') this.#hit(strike, place)
    await this.#stand()
    try {
      const value = await call()
      if (strike?.when === 'after') this.#hit(strike, place)
      if (strike?.when === 'soon')
        this.world.schedule(this.world.nowMs + 1 + (strike.forMs % 30), () => this.#hit(strike, place))
      await this.#stand()
      return value
    } catch (error) {
      await this.#stand()
      throw error
    }
  }

  /** Requests are counted with all others, and by method and host. */
  #strikeAt(place: string): Strike | undefined {
    const anyHttp = place.startsWith('http') ? [place.endsWith('has left') ? 'http has left' : 'http'] : []
    let strike: Strike | undefined
    for (const kind of [place, ...anyHttp]) {
      const count = (this.#callsOfKind.get(kind) ?? 0) + 1
      this.#callsOfKind.set(kind, count)
      strike ??= this.strikesAt.get(`${kind} ${count}`)
    }
    return strike
  }

  #hit(strike: Strike, place: string): void {
    if (strike.kind === 'crash') this.die(`${strike.when} ${place}`)
    else this.freeze(strike.forMs, `${strike.when} ${place}`)
  }

  /** Goes on at once, at the thaw, or never. */
  async #stand(): Promise<void> {
    while (this.alive && this.#thaw !== undefined) await this.#thaw.promise
    if (!this.alive) await new Promise(() => {})
  }

  readonly time: Time = {
    clock: { now: () => this.world.time.clock.now() + this.wallOffsetMs },
    stopwatch: { read: () => this.world.nowMs },
    timers: {
      after: (delayMs, callback) => {
        let cancelled = false
        const cancel = this.world.schedule(this.world.nowMs + delayMs, () =>
          this.deliver(() => cancelled || callback()),
        )
        return () => {
          cancelled = true
          cancel()
        }
      },
    },
  }
}

/** A store whose every transaction and read is a place where the process may be struck. */
export function struckStore(machine: Machine, store: Store): Store {
  return {
    exclusive: store.exclusive,
    transaction: (place, work, terms) => machine.through(place, () => store.transaction(place, work, terms)),
    read: (place, work) => machine.through(place, () => store.read(place, work)),
    close: () => store.close(),
  }
}

/** Ids and jitter out of the history's randomness. */
export function seededIds(random: Random): IdSource {
  return { uuid: () => random.uuid(), bytes: (count) => random.bytes(count), fraction: () => random.fraction() }
}
