import { asHubError } from '@samband/kernel'
import {
  folderFaults,
  kindOfFolder,
  readHubConfig,
  realIds,
  realTime,
  startTracing,
  whyNotListening,
} from '@samband/process'
import { createPinoLogger } from '@samband/runtime'
import pino from 'pino'
import { openEmbeddedHub } from './embedded.ts'

/** The embedded hub: `npm start`. Prints one JSON line with its address when it is ready; ends on SIGTERM or SIGINT after a drain. */
// Everything it writes is for its own user alone: store, copies, payloads.
process.umask(0o077)
const read = readHubConfig(process.env)
if ('faults' in read) refuseEnvironment(read.faults)
const { config } = read
const folders = folderFaults(config, kindOfFolder)
if (folders.length > 0) refuseEnvironment(folders)
const log = createPinoLogger(
  pino({ level: config.logLevel, base: { service: 'hub' } }, pino.destination({ dest: 2, sync: true })),
)
const tracing = startTracing(config.otlpUrl)

const embedded = await openEmbeddedHub({
  dataFolder: config.dataFolder,
  tenantsFolder: config.tenantsFolder,
  backupsFolder: config.backupsFolder,
  tokenKey: config.tokenKey,
  rereadMs: config.rereadMs,
  wayOut: config.wayOut,
  env: process.env,
  time: realTime(),
  ids: realIds(),
  log,
  settings: { statusRoundMs: config.statusRoundMs },
  onBroken: () => {
    log.error('the store can no longer be used: the hub ends, look at the disk, then start it anew', {
      code: 'STORE_UBRUKELIG',
    })
    process.exit(1)
  },
}).catch((error: unknown) => {
  tellWhy(asHubError(error)?.message ?? (error instanceof Error ? error.message : 'unknown'))
  process.exit(1)
})
const { report } = embedded.installation
if (report.unclean) log.warn('the process before did not stop properly; the quick check of the store passed')
if (report.putBack)
  log.error('the store file is older than this installation: it was put back by hand and is not trusted')

let stopping = false
function stop(): void {
  if (stopping) return
  stopping = true
  log.info('the hub drains')
  void embedded
    .stop(config.drainMs)
    .then(() => tracing.stop())
    .then(() => process.exit(0))
}
process.on('SIGTERM', stop)
process.on('SIGINT', stop)

await embedded.hub.start()
const address = await embedded.hub.app
  .listen({ host: config.host, port: config.port })
  .catch(async (error: unknown) => {
    tellWhy(whyNotListening(error))
    await embedded.stop(config.drainMs)
    process.exit(1)
  })
process.stdout.write(`${JSON.stringify({ listening: address })}\n`)
log.info('the hub is ready')
if (report.unclean) {
  const faults = await embedded.installation.checkFully()
  if (faults.length > 0)
    log.error('the full check of the store found damage: stop and restore the newest backup', { count: faults.length })
}

function refuseEnvironment(faults: readonly string[]): never {
  process.stderr.write(
    `The hub cannot start; its environment has faults:\n${faults.map((fault) => `  ${fault}\n`).join('')}`,
  )
  process.exit(78)
}

function tellWhy(reason: string): void {
  process.stderr.write(`The hub cannot start: ${reason}\n`)
}
