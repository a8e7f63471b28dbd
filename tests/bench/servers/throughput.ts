import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { startProgram } from '../../../deploy/local/installation/program.ts'
import { type Figure, medianOf } from '../figures.ts'
import { type Course, layOutCourse } from './course.ts'
import { TEXT } from './events.ts'
import { type ServerPart, type ServerPartOptions, scaled } from './server-part.ts'

const ROUNDS = 3
const EVENTS = 12_000
const RAW_EVENTS = 100_000
const AIM_RATIO = 1
const LOOK_EVERY_MS = 20
const STOP_WITHIN_MS = 10_000

/**
 * Events through Kafka, inbox, a handler that publishes one, outbox and Kafka, by one process and by two; against as many jobs of graphile-worker on
 * the same server, and against a consumer of kafkajs that does nothing but commit once per batch. In turn, round by round; everything
 * lies ready when the clock starts, and it stops when the last one has arrived.
 */
export const throughput: ServerPart = {
  name: 'throughput',
  async measure(options): Promise<readonly Figure[]> {
    const one: number[] = []
    const two: number[] = []
    const peer: number[] = []
    const raw: number[] = []
    const full = await layOutCourse({ ...options, processes: 0 })
    try {
      await full.feed(scaled(options, RAW_EVENTS))
      for (let round = 0; round < ROUNDS; round++) {
        one.push(await handledPerSecond(options, 1))
        peer.push(await jobsPerSecond(options))
        two.push(await handledPerSecond(options, 2))
        raw.push(await consumedPerSecond(options, full))
        options.tell(
          `throughput: ${[one, two, peer, raw].map((rates) => Math.round(rates.at(-1) ?? 0)).join(', ')} 1/s (one process, two, graphile-worker, bare consumer)`,
        )
      }
    } finally {
      await full.stop()
    }
    const over = (rates: readonly number[], base: readonly number[]) =>
      medianOf(rates.map((rate, round) => rate / (base[round] ?? Number.NaN)))
    return [
      { name: 'handled ÷ graphile-worker unbatched', unit: '', ...over(one, peer), aim: { atLeast: AIM_RATIO } },
      { name: 'handled ÷ bare kafkajs consumer', unit: '', ...over(one, raw) },
      { name: 'handled by two processes ÷ by one', unit: '', ...over(two, one) },
      { name: 'handled by one process', unit: '1/s', ...medianOf(one) },
      { name: 'handled by two processes', unit: '1/s', ...medianOf(two) },
      { name: 'graphile-worker unbatched', unit: '1/s', ...medianOf(peer) },
      { name: 'bare kafkajs consumer, one commit per batch', unit: '1/s', ...medianOf(raw) },
    ]
  },
}

async function handledPerSecond(options: ServerPartOptions, processes: number): Promise<number> {
  const count = scaled(options, EVENTS)
  const course = await layOutCourse({ ...options, processes })
  try {
    await course.feed(count)
    const startedMs = performance.now()
    course.go()
    await course.arrived(count)
    return count / ((performance.now() - startedMs) / 1000)
  } finally {
    await course.stop()
  }
}

/** Jobs of graphile-worker, each of which adds one. */
async function jobsPerSecond({ servers, ...options }: ServerPartOptions): Promise<number> {
  const count = scaled(options, EVENTS)
  const schema = `bench_peer_${randomUUID().slice(0, 8)}`
  const peer = startProgram({
    file: fileURLToPath(new URL('peer-process.ts', import.meta.url)),
    env: { BENCH_POSTGRES: servers.postgres, BENCH_SCHEMA: schema },
  })
  try {
    await peer.ready
    await servers.sql(
      `SELECT ${schema}.add_job('fed', json_build_object('forsendelseId', gen_random_uuid(), 'fedAt', now(), 'text', $1::text))
         FROM generate_series(1, ${count})`,
      TEXT,
    )
    const arrived = async () =>
      Number(
        (
          await servers.sql(
            `SELECT COUNT(*) AS count FROM ${schema}._private_jobs AS job JOIN ${schema}._private_tasks AS task ON task.id = job.task_id
              WHERE task.identifier = 'arrived'`,
          )
        )[0]?.['count'],
      )
    const startedMs = performance.now()
    peer.tell({ go: true })
    while ((await arrived()) < count) await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
    return count / ((performance.now() - startedMs) / 1000)
  } finally {
    await peer.stop(STOP_WITHIN_MS)
    await servers.sql(`DROP SCHEMA ${schema} CASCADE`)
  }
}

/** Records of a topic that a bare consumer reads, from the first batch to the last. */
async function consumedPerSecond({ servers }: ServerPartOptions, full: Course): Promise<number> {
  const program = startProgram({
    file: fileURLToPath(new URL('bare-consumer-process.ts', import.meta.url)),
    env: {
      BENCH_KAFKA: servers.kafka,
      BENCH_FROM: full.topics.from,
      BENCH_GROUP: `bench-bare-${randomUUID()}`,
      BENCH_COUNT: String(full.fedCount()),
    },
  })
  return ((await program.ready) as { perSecond: number }).perSecond
}
