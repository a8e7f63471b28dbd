import { type Figure, medianOf, quantile } from '../figures.ts'
import type { BenchServers } from './bench-servers.ts'
import { spaced } from './burst.ts'
import { type Course, layOutCourse } from './course.ts'
import { TEXT } from './events.ts'
import { type ServerPart, scaled } from './server-part.ts'

const SMALL = 10_000
const LARGE = 1_000_000
const EVENTS = 5_000
const WARM_UP = 2_000
const ROUNDS = 5
const AIM_RATIO = 1.1

/** What one event costs where much has been handled before, against where little has; in turn, by one process each. */
export const history: ServerPart = {
  name: 'history',
  async measure(options): Promise<readonly Figure[]> {
    const sizes = [scaled(options, SMALL), scaled(options, LARGE)] as const
    const lay = async (rows: number) => {
      const prepare = (schema: string) => layHistory(options.servers, schema, rows)
      return layOutCourse({ ...options, processes: 1, prepare })
    }
    const small = await lay(sizes[0])
    const large = await lay(sizes[1]).catch(async (error: unknown) => {
      await small.stop()
      throw error
    })
    options.tell(`history: ${sizes.map(spaced).join(' and ')} rows are laid`)
    const costs: [number[], number[]] = [[], []]
    try {
      for (const course of [small, large]) {
        course.go()
        await course.feed(scaled(options, WARM_UP))
        await course.arrived(course.fedCount())
      }
      for (let round = 0; round < ROUNDS; round++) {
        costs[0].push(await costMs(small, scaled(options, EVENTS)))
        costs[1].push(await costMs(large, scaled(options, EVENTS)))
      }
    } finally {
      await small.stop()
      await large.stop()
    }
    const names = sizes.map((rows) => `with ${spaced(rows)} rows of history`)
    const ratio = quantile(costs[1], 0.5) / quantile(costs[0], 0.5)
    return [
      { name: `time per event ${names[1]} ÷ ${names[0]}`, unit: '', value: ratio, aim: { atMost: AIM_RATIO } },
      { name: `time per event ${names[0]}`, unit: 'ms', ...medianOf(costs[0]) },
      { name: `time per event ${names[1]}`, unit: 'ms', ...medianOf(costs[1]) },
    ]
  },
}

/** Milliseconds per event while there is always a next one: from when all were fed. */
async function costMs(course: Course, count: number): Promise<number> {
  await course.feed(count)
  const startedMs = performance.now()
  const before = await course.arrivedCount()
  await course.arrived(course.fedCount())
  return (performance.now() - startedMs) / (course.fedCount() - before)
}

/**
 * Rows as so many events leave them behind, each of 1 kB: ledger, inbox, outbox and the last number of each key. Then what autovacuum would do
 * meanwhile.
 */
async function layHistory({ sql }: BenchServers, schema: string, rows: number): Promise<void> {
  const numbers = `generate_series(1, ${rows}) AS number`
  const [headers, value] = [JSON.stringify({ ce_text: TEXT.repeat(4) }), Buffer.from(JSON.stringify({ text: TEXT }))]
  const tenant = `(ARRAY['314758625', '311094688', '310004006'])[1 + number % 3]`
  await sql(
    `INSERT INTO ${schema}.ledger (accepted_id, tenant, ekstern_referanse, content_digest, klient_id, accepted_at, accepted_day)
     SELECT md5('accepted' || number), ${tenant}, 'sak-' || number, md5('digest' || number), 'bench', number, '2026-01-15' FROM ${numbers}`,
  )
  await sql(
    `INSERT INTO ${schema}.inbox (place, handler, event_id, event_type, topic, lane, tenant, accepted_id, headers, value, state, head, due_at,
       received_at, lease_token, finished_at)
     SELECT nextval('${schema}.series_inbox_place'), 'bench.pass-on', md5('event' || number), 'no.samband.bench.fed.v1', 'bench',
       ${tenant} || ' ' || md5('accepted' || number), ${tenant}, md5('accepted' || number), $1, $2, 'done', 0, number, number, 1, number FROM ${numbers}`,
    headers,
    value,
  )
  await sql(
    `INSERT INTO ${schema}.outbox (event_id, topic, record_key, headers, value, accepted_id, state, recorded_at, published_at)
     SELECT md5('arrived' || number), 'bench', md5('accepted' || number), $1, $2, md5('accepted' || number), 'published', number, number FROM ${numbers}`,
    headers,
    value,
  )
  await sql(
    `INSERT INTO ${schema}.event_sequence (source, record_key, last) SELECT '/samband/bench', md5('accepted' || number), 1 FROM ${numbers}`,
  )
  for (const table of ['ledger', 'inbox', 'outbox', 'event_sequence']) await sql(`VACUUM ANALYZE ${schema}.${table}`)
}
