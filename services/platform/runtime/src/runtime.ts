import {
  type BusConsumer,
  type EventBus,
  HubError,
  type IdSource,
  type Logger,
  type Store,
  type Time,
  type Tx,
} from '@samband/kernel'
import { type Acceptance, type AcceptanceOutcome, accept } from './acceptance.ts'
import { type AccountLine, type AccountScope, type Completion, readAccount } from './account.ts'
import { type Alarm, raiseAlarm, raiseAlarmOnce } from './alarms.ts'
import { Circuits } from './circuits.ts'
import type { FindDestination, Handler } from './define-handler.ts'
import { stableEffectName } from './effect-key.ts'
import { ingestBatch, readPosition } from './ingest.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { createOperatorVerbs, type OperatorVerbs } from './operator.ts'
import { createPollers, type Poller } from './pollers.ts'
import { OpenQuestions } from './questions.ts'
import { createRelay } from './relay.ts'
import { createReplays, type Replays } from './replay.ts'
import { createResolver } from './resolver.ts'
import { stableName } from './run-row.ts'
import { createWorker, DEFAULT_LIMITS, type WorkerLimits } from './worker.ts'

/** What a runtime is built from. Everything that touches the world is handed in. */
export interface RuntimeOptions {
  readonly store: Store
  readonly bus: EventBus
  readonly time: Time
  readonly ids: IdSource
  readonly log: Logger
  /** Names the group on the bus and the holder of leases. */
  readonly name: string
  readonly topics: readonly string[]
  readonly handlers: readonly Handler[]
  readonly pollers?: readonly Poller[]
  readonly findDestination: FindDestination
  readonly limits?: Partial<WorkerLimits>
  /** How often the relay and the resolver look by themselves, milliseconds. */
  readonly relayPollMs?: number
  readonly resolveEveryMs?: number
  readonly replayEveryMs?: number
}

/** The heart: takes events into the inbox, runs handlers, keeps effects, feeds the log. */
export interface Runtime {
  readonly verbs: OperatorVerbs
  readonly replays: Replays
  readonly metrics: Metrics
  start(): Promise<void>
  /** Takes nothing new, lets what is under way end for `graceMs`, then stops. Safe to repeat. */
  stop(graceMs: number): Promise<void>
  accept(acceptance: Acceptance): Promise<AcceptanceOutcome>
  account(
    scope: AccountScope,
    completion: (acceptedIds: readonly string[]) => Promise<ReadonlyMap<string, Completion>>,
  ): Promise<readonly AccountLine[]>
  /** Keeps an alarm, once per kind and accepted id. */
  raise(alarm: Alarm): Promise<void>
  openCircuits(): readonly { readonly tenant: string; readonly system: string; readonly code: string | undefined }[]
  /** Why the runtime is not ready, empty when it is. */
  unready(): readonly string[]
}

/** Builds a runtime; nothing runs until `start`. */
export function createRuntime(options: RuntimeOptions): Runtime {
  const { store, bus, time, ids, log, handlers } = options
  const metrics = createMetrics()
  const questions = new OpenQuestions(() => time.stopwatch.read())
  const circuits = new Circuits(time.stopwatch)
  const relay = createRelay({ store, bus, time, log, pollMs: options.relayPollMs ?? (store.exclusive ? 5_000 : 500) })
  const holder = `${options.name} ${ids.uuid()}`
  const limits: WorkerLimits = { ...DEFAULT_LIMITS, ...options.limits }
  const resolver = createResolver({ store, time, handlers, questions, log, everyMs: options.resolveEveryMs ?? 10_000 })
  const pollers = createPollers({ store, time, log, pollers: options.pollers ?? [], published: () => relay.wake() })
  const replays = createReplays({
    store,
    time,
    ids,
    log,
    everyMs: options.replayEveryMs ?? 500,
    released: (tenants) => worker?.wake([...tenants].map((tenant) => ({ tenant }))),
  })
  const stoppedTopics = new Map<string, string>()
  let worker: ReturnType<typeof createWorker> | undefined
  let consumer: BusConsumer | undefined
  let state: 'new' | 'running' | 'stopped' = 'new'

  const verbs = createOperatorVerbs({
    questions,
    store,
    time,
    handlers,
    changed: (tenant) => worker?.wake([{ tenant }]),
  })

  async function start(): Promise<void> {
    await bus.ensureTopics(options.topics)
    const distrusted = await prepareStore(store, handlers, time)
    if (distrusted !== undefined)
      log.warn('the store was restored: what it does not know is asked for before it is done')
    worker = createWorker(
      {
        store,
        time,
        fraction: () => ids.fraction(),
        questions,
        circuits,
        findDestination: options.findDestination,
        holder,
        distrusted,
        log,
        metrics,
        published: () => relay.wake(),
      },
      handlers,
      limits,
      log,
    )
    const known = await store.read('runtime.tenants', (tx) =>
      tx.all<{ tenant: string }>(
        "SELECT DISTINCT tenant FROM inbox WHERE state IN ('waiting', 'running', 'parked', 'discarding')",
      ),
    )
    relay.start()
    consumer = await bus.consume({
      group: options.name,
      topics: options.topics,
      position: (topic, partition) => readPosition(store, options.name, topic, partition),
      deliver: async (batch) => {
        const added = await ingestBatch(store, options.name, handlers, batch, time.clock.now())
        if (added.length > 0) worker?.wake(added)
      },
      stopped: (topic, _partition, error) => noteStopped(topic, error),
    })
    worker.start(known.map((row) => row.tenant))
    resolver.start()
    pollers.start()
    replays.start()
    state = 'running'
  }

  function noteStopped(topic: string, error: Error): void {
    stoppedTopics.set(topic, error instanceof HubError ? error.code : error.name)
    log.error('reading of a topic has stopped: nobody goes on before a person has looked', {
      topic,
      code: stoppedTopics.get(topic),
    })
    void store
      .transaction('runtime.alarm', (tx) =>
        raiseAlarm(tx, { kind: 'log-stopped', at: time.clock.now(), sentence: error.message }),
      )
      .catch(() => {})
  }

  return {
    verbs,
    replays,
    metrics,
    start,
    async stop(graceMs) {
      if (state === 'stopped') return
      state = 'stopped'
      await Promise.all([consumer?.stop(), pollers.stop(), replays.stop(), resolver.stop()])
      await worker?.stop(graceMs)
      await relay.stop()
    },
    async accept(acceptance) {
      const outcome = await accept(store, acceptance)
      if (outcome === 'accepted') relay.wake()
      return outcome
    },
    account: (scope, completion) =>
      readAccount({ store, bus, group: options.name, topics: options.topics, completion }, scope),
    raise: (alarm) => store.transaction('runtime.alarm', (tx) => raiseAlarmOnce(tx, alarm)),
    openCircuits: () => circuits.openOnes(),
    unready() {
      if (state !== 'running') return [`the runtime is ${state}`]
      return [...stoppedTopics].map(([topic, code]) => `reading of ${topic} has stopped: ${code}`)
    },
  }
}

