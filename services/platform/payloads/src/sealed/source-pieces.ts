/**
 * The pieces of a source, one after the other. An abort ends it at once with the signal's reason, even while the source
 * hangs; the source is told that no more is wanted, but not waited for.
 */
export async function* piecesOf(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : asynchronous(source)
  let ended = false
  try {
    while (true) {
      const piece = await nextOrAbort(iterator, signal)
      if (piece.done === true) {
        ended = true
        return
      }
      if (!(piece.value instanceof Uint8Array)) throw new TypeError('A payload source must give pieces of bytes')
      yield piece.value
    }
  } finally {
    if (!ended) void tellEnd(iterator)
  }
}

async function* asynchronous(source: Iterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  yield* source
}

function nextOrAbort(
  iterator: AsyncIterator<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<IteratorResult<Uint8Array>> {
  if (signal === undefined) return iterator.next()
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    if (signal.aborted) {
      onAbort()
      return
    }
    signal.addEventListener('abort', onAbort, { once: true })
    const settle = () => signal.removeEventListener('abort', onAbort)
    iterator.next().then(
      (piece) => {
        settle()
        resolve(piece)
      },
      (error: unknown) => {
        settle()
        reject(error)
      },
    )
  })
}

async function tellEnd(iterator: AsyncIterator<Uint8Array>): Promise<void> {
  try {
    await iterator.return?.()
  } catch {
    // The put has already failed for its own reason, and that reason is the one the caller gets.
  }
}
