import { createEmbeddedBus } from '@samband/bus'
import { type EventBus, HubError, type Logger } from '@samband/kernel'
import { type EventDefinition, ForsendelseStatusEndretV1 } from '@samband/messages'
import { realIds, realTime } from '@samband/process'
import { acceptedIdOf, createRuntime, type Handler, type Runtime, type WorkerLimits } from '@samband/runtime'
import { type Installation, openInstallation } from '@samband/store'
import { TEST_ORGNR } from '../support/tenant-files.ts'

/** Log, inbox, handlers and outbox in this process, on a real disk, without a service around them. */
export interface Heart {
  readonly runtime: Runtime
  readonly bus: EventBus
  readonly installation: Installation
  stop(): Promise<void>
}

const SVARUT_ID = 'aaaaaaaa-0000-4000-8000-000000000001'

/** The event of these benches, as it travels: with headers about 1 kB. */
export function statusEndret(forsendelseId: string): unknown {
  return {
    forsendelseId,
    eksternReferanse: `bench-${forsendelseId}`,
    svarUtId: SVARUT_ID,
    status: 'LEST',
    endretTidspunkt: '2026-01-15T10:00:00.000Z',
  }
}

/** Opens the heart in a folder; it runs when this resolves. */
export async function startHeart(folder: string, handler: Handler, limits: Partial<WorkerLimits> = {}): Promise<Heart> {
  const time = realTime()
  const ids = realIds()
  const installation = openInstallation({ folder, log: silent, ...time })
  const { store } = installation
  const bus = createEmbeddedBus({ store, time, ids })
  const runtime = createRuntime({
    store,
    bus,
    time,
    ids,
    log: silent,
    name: 'bench',
    topics: [ForsendelseStatusEndretV1.topic],
    handlers: [handler],
    findDestination: () => {
      throw new HubError('TENANT_IKKE_SATT_OPP', 'paused', 'Handlers of a bench have no effects.')
    },
    limits,
  })
  await runtime.start()
  return {
    runtime,
    bus,
    installation,
    async stop() {
      await runtime.stop(10_000)
      await bus.close()
      await installation.close()
    },
  }
}

/** Has one event accepted, with a ledger row as any other. The tenants take turns. */
export async function acceptOne(runtime: Runtime, number: number): Promise<void> {
  const tenant = TEST_ORGNR[number % TEST_ORGNR.length] ?? TEST_ORGNR[0]
  const eksternReferanse = `bench-${number}`
  const acceptedId = acceptedIdOf(tenant, eksternReferanse)
  await runtime.accept({
    tenant,
    acceptedId,
    eksternReferanse,
    klientId: 'bench',
    contentDigest: 'bench',
    definition: ForsendelseStatusEndretV1 as EventDefinition<unknown, never>,
    data: statusEndret(acceptedId),
    source: '/samband/bench',
    traceparent: undefined,
    documents: [],
    now: Date.now(),
  })
}

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, with: () => silent }
