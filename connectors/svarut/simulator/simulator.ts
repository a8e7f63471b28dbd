import {
  type Answer,
  FaultDesk,
  installFaultDesk,
  type SimulatorRandom,
  type SimulatorTime,
} from '@samband/simulator-kit'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { type AcceptToken, type Integrasjon, refusedAccess } from './access.ts'
import { type FiksErrors, fiksErrors } from './answers.ts'
import { isUuid, list, shape, uuid } from './checks.ts'
import { installJourneyControl } from './journey-control.ts'
import { documentFault, type Letter, type LetterKind, readLetter } from './letter-rules.ts'
import { type JourneyOrder, type JourneyStep, Letters, letterTexts, type ReceivedLetter } from './letters.ts'
import { ClientGone, readSendBody, type SendBody } from './multipart.ts'
import { RepeatGuard, type RepeatGuardOptions } from './repeat-guard.ts'

/** What a SvarUt is made of. Everything but the first four has a default. */
export interface SvarUtSimulatorOptions {
  readonly time: SimulatorTime
  readonly random: SimulatorRandom
  readonly integrasjoner: readonly Integrasjon[]
  readonly acceptToken: AcceptToken
  /** How letters fare; default MOTTATT, AKSEPTERT after 1 s, VARSLET after 1 minute, LEST after 1 hour. */
  readonly journey?: readonly JourneyStep[]
  /** Look-ups by eksternReferanse find a letter so long after it was received. Default 0. */
  readonly lookupLagMs?: number
  /** A send that has not taken effect so long after its headers came is aborted, and never takes effect. Default 15 minutes. */
  readonly inFlightLimitMs?: number
  /** PDFs to be printed must be smaller in sum. Default 350 MiB. */
  readonly printLimitBytes?: number
  /** The predefined forsendelsestyper; left out = any is taken. */
  readonly forsendelsestyper?: readonly string[]
  /** Switches the guard against repeated letters on. */
  readonly repeatGuard?: RepeatGuardOptions
}

/** A stand-in for SvarUt: Send v3 (person, organisasjon), Status v3, Ekstern ref v2, below `/api`. */
export interface SvarUtSimulator {
  /** Not listening: for `inject`, or for `listenAlone` of the kit. Closing it frees everything. */
  readonly app: FastifyInstance
  /** Operations: `send`, `status`, `lookup`, `metadata`. */
  readonly faults: FaultDesk
  /** Every letter that took effect, in order. */
  received(): ReceivedLetter[]
  /** The journey of letters still to come; the newest order that fits a letter wins. */
  orderJourney(order: JourneyOrder): void
  /** Lets a letter that has been received have a status from now on. */
  moveTo(id: string, status: string): void
}

const defaultJourney: readonly JourneyStep[] = [
  { status: 'MOTTATT', afterMs: 0 },
  { status: 'AKSEPTERT', afterMs: 1_000 },
  { status: 'VARSLET', afterMs: 60_000 },
  { status: 'LEST', afterMs: 3_600_000 },
]
const statusSearch = shape({ id: list(uuid) })

interface KontoPath {
  readonly Params: { readonly kontoId: string }
}

/** Makes a SvarUt with no letters. Takes milliseconds; nothing listens and no timer runs until requests come. */
export function createSvarUtSimulator(options: SvarUtSimulatorOptions): SvarUtSimulator {
  const { time, random } = options
  const errors = fiksErrors(time, random)
  const faults = new FaultDesk({ time, errorAnswer: errors.ordered })
  const letters = new Letters(options.journey ?? defaultJourney)
  const app = fastify({ routerOptions: { ignoreTrailingSlash: true } })
  installFaultDesk(app, faults, () => letters.received())
  installJourneyControl(app, letters)
  installErrors(app, errors)
  app.addContentTypeParser(/^multipart\/form-data/i, (_request, payload, done) => done(null, payload))
  app.register(
    async (api) => {
      guardAccess(api, options, errors)
      installSend(api, options, errors, faults, letters)
      installStatus(api, time, errors, faults, letters)
      installLookups(api, time, errors, faults, letters)
    },
    { prefix: '/api' },
  )
  return {
    app,
    faults,
    received: () => letters.received(),
    orderJourney: (order) => letters.orderJourney(order),
    moveTo: (id, status) => letters.moveTo(id, status, time.nowMs()),
  }
}

