import { Readable } from 'node:stream'
import { createEmbeddedBus } from '@samband/bus'
import { causeId, isoInstant, type Payloads } from '@samband/kernel'
import { type EventDefinition, TOPICS, toHeaders, toSequence } from '@samband/messages'
import { aroundFileSystem, createFilePayloads, createMemoryFileSystem, type FileOperation } from '@samband/payloads'
import { createRuntime, type Handler } from '@samband/runtime'
import { createKeptLog, createTestIds, createVirtualTime, settle } from '@samband/runtime/testing'
import { createSqliteStore, migrate, openDatabase, readMigrations } from '@samband/store'
import { type Klient, type Operator, Secret, type Tenant, type TenantRegistry } from '@samband/tenants'
import fastify from 'fastify'
import { createIntakeHandlers } from '../journey/handlers.ts'
import type { IntakeLimits } from '../limits.ts'
import { registerIntake } from '../register-intake.ts'
import { MULTIPART_TYPE, multipart, type PartOf } from './letters.ts'

export const LILLEVIK = '314758625'
export const STOREVIK = '311094688'
export const KONTO = '0c9bb2f6-5a7e-4a3b-9d58-6a1a3bb0f001'

/** What a test may set up differently. */
export interface WorldOptions {
  readonly limits?: Partial<IntakeLimits>
  /** Wrapped about every operation on the payloads' file system. */
  readonly aroundFiles?: <T>(operation: FileOperation, path: string, run: () => Promise<T>) => Promise<T>
  /** Handlers of other services. */
  readonly handlers?: readonly Handler[]
}

/** An intake with everything around it, in memory and in virtual time. */
export type World = Awaited<ReturnType<typeof startWorld>>

/** A klient of a tenant, with both scopes. */
export function aKlient(klientId: string, changes: Partial<Klient> = {}): Klient {
  const secret = new Secret(`env:${klientId}`, `hemmelighet ${klientId}`)
  return { klientId, secret, scopes: ['forsendelse.send', 'forsendelse.les'], ...changes }
}

/** A tenant with one klient, `fagsystem-<orgnr>`, and an archive unless it is told to have none. */
export function aTenant(orgnr: string, { arkiv = true, klienter = [aKlient(`fagsystem-${orgnr}`)] } = {}): Tenant {
  const timing = { startWithinMs: 5_000, inFlightMs: 60_000, lookUpLagMs: 60_000 }
  const limits = { timing, ceiling: 4, giveUpAfterMs: 86_400_000 }
  const secret = new Secret('env:SECRET', 'en hemmelighet')
  const key = new Secret('env:KEY', Buffer.alloc(32, orgnr).toString('base64'))
  const login = { type: 'basic', user: 'samband', password: secret } as const
  const noark5 = { baseUrl: 'https://arkiv.test', arkivdel: 'a', profile: 'standard', login, ...limits } as const
  const maskinporten = { issuer: 'https://mp.test', tokenUrl: 'https://mp.test/token', clientId: 'c', kid: 'k' }
  const svarut = {
    baseUrl: 'https://svarut.test',
    kontoId: KONTO,
    integrasjonId: 'i',
    integrasjonPassord: secret,
    maskinporten: { ...maskinporten, privateKey: secret, scope: 'ks:fiks' },
    statusPollMs: 900_000,
    ...limits,
  }
  return {
    orgnr,
    navn: `Kommune ${orgnr}`,
    connectors: arkiv ? { svarut, noark5 } : { svarut },
    klienter: [...klienter],
    retention: { payloadDays: 90 },
    payloadKey: key,
    hmacKey: key,
  }
}

