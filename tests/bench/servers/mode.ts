import type { Part } from '../figures.ts'
import { type BenchServers, startBenchServers } from './bench-servers.ts'
import { burst } from './burst.ts'
import { history } from './history.ts'
import { neighbours } from './neighbours.ts'
import type { RunSize, ServerPart } from './server-part.ts'
import { throughput } from './throughput.ts'

const PARTS: readonly ServerPart[] = [throughput, burst, history, neighbours]

/** The parts of `--mode kafka`; the first one that is measured starts the servers. */
export function serverParts(size: RunSize): { readonly parts: readonly Part[]; close(): Promise<void> } {
  let servers: Promise<BenchServers> | undefined
  return {
    parts: PARTS.map(({ name, measure }) => ({
      name,
      async measure(options) {
        servers ??= startBenchServers()
        return measure({ ...options, ...size, servers: await servers })
      },
    })),
    async close() {
      await (await servers)?.close()
    },
  }
}
