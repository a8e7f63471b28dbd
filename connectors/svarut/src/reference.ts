import type { EffectKey } from '@samband/kernel'
import { shortId } from '@samband/kernel'

/** 100 characters is SvarUt's limit; `~` and the key take 23 of them. */
const OWN_PART_UNITS = 77

/**
 * The eksternReferanse that SvarUt gets: the first 77 characters of the sender's own, `~`, and the key as 22 characters. People recognise it, the key makes
 * it ours alone, and look-ups compare it whole (protocol rule R9). At most 100 UTF-16 units; a character of two units is never cut in half.
 * Control characters become spaces, and those at the ends go: nobody on the way shall have a reason to change it.
 */
export function svarUtReferanse(eksternReferanse: string, key: EffectKey): string {
  const plain = eksternReferanse
    .toWellFormed()
    .replaceAll(/\p{Cc}/gu, ' ')
    .trim()
  let own = ''
  for (const character of plain) {
    if (own.length + character.length > OWN_PART_UNITS) break
    own += character
  }
  return `${own}~${shortId(key)}`
}
