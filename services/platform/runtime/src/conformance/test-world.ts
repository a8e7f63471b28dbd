import { createEmbeddedBus } from '@samband/bus'
import { type Effect, type EventBus, HubError, type Store } from '@samband/kernel'
import { defineEvent } from '@samband/messages'
import { onTestFinished } from 'vitest'
import { z } from 'zod'
import {
  acceptedIdOf,
  createRuntime,
  defineHandler,
  effectKey,
  type FindDestination,
  type Handler,
  type HandlerContext,
  type Runtime,
  type RuntimeOptions,
} from '../index.ts'
import {
  createFakeDestination,
  createKeptLog,
  createTestIds,
  createVirtualTime,
  type FakeDestination,
  type LetterEvidence,
  type LetterInput,
  testDestination,
  until,
  type VirtualTime,
} from '../testing/index.ts'
import { createDisk, type Disk } from './disk.ts'

/** A case worker has written a letter; letters of one sak stay in order. */
export const SkrevetV1 = defineEvent({
  type: 'no.samband.test.skrevet.v1',
  topic: 'test',
  subject: 'test',
  describe: 'A letter was written.',
  key: (data) => data.sak,
  data: z.object({ letterId: z.string(), sak: z.string(), recipient: z.string(), text: z.string() }),
})

/** A letter was sent. */
export const SendtV1 = defineEvent({
  type: 'no.samband.test.sendt.v1',
  topic: 'test',
  subject: 'test',
  describe: 'A letter was sent.',
  key: (data) => data.sak,
  data: z.object({ letterId: z.string(), sak: z.string(), svarId: z.string() }),
})

export const TENANT = '314758625'
export const OTHER_TENANT = '311094688'
export const OPERATOR = { person: 'operator-1', klientId: 'konsoll' }
export const SECOND_OPERATOR = { person: 'operator-2', klientId: 'konsoll' }

/** What a letter of a test is made from. */
export interface Letter {
  readonly referanse: string
  readonly sak?: string
  readonly tenant?: string
  readonly text?: string
}

/** A row of the inbox, as tests look at it. */
export interface SeenRow {
  readonly row_id: number
  readonly handler: string
  readonly tenant: string
  readonly lane: string
  readonly state: string
  readonly head: number
  readonly last_code: string | null
  readonly fingerprint: string | null
  readonly park_number: number
  readonly lease_token: number
  readonly runs: number
  readonly due_at: number
  readonly remark: string | null
}

/** One start of the hub. It ends by `crash` or `stop`; the world goes on. */
export interface TestProcess {
  readonly runtime: Runtime
  readonly store: Store
  readonly bus: EventBus
  readonly log: ReturnType<typeof createKeptLog>
  readonly time: VirtualTime
  accept(letter: Letter): Promise<string>
  /** Holds the next transaction of that name before it begins. `reached` says that it is held, `release` lets it go. */
  holdBefore(place: string): { reached(): boolean; release(): void }
  /** Vanishes as by kill -9 when a transaction of that name is about to begin, or has just become durable. */
  crashAt(moment: 'before' | 'after', place: string): { reached(): boolean }
  crash(): void
  stop(graceMs?: number): Promise<void>
}

/** What outlives a process: the disk, the destination, time. */
export interface World {
  readonly time: VirtualTime
  readonly destination: FakeDestination
  /** Configuration in force; a test may change it between starts. */
  readonly config: { account: string; ceiling: number; giveUpAfterMs: number; unconfigured: boolean }
  start(options?: StartOptions): Promise<TestProcess>
  /** Reads the disk. */
  readonly sql: Disk['sql']
  /** From now on no row gets into `table`; returns what ends that. */
  readonly refuse: Disk['refuse']
  rows(where?: string): SeenRow[]
  attempts(): { number: number; state: string; closed_as: string | null }[]
  alarms(): string[]
  /** Waits until no row is waiting or running and nothing is pending, moving time. */
  calm(withinMs?: number): Promise<void>
}

export type StartOptions = Partial<
  Pick<
    RuntimeOptions,
    'handlers' | 'limits' | 'pollers' | 'name' | 'findDestination' | 'takesOrders' | 'ordersOfOthers'
  >