/**
 * Before the first row is taken: renamed handlers are renamed, what the code does not know is parked (R21), leases of a former owner
 * of an exclusive store are void (R8). Returns the restore since which the store is distrusted, if any (R27).
 */
async function prepareStore(store: Store, handlers: readonly Handler[], time: Time): Promise<string | undefined> {
  return store.transaction('runtime.prepare', async (tx) => {
    const now = time.clock.now()
    for (const handler of handlers) {
      for (const alias of handler.aliases)
        await tx.run('UPDATE inbox SET handler = ? WHERE handler = ?', handler.name, alias)
    }
    if (store.exclusive) {
      await tx.run(
        "UPDATE inbox SET state = 'waiting', lease_token = lease_token + 1, lease_holder = NULL WHERE state = 'running'",
      )
    }
    const known = new Set(handlers.map((handler) => handler.name))
    const knownEffects = new Set(
      handlers.flatMap((handler) =>
        handler.effects.map((effect) => `${stableName(handler)} ${stableEffectName(effect)}`),
      ),
    )
    const open = await tx.all<{ handler: string }>("SELECT DISTINCT handler FROM inbox WHERE state = 'waiting'")
    for (const { handler } of open.filter((row) => !known.has(row.handler))) {
      await parkUnknown(tx, "handler = ? AND state = 'waiting'", handler, `handler ${handler}`)
    }
    const openEffects = await tx.all<{ handler: string; name: string; row_id: number }>(
      "SELECT e.handler, e.name, a.row_id FROM attempt a JOIN effect e ON e.effect_key = a.effect_key WHERE a.state = 'open'",
    )
    for (const effect of openEffects) {
      if (knownEffects.has(`${effect.handler} ${effect.name}`)) continue
      await parkUnknown(tx, "row_id = ? AND state = 'waiting'", effect.row_id, `effect ${effect.name}`)
    }
    await nothingLaterThan(tx, now + LONGEST_DUE_MS)
    const distrust = await tx.one<{ value: string }>("SELECT value FROM meta WHERE name = 'distrust_since'")
    await tx.run(
      "INSERT INTO meta (name, value) VALUES ('last_start', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
      String(now),
    )
    return distrust?.value
  })
}

/** No wait of ours is longer than this; what is due later was written by a clock that was ahead. */
const LONGEST_DUE_MS = 48 * 60 * 60_000

async function nothingLaterThan(tx: Tx, latest: number): Promise<void> {
  await tx.run("UPDATE inbox SET due_at = ? WHERE state = 'waiting' AND due_at > ?", latest, latest)
  await tx.run('UPDATE effect SET look_again_at = ? WHERE look_again_at > ?', latest, latest)
}

async function parkUnknown(tx: Tx, where: string, value: string | number, what: string): Promise<void> {
  await tx.run(
    `UPDATE inbox SET state = 'parked', park_number = park_number + 1, lease_token = lease_token + 1, lease_holder = NULL, last_code = 'RUNTIME_UKJENT_NAVN', last_disposition = 'permanent',
       last_message = ?, fingerprint = handler || '|RUNTIME_UKJENT_NAVN|' WHERE ${where}`,
    `This program knows no ${what}: start the release that does, or give the new name an alias.`,
    value,
  )
}
