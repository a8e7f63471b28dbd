import { answerMalformed, answerProblems, type Caller, createAccess, type OperatorCaller } from '@samband/access'
import type { HttpDependencies } from '@samband/connector-kit'
import { createSendHandlers, createStatusPoller } from '@samband/forsendelse-dispatcher'
import { createIntakeHandlers, registerIntake } from '@samband/forsendelse-intake'
import { createEkspederHandler, createReserverHandler } from '@samband/journal-archiver'
import type { EventBus, IdSource, Logger, Payloads, Store, Time } from '@samband/kernel'
import { completionOf } from '@samband/letter-record'
import { TOPICS } from '@samband/messages'
import { createNoark5Effects } from '@samband/noark5'
import { createAccountWatch, registerOperations } from '@samband/operations'
import { createDestinations, noarkInnholdOf, svarUtInnholdOf } from '@samband/outbound'
import { createRuntime, type Handler, type Runtime, type RuntimeOptions } from '@samband/runtime'
import { createSendTilSvarUt, createStatusClient } from '@samband/svarut'
import type { TenantRegistry } from '@samband/tenants'
import fastify, { type FastifyInstance } from 'fastify'
import type { BackupFolder } from './backup-folder.ts'
import { registerBackup } from './backup-route.ts'
import { ERROR_CODES } from './error-codes.ts'

/** Everything a hub touches the world through. The composition root of a process makes the real ones, a history its own. */
export interface HubPorts {
  readonly store: Store
  readonly bus: EventBus
  readonly payloads: Payloads
  readonly time: Time
  readonly ids: IdSource
  readonly log: Logger
  readonly http: HttpDependencies
  readonly tenants: TenantRegistry
  /** Signs the access tokens this hub hands out; 32 bytes or more. */
  readonly tokenKey: Uint8Array
  /** Where copies of the store go; left out: none can be taken. */
  readonly backups?: BackupFolder | undefined
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

/** A client that sends nothing for so long has gone, or means no good. */
const SILENT_CONNECTION_MS = 120_000

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
export async function createHub(ports: HubPorts, settings: HubSettings = {}): Promise<Hub> {
  const { store, bus, payloads, time, ids, log, http, tenants } = ports
  const { statusRoundMs = 5_000, accountEveryMs = 60 * 60_000, ...pace } = settings
  const destinations = createDestinations({ tenants, http, ids })
  const sendTilSvarUt = createSendTilSvarUt({
    http,
    payloads,
    ids,
    access: destinations.svarutAccess,
    innholdOf: svarUtInnholdOf,
  })
  const statusClient = createStatusClient({ http, access: destinations.svarutAccess })
  const noark5 = createNoark5Effects({
    http,
    payloads,
    time,
    access: destinations.noark5Access,
    innholdOf: noarkInnholdOf,
  })

  const handlers = [
    createReserverHandler(noark5),
    createEkspederHandler(noark5),
    ...createSendHandlers(sendTilSvarUt),
    ...createIntakeHandlers(),
  ] as readonly Handler[]
  const runtime: Runtime = createRuntime({
    store,
    bus,
    time,
    ids,
    log,
    name: 'samband',
    topics: TOPICS,
    handlers,
    pollers: [
      createStatusPoller({
        sokStatus: (to, idsOfLetters, signal) => statusClient.sokStatus(to, idsOfLetters, signal),
        statusPollMs: destinations.statusPollMs,
        everyMs: statusRoundMs,
      }),
      createAccountWatch({
        account: (scope, completion) => runtime.account(scope, completion),
        raise: (alarm) => runtime.raise(alarm),
        completion: completionOf(store),
        everyMs: accountEveryMs,
      }),
    ],
    findDestination: destinations.find,
    ...pace,
  })

  const app = fastify({
    logger: false,
    bodyLimit: 1024 * 1024,
    // A large letter may take its time, but not stand still: a connection without a byte for so long is closed.
    requestTimeout: 0,
    connectionTimeout: SILENT_CONNECTION_MS,
    forceCloseConnections: 'idle',
    frameworkErrors: answerMalformed,
  })
  answerProblems(app, { ids, log })
  const access = createAccess({
    tenants,
    operators: () => tenants.operators(),
    tokenKey: ports.tokenKey,
    clock: time.clock,
  })
  registerIntake(app, { runtime, store, payloads, tenants, time, ids, log, tokenKey: ports.tokenKey })
  registerOperations(app, {
    store,
    runtime,
    time,
    log,
    authorise: async (request, scope) => operatorOf(access.verifyAccess(request, scope)),
    completion: completionOf(store),
    errorCodes: ERROR_CODES,
    tenantNames: (orgnr) => tenants.get(orgnr)?.navn ?? orgnr,
  })
  registerBackup(app, {
    folder: ports.backups,
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

/** Operations is for operators; a case-archive system's token never carries its scopes, so another kind is a defect. */
function operatorOf(caller: Caller): OperatorCaller {
  if (caller.kind !== 'operator') throw new Error('a token of a klient carries the scope of an operator')
  return caller
}