> & { readonly time?: VirtualTime; readonly idSeed?: string; readonly wrapBus?: (bus: EventBus) => EventBus }

/** The handler most tests use: sends the letter, tells that it is sent. */
export function sendHandler(
  destination: FakeDestination,
  options: {
    readonly name?: string
    readonly effect?: ReturnType<FakeDestination['effect']>
    readonly priority?: number
    readonly order?: 'none'
  } = {},
): Handler {
  const effect = options.effect ?? destination.effect()
  return defineHandler({
    name: options.name ?? 'test.send',
    consumes: SkrevetV1,
    system: 'fake',
    effects: [effect],
    ...(options.priority === undefined ? {} : { priority: options.priority }),
    ...(options.order === undefined ? {} : { order: options.order }),
    async handle(data, context) {
      const { id } = await context.effect(effect, {
        letterId: data.letterId,
        recipient: data.recipient,
        text: data.text,
      })
      context.publish(SendtV1, { letterId: data.letterId, sak: data.sak, svarId: id })
    },
  })
}

type LetterEffect = Effect<LetterInput, string, LetterEvidence>
/** The data of `SkrevetV1`. */
interface Written {
  readonly letterId: string
  readonly sak: string
  readonly recipient: string
  readonly text: string
}

/** A handler of one test around its own effects. */
export function handlerOf(
  effects: readonly LetterEffect[],
  handle: (data: Written, context: HandlerContext) => Promise<void>,
  name = 'test.send',
  aliases: readonly string[] = [],
) {
  return defineHandler({ name, aliases, consumes: SkrevetV1, system: 'fake', effects, handle })
}

/** What an effect is given of a written letter. */
export const inputOf = (data: Written): LetterInput => ({
  letterId: data.letterId,
  recipient: data.recipient,
  text: data.text,
})

/** A world with one store, where `shared` lets several workers in at once. Cleaned up after the test. */
export function createWorld({ shared = false } = {}): World {
  const time = createVirtualTime()
  const destination = createFakeDestination(time)
  const disk = createDisk(shared)
  const processes = new Set<TestProcess>()
  const config = { account: 'konto-1', ceiling: 16, giveUpAfterMs: 24 * 3_600_000, unconfigured: false }
  onTestFinished(() => {
    for (const process of processes) process.crash()
    disk.remove()
  })
  const findDestination: FindDestination = (tenant) => {
    if (config.unconfigured) throw new HubError('TENANT_IKKE_SATT_OPP', 'paused', 'The tenant has no such system.')
    return {
      destination: testDestination(tenant, config.account),
      ceiling: config.ceiling,
      giveUpAfterMs: config.giveUpAfterMs,
    }
  }
  const { sql } = disk
  const world: World = {
    time,
    destination,
    config,
    sql,
    refuse: disk.refuse,
    rows: (where = '1 = 1') => sql<SeenRow>(`SELECT * FROM inbox WHERE ${where} ORDER BY place`),
    attempts: () => sql('SELECT number, state, closed_as FROM attempt ORDER BY effect_key, number'),
    alarms: () => sql<{ kind: string }>('SELECT kind FROM alarm ORDER BY number').map((alarm) => alarm.kind),
    calm: (withinMs = 24 * 3_600_000) =>
      until(
        'every row came to an end',
        () =>
          world.rows("state IN ('waiting', 'running')").length === 0 &&
          sql("SELECT 1 FROM outbox WHERE state = 'pending'").length === 0 &&
          isIngested(sql),
        { time, withinMs },
      ),
    async start(options = {}) {
      const process = await startProcess(
        disk,
        { time, findDestination, handlers: [sendHandler(destination)], ...options },
        shared,
      )
      processes.add(process)
      return process
    },
  }
  return world
}

function isIngested(sql: World['sql']): boolean {
  return (
    sql(
      'SELECT 1 FROM bus_topic t WHERE t.end_offset > COALESCE((SELECT MIN(next_offset) FROM bus_offset o WHERE o.topic = t.topic), 0)',
    ).length === 0
  )
}

