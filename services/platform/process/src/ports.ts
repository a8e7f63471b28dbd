import { createKafkaBus, withTokens } from '@samband/bus/kafka'
import type { IdSource, Logger, Time } from '@samband/kernel'
import { createDestinations, createWaysOut } from '@samband/outbound'
import { createS3Client, createS3Payloads } from '@samband/payloads/s3'
import { openPostgres } from '@samband/store/postgres'
import { nodeSecrets } from '@samband/tenants'
import type { ServiceConfig } from './config.ts'
import { type ObjectStoreWatch, watchObjectStore } from './object-store-watch.ts'
import { openTenants } from './open-tenants.ts'
import { payloadKey } from './payload-key.ts'
import type { ServicePorts } from './service.ts'
import { openWayOut } from './way-out-env.ts'

/** What opening needs beside the settings. */
export interface OpenPortsOptions {
  readonly name: string
  readonly config: ServiceConfig
  readonly env: Readonly<Record<string, string | undefined>>
  readonly time: Time
  readonly ids: IdSource
  readonly log: Logger
  /** Told once, when the store can no longer be used: the process must end, so that its supervisor starts it anew. */
  readonly onBroken: (error: Error) => void
}

/** No municipality has this number, so that nothing is found; whether one may look is what is asked. */
const NOBODY = '000000000'

/** The real ports of a service on PostgreSQL, Kafka and S3, and what closes them again. */
export interface OpenPorts {
  readonly ports: ServicePorts
  readonly objectStore: ObjectStoreWatch
  /** To be called when the runtime has stopped. Safe to repeat. */
  close(): Promise<void>
}

/**
 * @throws HubError STORE_UTILGJENGELIG (transient) when the database cannot be reached
 * @throws Error when its schema is newer than this program, or SAMBAND_OUT_CA_FILE cannot be used
 */
export async function openPorts(options: OpenPortsOptions): Promise<OpenPorts> {
  const { config, time, ids, log } = options
  const ways = createWaysOut({ byDefault: openWayOut(config.wayOut), time })
  const { store, report } = await openPostgres({
    settings: config.postgres,
    time,
    ids,
    onBroken: options.onBroken,
    onMigrationWait: () => log.warn('another process brings the database up to date: this start waits for it'),
  })
  if (report.changed)
    log.error('the database was restored or has failed over: what it does not know is asked for first')
  const tenants = await openTenants({
    folder: config.tenantsFolder,
    env: options.env,
    store,
    time,
    rereadMs: config.rereadMs,
    log,
  })
  const s3 = createS3Client({ settings: config.s3, secrets: nodeSecrets(options.env), clock: time.clock })
  const payloads = createS3Payloads({
    client: s3,
    bucket: config.s3.bucket,
    prefix: config.s3.prefix,
    keys: { wrappingKey: (tenant) => payloadKey(tenants, tenant) },
    ids,
    clock: time.clock,
  })
  const bus = createKafkaBus({
    settings: { ...withTokens(config.kafka, time), clientId: `samband-${options.name}` },
    time,
    log,
  })
  const http = ways.by(undefined)
  const destinations = createDestinations({ tenants, wayOut: ways.by, ids })
  const look = async () => {
    for await (const _ref of payloads.list(NOBODY)) return
  }
  const objectStore = watchObjectStore({ look, time, log })
  let closed: Promise<void> | undefined
  return {
    objectStore,
    ports: { store, bus, payloads, time, ids, log, http, tenants, destinations, tokenKey: config.tokenKey },
    close() {
      closed ??= (async () => {
        objectStore.stop()
        await bus.close()
        await tenants.stop()
        await ways.destroy()
        s3.destroy()
        await store.close()
      })()
      return closed
    },
  }
}
