/** One document of a letter as it is filed. */
export type Arkivdokument = {
  /** The payload that holds it. */
  readonly ref: string
  /** Of its bytes, 64 lower-case hex digits. */
  readonly sha256: string
  readonly sizeBytes: number
  /** H, the first of the letter; V, every other (list tilknyttetRegistreringSom). */
  readonly rolle: 'H' | 'V'
  /** Which of several documents with the same content: 1 for the first. */
  readonly likNr: number
}

/**
 * The documents of a letter, in the event's order, ready to be filed. Documents of equal content are both filed; they are told apart by
 * counting the equal ones, so that exchanging others changes no effect key.
 */
export function arkivdokumenter(
  documents: readonly { readonly ref: string; readonly sha256: string; readonly sizeBytes: number }[],
): Arkivdokument[] {
  const seen = new Map<string, number>()
  return documents.map(({ ref, sha256, sizeBytes }, place) => {
    const likNr = (seen.get(sha256) ?? 0) + 1
    seen.set(sha256, likNr)
    return { ref, sha256, sizeBytes, rolle: place === 0 ? 'H' : 'V', likNr }
  })
}

/** The discriminator of a document's effects: its content, and which of the equal ones. */
export function dokumentDiscriminator({ sha256, likNr }: Arkivdokument): string {
  return `${sha256}#${likNr}`
}
