import type { letterForm } from '../support/letter-form.ts'
import type { HubUnderLoad } from './hub-under-load.ts'

/** A letter as it is sent. */
export type Form = ReturnType<typeof letterForm>

const SIDE_BY_SIDE = 8

/** Hands in letters from some clients side by side, each with one request at a time. Resolves when the last one has its 2xx. */
export async function handIn(
  url: string,
  clients: HubUnderLoad['clients'],
  count: number,
  nextForm: () => Form,
): Promise<void> {
  let left = count
  const run = async (place: number): Promise<void> => {
    while (left > 0) {
      left -= 1
      await handInOne(url, clients[place % clients.length], nextForm())
    }
  }
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, (_, place) => run(place)))
}

/** Hands in one letter. @throws for any answer but 202 */
export async function handInOne(url: string, caller: HubUnderLoad['clients'][number] | undefined, form: Form) {
  const answer = await caller?.client.send(url, form, AbortSignal.timeout(60_000))
  if (answer?.status !== 202) throw new Error(`a letter was answered with ${answer?.status}: ${answer?.text}`)
}
