/** A file as a part of a multipart body. */
export interface FilePart {
  readonly filnavn: string
  readonly mimeType: string
  readonly content: Uint8Array
}

/** A multipart body as case-archive systems send it: the JSON of the forsendelse first, then the documents in order. */
export function multipartBody(boundary: string, forsendelse: object, files: readonly FilePart[]): Buffer {
  const line = (text: string) => Buffer.from(`${text}\r\n`)
  const parts: Uint8Array[] = [
    line(`--${boundary}`),
    line('Content-Disposition: form-data; name="forsendelse"'),
    line('Content-Type: application/json\r\n'),
    line(JSON.stringify(forsendelse)),
  ]
  for (const { filnavn, mimeType, content } of files) {
    parts.push(
      line(`--${boundary}`),
      line(`Content-Disposition: form-data; name="fil"; filename="${filnavn}"`),
      line(`Content-Type: ${mimeType}\r\n`),
      content,
      line(''),
    )
  }
  return Buffer.concat([...parts, line(`--${boundary}--`)])
}
