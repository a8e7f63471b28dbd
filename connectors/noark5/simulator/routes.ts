import type { Answer, EffectTerms, FaultDesk, SeenReply } from '@samband/simulator-kit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Instance, User } from './archive.ts'
import { type Call, callOf, operationOf, textsOf } from './call.ts'
import { checkPrecondition, deleteInstance, etagOf, patched, updateInstance } from './change.ts'
import type { RegisteredMetadata } from './check.ts'
import { type Core, isNikita } from './core.ts'
import { createInstance } from './create.ts'
import { answerDownload, type Download } from './download.ts'
import type { Kind } from './entities.ts'
import { answerDiscovery, answerPackage, answerRoot, answerSystem } from './entrance.ts'
import { LinkWriter } from './links.ts'
import { answerCode, answerCodes, answerList } from './lists.ts'
import type { Login } from './login.ts'
import { present, template } from './present.ts'
import { errorAnswer, json, NOARK_JSON, Refusal } from './refusal.ts'
import type { Incoming, Uploads } from './upload.ts'

/** What the routes are made of. */
export interface RouteParts {
  readonly core: Core
  readonly login: Login
  readonly uploads: Uploads
  readonly faults: FaultDesk
  readonly metadata: RegisteredMetadata
}

const CORS: Readonly<Record<string, string>> = {
  allow: 'GET, POST, PUT, PATCH, DELETE, OPTIONS',
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE, OPTIONS',
  'access-control-allow-headers': 'authorization, content-type, etag, if-match, content-range, x-upload-content-type',
}

/** The routes of the core: one for every path and method, because addresses are read by the core itself. */
export class Routes {
  readonly #parts: RouteParts
  readonly #core: Core

  constructor(parts: RouteParts) {
    this.#parts = parts
    this.#core = parts.core
  }

  /** Adds the routes to an app of their own scope. */
  install(app: FastifyInstance): void {
    app.removeAllContentTypeParsers()
    // Bodies are read here, so that files stream and a broken connection is noticed.
    app.addContentTypeParser('*', (_request, _payload, done) => done(null))
    app.route({
      method: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
      url: '/*',
      handler: (request, reply) => this.#handle(request, reply),
    })
  }

  async #handle(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const call = callOf(request, this.#core.rootPath, (root) => new LinkWriter(root, this.#core.dialect))
    const { method, target } = call
    if (method === 'OPTIONS') return reply.code(204).headers(CORS).send()
    const nikita = isNikita(this.#core)
    if (target?.operation === 'rot' && nikita && !call.path.endsWith('/')) return reply.redirect(`${call.path}/`, 302)
    if (target !== undefined && operationOf(call) === 'upload') return this.#upload(call, reply)
    const body = await readBody(call)
    if (body === undefined) {
      this.#parts.faults.cut(reply)
      return reply
    }
    const download: Download = { stream: undefined }
    const effect = (terms: EffectTerms): Answer =>
      this.#answered(call, () => this.#perform(call, body, terms, download))
    return this.#around(call, streaming(reply, download), body, effect)
  }

