import type { DatabaseSync } from 'node:sqlite'
import { type Json, sleep } from '@samband/kernel'
import { lookAtDestination } from './operator-eyes.ts'
import type { Process } from './processes.ts'
import type { Random } from './random.ts'
import { type Surroundings, TIMING } from './surroundings.ts'
import type { World } from './world.ts'

/** What the operators of a history do. */
export type OperatorAct = 'operator replay' | 'operator discard' | 'operator undo' | 'operator answer'

/** What operators work with. */
export interface OperatorDesk {
  readonly world: World
  readonly random: Random
  /** When faults and operators end, milliseconds. */
  readonly quietFromMs: number
  readonly surroundings: Surroundings
  readonly database: DatabaseSync
  /** A process that answers. */
  answering(): Process | undefined
  met(kind: string): void
  guard(work: Promise<unknown>): void
}

/** The rows that carry a letter; people pick among these. */
const HANDLERS = "('forsendelse.send', 'forsendelse.send-arkivert', 'journal.reserver')"
const BY = { person: 'Operatør 1', klientId: 'drift' }
const BECAUSE = 'en historie'

/** From when until when, by the world's stopwatch, a person took a row for discarded because the hub had said so. */
export interface Promised {
  readonly rowId: number
  readonly fromMs: number
  untilMs: number
}

/** The people of a history: they see what anybody sees in the hub, and may be wrong. */
export class Operators {
  readonly promises: Promised[] = []
  readonly #desk: OperatorDesk

  constructor(desk: OperatorDesk) {
    this.#desk = desk
  }

  /** One act, on whatever a person could pick at this moment. `calm`: nobody takes time over it. */
  async act(kind: OperatorAct, calm = false): Promise<void> {
    const process = this.#desk.answering()
    if (process === undefined) return
    this.#desk.met(kind)
    this.#desk.world.note(kind, true)
    switch (kind) {
      case 'operator replay':
        return this.#replay(process, calm)
      case 'operator answer':
        return this.#answer(process)
      case 'operator discard':
        return this.#discard(process)
      case 'operator undo': {
        const rowId = this.#pick("'discarding', 'discarded'")
        return rowId === undefined ? undefined : this.#undo(process, rowId)
      }
    }
  }

  /** People do not wait for a process that stands still: they act at the one that answers. */
  actDuring(forMs: number): void {
    const { world, random, quietFromMs, guard } = this.#desk
    if (world.nowMs >= quietFromMs || !random.chance(0.5)) return
    const kind = random.pick(['operator discard', 'operator discard', 'operator undo', 'operator replay'] as const)
    world.schedule(world.nowMs + random.between(100, forMs), () => guard(this.act(kind)))
  }

  async #replay({ hub }: Process, calm: boolean): Promise<void> {
    const { world, random } = this.#desk
    const { replays } = hub.runtime
    const job = await replays.plan({ tenants: 'alle' }, BY, BECAUSE)
    // A person reads the forecast first; what was frozen may have changed by then.
    await sleep(world.time.timers, random.between(0, calm ? 0 : 60_000))
    await replays.run(job.jobId, BY, BECAUSE)
    if (random.chance(0.3)) await replays.cancel(job.jobId, BY, BECAUSE).catch(() => {})
  }

  async #discard(process: Process): Promise<void> {
    const { world, random } = this.#desk
    // What has stopped or does not come to an end is what people look at first.
    const rowId =
      (random.chance(0.6) ? this.#pick("'running', 'parked'") : undefined) ??
      this.#pick("'waiting', 'running', 'parked'")
    if (rowId === undefined) return
    try {
      const { state } = await process.hub.runtime.verbs.discard(rowId, BY, BECAUSE)
      if (state === 'discarded') this.promises.push({ rowId, fromMs: world.nowMs, untilMs: Number.POSITIVE_INFINITY })
    } catch {
      world.note('operator discard was refused', true)
      return
    }
    if (random.chance(0.5)) this.#regret(rowId)
  }

  /** It was the wrong one. */
  #regret(rowId: number): void {
    const { world, random, quietFromMs, guard, answering, met } = this.#desk
    const atMs = world.nowMs + random.between(1_000, 90_000)
    if (atMs >= quietFromMs) return
    world.schedule(atMs, () => {
      const process = answering()
      if (process === undefined) return
      met('operator undo')
      world.note('operator undo of what was discarded by mistake', true)
      guard(this.#undo(process, rowId))
    })
  }

  async #undo(process: Process, rowId: number): Promise<void> {
    // Whatever the person hears, it may be taken back from now on.
    for (const promise of this.promises)
      if (promise.rowId === rowId) promise.untilMs = Math.min(promise.untilMs, this.#desk.world.nowMs)
    try {
      await process.hub.runtime.verbs.undo(rowId, BY, BECAUSE)
    } catch {
      this.#desk.world.note('operator undo was refused', true)
    }
  }

  #pick(states: string): number | undefined {
    const rows = this.#desk.database
      .prepare(`SELECT row_id FROM inbox WHERE state IN (${states}) AND handler IN ${HANDLERS} ORDER BY row_id`)
      .all()
    return rows.length === 0 ? undefined : Number(this.#desk.random.pick(rows).row_id)
  }

  /** Two people look at the destination and say what they see, "not there" only when nothing can be on its way any more. */
  async #answer({ hub, machine }: Process): Promise<void> {
    const [question] = this.#desk.database
      .prepare(
        "SELECT a.effect_key AS effect_key, MAX(a.started_at) AS started_at, e.name AS name FROM attempt a JOIN effect e ON e.effect_key = a.effect_key WHERE a.state = 'open' GROUP BY a.effect_key",
      )
      .all()
    if (question === undefined) return
    const seen = lookAtDestination(this.#desk.surroundings, String(question.name), String(question.effect_key))
    const sinceMs = machine.time.clock.now() - Number(question.started_at)
    const say = (person: string, answer: { kind: 'there'; evidence: Json } | { kind: 'not-there' }) =>
      hub.runtime.verbs
        .answer(
          String(question.effect_key),
          answer,
          { person, klientId: 'drift' },
          'sett etter',
          'hos mottakersystemet',
        )
        .catch(() => {})
    if (seen !== undefined) await say('Operatør 1', { kind: 'there', evidence: seen })
    // A clock that jumped proves nothing: people wait by their own watch.
    else if (
      machine.wallOffsetMs === 0 &&
      sinceMs > TIMING.startWithinMs + TIMING.inFlightMs + TIMING.lookUpLagMs + 200_000
    ) {
      await say('Operatør 1', { kind: 'not-there' })
      await say('Operatør 2', { kind: 'not-there' })
    }
  }
}
