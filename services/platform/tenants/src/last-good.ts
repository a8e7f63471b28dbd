const MARK = '\n# samband keys: '

/**
 * The text as it is kept over a restart: with the fingerprints of the keys it was accepted with, so that a key that was
 * changed while the hub was down is found. Still YAML.
 */
export function encodeLastGood(text: string, keys: string | undefined): string {
  return keys === undefined ? text : `${text}${MARK}${keys}\n`
}

/** The reverse of `encodeLastGood`; `keys` is left out for a text without fingerprints. */
export function decodeLastGood(saved: string): { readonly text: string; readonly keys?: string } {
  const at = saved.lastIndexOf(MARK)
  if (at < 0) return { text: saved }
  return { text: saved.slice(0, at), keys: saved.slice(at + MARK.length).trim() }
}
