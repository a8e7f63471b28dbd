import type { DatabaseSync } from 'node:sqlite'
import { sleep } from '@samband/kernel'
import { completionOf } from '@samband/letter-record'
import { chooseLetters, handIn, type Letter } from './letters.ts'
import type { Machine } from './machine.ts'
import { Operators } from './operators.ts'
import { choosePlan, LONGEST_LAG_MS, NO_STRIKES, type Plan, type Planned } from './plan.ts'
import { Disk, type Process, type Shop, startProcess } from './processes.ts'
import { Random } from './random.ts'
import { createSurroundings, Registry, type Surroundings, TENANTS, TIMING } from './surroundings.ts'
import { count, type Tally } from './tally.ts'
import { World } from './world.ts'

/** What a shortened history leaves out, by number. */
export interface Without {
  readonly acts: ReadonlySet<number>
  readonly strikes: ReadonlySet<number>
  readonly letters: ReadonlySet<number>
  readonly trouble: boolean
  readonly foreignLetters: boolean
}

/** The whole history. */
export const NOTHING: Without = {
  acts: new Set(),
  strikes: new Set(),
  letters: new Set(),
  trouble: false,
  foreignLetters: false,
}

/** Chance that a request to a host that is hardly reached meets trouble. */
const OUTAGE_TROUBLE = 0.7

/** A history while it runs, and what the judge needs of it afterwards. */
export class Conductor {
  readonly world = new World()
  readonly random: Random
  readonly plan: Plan
  readonly letters: readonly Letter[]
  readonly registry = new Registry()
  readonly disk = new Disk()
  readonly tally: Tally = {}
  surroundings!: Surroundings
  operators!: Operators
  restored = false
  #shop!: Shop
  #troubled = true
  #backup: Uint8Array | undefined
  #born = 0
  /** Until when a host is hardly reached, by the world's stopwatch. */
  readonly #outages = new Map<string, number>()
  /** Clients that are not done with handing in. */
  #clients = 0
  #slots: { machine: Machine | undefined; process: Process | undefined }[] = []
  #failure: Error | undefined

  constructor(seed: string, workers: 1 | 2, without: Without = NOTHING) {
    this.random = new Random(seed)
    const plan = choosePlan(this.random, workers)
    this.plan = {
      ...plan,
      acts: plan.acts.filter((_, number) => !without.acts.has(number)),
      strikes: plan.strikes.map((strikes, number) => (without.strikes.has(number) ? NO_STRIKES : strikes)),
      trouble: without.trouble ? 0 : plan.trouble,
      foreignLetters: plan.foreignLetters && !without.foreignLetters,
    }
    this.letters = chooseLetters(this.random, plan.oneCase).filter((_, number) => !without.letters.has(number))
  }

