import { createAccess } from '@samband/access'
import { createForsendelseDispatcher } from '@samband/forsendelse-dispatcher'
import { createForsendelseIntake } from '@samband/forsendelse-intake'
import { createJournalArchiver } from '@samband/journal-archiver'
import { TOPICS } from '@samband/messages'
import { createOperations, operatorOf } from '@samband/operations'
import { createDestinations } from '@samband/outbound'
import { createWebApp, type ServicePorts } from '@samband/process'
import { createRuntime, type Runtime, type RuntimeOptions } from '@samband/runtime'
import type { FastifyInstance } from 'fastify'
import type { BackupFolder } from './backup-folder.ts'
import { registerBackup } from './backup-route.ts'

/** Everything a hub touches the world through. The composition root of a process makes the real ones, a history its own. */
export interface HubPorts extends Omit<ServicePorts, 'destinations'> {
  /** Where copies of the store go; left out: none can be taken. */
  readonly backups?: BackupFolder | undefined
  /** The way out of each destination; left out: `http` for all. */
  readonly wayOut?: Parameters<typeof createDestinations>[0]['wayOut']
}

/** Pace and limits of a hub; each has a default fit for production. */
export interface HubSettings {
  readonly limits?: NonNullable<RuntimeOptions['limits']>
  readonly relayPollMs?: number
  readonly resolveEveryMs?: number
  readonly replayEveryMs?: number
  /** How often the list of letters whose status is due is looked at. */
  readonly statusRoundMs?: number
  /** How often the nothing-lost account is drawn up by itself. */
  readonly accountEveryMs?: number
}

/** Every service in one process. */
export interface Hub {
  /** Not listening; the composition root decides where. */
  readonly app: FastifyInstance
  readonly runtime: Runtime
  start(): Promise<void>
  /** Refuses new requests, lets what is under way end for `graceMs`, then stops. Safe to repeat. */
  stop(graceMs: number): Promise<void>
}

/** Puts the services together over the given ports. Nothing runs until `start`. */
export async function createHub(hubPorts: HubPorts, settings: HubSettings = {}): Promise<Hub> {
  const { store, bus, time, ids, log, http, tenants } = hubPorts
  const { statusRoundMs, accountEveryMs, ...pace } = settings
  const destinations = createDestinations({ tenants, wayOut: hubPorts.wayOut ?? (() => http), ids })
  const ports: ServicePorts = { ...hubPorts, destinations }
  const services = [
    createJournalArchiver(ports),
    createForsendelseDispatcher(ports, { statusRoundMs }),
    createForsendelseIntake(ports),
    createOperations(ports, { accountEveryMs }),
  ]
  const runtime: Runtime = createRuntime({
    store,
    bus,
    time,
    ids,
    log,
    name: 'samband',
    topics: TOPICS,
    handlers: services.flatMap((service) => service.handlers),
    pollers: services.flatMap((service) => service.pollers?.(() => runtime) ?? []),
    findDestination: destinations.find,
    ...pace,
  })

  const app = createWebApp({ ids, log })
  for (const service of services) service.routes?.(app, runtime)
  const access = createAccess({
    tenants,
    operators: () => tenants.operators(),
    tokenKey: ports.tokenKey,
    clock: time.clock,
  })
  registerBackup(app, {
    folder: hubPorts.backups,
    store,
    time,
    ids,
    log,
    authorise: (request, scope) => operatorOf(access.verifyAccess(request, scope)),
  })
  await app.ready()

  return {
    app,
    runtime,
    start: () => runtime.start(),
    async stop(graceMs) {
      const cut = time.timers.after(graceMs, () => app.server.closeAllConnections())
      await Promise.all([app.close(), runtime.stop(graceMs)])
      cut()
      await bus.close()
    },
  }
}