  #around(call: Call, reply: SeenReply, body: Buffer, effect: (terms: EffectTerms) => Answer): Promise<unknown> {
    const { faults, core } = this.#parts
    const instance = call.target === undefined ? undefined : core.archive.bySlug(call.target.argument)
    const texts = faults.orders().length === 0 ? [] : textsOf(call, instance, body)
    return faults.around({ url: call.path, method: call.method }, reply, operationOf(call), texts, effect)
  }

  /** Turns a refusal into the answer of the profile. */
  #answered(call: Call, run: () => Answer): Answer {
    try {
      return run()
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return errorAnswer(this.#core.dialect, error, call.path, this.#core.nowMs(), !isNikita(this.#core))
    }
  }

  #user(call: Call): User {
    const user = this.#parts.login.user(call.headers.authorization)
    if (user === undefined) throw new Refusal(401, 'Full authentication is required.')
    return user
  }

  #perform(call: Call, body: Buffer, terms: EffectTerms, download: Download): Answer {
    const { core, login, metadata } = this.#parts
    const { links, method, target } = call
    if (target === undefined) throw new Refusal(404, 'No such address.', 'unknown-url')
    const { operation, argument } = target
    if (operation === 'token') {
      if (method !== 'POST') throw new Refusal(405, 'Only POST.')
      return login.token(call.headers.authorization, new URLSearchParams(body.toString('utf8')))
    }
    if (operation === 'discovery') return answerDiscovery(core, links)
    if (operation === 'rot') return answerRoot(core, links, login.user(call.headers.authorization) !== undefined)
    const open = isNikita(core) && (operation === 'codes' || operation === 'code' || operation === 'metadata')
    const user = open ? (login.user(call.headers.authorization) ?? login.named('anonymous')) : this.#user(call)
    if (operation !== 'fil') refuseOtherAnswers(core, call)
    if (operation === 'self') return this.#self(call, this.#instance(argument), body, user)
    if (operation.startsWith('ny:')) return this.#create(call, operation.slice(3) as Kind, body, user, terms)
    if (method !== 'GET') throw new Refusal(405, 'Only GET.')
    if (operation.startsWith('list:')) {
      const parent = argument === '' ? undefined : this.#instance(argument)
      return answerList(core, links, operation.slice(5), parent, call.query, user, terms.lookupLagMs)
    }
    switch (operation) {
      case 'codes':
        return answerCodes(core, links, argument, call.query, metadata)
      case 'code':
        return answerCode(core, links, argument)
      case 'system':
        return answerSystem(core)
      case 'basic':
        return json(200, { _links: { self: { href: links.href('basic') } } })
      case 'fil':
        return answerDownload(core, this.#instance(argument), call.headers.accept, download)
      default:
        return answerPackage(core, links, operation)
    }
  }

  #instance(slug: string): Instance {
    const instance = this.#core.archive.bySlug(slug)
    if (instance === undefined) throw new Refusal(404, 'No such object.')
    return instance
  }

  #create(call: Call, kind: Kind, body: Buffer, user: User, terms: EffectTerms): Answer {
    const core = this.#core
    const parent = this.#instance(call.target?.argument ?? '')
    if (!Object.hasOwn(core.dialect.entities, kind)) throw new Refusal(501, `${kind} is not made here.`)
    if (call.method === 'GET') return json(200, template(core, call.links, kind, parent, user))
    if (call.method !== 'POST') throw new Refusal(405, 'Only GET and POST.')
    demandMediaType(call, NOARK_JSON)
    const made = createInstance(core, call.links, kind, parent, parsed(body), user, terms.lookupLagMs)
    return json(201, present(core, call.links, made, 'made'), this.#tags(call, made, etagOf(made)))
  }

  #self(call: Call, instance: Instance, body: Buffer, user: User): Answer {
    const core = this.#core
    const etag = etagOf(instance)
    switch (call.method) {
      case 'GET':
        if (call.headers['if-none-match'] === etag) return { status: 304, headers: { etag }, body: '' }
        return json(200, present(core, call.links, instance, 'read'), { etag })
      case 'PUT':
      case 'PATCH': {
        if (call.method === 'PATCH' && isNikita(core)) throw new Refusal(405, 'Request method PATCH is not supported.')
        demandMediaType(call, call.method === 'PATCH' ? 'application/merge-patch+json' : NOARK_JSON)
        checkPrecondition(core, instance, call.headers)
        const sent = parsed(body)
        updateInstance(core, instance, call.method === 'PATCH' ? patched(instance, sent) : sent, user)
        // Nikita answers with the value from before the change.
        const tag = isNikita(core) ? etag : etagOf(instance)
        return json(200, present(core, call.links, instance, 'read'), this.#tags(call, instance, tag))
      }
      case 'DELETE':
        deleteInstance(core, instance)
        return { status: 204 }
      default:
        throw new Refusal(405, 'Only GET, PUT, PATCH and DELETE.')
    }
  }

  #tags(call: Call, instance: Instance, etag: string): Record<string, string> {
    return isNikita(this.#core) ? { etag } : { etag, location: call.links.self(instance) }
  }

  async #upload(call: Call, reply: FastifyReply): Promise<unknown> {
    const { method, target } = call
    const session = target?.operation === 'session'
    if ((session && method === 'PUT') || (!session && method === 'POST')) {
      return session ? this.#chunk(call, reply, target.argument) : this.#file(call, reply, target?.argument ?? '')
    }
    return this.#refusedUnread(call, reply, () => {
      throw new Refusal(405, session ? 'Only PUT.' : 'Only GET and POST.')
    })
  }

  /** Answers an upload whose bytes need not be read to know that they are not wanted. */
  #refusedUnread(call: Call, reply: FastifyReply, refuse: () => Answer): Promise<unknown> {
    return this.#around(call, reply, Buffer.alloc(0), () => this.#answered(call, refuse))
  }

  async #file(call: Call, reply: FastifyReply, slug: string): Promise<unknown> {
    const { core, uploads, faults } = this.#parts
    const seen = (): Instance => {
      this.#user(call)
      return this.#instance(slug)
    }
    const chunked = call.headers['x-upload-content-length'] !== undefined && !isNikita(core)
    if (chunked) {
      return this.#refusedUnread(call, reply, () => {
        const instance = seen()
        uploads.checkStart(instance, call.headers)
        return uploads.beginChunks(call.links, instance, call.headers)
      })
    }
    const unwanted = this.#refusal(() => uploads.checkStart(seen(), call.headers))
    if (unwanted !== undefined) {
      return this.#refusedUnread(call, reply, () => {
        throw unwanted
      })
    }
    const instance = this.#instance(slug)
    const incoming = uploads.begin()
    if ((await this.#take(call, instance, incoming)) === 'lost') {
      uploads.leaveBehind(instance, incoming)
      faults.cut(reply)
      return reply
    }
    const effect = (): Answer =>
      this.#answered(call, () => {
        uploads.checkStart(instance, call.headers)
        uploads.checkSize(incoming)
        return uploads.finish(call.links, instance, incoming, call.headers['content-type'], this.#user(call))
      })
    return this.#around(call, reply, Buffer.alloc(0), effect)
  }

  async #chunk(call: Call, reply: FastifyReply, slug: string): Promise<unknown> {
    const { uploads, faults } = this.#parts
    const unwanted = this.#refusal(() => {
      this.#user(call)
      uploads.checkChunk(slug, call.headers)
    })
    const session = uploads.session(slug)
    if (unwanted !== undefined || session === undefined) {
      return this.#refusedUnread(call, reply, () => {
        throw unwanted ?? new Refusal(404, 'No upload goes on at this address.')
      })
    }
    if ((await this.#take(call, session.dokumentobjekt, session.incoming)) === 'lost') {
      uploads.endSession(slug)
      faults.cut(reply)
      return reply
    }
    const effect = (): Answer => this.#answered(call, () => uploads.acceptChunk(call.links, slug, this.#user(call)))
    return this.#around(call, reply, Buffer.alloc(0), effect)
  }

  #take(call: Call, instance: Instance, incoming: Incoming): Promise<'whole' | 'lost'> {
    return this.#parts.uploads.take(call.raw, call.headers, incoming, textsOf(call, instance, Buffer.alloc(0)))
  }

  #refusal(run: () => void): Refusal | undefined {
    try {
      run()
      return undefined
    } catch (error) {
      if (error instanceof Refusal) return error
      throw error
    }
  }
}

