import { randomBytes } from 'node:crypto'
import { letterForm } from '../support/letter-form.ts'
import { type Figure, medianOf, type Part, type PartOptions } from './figures.ts'
import { type HubUnderLoad, startHubUnderLoad } from './hub-under-load.ts'

const CLIENTS = 8
const DOCUMENT_BYTES = 50_000
const LETTERS_PER_CASE = 4
/** CPU for one letter from the 2xx, intake included, until SvarUt has it; a tenth of what the best known peer needs. */
const AIM_CPU_MS = 5

/** Straight to SvarUt: what one letter costs the hub's process, and how many go through. */
export const letters: Part = {
  name: 'letters',
  measure: (options) =>
    measureLetters(options, { name: 'accepted to sent', filed: false, warmUp: 300, rounds: 5, perRound: 200 }),
}

/** Through the archive core first, every fourth letter in a new case. */
export const filedLetters: Part = {
  name: 'filed-letters',
  measure: (options) =>
    measureLetters(options, { name: 'accepted to filed to sent', filed: true, warmUp: 90, rounds: 3, perRound: 100 }),
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
    const nextForm = (): ReturnType<typeof letterForm> => formOf(made++, load.filed)
    await handIn(hub, load.warmUp, nextForm)
    await hub.sent(load.warmUp)
    await hub.atRest()
    const perSecond: number[] = []
    const cpuMs: number[] = []
    for (let round = 0; round < load.rounds; round++) {
      const cpuBefore = await hub.cpuMs()
      const startedMs = performance.now()
      await handIn(hub, load.perRound, nextForm)
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

/** Some clients side by side, each with one request at a time. */
async function handIn(hub: HubUnderLoad, count: number, nextForm: () => ReturnType<typeof letterForm>): Promise<void> {
  let left = count
  const run = async (place: number): Promise<void> => {
    const caller = hub.clients[place % hub.clients.length]
    while (left > 0 && caller !== undefined) {
      left -= 1
      const { status, text } = await caller.client.send(hub.url, nextForm(), AbortSignal.timeout(60_000))
      if (status !== 202) throw new Error(`a letter was answered with ${status}: ${text}`)
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, (_, place) => run(place)))
}

const FILLING = randomBytes(DOCUMENT_BYTES)

function formOf(number: number, filed: boolean): ReturnType<typeof letterForm> {
  const content = Buffer.from(FILLING)
  content.write(`%PDF-1.7\n% ${number}\n`)
  const noekkel = `sak-${Math.floor(number / LETTERS_PER_CASE)}`
  return letterForm({
    eksternReferanse: `bench-${number}`,
    documents: [{ filnavn: 'vedtak.pdf', mimeType: 'application/pdf', content }],
    ...(filed ? { arkiv: { noekkel, journalpostTittel: `Vedtak ${number}` } } : {}),
  })
}