/** The key under which the letter of an accepted id is known at the destination. */
export function letterKey(world: World, acceptedId: string, tenant = TENANT): string {
  return effectKey(tenant, 'test.send', world.destination.effect(), {
    letterId: acceptedId,
    recipient: 'mottaker-1',
    text: 'text',
  })
}

interface Hook {
  readonly moment: 'before' | 'after'
  readonly place: string
  run(): Promise<void>
}

async function startProcess(
  disk: Disk,
  options: StartOptions & { time: VirtualTime; findDestination: FindDestination; handlers: readonly Handler[] },
  shared: boolean,
): Promise<TestProcess> {
  const { time } = options
  const ids = createTestIds(options.idSeed ?? 'one')
  const log = createKeptLog()
  const inner = disk.open(time)
  const hooks: Hook[] = []
  const store = hookedStore(inner.store, !shared, hooks)
  const { pollMs } = disk
  const embedded = createEmbeddedBus({ store, time, ids, ...(pollMs === undefined ? {} : { pollMs }) })
  const bus = options.wrapBus?.(embedded) ?? embedded
  const runtime = createRuntime({
    store,
    bus,
    time,
    ids,
    log,
    name: options.name ?? 'test-hub',
    topics: ['test'],
    handlers: options.handlers,
    findDestination: options.findDestination,
    ...(pollMs === undefined ? {} : { relayPollMs: pollMs }),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    ...(options.pollers === undefined ? {} : { pollers: options.pollers }),
    ...(options.takesOrders === undefined ? {} : { takesOrders: options.takesOrders }),
    ...(options.ordersOfOthers === undefined ? {} : { ordersOfOthers: options.ordersOfOthers }),
  })
  let ended = false
  const process: TestProcess = {
    runtime,
    store,
    bus,
    log,
    time,
    async accept(letter) {
      const tenant = letter.tenant ?? TENANT
      const acceptedId = acceptedIdOf(tenant, letter.referanse)
      const outcome = await runtime.accept({
        tenant,
        acceptedId,
        eksternReferanse: letter.referanse,
        klientId: 'sak',
        contentDigest: letter.text ?? 'text',
        definition: SkrevetV1 as never,
        data: {
          letterId: acceptedId,
          sak: letter.sak ?? letter.referanse,
          recipient: 'mottaker-1',
          text: letter.text ?? 'text',
        },
        source: '/test',
        traceparent: undefined,
        documents: [],
        now: time.clock.now(),
      })
      if (outcome === 'conflict') throw new Error('conflict')
      return acceptedId
    },
    holdBefore(place) {
      let release = () => {}
      let reached = false
      const held = new Promise<void>((resolve) => {
        release = resolve
      })
      hooks.push({
        moment: 'before',
        place,
        run() {
          reached = true
          return held
        },
      })
      return { reached: () => reached, release: () => release() }
    },
    crashAt(moment, place) {
      let reached = false
      hooks.push({
        moment,
        place,
        run() {
          reached = true
          process.crash()
          return new Promise(() => {})
        },
      })
      return { reached: () => reached }
    },
    crash() {
      if (ended) return
      ended = true
      inner.abandon()
    },
    async stop(graceMs = 0) {
      if (ended) return
      const stopped = runtime.stop(graceMs)
      await time.advance(graceMs)
      await stopped
      await bus.close()
      await inner.close()
      ended = true
    },
  }
  await runtime.start()
  return process
}

/**
 * Lets a test stand between the runtime and its store. Each hook is used up by one transaction. A process that is alone in its world is
 * told so, whatever the store can promise.
 */
function hookedStore(inner: Store, exclusive: boolean, hooks: Hook[]): Store {
  const runHook = async (moment: Hook['moment'], place: string) => {
    const at = hooks.findIndex((hook) => hook.moment === moment && hook.place === place)
    if (at >= 0) await hooks.splice(at, 1)[0]?.run()
  }
  return {
    exclusive,
    read: (place, work) => inner.read(place, work),
    async transaction(place, work, terms) {
      await runHook('before', place)
      const value = await inner.transaction(place, work, terms)
      await runHook('after', place)
      return value
    },
    close: () => inner.close(),
  }
}