function installErrors(app: FastifyInstance, errors: FiksErrors): void {
  app.setNotFoundHandler((request, reply) => give(reply, errors.error(404, 'Fant ikke ressursen', request.url)))
  app.setErrorHandler((error, request, reply) => {
    const status = (error as { statusCode?: number }).statusCode ?? 500
    return give(
      reply,
      errors.error(status, status < 500 ? 'Feil under lesing av forespørselen' : 'Noe gikk galt', request.url),
    )
  })
}

function guardAccess(api: FastifyInstance, options: SvarUtSimulatorOptions, errors: FiksErrors): void {
  api.addHook<KontoPath>('onRequest', (request, reply, done) => {
    const kontoId = request.params.kontoId.toLowerCase()
    const refusal = isUuid(kontoId)
      ? refusedAccess(
          request as FastifyRequest,
          kontoId,
          options.time.nowMs(),
          options.integrasjoner,
          options.acceptToken,
          errors,
        )
      : errors.error(400, 'Ugyldig kontoId', request.url)
    if (refusal === undefined) done()
    else give(reply, refusal)
  })
}

function installSend(
  api: FastifyInstance,
  options: SvarUtSimulatorOptions,
  errors: FiksErrors,
  faults: FaultDesk,
  letters: Letters,
): void {
  const { time, random } = options
  const guard = options.repeatGuard === undefined ? undefined : new RepeatGuard(options.repeatGuard)
  const limitMs = options.inFlightLimitMs ?? 900_000
  const rules = (nowMs: number) => ({
    nowMs,
    printLimitBytes: options.printLimitBytes ?? 350 * 1024 * 1024,
    ...(options.forsendelsestyper === undefined ? {} : { forsendelsestyper: options.forsendelsestyper }),
  })

  const accept = (kontoId: string, { letter, body }: CheckedSend, url: string, lagMs: number): Answer => {
    const nowMs = time.nowMs()
    if (guard?.refuses(kontoId, letter, body.documents, nowMs) === true) {
      const message = 'Forsendelse med samme mottaker, tittel, avsender og filer er forsøkt sendt tidligere'
      return errors.error(options.repeatGuard?.status ?? 400, message, url, 'GJENTAGENDE_FORSENDELSE')
    }
    const id = random.uuid()
    letters.add(id, kontoId, letter, body, nowMs, (options.lookupLagMs ?? 0) + lagMs)
    return { status: 200, body: { id } }
  }

  const send = async (kind: LetterKind, request: FastifyRequest<KontoPath>, reply: FastifyReply): Promise<unknown> => {
    const startedAtMs = time.nowMs()
    const stop = Number.isFinite(limitMs) ? time.after(limitMs, () => faults.cut(reply)) : () => undefined
    reply.raw.once('close', stop)
    const read = await readSend(kind, request, reply, rules(startedAtMs))
    if (read === 'gone') {
      faults.cut(reply)
      return reply
    }
    return faults.around(request, reply, 'send', read.texts, ({ lookupLagMs }) => {
      stop()
      if (time.nowMs() - startedAtMs >= limitMs) return errors.error(504, 'Tidsavbrudd', request.url)
      if (read.refusal !== undefined) return errors.error(read.status ?? 400, read.refusal, request.url)
      return accept(request.params.kontoId.toLowerCase(), read, request.url, lookupLagMs)
    })
  }

  for (const kind of ['person', 'organisasjon'] as const) {
    const path = `/v3/kontoer/:kontoId/forsendelser/${kind}`
    api.post<KontoPath>(path, { config: { operation: 'send' } }, (request, reply) => send(kind, request, reply))
  }
}

interface CheckedSend {
  readonly refusal?: undefined
  readonly texts: readonly string[]
  readonly letter: Letter
  readonly body: SendBody
}

interface RefusedSend {
  readonly refusal: string
  readonly status?: number
  readonly texts: readonly string[]
}

