import { afterAll } from 'vitest'
import { type Servers, startServers } from '../../../deploy/local/installation/servers.ts'
import { notRun } from './missing.ts'

/**
 * Defines tests on a broker, a database and an object store that belong to the test file alone and end with it. Where they cannot be had the
 * suite is not run, as `notRun` says. To be awaited at the top of a test file.
 */
export async function withServers(suite: string, define: (servers: Servers) => void): Promise<void> {
  let servers: Servers
  try {
    servers = await startServers()
  } catch (error) {
    notRun(suite, error instanceof Error ? error.message : String(error))
    return
  }
  afterAll(() => servers.close())
  define(servers)
}
