import { Readable } from 'node:stream'
import { type Access, type KlientCaller, notAllowed, Problem } from '@samband/access'
import type { Clock, Store } from '@samband/kernel'
import { acceptedIdOf, readJourney, startChild } from '@samband/runtime'
import type { KlientScope, Tenant, TenantRegistry } from '@samband/tenants'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { readKnownLetter } from './journey/known-documents.ts'
import { type LetterView, viewOf } from './journey/view.ts'
import { waitingOf } from './journey/waiting.ts'
import { readBoundary } from './multipart/disposition.ts'
import { ClientGone, RequestBody } from './multipart/request-body.ts'
import { type ReceiveDependencies, type Received, receiveForsendelse } from './receive.ts'
import { missingBoundary, missingReference, noSuchLetter, tooLarge } from './refusals.ts'

/** What the routes need. */
export interface RouteDependencies extends ReceiveDependencies {
  readonly tenants: TenantRegistry
  readonly access: Access
  readonly store: Store
  readonly clock: Clock
}

const PATH = '/api/v1/forsendelser'
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/
/** OpenTelemetry's SpanKind.SERVER. */
const SERVER_SPAN = 1

/** The routes below `/api/v1/forsendelser`; `scope` has that prefix. */
export function registerForsendelser(scope: FastifyInstance, deps: RouteDependencies): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('multipart/form-data', (_request, payload, done) => done(null, payload))

  scope.post(
    '/',
    { onRequest: async (request) => void callerOf(deps, request, 'forsendelse.send') },
    (request, reply) => postForsendelse(deps, request, reply),
  )

  scope.get('/', async (request, reply) => {
    const { tenant } = callerOf(deps, request, 'forsendelse.les')
    const { eksternReferanse } = request.query as { readonly eksternReferanse?: unknown }
    if (typeof eksternReferanse !== 'string' || eksternReferanse === '') throw missingReference()
    return reply
      .header('cache-control', 'no-store')
      .send(await show(deps, tenant.orgnr, acceptedIdOf(tenant.orgnr, eksternReferanse)))
  })

  scope.get('/:id', async (request, reply) => {
    const { tenant } = callerOf(deps, request, 'forsendelse.les')
    const { id } = request.params as { readonly id: string }
    return reply.header('cache-control', 'no-store').send(await show(deps, tenant.orgnr, id))
  })

  const handler = async () => undefined
  const others = ['PUT', 'PATCH', 'DELETE', 'OPTIONS']
  scope.route({ method: others, url: '/', onRequest: notAllowed('GET', 'HEAD', 'POST'), handler })
  scope.route({ method: [...others, 'POST'], url: '/:id', onRequest: notAllowed('GET', 'HEAD'), handler })
}

/** The klient behind a request and its tenant, as they are configured now. @throws Problem 401, 403 */
function callerOf(
  { access, tenants }: RouteDependencies,
  request: FastifyRequest,
  scope: KlientScope,
): { readonly klient: KlientCaller; readonly tenant: Tenant } {
  const klient = access.verifyAccess(request, scope)
  const tenant = klient.kind === 'klient' ? tenants.get(klient.tenant) : undefined
  if (klient.kind !== 'klient' || tenant === undefined) {
    const detail = 'Adressen er for kommunenes egne systemer; tokenet tilhører ikke en klient i en kommunes fil.'
    throw new Problem({ status: 403, code: 'MANGLER_TILGANG', title: 'Ikke tilgang', detail })
  }
  return { klient, tenant }
}

async function postForsendelse(
  deps: RouteDependencies,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { klient, tenant } = callerOf(deps, request, 'forsendelse.send')
  const { maxBodyBytes } = deps.limits
  if (Number(request.headers['content-length']) > maxBodyBytes) {
    throw tooLarge('', `Hele forespørselen kan være høyst ${maxBodyBytes} byte.`)
  }
  if (!(request.body instanceof Readable)) throw unsupportedMediaType()
  const boundary = readBoundary(request.headers['content-type'] ?? '')
  const body = new RequestBody(request.body, maxBodyBytes)
  if (boundary === undefined) {
    await body.drain()
    throw missingBoundary()
  }
  const span = startChild('forsendelse-intake receive', traceparentOf(request), SERVER_SPAN, {
    'samband.tenant': tenant.orgnr,
  })
  try {
    const received = await receiveForsendelse(deps, {
      tenant,
      klientId: klient.klientId,
      body,
      boundary,
      traceparent: span.traceparent,
      signal: abortedWith(reply),
    })
    span.end()
    return await answer(deps, reply, tenant, klient, received)
  } catch (error) {
    span.end(error)
    if (!(error instanceof ClientGone)) throw error
    deps.log.info('the client left before its forsendelse had come; nothing is kept', { tenant: tenant.orgnr })
    reply.hijack()
    reply.raw.destroy()
    return reply
  }
}

async function answer(
  deps: RouteDependencies,
  reply: FastifyReply,
  tenant: Tenant,
  { klientId }: KlientCaller,
  { outcome, forsendelseId: id, eksternReferanse }: Received,
): Promise<FastifyReply> {
  deps.log.info(outcome === 'accepted' ? 'forsendelse accepted' : 'forsendelse was accepted before', {
    acceptedId: id,
    tenant: tenant.orgnr,
    klientId,
  })
  const status = outcome === 'accepted' ? 'MOTTATT' : (await show(deps, tenant.orgnr, id)).status
  return reply
    .code(outcome === 'accepted' ? 202 : 200)
    .header('location', `${PATH}/${id}`)
    .header('cache-control', 'no-store')
    .send({ id, eksternReferanse, status })
}

/** A tenant's own letter, and nobody else's. @throws Problem 404 */
async function show({ store }: RouteDependencies, tenant: string, id: string): Promise<LetterView> {
  const letter = await readKnownLetter(store, id)
  const journey = letter?.tenant === tenant ? await readJourney(store, id) : undefined
  if (letter === undefined || journey === undefined) throw noSuchLetter()
  return viewOf(letter, waitingOf(journey, letter.forsendelse.arkiv))
}

/** Aborts when the connection ends before the answer has left. */
function abortedWith(reply: FastifyReply): AbortSignal {
  const controller = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort(new ClientGone('the client left before it was answered'))
  })
  return controller.signal
}

function traceparentOf({ headers }: FastifyRequest): string | undefined {
  const { traceparent } = headers
  return typeof traceparent === 'string' && TRACEPARENT.test(traceparent) ? traceparent : undefined
}

function unsupportedMediaType(): Problem {
  return new Problem({
    status: 415,
    code: 'FEIL_MEDIETYPE',
    title: 'Medietypen støttes ikke',
    detail: 'En forsendelse sendes som multipart/form-data: først delen forsendelse med JSON, så dokumentene.',
  })
}
