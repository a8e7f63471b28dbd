import { createEmbeddedBus } from '@samband/bus'
import { countingIds, type ManualTime, manualTime } from '@samband/connector-kit/testing'
import { type Effect, HubError, type Logger } from '@samband/kernel'
import { defineEvent } from '@samband/messages'
import { acceptedIdOf, type Completion, createRuntime, defineHandler, type Runtime } from '@samband/runtime'
import { createSqliteStore, migrate, openDatabase, readMigrations, type SqliteStore } from '@samband/store'
import type { TenantProblem } from '@samband/tenants'
import Fastify, { type FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Authorise } from './access.ts'
import { registerOperations } from './register-operations.ts'

/** Two municipalities of the tests. */
export const LILLEVIK = '314758625'
export const STOREVIK = '311094688'
const NAMES: Readonly<Record<string, string>> = { [LILLEVIK]: 'Lillevik', [STOREVIK]: 'Storevik' }

/** What the fake handler does with a letter; a test may change its mind. */
export type Behaviour = 'send' | 'park' | 'retry' | 'lose the answer' | 'defect'

/** An operator's client of the tests; its token is its klientId. */
export interface TestClient {
  readonly tenants: readonly string[] | 'alle'
  readonly scopes: readonly string[]
}

const ALL_SCOPES = ['drift.les', 'drift.replay', 'drift.forkast', 'drift.svar']
/** klientId to what it may; secret is `hemmelig-` before the klientId. */
export const CLIENTS: Readonly<Record<string, TestClient>> = {
  'drift-alle': { tenants: 'alle', scopes: ALL_SCOPES },
  'drift-lillevik': { tenants: [LILLEVIK], scopes: ALL_SCOPES },
  'drift-storevik': { tenants: [STOREVIK], scopes: ALL_SCOPES },
  'bare-les': { tenants: 'alle', scopes: ['drift.les'] },
  'bare-replay': { tenants: 'alle', scopes: ['drift.replay'] },
  'bare-forkast': { tenants: 'alle', scopes: ['drift.forkast'] },
  'bare-svar': { tenants: 'alle', scopes: ['drift.svar'] },
  ingenting: { tenants: 'alle', scopes: [] },
}

const BrevMottattV1 = defineEvent({
  type: 'no.samband.provebrev.mottatt.v1',
  topic: 'provebrev',
  subject: 'provebrev',
  key: (data) => data.sak,
  describe: 'A letter of these tests.',
  data: z.object({ forsendelseId: z.string(), sak: z.string() }),
})

/** A hub with one fake handler, in memory, in a time that only moves when a test waits for something. */
export interface TestHub {
  readonly app: FastifyInstance
  readonly store: SqliteStore
  readonly runtime: Runtime
  readonly time: ManualTime
  /** What reached the fake destination. */
  readonly sent: readonly string[]
  readonly completed: Map<string, Completion>
  /** What was logged: sentence and fields as JSON. */
  readonly logged: readonly string[]
  behave(forsendelseId: string, behaviour: Behaviour): void
  /** Accepts a letter and returns its id. */
  accept(letter: {
    readonly tenant?: string
    readonly reference: string
    readonly behaviour: Behaviour
    readonly sak?: string
  }): Promise<string>
  /** Moves time until `condition` holds. */
  until(condition: () => Promise<boolean> | boolean): Promise<void>
  /** Moves time until the only row of a letter is in `state`; returns its row id. */
  rowIn(forsendelseId: string, state: string): Promise<number>
  /** What `/readyz` and `/metrics` are to say of the files of tenants. */
  readonly tenantProblems: TenantProblem[]
  stop(): Promise<void>
}

const TIMING = { startWithinMs: 1_000, inFlightMs: 5_000, lookUpLagMs: 1_000 }

