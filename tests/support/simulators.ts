import { fileURLToPath } from 'node:url'
import type { Noark5Simulator } from '@samband/noark5/simulator'
import type { FaultOrder } from '@samband/simulator-kit'
import type { ReceivedLetter } from '@samband/svarut/simulator'
import { type ChildProgram, startProgram } from '../../deploy/local/installation/program.ts'
import type { DestinationUrls } from './tenant-files.ts'

/** What reached the archive core. */
export type ArchiveReceived = ReturnType<Noark5Simulator['received']>

/** What the simulators of a run are told. */
export interface SimulatorsOptions {
  readonly tenants: readonly string[]
  /** Of the client at Maskinporten. */
  readonly publicKeyPem: string
  /** A send that has not taken effect at SvarUt so long after it began never does. */
  readonly inFlightLimitMs: number
  readonly journey: readonly { readonly status: string; readonly afterMs: number }[]
}

/** The simulators, running as one process. */
export interface Simulators {
  readonly program: ChildProgram
  readonly urls: DestinationUrls
  order(system: keyof DestinationUrls, fault: FaultOrder): Promise<void>
  clearFaults(): Promise<void>
  /** The system refuses connections for a while, and loses those it has. */
  outage(system: keyof DestinationUrls, forMs: number): void
  /** Letters SvarUt took, in order. */
  letters(): Promise<readonly ReceivedLetter[]>
  /** What the archive core took. */
  archive(): Promise<ArchiveReceived>
}

/** Starts the simulators. Whoever starts them stops `program`. */
export async function startSimulators(options: SimulatorsOptions): Promise<Simulators> {
  const program = startProgram({
    file: fileURLToPath(new URL('simulators-process.ts', import.meta.url)),
    env: { SIMULATORS: JSON.stringify(options) },
  })
  const urls = (await program.ready) as DestinationUrls
  const control = async (
    system: keyof DestinationUrls,
    method: string,
    path: string,
    body?: object,
  ): Promise<unknown> => {
    const answer = await outlastingOutages(() =>
      fetch(`${urls[system]}/_simulator/${path}`, {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      }),
    )
    if (!answer.ok) throw new Error(`${system} took no order: ${answer.status} ${await answer.text()}`)
    return answer.status === 204 ? undefined : await answer.json()
  }
  return {
    program,
    urls,
    order: async (system, fault) => void (await control(system, 'POST', 'faults', fault)),
    async clearFaults() {
      for (const system of Object.keys(urls) as (keyof DestinationUrls)[]) await control(system, 'DELETE', 'faults')
    },
    outage: (system, forMs) => program.tell({ outage: system, forMs }),
    letters: async () => (await control('svarut', 'GET', 'received')) as ReceivedLetter[],
    archive: async () => ((await control('noark5', 'GET', 'received')) as [ArchiveReceived])[0],
  }
}

const LONGEST_OUTAGE_MS = 10_000

/** A system that is down takes no orders either: asked again until it is up. */
async function outlastingOutages(ask: () => Promise<Response>): Promise<Response> {
  const untilMs = Date.now() + LONGEST_OUTAGE_MS
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (Date.now() > untilMs) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}