/** Starts a world. To be stopped at the end of the test. */
export async function startWorld(options: WorldOptions = {}) {
  const time = createVirtualTime()
  const ids = createTestIds()
  const log = createKeptLog()
  const database = openDatabase(':memory:', { exclusive: true, synchronous: 'OFF' })
  migrate(database, readMigrations())
  const store = createSqliteStore({ database, exclusive: true, timers: time.timers })
  const bus = createEmbeddedBus({ store, time, ids })
  const memory = createMemoryFileSystem()
  const fs = options.aroundFiles === undefined ? memory : aroundFileSystem(memory, options.aroundFiles)
  const payloads: Payloads = createFilePayloads({ root: '/payloads', fs, keys: { wrappingKey: () => KEY }, ids })
  const tenants = new Map([LILLEVIK, STOREVIK].map((orgnr) => [orgnr, aTenant(orgnr)]))
  const operators: Operator[] = []
  const runtime = createRuntime({
    store,
    bus,
    time,
    ids,
    log,
    name: 'hub',
    topics: TOPICS,
    handlers: [...createIntakeHandlers(), ...(options.handlers ?? [])],
    findDestination: () => {
      throw new Error('nothing is sent here')
    },
  })
  await runtime.start()
  const app = fastify()
  const limits = options.limits === undefined ? {} : { limits: options.limits }
  const registry = registryOf(tenants, operators)
  registerIntake(app, { runtime, store, payloads, tenants: registry, time, ids, log, tokenKey: KEY, ...limits })
  await app.ready()
  let published = 0
  const sequences = new Map<string, number>()
  let telling = 0

  const world = {
    app,
    store,
    payloads,
    runtime,
    time,
    log,
    tenants,
    operators,

    /** The answer of the token endpoint. */
    tokenAnswer: (klientId: string, secret = `hemmelighet ${klientId}`, form = 'grant_type=client_credentials') =>
      app.inject({
        method: 'POST',
        url: '/oauth/token',
        headers: {
          authorization: `Basic ${Buffer.from(`${klientId}:${secret}`).toString('base64')}`,
          'content-type': 'application/x-www-form-urlencoded',
        },
        payload: form,
      }),

    /** A token of the tenant's first klient. */
    async token(orgnr = LILLEVIK): Promise<string> {
      const answer = await world.tokenAnswer(`fagsystem-${orgnr}`)
      return answer.json<{ access_token: string }>().access_token
    },

    /** Sends a multipart body, whole, in pieces or as a stream. */
    async send(
      body: readonly PartOf[] | Buffer | Readable,
      { orgnr = LILLEVIK, headers = {} }: { orgnr?: string; headers?: Record<string, string> } = {},
    ) {
      const payload = Buffer.isBuffer(body) || body instanceof Readable ? body : multipart(body)
      const authorization = `Bearer ${await world.token(orgnr)}`
      return app.inject({
        method: 'POST',
        url: '/api/v1/forsendelser',
        headers: { authorization, 'content-type': MULTIPART_TYPE, ...headers },
        payload,
      })
    },

    /** Asks for something as the tenant's klient. */
    async get(path: string, orgnr = LILLEVIK) {
      const authorization = `Bearer ${await world.token(orgnr)}`
      return app.inject({ method: 'GET', url: `/api/v1/forsendelser${path}`, headers: { authorization } })
    },

    /** Another service tells something; of several at once the last one resolves when all have been taken in. */
    async tell<Data, Input extends object>(definition: EventDefinition<Data, Input>, input: Input, orgnr = LILLEVIK) {
      published += 1
      telling += 1
      const data = definition.write(input)
      const key = definition.partitionKey(data)
      const counter = `${definition.topic} ${key}`
      const sequence = (sequences.get(counter) ?? 0) + 1
      sequences.set(counter, sequence)
      const headers = toHeaders({
        specversion: '1.0',
        id: causeId('told', String(published)),
        type: definition.type,
        source: '/another-service',
        subject: key,
        time: isoInstant(time.clock.now()),
        datacontenttype: 'application/json',
        tenant: orgnr,
        partitionkey: key,
        sequence: toSequence(sequence),
        correlationid: key,
      })
      await bus.append([{ topic: definition.topic, key, headers, value: Buffer.from(JSON.stringify(data)) }])
      telling -= 1
      if (telling === 0) await settle()
    },

    /** Refs in the payload store. */
    async refs(orgnr = LILLEVIK): Promise<string[]> {
      const found: string[] = []
      for await (const ref of payloads.list(orgnr)) found.push(ref)
      return found.sort()
    },

    /** How many letters have been accepted. */
    async accepted(): Promise<number> {
      const row = await store.read('test', (tx) => tx.one<{ count: number }>('SELECT COUNT(*) AS count FROM ledger'))
      return row?.count ?? 0
    },

    /** The data of the events in the outbox. */
    async events<Data>(): Promise<Data[]> {
      const rows = await store.read('test', (tx) =>
        tx.all<{ value: Uint8Array }>('SELECT value FROM outbox ORDER BY place'),
      )
      return rows.map(({ value }) => JSON.parse(Buffer.from(value).toString()) as Data)
    },

    async stop(): Promise<void> {
      await app.close()
      await runtime.stop(0)
      await bus.close()
      await store.close()
    },
  }
  return world
}

const KEY = Buffer.alloc(32, 7)

function registryOf(tenants: ReadonlyMap<string, Tenant>, operators: readonly Operator[]): TenantRegistry {
  return {
    start: async () => undefined,
    stop: async () => undefined,
    get: (orgnr) => tenants.get(orgnr),
    all: () => [...tenants.values()],
    operators: () => operators,
    problems: () => [],
    reread: async () => undefined,
    onChange: () => () => undefined,
  }
}