/** Starts a hub for a test. */
export async function startTestHub(options: { readonly fourEyesAbove?: number } = {}): Promise<TestHub> {
  const time = manualTime()
  const database = openDatabase(':memory:', { exclusive: true, synchronous: 'OFF' })
  migrate(database, readMigrations())
  const store = createSqliteStore({ database, exclusive: true, timers: time.timers })
  const ids = countingIds()
  const behaviours = new Map<string, Behaviour>()
  const sent: string[] = []
  const logged: string[] = []
  const tenantProblems: TenantProblem[] = []
  const log = memoryLog(logged)
  const runtime = createRuntime({
    store,
    bus: createEmbeddedBus({ store, time, ids }),
    time,
    ids,
    log,
    name: 'prove',
    topics: ['provebrev'],
    handlers: [fakeHandler(behaviours, sent)],
    findDestination: (tenant, system) => ({
      destination: { system, tenant, baseUrl: 'https://post.example', account: '1', user: 'prove', timing: TIMING },
      ceiling: 10,
      giveUpAfterMs: 86_400_000,
    }),
  })
  await runtime.start()
  const completed = new Map<string, Completion>()
  const app = Fastify()
  registerTokens(app)
  registerOperations(app, {
    store,
    runtime,
    time,
    log,
    authorise: fakeAuthorise,
    completion: async () => completed,
    errorCodes: {
      PROVE_AVVIST: {
        meaning: 'Prøvemottakeren godtar ikke brevet.',
        owner: 'saksbehandler',
        nextStep: 'Rett brevet og kjør om igjen.',
      },
    },
    tenants: { problems: () => tenantProblems },
    tenantNames: (orgnr) => NAMES[orgnr] ?? orgnr,
    ...options,
  })
  await app.ready()

  async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
    for (let turn = 0; turn < 5_000; turn += 1) {
      if (await condition()) return
      await new Promise((resolve) => setImmediate(resolve))
      time.advance(25)
    }
    throw new Error('what the test waited for did not come')
  }

  const stateOf = (forsendelseId: string) =>
    store.read('test.state', (tx) =>
      tx.one<{ row_id: number; state: string }>('SELECT row_id, state FROM inbox WHERE accepted_id = ?', forsendelseId),
    )

  return {
    tenantProblems,
    app,
    store,
    runtime,
    time,
    sent,
    completed,
    logged,
    behave: (forsendelseId, behaviour) => void behaviours.set(forsendelseId, behaviour),
    async accept({ tenant = LILLEVIK, reference, behaviour, sak = `${tenant} ${reference}` }) {
      const acceptedId = acceptedIdOf(tenant, reference)
      behaviours.set(acceptedId, behaviour)
      await runtime.accept({
        tenant,
        acceptedId,
        eksternReferanse: reference,
        klientId: 'fagsystem',
        contentDigest: reference,
        definition: BrevMottattV1 as never,
        data: { forsendelseId: acceptedId, sak },
        source: '/prove',
        traceparent: undefined,
        documents: [],
        now: time.clock.now(),
      })
      return acceptedId
    },
    until,
    async rowIn(forsendelseId, state) {
      await until(async () => (await stateOf(forsendelseId))?.state === state)
      return (await stateOf(forsendelseId))?.row_id ?? 0
    },
    async stop() {
      let stopped = false
      const stopping = Promise.all([app.close(), runtime.stop(0)]).then(() => {
        stopped = true
      })
      await until(() => stopped)
      await stopping
      await store.close()
    },
  }
}

function fakeHandler(behaviours: ReadonlyMap<string, Behaviour>, sent: string[]) {
  // Two effects, because a row whose only effect is done can no longer be discarded.
  const effect = (name: string): Effect<{ forsendelseId: string }, string, { postId: string }> => ({
    name,
    guarantee: 'once-or-ask',
    subject: (input) => input.forsendelseId,
    discriminator: () => name,
    prepare: async (_key, input) => input.forsendelseId,
    async act(forsendelseId, attempt) {
      attempt.start()
      if (behaviours.get(forsendelseId) === 'lose the answer') throw new Error('no answer')
      sent.push(`${name} ${forsendelseId}`)
      return { postId: `post-${sent.length}` }
    },
  })
  const post = effect('post')
  const kvitter = effect('kvitter')
  return defineHandler({
    name: 'prove.send',
    consumes: BrevMottattV1,
    effects: [post, kvitter],
    system: 'post',
    async handle({ forsendelseId }, run) {
      const behaviour = behaviours.get(forsendelseId)
      if (behaviour === 'park')
        throw new HubError('PROVE_AVVIST', 'permanent', 'The letter is refused.', { path: 'tittel' })
      if (behaviour === 'retry') throw new HubError('STORE_UTILGJENGELIG', 'transient', 'Not now.')
      if (behaviour === 'defect') throw new TypeError('a defect')
      await run.effect(post, { forsendelseId })
      await run.effect(kvitter, { forsendelseId })
    },
  })
}

/** Reads the bearer token as a klientId. Refuses as the token check of the hub does. */
const fakeAuthorise: Authorise = async (request, scope) => {
  const klientId = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? ''
  const client = CLIENTS[klientId]
  if (client === undefined) throw new TestProblem(401, 'UGYLDIG_TOKEN', 'Innlogging kreves')
  if (!client.scopes.includes(scope)) throw new TestProblem(403, 'MANGLER_TILGANG', 'Ikke tilgang')
  return { klientId, tenants: client.tenants }
}

class TestProblem extends Error {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Readonly<Record<string, unknown>>
  constructor(status: number, code: string, title: string) {
    super(title)
    this.status = status
    this.headers = { 'www-authenticate': 'Bearer realm="samband"' }
    this.body = { type: 'urn:samband:problem:test', title, status, detail: `${title}.`, code }
  }
}

function registerTokens(app: FastifyInstance): void {
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
    done(null, body),
  )
  app.post('/oauth/token', async (request, reply) => {
    const [klientId = '', secret] = Buffer.from((request.headers.authorization ?? '').replace(/^Basic /, ''), 'base64')
      .toString()
      .split(':')
    if (
      CLIENTS[klientId] === undefined ||
      secret !== `hemmelig-${klientId}` ||
      request.body !== 'grant_type=client_credentials'
    ) {
      reply.code(401)
      return { error: 'invalid_client' }
    }
    return { access_token: klientId, token_type: 'Bearer', expires_in: 600, scope: '' }
  })
}

function memoryLog(lines: string[], bound: object = {}): Logger {
  const write = (sentence: string, fields: object = {}) =>
    void lines.push(JSON.stringify({ sentence, ...bound, ...fields }))
  return {
    debug: write,
    info: write,
    warn: write,
    error: write,
    with: (fields) => memoryLog(lines, { ...bound, ...fields }),
  }
}
