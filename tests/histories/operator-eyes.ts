import type { Json } from '@samband/kernel'
import { shortId } from '@samband/kernel'
import type { Surroundings } from './surroundings.ts'

/** What a person sees who looks for an effect at its destination: the evidence, or nothing. */
export function lookAtDestination(surroundings: Surroundings, name: string, effectKey: string): Json | undefined {
  if (name === 'svarut.send') {
    const letter = surroundings.svarut
      .received()
      .find((one) => one.eksternReferanse?.endsWith(`~${shortId(effectKey)}`))
    return letter === undefined
      ? undefined
      : { svarUtId: letter.id, sendtTidspunkt: new Date(letter.receivedAtMs).toISOString() }
  }
  return undefined
}

/** Whether a person can find this effect at all by looking. */
export function canBeLookedUp(name: string): boolean {
  return name === 'svarut.send'
}