  /** Plays the history to its end: everything that can be done is done, or nothing moves any more. */
  async play(): Promise<void> {
    const { world, random, plan } = this
    this.surroundings = await createSurroundings(world, random, plan.lookUpLagMs)
    this.#shop = {
      world,
      random,
      disk: this.disk,
      registry: this.registry,
      exclusive: plan.workers === 1,
      network: {
        world,
        random,
        hosts: this.surroundings.hosts,
        trouble: (host) => this.#troubleAt(host),
        fates: plan.fates,
        slowHost: plan.slowHost,
        latestMs: TIMING.inFlightMs - 1_000,
        heldBackMs: (host) => this.#heldBackMs(host),
        met: (fate, host, method) => {
          world.note(`network: ${method} ${host} ${fate}`, true)
          this.#met(`network ${fate}`)
        },
      },
    }
    this.operators = this.#hireOperators(this.surroundings)
    if (plan.foreignLetters)
      for (const letter of this.letters)
        await this.surroundings.plantForeignLetter(letter.tenant, letter.eksternReferanse)
    for (let slot = 0; slot < plan.workers; slot++) this.#startSlot(slot, 0)
    for (const letter of this.letters) this.#client(letter, random.between(500, plan.oneCase ? 8_000 : 60_000))
    for (const planned of plan.acts) world.schedule(planned.atMs, () => this.#guard(this.#do(planned.act)))
    await world.run(plan.quietFromMs, () => this.#failure !== undefined)
    await this.#calmDown()
    if (this.#failure !== undefined) throw this.#failure
  }

  async close(): Promise<void> {
    for (const slot of this.#slots) slot.machine?.die('the history is over')
    await this.surroundings.close()
    this.disk.close()
  }

  /** Some process that lives. */
  anyProcess(): Process | undefined {
    return this.#anyProcess(() => true)
  }

  #anyProcess(fits: (process: Process) => boolean): Process | undefined {
    const up = this.#slots.flatMap(({ process }) => (process?.machine.alive && fits(process) ? [process] : []))
    return up.length === 0 ? undefined : this.random.pick(up)
  }

  /** The account as an operator sees it at the end. */
  async account() {
    const process = this.anyProcess()
    if (process === undefined) throw new Error('no process is up at the end')
    const reading = process.hub.runtime.account({ tenants: 'alle' }, completionOf(process.store))
    await this.world.run(this.world.nowMs + 1_000)
    return reading
  }

  #hireOperators(surroundings: Surroundings): Operators {
    const answering = () => this.#anyProcess(({ machine }) => !machine.frozen)
    const database = () => this.database
    return new Operators({
      world: this.world,
      random: this.random,
      quietFromMs: this.plan.quietFromMs,
      surroundings,
      get database() {
        return database()
      },
      answering,
      met: (kind) => this.#met(kind),
      guard: (work) => this.#guard(work),
    })
  }

  #troubleAt(host: string): number {
    if (!this.#troubled) return 0
    return (this.#outages.get(host) ?? 0) > this.world.nowMs ? OUTAGE_TROUBLE : this.plan.trouble
  }

  #heldBackMs(host: string): number {
    const { svarut, noark5 } = this.surroundings
    const desk = host === 'http://svarut' ? svarut.faults : host === 'http://noark5' ? noark5.faults : undefined
    const late = desk?.orders().filter(({ fault }) => fault === 'accept-late') ?? []
    return Math.max(0, ...late.map(({ delayMs }) => delayMs))
  }

  #client(letter: Letter, afterMs: number): void {
    this.#clients += 1
    this.world.schedule(this.world.nowMs + afterMs, () =>
      this.#guard(
        handIn(this.world, this.random, letter, () => this.anyProcess()).finally(() => {
          this.#clients -= 1
        }),
      ),
    )
  }

  /** A process that dies comes back after a while; each start meets its own strikes. */
  #startSlot(slot: number, wallOffsetMs: number): void {
    const strikes =
      this.world.nowMs < this.plan.quietFromMs ? (this.plan.strikes[this.#born] ?? NO_STRIKES) : NO_STRIKES
    this.#born += 1
    const name = `hub ${slot + 1}.${this.#born}`
    this.#guard(
      startProcess(this.#shop, name, strikes, wallOffsetMs, (machine) => {
        this.#slots[slot] = { machine, process: undefined }
        machine.onFreeze = (forMs) => this.operators.actDuring(forMs)
        const abandon = machine.onDeath
        machine.onDeath = () => {
          abandon()
          this.#met('crash')
          if (this.#slots[slot]?.machine !== machine) return
          this.world.schedule(this.world.nowMs + this.random.between(1_000, 20_000), () => {
            if (this.#slots[slot]?.machine === machine) this.#startSlot(slot, machine.wallOffsetMs)
          })
        }
      }).then((process) => {
        this.world.note(`${name} is up`, true)
        if (this.#slots[slot]?.machine === process.machine) this.#slots[slot] = { machine: process.machine, process }
      }),
    )
  }

  async #do(act: Planned['act']): Promise<void> {
    const { world } = this
    switch (act.kind) {
      case 'freeze': {
        const process = this.anyProcess()
        if (process === undefined) return
        this.#met('freeze')
        return process.machine.freeze(act.forMs, 'planned')
      }
      case 'clock jump': {
        const process = this.anyProcess()
        if (process === undefined) return
        this.#met('clock jump')
        world.note(`${process.machine.name}: the wall clock jumps by ${act.byMs / 1000} s`, true)
        process.machine.wallOffsetMs += act.byMs
        return
      }
      case 'restart':
        return this.#restart()
      case 'backup':
        return this.#takeBackup()
      case 'restore':
        return this.#restore()
      case 'tenant moved':
        world.note('the tenant gets another konto', true)
        this.#met('tenant moved')
        this.registry.move(TENANTS[0], 1)
        return
      case 'outage':
        this.#met('outage')
        world.note(`${act.host} is hardly reached for ${Math.round(act.forMs / 1000)} s`, true)
        this.#outages.set(act.host, world.nowMs + act.forMs)
        return
      case 'svarut fault':
      case 'noark5 fault':
        return this.#orderFault(act)
      default:
        return this.operators.act(act.kind)
    }
  }

  /** As the store does it: between two groups, never in the middle of one. */
  async #takeBackup(): Promise<void> {
    while (this.database.isTransaction) await sleep(this.world.time.timers, 1)
    this.world.note('a backup is taken', true)
    this.#backup = this.disk.backup()
  }

  /** An ordinary stop and start of one process. */
  async #restart(): Promise<void> {
    const process = this.anyProcess()
    if (process === undefined || process.machine.frozen) return
    this.#met('restart')
    this.world.note(`${process.machine.name} is told to stop`, true)
    const slot = this.#slots.findIndex((one) => one.machine === process.machine)
    await process.hub.stop(5_000)
    if (!process.machine.alive || slot < 0) return
    this.#slots[slot] = { machine: undefined, process: undefined }
    process.machine.die('stopped in good order')
    this.#startSlot(slot, process.machine.wallOffsetMs)
  }

  /** Every process dies, the backup takes the place of the store, and they start again. */
  #restore(): void {
    if (this.#backup === undefined) return
    this.#met('restore')
    for (const [slot, { machine }] of this.#slots.entries()) {
      this.#slots[slot] = { machine: undefined, process: undefined }
      machine?.die('the store is restored')
    }
    this.world.note('the store is restored from the backup', true)
    this.restored = true
    this.disk.restore(this.#backup, this.world.time.clock.now())
    for (const slot of this.#slots.keys()) this.#startSlot(slot, 0)
    this.#repeatForgotten()
  }

  /** Clients whose letter the restored store has forgotten hand it in again (A5). */
  #repeatForgotten(): void {
    for (const letter of this.letters) {
      const known = this.database.prepare('SELECT 1 FROM ledger WHERE accepted_id = ?').get(letter.acceptedId)
      if (letter.answered && known === undefined) this.#client(letter, this.random.between(500, 30_000))
    }
  }

  #orderFault(act: Extract<Planned['act'], { operation: string }>): void {
    const desk = act.kind === 'svarut fault' ? this.surroundings.svarut.faults : this.surroundings.noark5.faults
    this.#met(act.kind)
    this.world.note(`${act.kind}: ${act.operation} ${act.fault}`, true)
    desk.order({
      operation: act.operation,
      fault: act.fault as 'slow',
      times: act.times,
      // The lag of a fault comes on top of the one SvarUt has all the time (A3).
      delayMs: act.fault === 'lookup-lag' ? Math.min(act.delayMs, LONGEST_LAG_MS - this.plan.lookUpLagMs) : act.delayMs,
      status: act.status,
    })
  }

  /** Faults end, what is missing is put in place, and people replay what is parked until nothing is. */
  async #calmDown(): Promise<void> {
    const { world, surroundings } = this
    world.note('faults end, causes are repaired', true)
    this.#troubled = false
    surroundings.svarut.faults.clear()
    surroundings.noark5.faults.clear()
    surroundings.noark5.addKlasse({ klasseID: 'X99', tittel: 'Manglet' })
    this.registry.move(TENANTS[0], 0)
    for (const { machine } of this.#slots) {
      machine?.strikes.clear()
      machine?.strikesAt.clear()
      machine?.thaw()
      if (machine !== undefined) machine.wallOffsetMs = 0
    }
    for (let round = 0; round < 30 && this.#failure === undefined; round++) {
      let nextLookMs = world.nowMs + 2_000
      await world.run(world.nowMs + 15 * 60_000, () => {
        if (this.#failure !== undefined) return true
        if (world.nowMs < nextLookMs) return false
        nextLookMs = world.nowMs + 5_000
        return this.#isQuiet(false)
      })
      if (this.#isQuiet(true)) return
      // Rows bound to the konto the tenant has not got now are answered when it is put back.
      if (this.plan.acts.some(({ act }) => act.kind === 'tenant moved'))
        this.registry.move(TENANTS[0], round % 2 === 0 ? 1 : 0)
      if (this.restored) this.#repeatForgotten()
      if (this.#parked() > 0) {
        const replay = this.operators.act('operator replay', true)
        await world.run(world.nowMs + 10_000)
        this.#guard(replay)
      }
    }
  }

  /** Nothing is open and every client has its answer; with `parkedToo` nothing is parked either. */
  #isQuiet(parkedToo: boolean): boolean {
    if (this.#clients > 0 || !this.#slots.some(({ process }) => process?.machine.alive)) return false
    const states = parkedToo ? "'waiting', 'running', 'discarding', 'parked'" : "'waiting', 'running', 'discarding'"
    const one = (sql: string) => Number(Object.values(this.database.prepare(sql).get() ?? { n: 0 })[0])
    if (one(`SELECT COUNT(*) FROM inbox WHERE state IN (${states}) AND head = 1`) > 0) return false
    if (one('SELECT COUNT(*) FROM inbox WHERE in_question IS NOT NULL') > 0) return false
    if (one("SELECT COUNT(*) FROM outbox WHERE state = 'pending'") > 0) return false
    const behind = one(
      'SELECT COUNT(*) FROM bus_topic t LEFT JOIN bus_offset o ON o.topic = t.topic WHERE COALESCE(o.next_offset, 0) < t.end_offset',
    )
    return behind === 0
  }

  #parked(): number {
    return Number(this.database.prepare("SELECT COUNT(*) AS count FROM inbox WHERE state = 'parked'").get()?.count ?? 0)
  }

  get database(): DatabaseSync {
    return this.disk.database
  }

  #met(kind: string): void {
    const open = this.disk.database.prepare("SELECT 1 FROM attempt WHERE state = 'open' LIMIT 1").get()
    count(this.tally, kind, open !== undefined)
  }

  /** A failure of the history itself, not of the hub. */
  #guard(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      this.#failure ??= error instanceof Error ? error : new Error(String(error))
    })
  }
}
