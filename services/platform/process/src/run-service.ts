import { asHubError, type Logger, sleep } from '@samband/kernel'
import { TOPICS } from '@samband/messages'
import { createPinoLogger, createRuntime, type Runtime } from '@samband/runtime'
import type { FastifyInstance } from 'fastify'
import pino from 'pino'
import { readServiceConfig, type ServiceConfig, ServiceEnv } from './config.ts'
import { tenantsFolderFaults } from './environment.ts'
import { registerHealth } from './health.ts'
import { kindOfFolder } from './kind-of-folder.ts'
import { openPorts } from './ports.ts'
import { realIds, realTime } from './real-ports.ts'
import type { Service, ServicePorts } from './service.ts'
import { startTracing } from './trace-export.ts'
import { createWebApp } from './web-app.ts'
import { whyNotListening } from './why-not-listening.ts'

/** A service that is to run in this process. */
export interface ServiceProcess {
  /** Names its group on the bus and the holder of its leases: the same in every replica. */
  readonly name: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly create: (ports: ServicePorts, config: ServiceConfig) => Service
  /** Routes that the hub registers once for all services. */
  readonly alone?: (app: FastifyInstance, ports: ServicePorts) => void
  /** True where the service has its health routes among its own. */
  readonly hasHealth?: boolean
  /** Where operators' verbs go: the service carries out those about its own rows, or orders all of them of their owners. */
  readonly verbs: 'own' | 'ordered'
}

/** Groups that must have read everything before an accepted letter that nobody has counts as lost. */
export const READERS = ['forsendelse-intake', 'journal-archiver', 'forsendelse-dispatcher']
const EXIT_CONFIG = 78

/**
 * Runs one service until SIGTERM or SIGINT, on PostgreSQL, Kafka and S3. Prints one JSON line with its address when it is ready. Exit codes: 0 after
 * a drain, 78 for faults of the environment, 1 when it cannot start or its store can no longer be used.
 */
export async function runService(service: ServiceProcess): Promise<void> {
  const read = readServiceConfig(service.env)
  if ('faults' in read) refuseEnvironment(service.name, read.faults)
  const { config } = read
  const purpose = ServiceEnv.in.shape.SAMBAND_TENANTS.description ?? ''
  const folders = tenantsFolderFaults(kindOfFolder(config.tenantsFolder), purpose)
  if (folders.length > 0) refuseEnvironment(service.name, folders)
  const log = createPinoLogger(
    pino({ level: config.logLevel, base: { service: service.name } }, pino.destination({ dest: 2, sync: true })),
  )
  const tracing = startTracing(config.otlpUrl)
  const starting = start(service, config, log)
  let stopping = false
  // From the first moment: a stop during the start waits for it, so that what was begun ends in good order.
  const stop = () => {
    if (stopping) return
    stopping = true
    log.info('the service drains')
    void starting
      .then((running) => running.stop(config.drainMs, config.stopDelayMs))
      .then(() => tracing.stop())
      .then(
        () => process.exit(0),
        () => {},
      )
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  try {
    const running = await starting
    process.stdout.write(`${JSON.stringify({ listening: running.address })}\n`)
    log.info('the service is ready')
  } catch (error) {
    const known = asHubError(error)
    const message = known?.message ?? (error instanceof Error ? error.message : 'unknown')
    process.stderr.write(`${service.name} cannot start: ${message}\n`)
    process.exit(1)
  }
}

function refuseEnvironment(name: string, faults: readonly string[]): never {
  const lines = faults.map((fault) => `  ${fault}\n`).join('')
  process.stderr.write(`${name} cannot start; its environment has faults:\n${lines}`)
  process.exit(EXIT_CONFIG)
}

async function start(service: ServiceProcess, config: ServiceConfig, log: Logger) {
  const time = realTime()
  const ids = realIds()
  const { ports, objectStore, close } = await openPorts({
    name: service.name,
    config,
    env: service.env,
    time,
    ids,
    log,
    onBroken: () => {
      log.error('the store can no longer be used: the process ends, and is to be started anew', {
        code: 'STORE_UBRUKELIG',
      })
      process.exit(1)
    },
  })
  const { handlers, pollers, routes } = service.create(ports, config)
  const runtime: Runtime = createRuntime({
    store: ports.store,
    bus: ports.bus,
    time,
    ids,
    log,
    name: service.name,
    topics: handlers.length === 0 ? [] : TOPICS,
    handlers,
    pollers: pollers?.(() => runtime) ?? [],
    findDestination: ports.destinations.find,
    limits: { leaseMs: config.leaseMs },
    readers: { groups: READERS, topics: TOPICS },
    ...(service.verbs === 'own' ? { takesOrders: true } : { ordersOfOthers: true }),
  })
  const app = createWebApp({ ids, log })
  let isStopping = false
  /** The runtime as it shows itself: a process that is told to stop wants no more requests, though it still answers those that come. */
  const seen: Runtime = {
    ...runtime,
    unready: () => [...(isStopping ? ['the process is stopping'] : []), ...runtime.unready()],
  }
  // Whoever keeps connections open is to find another replica before this one closes them.
  app.addHook('onSend', async (_request, reply) => {
    if (isStopping) reply.header('connection', 'close')
  })
  if (service.hasHealth !== true)
    registerHealth(app, {
      runtime: seen,
      store: ports.store,
      clock: time.clock,
      tenants: ports.tenants,
      alsoUnready: objectStore.unready,
    })
  routes?.(app, seen)
  service.alone?.(app, ports)
  await app.ready()
  const stop = async (graceMs: number, delayMs = 0) => {
    isStopping = true
    await sleep(time.timers, delayMs)
    const cut = time.timers.after(graceMs, () => app.server.closeAllConnections())
    await Promise.all([app.close(), runtime.stop(graceMs)])
    cut()
    await close()
  }
  await runtime.start()
  try {
    return { address: await app.listen({ host: config.host, port: config.port }), stop }
  } catch (error) {
    // It works already: what it has begun ends in good order, or is known to be unanswered.
    await stop(config.drainMs)
    throw new Error(whyNotListening(error), { cause: error })
  }
}
