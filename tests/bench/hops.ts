import { join } from 'node:path'
import { ForsendelseStatusEndretV1 } from '@samband/messages'
import { defineHandler, type Handler } from '@samband/runtime'
import { openDatabase } from '@samband/store'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { type Figure, medianOf, type Part } from './figures.ts'
import { acceptOne, startHeart } from './heart.ts'

/** Chains under way side by side; each goes on for ever, one event at a time. */
const CHAINS = 400
const WARM_UP_HOPS = 4_000
const ROUNDS = 5
const HOPS_PER_ROUND = 6_000
const RAW_MS = 1_500
const ROW_BYTES = 1_000
const AIM_RATIO = 0.5

/**
 * A hop: one event from its outbox row through log and inbox to a handler, and to the outbox row of the next one. Against bare inserts
 * of 1 kB rows on the same disk, committed in groups as large as those the hub formed in that round.
 */
export const hops: Part = {
  name: 'hops',
  async measure({ tell }): Promise<readonly Figure[]> {
    const folder = temporaryFolder('bench')
    let count = 0
    let goOn = true
    /** Closed while bare inserts are measured: every chain stands still in its handler. */
    let gate = Promise.withResolvers<void>()
    gate.resolve()
    const handler = defineHandler({
      name: 'bench.hop',
      consumes: ForsendelseStatusEndretV1,
      async handle(data, { publish }) {
        await gate.promise
        count += 1
        if (goOn) publish(ForsendelseStatusEndretV1, data)
      },
    })
    const heart = await startHeart(join(folder.path, 'hops'), handler as unknown as Handler)
    const reached = async (wanted: number) => {
      while (count < wanted) await new Promise((resolve) => setTimeout(resolve, 5))
    }
    const perSecond: number[] = []
    const cpuMs: number[] = []
    const groupSizes: number[] = []
    const raws: number[] = []
    try {
      await Promise.all(Array.from({ length: CHAINS }, (_, number) => acceptOne(heart.runtime, number)))
      await reached(WARM_UP_HOPS)
      for (let round = 0; round < ROUNDS; round++) {
        const { groups } = heart.installation.store.statistics
        const cpuBefore = process.cpuUsage()
        const countBefore = count
        const startedMs = performance.now()
        await reached(countBefore + HOPS_PER_ROUND)
        const seconds = (performance.now() - startedMs) / 1000
        const hopsDone = count - countBefore
        const { user, system } = process.cpuUsage(cpuBefore)
        const { statistics } = heart.installation.store
        perSecond.push(hopsDone / seconds)
        cpuMs.push((user + system) / 1000 / hopsDone)
        groupSizes.push(hopsDone / (statistics.groups - groups))
        gate = Promise.withResolvers()
        await heart.installation.store.read('bench.still', async () => undefined)
        raws.push(rawInserts(folder.path, Math.round(groupSizes.at(-1) ?? 1)))
        gate.resolve()
        tell(
          `hops: ${Math.round(hopsDone / seconds)}/s, ${Math.round((statistics.groups - groups) / seconds)} groups/s of ${groupSizes.at(-1)?.toFixed(1)} hops, ${Math.round(raws.at(-1) ?? 0)} bare inserts/s`,
        )
      }
      goOn = false
    } finally {
      await heart.stop()
      folder.remove()
    }
    const ratios = raws.map((raw, round) => (perSecond[round] ?? 0) / raw)
    return [
      {
        name: 'hops ÷ bare inserts in groups of equal size',
        unit: '',
        ...medianOf(ratios),
        aim: { atLeast: AIM_RATIO },
      },
      { name: 'hops', unit: '1/s', ...medianOf(perSecond) },
      { name: 'hops: CPU per hop', unit: 'ms', ...medianOf(cpuMs) },
      { name: 'hops per group', unit: '', ...medianOf(groupSizes) },
      { name: 'bare inserts in groups of that size', unit: '1/s', ...medianOf(raws) },
    ]
  },
}

/** Bare inserts per second in groups of `size`. */
function rawInserts(folder: string, size: number): number {
  const database = openDatabase(join(folder, 'raw.db'), { exclusive: true, synchronous: 'FULL' })
  try {
    database.exec('DROP TABLE IF EXISTS raw; CREATE TABLE raw (id INTEGER PRIMARY KEY, body BLOB NOT NULL)')
    const begin = database.prepare('BEGIN IMMEDIATE')
    const insert = database.prepare('INSERT INTO raw (body) VALUES (?)')
    const commit = database.prepare('COMMIT')
    const body = Buffer.alloc(ROW_BYTES, 'x')
    let inserted = 0
    const startedMs = performance.now()
    while (performance.now() - startedMs < RAW_MS) {
      begin.run()
      for (let place = 0; place < size; place++) insert.run(body)
      commit.run()
      inserted += size
    }
    return inserted / ((performance.now() - startedMs) / 1000)
  } finally {
    database.close()
  }
}
