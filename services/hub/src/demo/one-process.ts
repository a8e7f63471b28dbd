import { join } from 'node:path'
import { openEmbeddedHub } from '../embedded.ts'
import { DEMO_PACE, type DemoHub, type DemoHubStart, STOP_GRACE_MS } from './demo-hub.ts'

/** The embedded hub, in the demo's own process. Starts in less than a second. */
export async function startOneProcess(start: DemoHubStart): Promise<DemoHub> {
  const { folder, tenantsFolder, logFile, secrets, tokenKey, ports } = start
  const embedded = await openEmbeddedHub({
    dataFolder: join(folder, 'data'),
    tenantsFolder,
    tokenKey,
    rereadMs: DEMO_PACE.rereadMs,
    env: secrets,
    time: ports.time,
    ids: ports.ids,
    log: ports.logTo(logFile),
    settings: {
      statusRoundMs: DEMO_PACE.statusRoundMs,
      relayPollMs: 500,
      resolveEveryMs: 1_000,
      replayEveryMs: 200,
    },
  })
  try {
    const [problem] = embedded.tenants.problems()
    if (problem !== undefined)
      throw new Error(`the example file ${problem.file} is not taken: ${JSON.stringify(problem.faults)}`)
    const { hub, installation } = embedded
    await hub.start()
    return {
      url: await hub.app.listen({ host: '127.0.0.1', port: 0 }),
      about: 'Det er ett program, med køer og database i filer.',
      store: installation.store,
      openCircuits: async () => hub.runtime.openCircuits(),
      stop: () => embedded.stop(STOP_GRACE_MS),
    }
  } catch (error) {
    await embedded.stop(STOP_GRACE_MS)
    throw error
  }
}
