/** A file name that needs `filename*`, as KS's client sends it. */
export const LONG_NAME = 'søknad om båtplass.pdf'

/** The JSON of a letter to a synthetic person, with one PDF; `changes` replaces fields at the top. */
export function aLetter(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    eksternReferanse: 'sak-2026-17',
    tittel: 'Vedtak om båtplass',
    mottaker: { navn: 'Prøve Testesen', digitalId: '15859099928' },
    dokumenter: [{ filnavn: 'vedtak.pdf', mimeType: 'application/pdf' }],
    ...changes,
  }
}

/** What a letter says about the archive. */
export function anArkiv(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    saksmappe: { noekkel: 'fagsak-17', tittel: 'Båtplass' },
    journalpost: { tittel: 'Vedtak om båtplass' },
    ...changes,
  }
}

/** One part of a multipart body. */
export interface PartOf {
  readonly name?: string
  readonly filename?: string
  /** The header as it stands, in place of the usual one. */
  readonly disposition?: string
  readonly type?: string
  readonly content: string | Uint8Array
}

/** The boundary of the bodies below. */
export const BOUNDARY = 'skille-mellom-delene'
/** What belongs in Content-Type. */
export const MULTIPART_TYPE = `multipart/form-data; boundary=${BOUNDARY}`

/** The parts of a send: the JSON, then one part per document. */
export function partsOf(letter: unknown, documents: readonly (string | Uint8Array)[] = ['%PDF-1.7 vedtak']): PartOf[] {
  const names = (letter as { dokumenter?: readonly { filnavn?: unknown }[] }).dokumenter ?? []
  return [
    { name: 'forsendelse', type: 'text/plain;charset=UTF-8', content: JSON.stringify(letter) },
    ...documents.map((content, place) => ({
      name: `filer_${place}`,
      filename: String(names[place]?.filnavn ?? `ekstra-${place}.pdf`),
      type: 'application/pdf',
      content,
    })),
  ]
}

/** A multipart body in pieces, one per header, content and boundary. */
export function piecesOf(parts: readonly PartOf[], closed = true): Buffer[] {
  const pieces = parts.flatMap((part) => [
    Buffer.from(`--${BOUNDARY}\r\n${headersOf(part)}\r\n\r\n`),
    Buffer.from(part.content),
    Buffer.from('\r\n'),
  ])
  return closed ? [...pieces, Buffer.from(`--${BOUNDARY}--\r\n`)] : pieces
}

/** A multipart body. */
export function multipart(parts: readonly PartOf[]): Buffer {
  return Buffer.concat(piecesOf(parts))
}

function headersOf({ name, filename, disposition, type }: PartOf): string {
  const named = name === undefined ? '' : `; name="${name}"`
  const filed = filename === undefined ? '' : `; filename="${filename}"`
  const lines = [`Content-Disposition: ${disposition ?? `form-data${named}${filed}`}`]
  if (type !== undefined) lines.push(`Content-Type: ${type}`)
  return lines.join('\r\n')
}
