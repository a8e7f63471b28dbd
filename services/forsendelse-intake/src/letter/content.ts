import { createHmac } from 'node:crypto'
import { canonicalJson } from '@samband/kernel'
import type { Arkiv } from '@samband/noark5'
import type { SvarUtForsendelse } from '@samband/svarut'
import type { Letter } from './letter.ts'

/**
 * The personal content of a letter as it lies in the payload store, one item per letter, canonical JSON. Who sends takes `forsendelse`, who files
 * takes `arkiv`, `forsendelse.mottaker` and `dokumenter`.
 */
export interface StoredInnhold {
  /** What goes to SvarUt, in the field names of Send v3. */
  readonly forsendelse: SvarUtForsendelse
  readonly arkiv?: Arkiv
  /** In the order of the event's `dokumenter`, with the same refs. */
  readonly dokumenter: readonly { readonly ref: string; readonly filnavn: string; readonly mimeType: string }[]
}

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
