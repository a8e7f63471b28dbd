/** One header of a stored event; `undefined` when it is not there, or when the column can no longer be read: nothing that matters hangs on it. */
export function storedHeader(headers: string, name: string): string | undefined {
  try {
    const value = (JSON.parse(headers) as Readonly<Record<string, unknown>> | null)?.[name]
    return typeof value === 'string' ? value : undefined
  } catch {
    return undefined
  }
}
