import { randomBytes } from 'node:crypto'
import { letterForm } from '../support/letter-form.ts'
import { type Figure, medianOf, type Part, type PartOptions } from './figures.ts'
import { type Form, handIn } from './hand-in.ts'
import { startHubUnderLoad } from './hub-under-load.ts'

const DOCUMENT_BYTES = 50_000
const LETTERS_PER_CASE = 4
/** Until the code is compiled and nearly every folder of the payload store is made, as in a hub that has run for a day. */
const WARM_UP = 1_200
/** CPU for one letter from the 2xx, intake included, until SvarUt has it; a tenth of what the best known peer needs. */
const AIM_CPU_MS = 5

/** Straight to SvarUt: what one letter costs the hub's process, and how many go through. */
export const letters: Part = {
  name: 'letters',
  measure: (options) =>
    measureLetters(options, { name: 'accepted to sent', filed: false, warmUp: WARM_UP, rounds: 5, perRound: 200 }),
}

/** Through the archive core first, every fourth letter in a new case. */
export const filedLetters: Part = {
  name: 'filed-letters',
  measure: (options) =>
    measureLetters(options, {
      name: 'accepted to filed to sent',
      filed: true,
      warmUp: WARM_UP / 4,
      rounds: 3,
      perRound: 100,
    }),
}

interface Load {
  readonly name: string
  readonly filed: boolean
  readonly warmUp: number
  readonly rounds: number
  readonly perRound: number
}

async function measureLetters(options: PartOptions, load: Load): Promise<readonly Figure[]> {
  const hub = await startHubUnderLoad(options.profileFolder)
  try {
    let made = 0
    const nextForm = (): Form => formOf(made++, load.filed)
    await handIn(hub.url, hub.clients, load.warmUp, nextForm)
    await hub.sent(load.warmUp)
    await hub.atRest()
    const perSecond: number[] = []
    const cpuMs: number[] = []
    for (let round = 0; round < load.rounds; round++) {
      const cpuBefore = await hub.cpuMs()
      const startedMs = performance.now()
      await handIn(hub.url, hub.clients, load.perRound, nextForm)
      await hub.sent(made)
      perSecond.push(load.perRound / ((performance.now() - startedMs) / 1000))
      await hub.atRest()
      cpuMs.push(((await hub.cpuMs()) - cpuBefore) / load.perRound)
      options.tell(
        `${load.name}: ${perSecond.at(-1)?.toFixed(1)} letters/s, ${cpuMs.at(-1)?.toFixed(2)} ms CPU per letter`,
      )
    }
    return [
      {
        name: `${load.name}: CPU of the hub per letter`,
        unit: 'ms',
        ...medianOf(cpuMs),
        ...(load.filed ? {} : { aim: { atMost: AIM_CPU_MS } }),
      },
      { name: `${load.name}: letters`, unit: '1/s', ...medianOf(perSecond) },
    ]
  } finally {
    await hub.stop()
  }
}

const FILLING = randomBytes(DOCUMENT_BYTES)

function formOf(number: number, filed: boolean): Form {
  const content = Buffer.from(FILLING)
  content.write(`%PDF-1.7\n% ${number}\n`)
  const noekkel = `sak-${Math.floor(number / LETTERS_PER_CASE)}`
  return letterForm({
    eksternReferanse: `bench-${number}`,
    documents: [{ filnavn: 'vedtak.pdf', mimeType: 'application/pdf', content }],
    ...(filed ? { arkiv: { noekkel, journalpostTittel: `Vedtak ${number}` } } : {}),
  })
}
