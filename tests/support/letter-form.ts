/** A document of a letter. */
export interface LetterDocument {
  readonly filnavn: string
  readonly mimeType: string
  readonly content: Uint8Array
}

/** What a test letter says; everything else is filled in. */
export interface LetterParts {
  readonly eksternReferanse: string
  readonly documents: readonly LetterDocument[]
  readonly tittel?: string
  /** Fødselsnummer or organisasjonsnummer, synthetic. */
  readonly digitalId?: string
  /** Left out: the letter goes straight to SvarUt. */
  readonly arkiv?: {
    readonly klasse?: string
    readonly noekkel: string
    readonly saksmappeTittel?: string
    readonly journalpostTittel: string
  }
}

/** The JSON of a letter, in the field names of SvarUt's Send v3. */
export function letterJson(letter: LetterParts): object {
  const { arkiv } = letter
  return {
    tittel: letter.tittel ?? 'Vedtak',
    mottaker: { navn: 'Syntetisk Mottaker', digitalId: letter.digitalId ?? '15859099928' },
    kunDigitalLevering: true,
    eksternReferanse: letter.eksternReferanse,
    dokumenter: letter.documents.map(({ filnavn, mimeType }) => ({ filnavn, mimeType })),
    ...(arkiv === undefined
      ? {}
      : {
          arkiv: {
            klasse: arkiv.klasse ?? 'L42',
            saksmappe: { noekkel: arkiv.noekkel, tittel: arkiv.saksmappeTittel ?? `Sak ${arkiv.noekkel}` },
            journalpost: { tittel: arkiv.journalpostTittel },
          },
        }),
  }
}

/**
 * The body of a request that sends the letter, the JSON first and then the documents in order.
 * @param more members of the JSON beside the usual ones, or in their place
 */
export function letterForm(
  letter: LetterParts,
  more: object = {},
): { readonly contentType: string; readonly body: Buffer<ArrayBuffer> } {
  const boundary = 'grense-mellom-delene'
  const head = (disposition: string, type: string) =>
    `--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\nContent-Type: ${type}\r\n\r\n`
  const pieces: Uint8Array[] = [
    Buffer.from(
      `${head('name="forsendelse"', 'application/json; charset=UTF-8')}${JSON.stringify({ ...letterJson(letter), ...more })}\r\n`,
    ),
  ]
  for (const [place, { filnavn, mimeType, content }] of letter.documents.entries()) {
    pieces.push(
      Buffer.from(head(`name="filer_${place}"; filename="${filnavn}"`, mimeType)),
      content,
      Buffer.from('\r\n'),
    )
  }
  pieces.push(Buffer.from(`--${boundary}--\r\n`))
  return { contentType: `multipart/form-data; boundary=${boundary}`, body: Buffer.concat(pieces) }
}