/** Reads and checks a send. All of the body is read even when its beginning is wrong: a client that is still sending hears no answer. */
async function readSend(
  kind: LetterKind,
  request: FastifyRequest,
  reply: FastifyReply,
  rules: Parameters<typeof documentFault>[2],
): Promise<CheckedSend | RefusedSend | 'gone'> {
  if (!/^multipart\/form-data\s*;.*boundary=./i.test(request.headers['content-type'] ?? ''))
    return { refusal: 'Feil under lesing av multipart', status: 415, texts: [] }
  let body: SendBody
  try {
    body = await readSendBody(request.raw, reply.raw)
  } catch (error) {
    return error instanceof ClientGone ? 'gone' : { refusal: 'Feil under lesing av multipart', texts: [] }
  }
  if (body.firstPartName !== 'forsendelse')
    return { refusal: 'Ugyldig innhold: første del må hete forsendelse', texts: [] }
  let json: unknown
  try {
    json = JSON.parse(body.json)
  } catch {
    return { refusal: 'Feil under lesing av forsendelse', texts: letterTexts({}, body) }
  }
  const texts = letterTexts(typeof json === 'object' && json !== null ? json : {}, body)
  const letter = readLetter(kind, json, rules)
  if (typeof letter === 'string') return { refusal: `Ugyldig innhold: ${letter}`, texts }
  const fault = documentFault(letter, body.documents, rules)
  return fault === undefined ? { texts, letter, body } : { refusal: fault, texts }
}

function installStatus(
  api: FastifyInstance,
  time: SimulatorTime,
  errors: FiksErrors,
  faults: FaultDesk,
  letters: Letters,
): void {
  // in a context of its own, for here (and only here) a body of any type is read as JSON
  api.register(async (status) => {
    status.removeAllContentTypeParsers()
    status.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
    const path = '/v3/kontoer/:kontoId/forsendelser/status/sok'
    status.post<KontoPath>(path, { config: { operation: 'status' } }, (request, reply) => {
      const ids = readIds(request.body)
      return faults.around(request, reply, 'status', letters.textsOf(ids ?? []), () => {
        if (ids === undefined) return errors.error(400, 'Ugyldig innhold: id: må være en liste av UUID', request.url)
        const statuser = letters.statuses(request.params.kontoId.toLowerCase(), ids, time.nowMs())
        return { status: 200, body: { statuser } }
      })
    })
  })
}

function readIds(body: unknown): string[] | undefined {
  try {
    const json: unknown = JSON.parse(typeof body === 'string' ? body : '')
    return statusSearch(json, '') === undefined
      ? (json as { id: string[] }).id.map((id) => id.toLowerCase())
      : undefined
  } catch {
    return undefined
  }
}

function installLookups(
  api: FastifyInstance,
  time: SimulatorTime,
  errors: FiksErrors,
  faults: FaultDesk,
  letters: Letters,
): void {
  type Lookup = KontoPath & { readonly Querystring: { readonly eksternRef?: string | string[] } }
  type Hits = ReturnType<Letters['find']>
  const lookUp = (path: string, operation: string, shown: (hits: Hits) => object): void => {
    api.get<Lookup>(path, { config: { operation } }, (request, reply) => {
      const { eksternRef } = request.query
      const texts = typeof eksternRef === 'string' ? [eksternRef] : []
      return faults.around(request, reply, operation, texts, ({ lookupLagMs }) => {
        if (typeof eksternRef !== 'string')
          return errors.error(400, 'Ugyldig innhold: eksternRef: mangler', request.url)
        const hits = letters.find(request.params.kontoId.toLowerCase(), eksternRef, time.nowMs(), lookupLagMs)
        return { status: 200, body: shown(hits) }
      })
    })
  }
  lookUp('/v2/kontoer/:kontoId/forsendelser', 'lookup', (hits) => ({ forsendelseIds: hits.map(({ id }) => id) }))
  lookUp('/v2/kontoer/:kontoId/forsendelser/metadata', 'metadata', (hits) => ({ forsendelser: hits }))
}

function give(reply: FastifyReply, { status, headers, body }: Answer): FastifyReply {
  return reply
    .code(status)
    .headers({ ...headers })
    .send(body)
}
