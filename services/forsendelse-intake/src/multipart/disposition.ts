/** What a part's `Content-Disposition` says. */
export interface Disposition {
  readonly name: string | undefined
  /** From `filename*` when that can be read, else from `filename`. */
  readonly filename: string | undefined
}

const PARAMETER = /;\s*([\w*-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))/g

/**
 * Reads a `Content-Disposition` whose bytes stand one per character (RFC 7578, RFC 8187).
 *
 * Not left to the library: its own reading stops after `filename="…"` and so loses the `filename*` behind it, which is where KS's client puts
 * a name with a space or a Norwegian letter (seen November 2026).
 */
export function readDisposition(header: string): Disposition {
  const found = new Map<string, string>()
  for (const [, key, quoted, bare] of header.matchAll(PARAMETER)) {
    if (key !== undefined) found.set(key.toLowerCase(), quoted?.replaceAll(/\\(.)/g, '$1') ?? bare ?? '')
  }
  return {
    name: asUtf8(found.get('name')),
    filename: extended(found.get('filename*')) ?? asUtf8(found.get('filename')),
  }
}

function asUtf8(bytes: string | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes, 'latin1').toString('utf8')
}

/** RFC 8187 §3.2: charset, language, percent-encoded bytes. */
function extended(value: string | undefined): string | undefined {
  const encoded = /^utf-8'[^']*'(.*)$/i.exec(value ?? '')?.[1]
  if (encoded === undefined) return undefined
  try {
    return decodeURIComponent(encoded)
  } catch {
    return undefined
  }
}

/** The boundary of a `multipart/form-data` body (RFC 2046 §5.1.1: 1 to 70 characters); `undefined` when there is none. */
export function readBoundary(contentType: string): string | undefined {
  const found = /;\s*boundary\s*=\s*(?:"([^"]{1,70})"|([^;\s"]{1,70}))\s*(?:;|$)/i.exec(contentType)
  return found?.[1] ?? found?.[2]
}
