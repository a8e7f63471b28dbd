import type { Figure, PartOptions } from '../figures.ts'
import type { BenchServers } from './bench-servers.ts'

/** A part of the bench on servers, which runs alone with `--only`. */
export interface ServerPart {
  readonly name: string
  measure(options: ServerPartOptions): Promise<readonly Figure[]>
}

/** How large a run is. */
export interface RunSize {
  /** What every count is multiplied with; 1 gives the figures that count. */
  readonly scale: number
  /** Events of the burst; left out: 100 000, scaled. */
  readonly burst: number | undefined
}

/** How a part on servers is run. */
export interface ServerPartOptions extends PartOptions, RunSize {
  readonly servers: BenchServers
}

const LEAST = 100

/** A count for this run. */
export function scaled({ scale }: RunSize, count: number): number {
  return Math.max(LEAST, Math.round(count * scale))
}
