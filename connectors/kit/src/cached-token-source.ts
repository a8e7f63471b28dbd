import type { Stopwatch, TokenSource } from '@samband/kernel'
import { HubError } from '@samband/kernel'

/** A token as it came. */
export interface FetchedToken {
  readonly token: string
  /** How long it is good for, from when it was asked for; in milliseconds. */
  readonly expiresInMs: number
}

/** What a token source is made of. */
export interface CachedTokenOptions {
  /** Prefix of the error codes. */
  readonly system: string
  /** A token with less time left than this is not handed out again; in milliseconds. */
  readonly marginMs: number
  /** Gets a new one. Has its own time limit; its signal aborts when nobody waits any more. */
  fetch(signal: AbortSignal): Promise<FetchedToken>
}

interface Refresh {
  readonly token: Promise<string>
  readonly abort: AbortController
  waiting: number
}

/**
 * A `TokenSource` that keeps its token until shortly before it expires, measured by stopwatch from before the request, and fetches one at a
 * time: whoever comes meanwhile gets the same one. A caller's abort ends that caller's wait only.
 *
 * Its `token` throws what `fetch` throws, the signal's reason, or HubError `<SYSTEM>_TOKEN_AVVIST` (paused) when the new token is one that was dropped.
 */
export function createCachedTokenSource(stopwatch: Stopwatch, options: CachedTokenOptions): TokenSource {
  let kept: { readonly token: string; readonly goodUntil: number } | undefined
  let refresh: Refresh | undefined
  let dropped: string | undefined

  async function fetchNew(signal: AbortSignal): Promise<string> {
    const askedAt = stopwatch.read()
    const { token, expiresInMs } = await options.fetch(signal)
    if (token === dropped) {
      const message = `${options.system} gave out again a token that has been refused. Look at the client's scopes and access.`
      throw new HubError(`${options.system}_TOKEN_AVVIST`, 'paused', message)
    }
    kept = { token, goodUntil: askedAt + expiresInMs - options.marginMs }
    return token
  }

  function startRefresh(): Refresh {
    const abort = new AbortController()
    const started: Refresh = { token: fetchNew(abort.signal), abort, waiting: 0 }
    const done = () => {
      if (refresh === started) refresh = undefined
    }
    started.token.then(done, done)
    return started
  }

  return {
    async token(signal) {
      signal.throwIfAborted()
      if (kept && stopwatch.read() < kept.goodUntil) return kept.token
      refresh ??= startRefresh()
      const mine = refresh
      mine.waiting += 1
      try {
        return await orAborted(mine.token, signal)
      } finally {
        mine.waiting -= 1
        if (mine.waiting === 0 && refresh === mine) {
          refresh = undefined
          mine.abort.abort(new Error('nobody waits for the token any more'))
        }
      }
    },
    drop(token) {
      dropped = token
      if (kept?.token === token) kept = undefined
    },
  }
}

/** What `promise` gives, or the signal's reason as soon as it aborts. */
function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
