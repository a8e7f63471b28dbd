import { createHash, type Hash } from 'node:crypto'
import type { Time } from '@samband/kernel'

interface Due {
  readonly atMs: number
  readonly number: number
  readonly run: () => void
  cancelled: boolean
}

/** Any fixed instant will do: 2 March 2026, 08:00 UTC. */
const BEGINNING_MS = Date.UTC(2026, 2, 2, 8)

/**
 * Virtual time for a whole history. Time moves only when nothing is ready any more: when no microtask, no `nextTick` and no immediate is
 * left. Nothing in a history may use a timer, a socket or a thread of the machine; `assertQuiet` fails it if something did.
 */
export class World {
  nowMs = 0
  steps = 0
  readonly story: string[] = []
  readonly #heap: Due[] = []
  readonly #digest: Hash = createHash('sha256')
  #number = 0

  /** Runs `run` at `atMs` of the world's stopwatch. */
  schedule(atMs: number, run: () => void): () => void {
    const due: Due = { atMs: Math.max(atMs, this.nowMs), number: this.#number++, run, cancelled: false }
    push(this.#heap, due)
    return () => {
      due.cancelled = true
    }
  }

  /** One thing that happened; what all histories' digests are made of. `tell` also puts it into the story that a person reads. */
  note(what: string, tell = false): void {
    this.steps += 1
    this.#digest.update(`${this.nowMs} ${what}\n`)
    if (tell) this.story.push(`${(this.nowMs / 1000).toFixed(3).padStart(10)} s  ${what}`)
  }

  /** The true time of day at a reading of the world's stopwatch. */
  wallMs(atMs: number): number {
    return BEGINNING_MS + atMs
  }

  digest(): string {
    return this.#digest.copy().digest('hex').slice(0, 32)
  }

  /** Lets time pass until `untilMs`, or until `enough` says so; it is asked only when nothing is ready. */
  async run(untilMs: number, enough: () => boolean = () => false): Promise<void> {
    for (;;) {
      await settle()
      if (enough()) return
      const due = this.#nextDue(untilMs)
      if (due === undefined) {
        this.nowMs = Math.max(this.nowMs, untilMs)
        return
      }
      this.nowMs = due.atMs
      due.run()
    }
  }

  #nextDue(untilMs: number): Due | undefined {
    for (;;) {
      const first = this.#heap[0]
      if (first === undefined || first.atMs > untilMs) return undefined
      pop(this.#heap)
      if (!first.cancelled) return first
    }
  }

  /** The time of what does not crash: simulators, clients, operators. */
  readonly time: Time = {
    clock: { now: () => this.wallMs(this.nowMs) },
    stopwatch: { read: () => this.nowMs },
    timers: { after: (delayMs, callback) => this.schedule(this.nowMs + delayMs, callback) },
  }
}

/** Resolves when nothing is ready: immediates run only after microtasks and ticks, so when none is left the process waits for time. */
export async function settle(): Promise<void> {
  for (let quiet = 0; quiet < 2; ) {
    await new Promise((resolve) => setImmediate(resolve))
    quiet = process.getActiveResourcesInfo().includes('Immediate') ? 0 : quiet + 1
  }
}

/** Fails a history that used something of the machine: what it did then cannot be repeated. */
export function assertQuiet(): void {
  const foreign = process
    .getActiveResourcesInfo()
    .filter((name) => /^(Timeout|FSReq|.*Wrap$|.*Request|Zlib|Crypto)/.test(name) && !ALLOWED.has(name))
  if (foreign.length > 0) throw new Error(`a history used the machine's own ${[...new Set(foreign)].join(', ')}`)
}

/** What the process of a history owns by itself: its standard streams and the channel to its parent. */
const ALLOWED = new Set([
  'TTYWrap',
  'PipeWrap',
  'TCPSocketWrap',
  'TCPWrap',
  'ProcessWrap',
  'ShutdownWrap',
  'WriteWrap',
  'SimpleWriteWrap',
])

function push(heap: Due[], due: Due): void {
  let at = heap.push(due) - 1
  while (at > 0) {
    const parent = (at - 1) >> 1
    if (!before(heap[at], heap[parent])) return
    swap(heap, at, parent)
    at = parent
  }
}

function pop(heap: Due[]): void {
  const last = heap.pop()
  if (last === undefined || heap.length === 0) return
  heap[0] = last
  for (let at = 0; ; ) {
    const left = 2 * at + 1
    let least = at
    if (before(heap[left], heap[least])) least = left
    if (before(heap[left + 1], heap[least])) least = left + 1
    if (least === at) return
    swap(heap, at, least)
    at = least
  }
}

function before(a: Due | undefined, b: Due | undefined): boolean {
  if (a === undefined || b === undefined) return false
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.number < b.number)
}

function swap(heap: Due[], a: number, b: number): void {
  const kept = heap[a]
  const other = heap[b]
  if (kept === undefined || other === undefined) return
  heap[a] = other
  heap[b] = kept
}
