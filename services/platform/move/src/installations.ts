import { join } from 'node:path'
import { createEmbeddedBus } from '@samband/bus'
import { createKafkaBus, withTokens } from '@samband/bus/kafka'
import type { EventBus, IdSource, Logger, Payloads, Store, Time } from '@samband/kernel'
import { createFilePayloads, nodeFileSystem } from '@samband/payloads'
import { createS3Client, createS3Payloads } from '@samband/payloads/s3'
import { payloadKey, type ServiceConfig, storeLastGood } from '@samband/process'
import { type LeavingInstallation, openLeaving } from '@samband/store'
import { lookAtSchema, openPostgres, type SchemaStanding } from '@samband/store/postgres'
import { createTenantRegistry, nodeSecrets, nodeTenantFiles, type TenantRegistry } from '@samband/tenants'

/** What a move is told. */
export interface MoveSettings {
  /** `SAMBAND_DATA` of the hub. */
  readonly dataFolder: string
  /** Of the services that go on with it. */
  readonly config: ServiceConfig
  readonly env: Readonly<Record<string, string | undefined>>
  readonly time: Time
  readonly ids: IdSource
}

/** The installation that is to move, held so that no hub starts on it. */
export interface OldHome {
  readonly leaving: LeavingInstallation
  readonly store: Store
  readonly bus: EventBus
  readonly payloads: Payloads
  /** The key that a municipality's contents are encrypted with, here and there. */
  readonly key: (tenant: string) => Uint8Array
  /** Organisasjonsnummer of whoever has contents there. */
  readonly payloadTenants: readonly string[]
  /** Of these none can be read: no file is in force that names their key. */
  readonly tenantsWithoutKey: readonly string[]
  close(): Promise<void>
}

/** Where it goes. */
export interface NewHome {
  /** In words, without a secret. */
  readonly description: string
  readonly bus: EventBus
  readonly payloads: Payloads
  /** What stands in its schema now; makes nothing. */
  look(): Promise<SchemaStanding | undefined>
  /** Makes the schema if it is missing. */
  openStore(): Promise<Store>
  close(): Promise<void>
}

const TENANT = /^[0-9]{9}$/
/** What goes wrong is thrown; who waits for a move is told that and nothing else. */
const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {}, with: () => quiet }

/** @throws CannotLeave when there is no store, a hub holds it, or it is not fit to be moved; nothing was changed */
export async function openOldHome(settings: MoveSettings): Promise<OldHome> {
  const { dataFolder, time, ids } = settings
  const leaving = openLeaving({ folder: dataFolder, timers: time.timers })
  let tenants: TenantRegistry | undefined
  try {
    tenants = await openKeys(settings, leaving.store)
    const registry = tenants
    const root = join(dataFolder, 'payloads')
    const fs = nodeFileSystem()
    const payloadTenants = (await fs.list(root)).filter((name) => TENANT.test(name)).sort()
    const key = (tenant: string) => payloadKey(registry, tenant)
    return {
      leaving,
      store: leaving.store,
      bus: createEmbeddedBus({ store: leaving.store, time, ids }),
      payloads: createFilePayloads({ root, fs, keys: { wrappingKey: key }, ids }),
      key,
      payloadTenants,
      tenantsWithoutKey: payloadTenants.filter((tenant) => registry.get(tenant) === undefined),
      async close() {
        await registry.stop()
        await leaving.close()
      },
    }
  } catch (error) {
    await tenants?.stop()
    await leaving.close()
    throw error
  }
}

/** The municipalities' files as they are now, or as they were last accepted. Nothing is kept of what is read. */
async function openKeys({ config, env, time }: MoveSettings, store: Store): Promise<TenantRegistry> {
  const kept = storeLastGood(store)
  const tenants = createTenantRegistry({
    directory: config.tenantsFolder,
    fs: nodeTenantFiles(),
    secrets: nodeSecrets(env),
    time,
    lastGood: {
      load: kept.load,
      keys: kept.keys,
      keepKeys: async (orgnr, keys) => (await kept.keys())[orgnr] ?? keys,
      save: async () => {},
    },
    rereadMs: config.rereadMs,
    log: quiet,
  })
  await tenants.start()
  return tenants
}

/** Connects to nothing yet. `keys` gives the key of a municipality's contents. */
export function createNewHome({ config, env, time, ids }: MoveSettings, keys: (tenant: string) => Uint8Array): NewHome {
  const client = createS3Client({ settings: config.s3, secrets: nodeSecrets(env), clock: time.clock })
  const { bucket, prefix } = config.s3
  const bus = createKafkaBus({
    settings: { ...withTokens(config.kafka, time), clientId: 'samband-migrate' },
    time,
    log: quiet,
  })
  const { host, pathname } = new URL(config.postgres.url)
  let store: Store | undefined
  return {
    description: `PostgreSQL ${host}${pathname}, schema ${config.postgres.schema}`,
    bus,
    payloads: createS3Payloads({ client, bucket, prefix, keys: { wrappingKey: keys }, ids, clock: time.clock }),
    look: () => lookAtSchema(config.postgres),
    async openStore() {
      const opened = await openPostgres({ settings: config.postgres, time, ids })
      store = opened.store
      return opened.store
    },
    async close() {
      await bus.close()
      client.destroy()
      await store?.close()
    },
  }
}
