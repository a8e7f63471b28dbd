import { once } from 'node:events'
import type { HttpRequest } from '@samband/connector-kit'
import { openResponse, request } from '@samband/connector-kit'
import { manualTime } from '@samband/connector-kit/testing'
import { NothingHappened } from '@samband/kernel'
import type { FastifyInstance, FastifyReply } from 'fastify'
import fastify from 'fastify'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { injectDispatcher } from './inject-dispatcher.ts'

let app: FastifyInstance

beforeEach(async () => {
  app = fastify({ bodyLimit: 100_000_000 })
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
})

afterEach(() => app.close())

const time = manualTime()
const http = () => ({ dispatcher: injectDispatcher({ 'http://letters.test': app }), time })

function send(part: Partial<HttpRequest> = {}) {
  return request(http(), { method: 'POST', url: 'http://letters.test/a?b=c', system: 'TEST', timeoutMs: 1000, ...part })
}

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error) => error,
  )

test('a request arrives with method, path, query, host, headers and body, and its answer comes back', async () => {
  app.post('/a', async (incoming, reply) => {
    const pieces: Buffer[] = []
    for await (const piece of incoming.body as AsyncIterable<Buffer>) pieces.push(piece)
    return reply
      .code(201)
      .header('x-two', ['a', 'b'])
      .send({
        query: incoming.query,
        host: incoming.headers.host,
        length: incoming.headers['content-length'],
        mine: incoming.headers['x-mine'],
        body: Buffer.concat(pieces).toString(),
      })
  })
  const answer = await send({ body: 'blåbær', headers: { 'X-Mine': '1', 'content-type': 'text/x' } })

  expect(answer).toMatchObject({ status: 201, headers: { 'x-two': 'a, b' } })
  expect(JSON.parse(Buffer.from(answer.body).toString())).toEqual({
    query: { b: 'c' },
    host: 'letters.test',
    length: '8',
    mine: '1',
    body: 'blåbær',
  })
})

test('a GET without a body is answered', async () => {
  app.get('/a', async () => 'here')
  expect(Buffer.from((await send({ method: 'GET' })).body).toString()).toBe('here')
})

test('a large body streams up and another streams down', async () => {
  let received = 0
  app.post('/a', async (incoming, reply) => {
    for await (const piece of incoming.body as AsyncIterable<Buffer>) received += piece.length
    reply.raw.writeHead(200)
    for (let sent = 0; sent < 5_000_000; sent += 50_000) {
      if (!reply.raw.write(Buffer.alloc(50_000))) await once(reply.raw, 'drain')
    }
    reply.raw.end()
    return reply.hijack()
  })
  async function* big(): AsyncGenerator<Uint8Array> {
    for (let made = 0; made < 5_000_000; made += 50_000) yield Buffer.alloc(50_000)
  }
  const { body } = await openResponse(http(), {
    method: 'POST',
    url: 'http://letters.test/a',
    system: 'TEST',
    timeoutMs: 1000,
    headers: { 'content-type': 'text/x' },
    body: big,
  })
  let read = 0
  for await (const piece of body) read += piece.byteLength
  expect([received, read]).toEqual([5_000_000, 5_000_000])
})

test('a host that is not there refuses before the start', async () => {
  const start = vi.fn()
  const error = await failure(send({ url: 'http://other.test/', start }))
  expect(error).toBeInstanceOf(NothingHappened)
  expect(error).toMatchObject({ cause: { code: 'ECONNREFUSED' } })
  expect(start).not.toHaveBeenCalled()
})

test('a start that is refused reaches no app', async () => {
  const handler = vi.fn(async () => 'here')
  app.post('/a', handler)
  const late = new NothingHappened('RUNTIME_FOR_SENT_A_STARTE', 'transient', 'too late')
  const start = () => {
    throw late
  }
  expect(await failure(send({ start }))).toBe(late)
  expect(handler).not.toHaveBeenCalled()
})

test('a connection destroyed before the headers leaves the outcome unknown', async () => {
  app.post('/a', async (_, reply) => {
    reply.hijack()
    reply.raw.destroy()
    return reply
  })
  expect(await failure(send())).toMatchObject({ code: 'TEST_INGEN_SVAR', cause: { code: 'UND_ERR_SOCKET' } })
})

test('a connection destroyed after the headers leaves the outcome unknown', async () => {
  app.post('/a', async (_, reply) => {
    reply.hijack()
    reply.raw.writeHead(200)
    reply.raw.write('half')
    reply.raw.destroy()
    return reply
  })
  expect(await failure(send())).toMatchObject({ code: 'TEST_INGEN_SVAR', cause: { code: 'UND_ERR_SOCKET' } })
})

test('an abort lets go of a handler that hangs, also when it has read the whole request', async () => {
  const arrived = Promise.withResolvers<{ readonly raw: FastifyReply['raw'] }>()
  app.post('/a', async (incoming, reply) => {
    for await (const _ of incoming.body as AsyncIterable<Buffer>);
    reply.hijack()
    arrived.resolve({ raw: reply.raw })
    return reply
  })
  const abort = new AbortController()
  const outcome = failure(send({ body: 'text', headers: { 'content-type': 'text/x' }, signal: abort.signal }))
  const { raw } = await arrived.promise
  const closed = new Promise((resolve) => raw.once('close', resolve))
  abort.abort(new Error('drain'))
  expect(await outcome).toMatchObject({ code: 'TEST_INGEN_SVAR' })
  await closed
})

test('a body that fails half-way destroys the server side', async () => {
  const ended = Promise.withResolvers<string>()
  app.post('/a', async (incoming) => {
    try {
      for await (const _ of incoming.body as AsyncIterable<Buffer>);
      ended.resolve('complete')
    } catch {
      ended.resolve('cut off')
    }
  })
  async function* half(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('first')
    throw new Error('lost')
  }
  const outcome = await failure(send({ body: half, headers: { 'content-type': 'text/x' } }))
  expect(outcome).toMatchObject({ code: 'TEST_INGEN_SVAR', disposition: 'unknown-outcome' })
  expect(await ended.promise).toBe('cut off')
})
