import {
  type BusConsumer,
  type EventBus,
  HubError,
  type IdSource,
  type Logger,
  type Store,
  type Time,
} from '@samband/kernel'
import { type Acceptance, type AcceptanceOutcome, accept } from './acceptance.ts'
import { type AccountLine, type AccountScope, type Completion, readAccount } from './account.ts'
import { type Alarm, raiseAlarm, raiseAlarmOnce } from './alarms.ts'
import { Circuits } from './circuits.ts'
import type { FindDestination, Handler } from './define-handler.ts'
import { createClockWatch } from './due-times.ts'
import { createGapWatch } from './gap-watch.ts'
import { guardLog } from './guarded-log.ts'
import { ingestBatch, readPosition } from './ingest.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { createOperatorVerbs, type OperatorVerbs } from './operator.ts'
import { createOrderedVerbs, createOrderTaker } from './orders.ts'
import { createPollers, type Poller } from './pollers.ts'
import { prepareStore } from './prepare-store.ts'
import { OpenQuestions } from './questions.ts'
import { createRelay } from './relay.ts'
import { createRelayLease } from './relay-lease.ts'
import { createReplays, type Replays } from './replay.ts'
import { createResolver } from './resolver.ts'
import { Standstills } from './standstills.ts'
import { createUnreadLog } from './unread-log.ts'
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
  /** True for a service without handlers of its own whose verbs are carried out by those that have them. */
  readonly ordersOfOthers?: boolean
  /** True for a service with handlers, beside which such a service may run. */
  readonly takesOrders?: boolean
  /** Which groups must have read which topics before an accepted id that nobody has counts as lost; left out: this one's own. */
  readonly readers?: { readonly groups: readonly string[]; readonly topics: readonly string[] }
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
  /** Events by topic that stand in the log and are not taken in yet, as last measured; empty where the log is part of the store. */
  unreadLog(): ReadonlyMap<string, number>
  /** Why the runtime is not ready, empty when it is. */
  unready(): readonly string[]
}

/** Builds a runtime; nothing runs until `start`. */
export function createRuntime(options: RuntimeOptions): Runtime {
  const { store, time, ids, log, handlers } = options
  const { outside } = options.bus
  const bus =
    outside === undefined
      ? options.bus
      : guardLog({ bus: options.bus, outside, store, time, ids, log, group: options.name })
  const metrics = createMetrics()
  const questions = new OpenQuestions(() => time.stopwatch.read())
  const circuits = new Circuits(time.stopwatch)
  const holder = `${options.name} ${ids.uuid()}`
  const standstills = new Standstills({ store, clock: time.clock, log })
  const relay = createRelay({
    store,
    bus,
    time,
    log,
    standstills,
    pollMs: options.relayPollMs ?? (store.exclusive ? 5_000 : 100),
    lease: store.exclusive ? undefined : createRelayLease({ store, time }, holder),
  })
  const limits: WorkerLimits = { ...DEFAULT_LIMITS, ...options.limits }
  const resolver = createResolver({
    store,
    time,
    handlers,
    questions,
    log,
    standstills,
    findDestination: options.findDestination,
    published: () => relay.wake(),
    everyMs: options.resolveEveryMs ?? 10_000,
  })
  const unreadLog =
    outside === undefined
      ? undefined
      : createUnreadLog({ bus, store, time, group: options.name, topics: options.topics })
  const clockWatch = createClockWatch({ store, time, log, standstills })
  const gapWatch = createGapWatch({
    ...{ store, bus, time, log, standstills, handlers },
    group: options.name,
    added: (rows) => worker?.wake(rows),
  })
  const pollers = createPollers({ store, time, log, pollers: options.pollers ?? [], published: () => relay.wake() })
  const replays = createReplays({
    store,
    time,
    ids,
    standstills,
    everyMs: options.replayEveryMs ?? 500,
    released: (tenants) => worker?.wake([...tenants].map((tenant) => ({ tenant }))),
  })
  const stoppedTopics = new Map<string, string>()
  let worker: ReturnType<typeof createWorker> | undefined
  let consumer: BusConsumer | undefined
  let state: 'new' | 'running' | 'stopped' = 'new'

  const verbsOver = (over: Store) =>
    createOperatorVerbs({
      questions,
      store: over,
      time,
      handlers,
      changed: (tenant) => worker?.wake([{ tenant }]),
    })
  const verbs =
    options.ordersOfOthers === true ? createOrderedVerbs({ store, time, ids }, verbsOver(store)) : verbsOver(store)
  const orders =
    options.takesOrders !== true ? undefined : createOrderTaker({ store, time, log, runtime: options.name, verbsOver })

  async function start(): Promise<void> {
    await bus.ensureTopics(options.topics)
    const distrusted = await prepareStore(store, options.name, handlers, time)
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
        standstills,
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
    if (options.topics.length > 0)
      consumer = await bus.consume({
        group: options.name,
        topics: options.topics,
        position: (topic, partition) => readPosition(store, options.name, topic, partition),
        deliver: async (batch) => {
          const { added, held } = await ingestBatch(store, options.name, handlers, batch, time.clock.now())
          if (added.length > 0) worker?.wake(added)
          if (held > 0) gapWatch.wake()
        },
        round: (topic, partition, error) => {
          const work = partition === undefined ? `reading ${topic}` : `reading partition ${partition} of ${topic}`
          if (error === undefined) standstills.worked(work)
          else standstills.failed(work, error)
        },
        stopped: (topic, _partition, error) => noteStopped(topic, error),
      })
    worker.start(known.map((row) => row.tenant))
    if (options.topics.length > 0) gapWatch.start()
    resolver.start()
    pollers.start()
    replays.start()
    clockWatch.start()
    unreadLog?.start()
    orders?.start()
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
      unreadLog?.stop()
      await Promise.all([
        consumer?.stop(),
        pollers.stop(),
        replays.stop(),
        resolver.stop(),
        clockWatch.stop(),
        gapWatch.stop(),
        orders?.stop(),
      ])
      await worker?.stop(graceMs)
      await relay.stop()
    },
    async accept(acceptance) {
      const outcome = await accept(store, acceptance)
      if (outcome === 'accepted') relay.wake()
      return outcome
    },
    account: (scope, completion) =>
      readAccount(
        { store, bus, ...(options.readers ?? { groups: [options.name], topics: options.topics }), completion },
        scope,
      ),
    raise: (alarm) => store.transaction('runtime.alarm', (tx) => raiseAlarmOnce(tx, alarm)),
    openCircuits: () => circuits.openOnes(),
    unreadLog: () => unreadLog?.counts ?? new Map(),
    unready() {
      if (state !== 'running') return [`the runtime is ${state}`]
      return [
        ...[...stoppedTopics].map(([topic, code]) => `reading of ${topic} has stopped: ${code}`),
        ...standstills.unready(),
      ]
    },
  }
}
