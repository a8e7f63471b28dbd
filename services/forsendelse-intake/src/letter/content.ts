import { createHmac } from 'node:crypto'
import { canonicalJson } from '@samband/kernel'
import type { StoredInnhold } from '@samband/outbound'
import type { Letter } from './letter.ts'

/** The item to be stored. */
export function innholdOf(letter: Letter, documentRefs: readonly string[]): Uint8Array {
  const stored: StoredInnhold = {
    forsendelse: letter.forsendelse,
    ...(letter.arkiv === undefined ? {} : { arkiv: letter.arkiv }),
    dokumenter: letter.dokumenter.map((dokument, place) => ({ ref: documentRefs[place] ?? '', ...dokument })),
  }
  return Buffer.from(canonicalJson(stored))
}

/**
 * HMAC-SHA-256 over what the sender wrote, under the tenant's key. Refs are left out: they are new with each request, and a letter that is sent in
 * again after a restore has to lead to the same effects (assumption A5 of the protocol).
 */
export function avtrykkOf({ forsendelse, arkiv }: Letter, hmacKey: Uint8Array): string {
  return createHmac('sha256', hmacKey)
    .update(`innhold ${canonicalJson({ forsendelse, arkiv })}`)
    .digest('hex')
}

/** Digest of everything the sender gave: two requests with the same one are the same letter. */
export function contentDigestOf(letter: Letter, documentHashes: readonly string[], hmacKey: Uint8Array): string {
  const { forsendelse, arkiv, kontoId } = letter
  const written = canonicalJson({ forsendelse, arkiv, kontoId, dokumenter: documentHashes })
  return createHmac('sha256', hmacKey).update(`forsendelse ${written}`).digest('hex')
}
