import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createEmbeddedBus } from '@samband/bus'
import type { EventBus, IdSource, Logger, Store, Time } from '@samband/kernel'
import { createWaysOut } from '@samband/outbound'
import { createFilePayloads, nodeFileSystem, type PayloadFileSystem } from '@samband/payloads'
import { type HubConfig, openTenants, openWayOut, payloadKey } from '@samband/process'
import { type Installation, openInstallation, type Synchronous } from '@samband/store'
import type { TenantRegistry } from '@samband/tenants'
import type { Dispatcher } from 'undici'
import { createBackupFolder } from './backup-folder.ts'
import { createHub, type Hub, type HubSettings } from './hub.ts'

/** What an embedded hub is made from. */
export interface EmbeddedOptions {
  readonly dataFolder: string
  readonly tenantsFolder: string
  /** Where copies of the store are written on request; left out: nowhere. */
  readonly backupsFolder?: string | undefined
  readonly tokenKey: Uint8Array
  readonly rereadMs: number
  /** How destinations are reached where no tenant's file says otherwise; left out: directly. */
  readonly wayOut?: HubConfig['wayOut']
  readonly env: Readonly<Record<string, string | undefined>>
  readonly time: Time
  readonly ids: IdSource
  readonly log: Logger
  readonly settings?: HubSettings
  /** Told once, when the store can no longer be used: the process must end, so that its supervisor starts it anew. */
  readonly onBroken?: (error: Error) => void
  /** For tests that show what another setting would lose. */
  readonly synchronous?: Synchronous
  /** Stands between the hub and its ports, in tests that stop the process at a boundary. */
  readonly around?: {
    readonly store?: (store: Store) => Store
    readonly files?: (files: PayloadFileSystem) => PayloadFileSystem
    readonly dispatcher?: (dispatcher: Dispatcher) => Dispatcher
    readonly bus?: (bus: EventBus) => EventBus
  }
}

/** An embedded hub with what it holds open. */
export interface EmbeddedHub {
  readonly hub: Hub
  readonly installation: Installation
  readonly tenants: TenantRegistry
  /** Drains for `graceMs` and closes everything. Safe to repeat. */
  stop(graceMs: number): Promise<void>
}

/** Opens the installation in a folder and puts a hub together on it. The hub does not run yet. */
export async function openEmbeddedHub(options: EmbeddedOptions): Promise<EmbeddedHub> {
  const { time, ids, log, around = {} } = options
  const byDefault = options.wayOut === undefined ? {} : openWayOut(options.wayOut)
  const ways = createWaysOut({ byDefault, time, around: around.dispatcher })
  mkdirSync(options.dataFolder, { recursive: true, mode: 0o700 })
  const installation = openAlone({
    folder: options.dataFolder,
    clock: time.clock,
    timers: time.timers,
    log,
    onBroken: options.onBroken,
    ...(options.synchronous === undefined ? {} : { synchronous: options.synchronous }),
  })
  const store = around.store?.(installation.store) ?? installation.store
  const plainBus = createEmbeddedBus({ store, time, ids })
  const bus = around.bus?.(plainBus) ?? plainBus
  const tenants = await openTenants({
    folder: options.tenantsFolder,
    env: options.env,
    store,
    time,
    rereadMs: options.rereadMs,
    log,
  })
  const files = nodeFileSystem()
  const payloads = createFilePayloads({
    root: join(options.dataFolder, 'payloads'),
    fs: around.files?.(files) ?? files,
    keys: { wrappingKey: (tenant) => payloadKey(tenants, tenant) },
    ids,
  })
  await payloads.sweepHalfFiles()
  const backups =
    options.backupsFolder === undefined
      ? undefined
      : createBackupFolder(options.backupsFolder, (target) => installation.backup(target))
  const hub = await createHub(
    {
      backups,
      store,
      bus,
      payloads,
      time,
      ids,
      log,
      http: ways.by(undefined),
      wayOut: ways.by,
      tenants,
      tokenKey: options.tokenKey,
    },
    options.settings,
  )
  let stopped = false
  return {
    hub,
    installation,
    tenants,
    async stop(graceMs) {
      if (stopped) return
      stopped = true
      await hub.stop(graceMs)
      await tenants.stop()
      await ways.destroy()
      await installation.close()
    },
  }
}

/** @throws Error that names the variable when another process holds the folder; else what opening throws */
function openAlone(options: Parameters<typeof openInstallation>[0]): Installation {
  try {
    return openInstallation(options)
  } catch (error) {
    if (!(error instanceof Error && /database( table)? is locked|database is busy/.test(error.message))) throw error
    const message = 'another process holds SAMBAND_DATA. Stop that one, or give this hub a folder of its own.'
    throw new Error(message, { cause: error })
  }
}
