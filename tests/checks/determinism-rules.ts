/** Something that only the outermost files may touch, since the whole hub also runs in virtual time. */
export interface DeterminismRule {
  readonly name: string
  /** Why it is refused and what to use instead; printed with every violation. */
  readonly because: string
  /** Matches the dotted names that `usesOf` finds: `Date.now`, `new Date`, `node:crypto.randomUUID`. */
  readonly forbids: RegExp
}

/** What no production code does, except in a `main.ts` and in the files that implement the ports. */
export const determinismRules: readonly DeterminismRule[] = [
  {
    name: 'time-by-port',
    because:
      'A history runs in virtual time, so the time comes from the injected Clock or Stopwatch of @samband/kernel.',
    forbids:
      /^(Date|Date\.now|new Date|performance(\..*)?|(node:)?process\.(hrtime|uptime)|node:perf_hooks\..*|Temporal\.Now(\..*)?)$/,
  },
  {
    name: 'waiting-by-port',
    because: 'A wait must end when virtual time says so, so it goes through the injected Timers of @samband/kernel.',
    forbids:
      /^(setTimeout|setInterval|AbortSignal\.timeout|Atomics\.wait(Async)?|node:timers(\/promises)?\.(?!setImmediate$).*)$/,
  },
  {
    name: 'randomness-by-port',
    because: 'A history repeats from its seed, so ids, jitter and keys come from an injected source such as IdSource.',
    forbids:
      /^(Math\.random|((node:)?crypto\.|node:crypto\.webcrypto\.)(randomUUID|randomUUIDv7|randomBytes|randomInt|randomFill|randomFillSync|getRandomValues))$/,
  },
  {
    name: 'environment-by-main',
    because:
      'main.ts reads the environment once, checks it and passes plain objects on, so that an import reads nothing.',
    forbids: /^(node:)?process\.(env|argv|loadEnvFile)$/,
  },
  {
    name: 'no-thread-pool',
    because:
      'Work on the thread pool ends at a moment that virtual time does not rule; use the synchronous call of node:crypto or ' +
      'node:zlib on small data, or an injected port.',
    forbids:
      /^((node:)?crypto\.(subtle|webcrypto)|node:crypto\.(scrypt|pbkdf2|hkdf|generateKey|generateKeyPair|generatePrime|checkPrime)|node:zlib\.(gzip|gunzip|deflate|inflate|deflateRaw|inflateRaw|unzip|brotliCompress|brotliDecompress|zstdCompress|zstdDecompress)|CompressionStream|DecompressionStream)$/,
  },
  {
    name: 'network-by-dispatcher',
    because:
      'Everything that leaves goes through the injected undici Dispatcher, so that a history can play the other side.',
    forbids:
      /^(fetch|WebSocket|EventSource|XMLHttpRequest|node:(http|https|http2)\.(request|get|connect|default\.request))$/,
  },
]
