import { join } from 'node:path'
import { openDatabase } from '@samband/store'
import { letterForm } from '../support/letter-form.ts'
import { type Figure, type Part, quantile } from './figures.ts'
import { handIn, handInOne } from './hand-in.ts'
import { pause, startHubUnderLoad } from './hub-under-load.ts'

/** Side by side, until nearly every folder of the payload store is made. */
const WARM_UP = 800
const LETTERS = 250
/** What the hub still has to write when SvarUt has the letter. */
const UNTIL_DONE_MS = 80
const ROW_BYTES = 1_000
const AIM_RATIO = 5

/**
 * How long a client waits for its 2xx, against one bare durable insert. One small letter at a time; the next is handed in when SvarUt has
 * the one before and the hub is done with it. The inserts come in between, so that both meet the same disk.
 */
export const acceptance: Part = {
  name: 'acceptance',
  async measure({ profileFolder }): Promise<readonly Figure[]> {
    const hub = await startHubUnderLoad(profileFolder)
    const bare = openDatabase(join(hub.folder, 'bare.db'), { exclusive: true, synchronous: 'FULL' })
    try {
      bare.exec('CREATE TABLE bare (id INTEGER PRIMARY KEY, body BLOB NOT NULL)')
      const insert = bare.prepare('INSERT INTO bare (body) VALUES (?)')
      const body = Buffer.alloc(ROW_BYTES, 'x')
      const accepts: number[] = []
      const inserts: number[] = []
      // One municipality, so that its folders are all there.
      const clients = hub.clients.slice(0, 1)
      let made = 0
      await handIn(hub.url, clients, WARM_UP, () => smallForm(made++))
      await hub.sent(made)
      await hub.atRest()
      for (let number = 0; number < LETTERS; number++) {
        const form = smallForm(made++)
        accepts.push(await timed(() => handInOne(hub.url, clients[0], form)))
        await hub.sent(made)
        await pause(UNTIL_DONE_MS)
        inserts.push(await timed(async () => void insert.run(body)))
      }
      const p95 = quantile(accepts, 0.95)
      const median = quantile(inserts, 0.5)
      return [
        {
          name: 'acceptance: p95 ÷ median of bare durable inserts',
          value: p95 / median,
          unit: '',
          aim: { atMost: AIM_RATIO },
        },
        { name: 'acceptance: p95 ÷ p95 of bare durable inserts', value: p95 / quantile(inserts, 0.95), unit: '' },
        {
          name: 'acceptance: median ÷ median of bare durable inserts',
          value: quantile(accepts, 0.5) / median,
          unit: '',
        },
        { name: 'acceptance: p95', value: p95, unit: 'ms' },
        { name: 'acceptance: median', value: quantile(accepts, 0.5), unit: 'ms' },
        { name: 'bare durable insert: median', value: median, unit: 'ms' },
        { name: 'bare durable insert: p95', value: quantile(inserts, 0.95), unit: 'ms' },
      ]
    } finally {
      bare.close()
      await hub.stop()
    }
  },
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedMs = performance.now()
  await work()
  return performance.now() - startedMs
}

function smallForm(number: number): ReturnType<typeof letterForm> {
  const content = Buffer.from(`Vedtak nummer ${number}. ${'x'.repeat(1_000)}`)
  return letterForm({
    eksternReferanse: `liten-${number}`,
    documents: [{ filnavn: 'vedtak.txt', mimeType: 'text/plain', content }],
  })
}
