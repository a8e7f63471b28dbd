/** One call as strace saw it; places are line numbers, so that a call that was interrupted by others has two. */
export interface SystemCall {
  readonly name: string
  /** As strace wrote them, with paths of file descriptors (`-yy`). */
  readonly args: string
  /** What came back, for example `5` or `-1 ENOENT (No such file or directory)`. */
  readonly result: string
  readonly beganAt: number
  readonly endedAt: number
}

const WHOLE = /^(\d+) +[\d:.]+ (\w+)\((.*)\) += (.+)$/s
const UNFINISHED = /^(\d+) +[\d:.]+ (\w+)\((.*?) *<unfinished \.\.\.>$/s
const RESUMED = /^(\d+) +[\d:.]+ <\.\.\. (\w+) resumed>(.*)\) += (.+)$/s

/**
 * Reads the lines of `strace -f -tt -yy -o file`, in order of beginning. Calls that never ended, and lines that are no calls (signals,
 * exits), are left out.
 */
export function readSystemCalls(lines: readonly string[]): SystemCall[] {
  const calls: SystemCall[] = []
  const open = new Map<string, { readonly name: string; readonly args: string; readonly beganAt: number }>()
  for (const [place, line] of lines.entries()) {
    const unfinished = UNFINISHED.exec(line)
    if (unfinished !== null) {
      const [, pid = '', name = '', args = ''] = unfinished
      open.set(pid, { name, args, beganAt: place })
      continue
    }
    const resumed = RESUMED.exec(line)
    if (resumed !== null) {
      const [, pid = '', name = '', args = '', result = ''] = resumed
      const begun = open.get(pid)
      open.delete(pid)
      if (begun?.name === name)
        calls.push({ name, args: begun.args + args, result, beganAt: begun.beganAt, endedAt: place })
      continue
    }
    const whole = WHOLE.exec(line)
    if (whole === null) continue
    const [, , name = '', args = '', result = ''] = whole
    calls.push({ name, args, result, beganAt: place, endedAt: place })
  }
  return calls.sort((a, b) => a.beganAt - b.beganAt)
}

/** A 2xx to a client, or a request that changes something elsewhere, at the moment its first byte leaves. */
export interface Departure {
  readonly kind: 'answer' | 'request'
  /** `HTTP/1.1 202`, `POST /api/…`. */
  readonly what: string
  /** Files and folders below the data folder with something that a power loss would take. */
  readonly unsynced: readonly string[]
  /** How often the store's files have been synced until now. */
  readonly storeSyncs: number
  /** How many payloads have got their names until now. */
  readonly payloads: number
}

/** What is looked at. */
export interface Watched {
  /** Everything that has to outlive a power loss lies below it. */
  readonly dataFolder: string
  /** Where the hub itself listens. */
  readonly port: number
}

const WRITES: ReadonlySet<string> = new Set(['write', 'pwrite64', 'writev', 'pwritev'])
const SENDS: ReadonlySet<string> = new Set(['write', 'writev', 'sendto', 'sendmsg'])
/** POSTs that only ask. */
const ASKS = /^POST \S*(\/token|\/status\/sok)$/

/**
 * Goes through the calls in order and tells for each departure what was not on the disk by then. A sync that ended well covers what was
 * written to that file before the sync began; the sync of a folder covers names given in it.
 */
export function departures(calls: readonly SystemCall[], watched: Watched): Departure[] {
  const disk = new Disk(watched.dataFolder)
  const found: Departure[] = []
  for (const [, run] of steps(calls, disk, watched, found)) run()
  return found
}

/** What happens at the beginnings and ends of calls, in the order of lines. */
function steps(
  calls: readonly SystemCall[],
  disk: Disk,
  watched: Watched,
  found: Departure[],
): [place: number, run: () => void][] {
  const all: [number, () => void][] = []
  for (const call of calls) {
    const worked = !call.result.startsWith('-1')
    const departure = SENDS.has(call.name) ? departureOf(call, watched) : undefined
    if (departure !== undefined) all.push([call.beganAt, () => found.push({ ...departure, ...disk.state() })])
    else if (WRITES.has(call.name)) all.push([call.beganAt, () => disk.dirty(pathOf(call.args), call.endedAt)])
    else if (!worked) continue
    else if (call.name === 'fsync' || call.name === 'fdatasync')
      all.push([call.endedAt, () => disk.synced(pathOf(call.args), call.beganAt)])
    else if (call.name.startsWith('rename'))
      all.push([call.beganAt, () => disk.renamed(quoted(call.args), call.endedAt)])
    else if (call.name.startsWith('mkdir'))
      all.push([call.beganAt, () => disk.named(quoted(call.args)[0], call.endedAt)])
    else if (call.name === 'openat' && call.args.includes('O_CREAT'))
      all.push([call.beganAt, () => disk.named(quoted(call.args)[0], call.endedAt)])
  }
  // Stable: calls of one line stay as they are.
  return all.sort(([a], [b]) => a - b)
}

function departureOf({ args }: SystemCall, { port }: Watched): Pick<Departure, 'kind' | 'what'> | undefined {
  const ends = /^\d+<TCP(?:v6)?:\[.*?:(\d+)->/.exec(args)
  const what = /"(HTTP\/1\.1 2\d\d|(?:POST|PUT|PATCH|DELETE) [^ "\\]*)/.exec(args)?.[1]
  if (ends === null || what === undefined || ASKS.test(what)) return undefined
  if (!what.startsWith('HTTP')) return { kind: 'request', what }
  return Number(ends[1]) === port ? { kind: 'answer', what } : undefined
}

/** The path that `-yy` wrote behind the file descriptor. */
function pathOf(args: string): string | undefined {
  return /^\d+<(\/[^>]*)>/.exec(args)?.[1]
}

function quoted(args: string): string[] {
  return [...args.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) => text)
}

/** What a power loss would take from the files below one folder. */
class Disk {
  readonly #root: string
  /** Path of a file or folder to the line at which its newest unsynced change had ended. */
  readonly #unsynced = new Map<string, number>()
  #storeSyncs = 0
  #payloads = 0

  constructor(root: string) {
    this.#root = root
  }

  dirty(path: string | undefined, endedAt: number): void {
    if (path !== undefined && this.#isWatched(path)) this.#unsynced.set(path, endedAt)
  }

  /** A name was given in a folder. */
  named(path: string | undefined, endedAt: number): void {
    if (path !== undefined && this.#isWatched(path)) this.dirty(folderOf(path), endedAt)
  }

  renamed([from, to]: readonly string[], endedAt: number): void {
    if (from === undefined || to === undefined || !this.#isWatched(to)) return
    const content = this.#unsynced.get(from)
    this.#unsynced.delete(from)
    if (content !== undefined) this.#unsynced.set(to, content)
    this.named(to, endedAt)
    if (to.endsWith('.payload')) this.#payloads += 1
  }

  synced(path: string | undefined, beganAt: number): void {
    if (path === undefined || !this.#isWatched(path)) return
    if ((this.#unsynced.get(path) ?? Number.POSITIVE_INFINITY) < beganAt) this.#unsynced.delete(path)
    if (/\.db(-wal)?$/.test(path)) this.#storeSyncs += 1
  }

  state(): Pick<Departure, 'unsynced' | 'storeSyncs' | 'payloads'> {
    return { unsynced: [...this.#unsynced.keys()].sort(), storeSyncs: this.#storeSyncs, payloads: this.#payloads }
  }

  #isWatched(path: string): boolean {
    return path === this.#root || path.startsWith(`${this.#root}/`)
  }
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'))
}