async function readBody(call: Call): Promise<Buffer | undefined> {
  if (call.method === 'GET') return Buffer.alloc(0)
  const pieces: Buffer[] = []
  try {
    for await (const piece of call.raw as AsyncIterable<Buffer>) pieces.push(piece)
  } catch {
    return undefined // the connection broke off before the body was whole: nothing happens
  }
  return Buffer.concat(pieces)
}

function parsed(body: Buffer): unknown {
  const read = readJson(body.toString('utf8'))
  if (read === undefined) throw new Refusal(400, 'The body is not JSON.')
  return read.value
}

function readJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}

function demandMediaType(call: Call, wanted: string): void {
  const given = call.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  if (given !== wanted) throw new Refusal(415, `Content-Type: expected ${wanted}.`)
}

/** Nikita answers in no other type than its own; the standard does not say what `Accept` does to anything but files. */
function refuseOtherAnswers(core: Core, call: Call): void {
  const accept = call.headers.accept
  if (!isNikita(core) || accept === undefined) return
  if (![NOARK_JSON, '*/*', 'application/*'].some((type) => accept.includes(type)))
    throw new Refusal(406, 'Not acceptable.')
}

/** Lets a file go out as a stream where the fault desk would send the body of its answer. */
function streaming(reply: FastifyReply, download: Download): SeenReply {
  return {
    raw: reply.raw,
    hijack: () => reply.hijack(),
    code: (status) => reply.code(status),
    headers: (values) => reply.headers(values),
    send: (body) => {
      const { stream } = download
      if (stream === undefined || body !== stream.placeholder) return reply.send(body)
      return reply.send(stream.open())
    },
  }
}
