import { randomUUID } from 'node:crypto'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createBrokerDesk, createKafkaBus } from '@samband/bus/kafka'
import type { EventBus, Logger } from '@samband/kernel'
import { realIds, realTime } from '@samband/process'
import { openPostgres } from '@samband/store/postgres'
import { startProgram } from '../../../deploy/local/installation/program.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import type { BenchServers } from './bench-servers.ts'
import { recordOf } from './events.ts'

/** How a course is laid out. */
export interface CourseOptions {
  readonly servers: BenchServers
  /** Processes that run the handler. */
  readonly processes: number
  /** Folder for V8's CPU profiles of these processes; left out: none are taken. */
  readonly profileFolder: string | undefined
  /** Works on the schema before a process opens it. */
  prepare?(schema: string): Promise<void>
}

/**
 * A schema and two topics of its own, with processes whose handler passes on what lies in the first topic to the second. Measured is what
 * arrives there.
 */
export interface Course {
  readonly topics: { readonly from: string; readonly to: string }
  /** Appends so many events to the first topic, of one municipality where it is named; the log has them when this resolves. */
  feed(count: number, tenant?: string): Promise<void>
  /** How many events the first topic was fed. */
  fedCount(): number
  /** Lets the processes begin. */
  go(): void
  /** How many have arrived at the last topic. */
  arrivedCount(): Promise<number>
  /** Resolves when so many have arrived. @throws Error when none arrives for a minute, with the last lines that the processes have logged */
  arrived(count: number): Promise<void>
  /** Ends the processes and removes the schema. */
  stop(): Promise<void>
}

/** As in the plan of topics. */
const PARTITIONS = 12
const AT_ONCE = 500
const LOOK_EVERY_MS = 20
const STANDSTILL_MS = 60_000
const STOP_WITHIN_MS = 15_000
const WORKER = fileURLToPath(new URL('worker-process.ts', import.meta.url))

/** Makes schema, topics and processes; nothing runs before `go`. */
export async function layOutCourse({ servers, processes, profileFolder, prepare }: CourseOptions): Promise<Course> {
  const id = randomUUID().slice(0, 8)
  const schema = `bench_${id}`
  const topics = { from: `bench-${id}-from`, to: `bench-${id}-to` }
  const settings = { brokers: [servers.kafka], clientId: 'bench' }
  const time = realTime()
  const desk = createBrokerDesk(settings, time, silent)
  // The broker's clock says when an event arrived.
  const configEntries = [{ name: 'message.timestamp.type', value: 'LogAppendTime' }]
  const topic = { numPartitions: PARTITIONS, replicationFactor: 1, configEntries }
  await desk.create([topics.from, topics.to].map((name) => ({ topic: name, ...topic })))
  const { store } = await openPostgres({ settings: { url: servers.postgres, schema }, time, ids: realIds() })
  await store.close()
  await prepare?.(schema)

  const folder = temporaryFolder('bench')
  const logFile = join(folder.path, 'processes.log')
  const errorsTo = openSync(logFile, 'a')
  const profiling = { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profileFolder}` }
  const env = {
    ...(profileFolder === undefined ? {} : profiling),
    BENCH_KAFKA: servers.kafka,
    BENCH_POSTGRES: servers.postgres,
    BENCH_SCHEMA: schema,
    BENCH_GROUP: `bench-${id}`,
    BENCH_FROM: topics.from,
    BENCH_TO: topics.to,
  }
  const workers = Array.from({ length: processes }, () => startProgram({ file: WORKER, env, errorsTo }))
  await Promise.all(workers.map((worker) => worker.ready))

  /** Appends of one bus wait for each other; municipalities do not. */
  const buses = new Map<string | undefined, EventBus>()
  function busOf(tenant: string | undefined): EventBus {
    const bus = buses.get(tenant) ?? createKafkaBus({ settings, time, log: silent })
    buses.set(tenant, bus)
    return bus
  }
  let fed = 0
  const arrivedCount = async () => (await desk.ranges(topics.to)).reduce((sum, { endOffset }) => sum + endOffset, 0)

  return {
    topics,
    async feed(count, tenant) {
      for (let left = count; left > 0; left -= AT_ONCE) {
        const now = Date.now()
        const records = Array.from({ length: Math.min(left, AT_ONCE) }, () => recordOf(topics.from, fed++, now, tenant))
        await busOf(tenant).append(records)
      }
    },
    fedCount: () => fed,
    go() {
      for (const worker of workers) worker.tell({ go: true })
    },
    arrivedCount,
    async arrived(wanted) {
      let last = -1
      let movedMs = performance.now()
      for (let count = await arrivedCount(); count < wanted; count = await arrivedCount()) {
        if (count > last) movedMs = performance.now()
        last = count
        const isStill = performance.now() - movedMs > STANDSTILL_MS
        if (isStill || !workers.every((worker) => worker.isRunning()))
          throw new Error(
            `bench: ${count} of ${wanted} events have arrived and no more come:\n${readFileSync(logFile, 'utf8').split('\n').slice(-10).join('\n')}`,
          )
        await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
      }
    },
    async stop() {
      await Promise.all(workers.map((worker) => worker.stop(STOP_WITHIN_MS)))
      closeSync(errorsTo)
      await Promise.all([...buses.values()].map((bus) => bus.close()))
      await desk.ask('deleting topics of a bench', (admin) => admin.deleteTopics({ topics: [topics.from, topics.to] }))
      await desk.close()
      await servers.sql(`DROP SCHEMA ${schema} CASCADE`)
      folder.remove()
    },
  }
}

export const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, with: () => silent }
