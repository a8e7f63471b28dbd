import { causeId } from '@samband/kernel'
import { ForsendelseStatusEndretV1, toHeaders, toSequence } from '@samband/messages'
import { defineHandler, type Handler } from '@samband/runtime'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { TEST_ORGNR } from '../support/tenant-files.ts'
import { type Figure, medianOf, type Part, type PartOptions, quantile } from './figures.ts'
import { type Heart, startHeart, statusEndret } from './heart.ts'

const SMALL = 10_000
const LARGE = 100_000
/** Messages handled while the backlog stands: few beside it, so that it is about as large at the end. */
const WINDOW = 1_000
const WINDOWS = 3
const WARM_UP = 1_000
const ROUNDS = 4
const ROWS_PER_LANE = 10
const AT_ONCE = 1_000
const AIM_RATIO = 1.1

/** What handling one message costs while many wait, against while few do. */
export const backlog: Part = {
  name: 'backlog',
  async measure(options): Promise<readonly Figure[]> {
    const small: number[] = []
    const large: number[] = []
    for (let round = 0; round < ROUNDS; round++) {
      small.push(...(await drainCosts(options, SMALL)))
      large.push(...(await drainCosts(options, LARGE)))
    }
    const ratio = quantile(large, 0.5) / quantile(small, 0.5)
    return [
      { name: 'drain cost with 100 000 waiting ÷ with 10 000', value: ratio, unit: '', aim: { atMost: AIM_RATIO } },
      { name: 'drain cost with 10 000 waiting: CPU per message', unit: 'ms', ...medianOf(small) },
      { name: 'drain cost with 100 000 waiting: CPU per message', unit: 'ms', ...medianOf(large) },
    ]
  },
}

/** CPU per message, milliseconds, in several windows. */
async function drainCosts({ tell }: PartOptions, waiting: number): Promise<number[]> {
  const folder = temporaryFolder('bench')
  let handled = 0
  const handler = defineHandler({
    name: 'bench.drain',
    consumes: ForsendelseStatusEndretV1,
    async handle() {
      handled += 1
    },
  }) as unknown as Handler
  try {
    // A runtime that may run nothing takes everything in; the next one finds it waiting.
    const laying = await startHeart(folder.path, handler, { mostRunning: 0 })
    await lay(laying, waiting)
    await laying.stop()
    const costs: number[] = []
    const draining = await startHeart(folder.path, handler)
    const reached = async (wanted: number) => {
      while (handled < wanted) await new Promise((resolve) => setTimeout(resolve, 1))
    }
    await reached(WARM_UP)
    for (let window = 0; window < WINDOWS; window++) {
      const before = handled
      const cpuBefore = process.cpuUsage()
      await reached(before + WINDOW)
      const { user, system } = process.cpuUsage(cpuBefore)
      costs.push((user + system) / 1000 / (handled - before))
    }
    await draining.stop()
    tell(`backlog of ${waiting}: ${costs.map((cost) => cost.toFixed(3)).join(', ')} ms CPU per message`)
    return costs
  } finally {
    folder.remove()
  }
}

/** Appends events to the log and waits until all of them lie in the inbox. */
async function lay({ bus, installation }: Heart, count: number): Promise<void> {
  for (let from = 0; from < count; from += AT_ONCE) {
    await bus.append(Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, place) => recordOf(from + place)))
  }
  const inInbox = () =>
    installation.store.read('bench.count', (tx) => tx.one<{ count: number }>('SELECT COUNT(*) AS count FROM inbox'))
  while (((await inInbox())?.count ?? 0) < count) await new Promise((resolve) => setTimeout(resolve, 100))
}

function recordOf(number: number) {
  const id = causeId('bench', String(number))
  const forsendelseId = causeId('bench lane', String(Math.floor(number / ROWS_PER_LANE)))
  const tenant = TEST_ORGNR[Math.floor(number / ROWS_PER_LANE) % TEST_ORGNR.length] ?? TEST_ORGNR[0]
  const headers = toHeaders({
    specversion: '1.0',
    id,
    type: ForsendelseStatusEndretV1.type,
    source: '/samband/bench',
    subject: forsendelseId,
    time: '2026-01-15T10:00:00.000Z',
    datacontenttype: 'application/json',
    tenant,
    partitionkey: forsendelseId,
    sequence: toSequence(number),
    correlationid: forsendelseId,
  })
  return {
    topic: ForsendelseStatusEndretV1.topic,
    key: forsendelseId,
    headers,
    value: Buffer.from(JSON.stringify(statusEndret(forsendelseId))),
  }
}
