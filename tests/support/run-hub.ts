import { writeSync } from 'node:fs'
import { type EmbeddedHub, type EmbeddedOptions, openEmbeddedHub, readHubConfig } from '@samband/hub'
import type { Logger } from '@samband/kernel'
import { realIds, realTime } from '@samband/process'

/** What a test's composition root does otherwise than the product's. */
export interface TestHubOptions {
  readonly around?: NonNullable<EmbeddedOptions['around']>
  readonly synchronous?: NonNullable<EmbeddedOptions['synchronous']>
  /** Called at moments that no port shows. */
  readonly at?: (moment: 'opened' | 'started') => void
}

/**
 * Runs a hub in this process as `npm start` does, from the same environment: prints one line of JSON with its address when it is ready, ends
 * on SIGTERM after a drain. Ends at once when the parent is gone.
 */
export async function runTestHub(options: TestHubOptions): Promise<EmbeddedHub> {
  const read = readHubConfig(process.env)
  if ('faults' in read) throw new Error(`the hub's environment: ${read.faults.join('; ')}`)
  const { config } = read
  const { around, synchronous, at } = options
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
  process.on('SIGINT', () => {})
  const embedded = await openEmbeddedHub({
    dataFolder: config.dataFolder,
    tenantsFolder: config.tenantsFolder,
    tokenKey: config.tokenKey,
    rereadMs: config.rereadMs,
    env: process.env,
    time: realTime(),
    ids: realIds(),
    log: warnings({}),
    settings: { statusRoundMs: config.statusRoundMs },
    ...(around === undefined ? {} : { around }),
    ...(synchronous === undefined ? {} : { synchronous }),
  })
  at?.('opened')
  process.on('SIGTERM', () => void embedded.stop(config.drainMs).then(() => process.exit(0)))
  await embedded.hub.start()
  at?.('started')
  const listening = await embedded.hub.app.listen({ host: config.host, port: config.port })
  process.stdout.write(`${JSON.stringify({ listening })}\n`)
  return embedded
}

/** Writes warnings and errors to standard error, one JSON line each, at once: nothing is lost with the process. */
function warnings(bound: object): Logger {
  const write = (level: string) => (sentence: string, fields?: object) =>
    void writeSync(2, `${JSON.stringify({ level, at: new Date().toISOString(), sentence, ...bound, ...fields })}\n`)
  return {
    debug() {},
    info() {},
    warn: write('warn'),
    error: write('error'),
    with: (fields) => warnings({ ...bound, ...fields }),
  }
}
