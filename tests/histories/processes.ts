import { DatabaseSync } from 'node:sqlite'
import { createEmbeddedBus } from '@samband/bus'
import { createHub, type Hub } from '@samband/hub'
import type { Logger } from '@samband/kernel'
import {
  aroundFileSystem,
  createFilePayloads,
  createMemoryDisk,
  createMemoryFileSystem,
  type MemoryDisk,
} from '@samband/payloads'
import { createSqliteStore, migrate, readMigrations, type SqliteStore, stampRestored } from '@samband/store'
import { Machine, seededIds, struckStore } from './machine.ts'
import { type NetworkOptions, VirtualNetwork } from './network.ts'
import type { Strikes } from './plan.ts'
import type { Random } from './random.ts'
import type { Registry } from './surroundings.ts'
import type { World } from './world.ts'

/** A hub process of a history. */
export interface Process {
  readonly machine: Machine
  readonly hub: Hub
  readonly store: SqliteStore
}

const MIGRATIONS = readMigrations()

/** A database with its schema, as bytes: laid once, copied for every history. */
const EMPTY = (() => {
  const database = new DatabaseSync(':memory:')
  migrate(database, MIGRATIONS)
  const bytes = database.serialize()
  database.close()
  return bytes
})()

/** Whatever outlives the processes: the database file and the disk of the payloads. */
export class Disk {
  database: DatabaseSync
  readonly files: MemoryDisk = createMemoryDisk()

  constructor() {
    this.database = open(EMPTY)
  }

  backup(): Uint8Array {
    return this.database.serialize()
  }

  /** Puts a backup in the place of the database, through the hub's own stamp. No process may run. */
  restore(bytes: Uint8Array, now: number): void {
    this.database.close()
    this.database = open(bytes)
    stampRestored(this.database, now)
  }

  close(): void {
    this.database.close()
  }
}

function open(bytes: Uint8Array): DatabaseSync {
  const database = new DatabaseSync(':memory:')
  database.deserialize(bytes)
  return database
}

/** What starting a process needs. */
export interface Shop {
  readonly world: World
  readonly random: Random
  readonly disk: Disk
  readonly registry: Registry
  /** False: several workers share the store, leases run by stopwatch. */
  readonly exclusive: boolean
  readonly network: NetworkOptions
}

const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {}, with: () => SILENT }

/** Starts a hub on the disk. Resolves when it takes letters; a strike in the middle of its start leaves it pending for ever. */
export async function startProcess(
  shop: Shop,
  name: string,
  strikes: Strikes,
  wallOffsetMs: number,
  born: (machine: Machine) => void,
): Promise<Process> {
  const machine = new Machine(name, shop.world)
  machine.wallOffsetMs = wallOffsetMs
  for (const [call, strike] of strikes.byNumber) machine.strikes.set(call, strike)
  for (const [call, strike] of strikes.byKind) machine.strikesAt.set(call, strike)
  const sqlite = createSqliteStore({
    database: shop.disk.database,
    exclusive: shop.exclusive,
    timers: machine.time.timers,
    ownsDatabase: false,
  })
  machine.onDeath = () => sqlite.abandon()
  born(machine)
  const store = struckStore(machine, sqlite)
  const ids = seededIds(shop.random)
  const files = createMemoryFileSystem({ disk: shop.disk.files })
  const payloads = createFilePayloads({
    root: '/payloads',
    fs: aroundFileSystem(files, (operation, _path, run) => machine.through(`payloads.${operation}`, run)),
    keys: { wrappingKey: (tenant) => shop.registry.get(tenant)?.payloadKey.bytes() ?? new Uint8Array(32) },
    ids,
  })
  await payloads.sweepHalfFiles()
  const bus = createEmbeddedBus({ store, time: machine.time, ids, pollMs: shop.exclusive ? 60_000 : 3_000 })
  const hub = await createHub(
    {
      store,
      bus,
      payloads,
      time: machine.time,
      ids,
      log: SILENT,
      http: { dispatcher: new VirtualNetwork(machine, shop.network), time: machine.time },
      tenants: shop.registry,
      tokenKey: Buffer.alloc(32, 3),
    },
    {
      limits: { leaseMs: 30_000, pollMs: 2_000 },
      relayPollMs: shop.exclusive ? 60_000 : 3_000,
      resolveEveryMs: 15_000,
      replayEveryMs: 2_000,
      statusRoundMs: 60_000,
    },
  )
  await hub.start()
  return { machine, hub, store: sqlite }
}
