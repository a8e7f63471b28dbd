import { once } from 'node:events'
import type { IncomingMessage, RequestListener, Server } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer as createTcpServer } from 'node:net'
import { HubError, NothingHappened } from '@samband/kernel'
import { Dispatcher } from 'undici'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createDispatcher } from './dispatcher.ts'
import type { HttpRequest } from './http.ts'
import { openResponse, request } from './http.ts'
import type { ManualTime } from './testing/manual-time.ts'
import { manualTime } from './testing/manual-time.ts'

let dispatcher: Dispatcher
let time: ManualTime
let servers: Server[] = []

beforeEach(() => {
  dispatcher = createDispatcher()
  time = manualTime()
})

afterEach(async () => {
  await dispatcher.destroy()
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  servers = []
})

async function serve(listener: RequestListener): Promise<{ url: string; requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = []
  const server = createServer((incoming, outgoing) => {
    requests.push(incoming)
    listener(incoming, outgoing)
  })
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/thing`, requests }
}

async function refusedUrl(): Promise<string> {
  const server = createTcpServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return `http://127.0.0.1:${port}/`
}

function send(part: Partial<HttpRequest> & { url: string }) {
  return request({ dispatcher, time }, { method: 'POST', system: 'TEST', timeoutMs: 1000, ...part })
}

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error) => error,
  )

async function readAll(body: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0
  for await (const piece of body) bytes += piece.byteLength
  return bytes
}

async function* pieces(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text)
}

describe('a request', () => {
  test('returns status, headers and body of any complete answer, also of an error or a redirect', async () => {
    const { url, requests } = await serve((_, outgoing) => {
      outgoing.writeHead(302, { location: '/elsewhere', 'X-Two': ['a', 'b'] }).end('gone')
    })
    const answer = await send({ url, method: 'GET' })

    expect(answer).toMatchObject({ status: 302, headers: { location: '/elsewhere', 'x-two': 'a, b' } })
    expect(Buffer.from(answer.body).toString()).toBe('gone')
    expect(requests).toHaveLength(1)
    expect(time.pending()).toBe(0)
  })

  test('carries a text as body, and says how long it is', async () => {
    let received = ''
    const { url, requests } = await serve(async (incoming, outgoing) => {
      for await (const piece of incoming) received += piece
      outgoing.end()
    })
    await send({ url, body: 'blåbær', headers: { 'content-type': 'text/plain' } })

    expect(received).toBe('blåbær')
    expect(requests[0]?.headers['content-length']).toBe('8')
  })

  test('goes once only: a 503 is an answer like any other', async () => {
    const { url, requests } = await serve((_, outgoing) => outgoing.writeHead(503).end())
    expect((await send({ url })).status).toBe(503)
    expect(requests).toHaveLength(1)
  })
})

describe('nothing happened', () => {
  test('when the port refuses the connection, and the start was never asked for', async () => {
    const start = vi.fn()
    const error = await failure(send({ url: await refusedUrl(), start }))

    expect(error).toBeInstanceOf(NothingHappened)
    expect(error).toMatchObject({ code: 'TEST_UTILGJENGELIG', disposition: 'transient' })
    expect(start).not.toHaveBeenCalled()
  })

  test('when the name does not exist', async () => {
    const error = await failure(send({ url: 'http://finnes-ikke.invalid/' }))
    expect(error).toBeInstanceOf(NothingHappened)
  })

  test('when the start is refused: the server sees no request and the error comes out as it is', async () => {
    const { url, requests } = await serve((_, outgoing) => outgoing.end())
    const late = new NothingHappened('RUNTIME_FOR_SENT_A_STARTE', 'transient', 'too late')
    const start = () => {
      throw late
    }
    expect(await failure(send({ url, start }))).toBe(late)
    expect(await failure(send({ url, start, body: () => pieces('a', 'b') }))).toBe(late)
    await send({ url })
    expect(requests).toHaveLength(1)
  })

  test('when the caller had given up before', async () => {
    const { url, requests } = await serve((_, outgoing) => outgoing.end())
    const error = await failure(send({ url, signal: AbortSignal.abort(new Error('drain')) }))
    expect(error).toBeInstanceOf(NothingHappened)
    expect(requests).toHaveLength(0)
  })

  test('when the time is out before the connection stands; it is not sent afterwards either', async () => {
    const { url, requests } = await serve((_, outgoing) => outgoing.end())
    const start = vi.fn()
    const outcome = failure(send({ url, start, timeoutMs: 1000 }))
    time.advance(1000)
    expect(await outcome).toBeInstanceOf(NothingHappened)
    await send({ url, method: 'GET' })
    expect(start).not.toHaveBeenCalled()
    expect(requests.map((one) => one.method)).toEqual(['GET'])
  })

  test('when the body fails before its first piece; its own code is kept', async () => {
    const { url, requests } = await serve((_, outgoing) => outgoing.end())
    const lost = new HubError('PAYLOAD_ODELAGT', 'permanent', 'does not verify')
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield* []
      throw lost
    }
    const error = await failure(send({ url, body: broken }))
    expect(error).toBeInstanceOf(NothingHappened)
    expect(error).toMatchObject({ code: 'PAYLOAD_ODELAGT', disposition: 'permanent', cause: lost })
    expect(requests).toHaveLength(0)
  })

  test('when the address is none', async () => {
    expect(await failure(send({ url: 'svarut' }))).toBeInstanceOf(NothingHappened)
  })
})

describe('the outcome is unknown', () => {
  test('when the connection breaks after the request, and for a read it is only transient', async () => {
    const { url } = await serve((incoming) => incoming.socket.destroy())
    expect(await failure(send({ url }))).toMatchObject({ code: 'TEST_INGEN_SVAR', disposition: 'unknown-outcome' })
    expect(await failure(send({ url, method: 'GET' }))).toMatchObject({
      code: 'TEST_INGEN_SVAR',
      disposition: 'transient',
    })
    expect(await failure(send({ url, reads: true }))).toMatchObject({
      code: 'TEST_INGEN_SVAR',
      disposition: 'transient',
    })
    expect(await failure(send({ url }))).not.toBeInstanceOf(NothingHappened)
  })

  test('when the connection breaks after the headers', async () => {
    const { url } = await serve((incoming, outgoing) => {
      outgoing.writeHead(200, { 'content-length': '100' })
      outgoing.write('half', () => incoming.socket.destroy())
    })
    expect(await failure(send({ url }))).toMatchObject({ code: 'TEST_INGEN_SVAR', disposition: 'unknown-outcome' })
  })

  test('when no answer comes in time', async () => {
    const arrived = Promise.withResolvers<IncomingMessage>()
    const { url } = await serve((incoming) => arrived.resolve(incoming))
    const outcome = failure(send({ url, timeoutMs: 960_000 }))
    const incoming = await arrived.promise
    time.advance(959_999)
    time.advance(1)
    expect(await outcome).toMatchObject({ code: 'TEST_INGEN_SVAR', disposition: 'unknown-outcome' })
    if (!incoming.destroyed) await once(incoming.socket, 'close')
  })

  test('when the answer comes too slowly', async () => {
    const begun = Promise.withResolvers<void>()
    const { url } = await serve((_, outgoing) => {
      outgoing.write('some')
      begun.resolve()
    })
    const { body } = await openResponse({ dispatcher, time }, { method: 'POST', url, system: 'TEST', timeoutMs: 1000 })
    await begun.promise
    const outcome = failure(readAll(body))
    time.advance(1000)
    expect(await outcome).toMatchObject({ code: 'TEST_INGEN_SVAR', disposition: 'unknown-outcome' })
  })

  test('when the caller ends the wait after the start', async () => {
    const arrived = Promise.withResolvers<void>()
    const { url } = await serve(() => arrived.resolve())
    const abort = new AbortController()
    const outcome = failure(send({ url, signal: abort.signal }))
    await arrived.promise
    abort.abort(new Error('drain'))
    expect(await outcome).toMatchObject({ code: 'TEST_INGEN_SVAR', disposition: 'unknown-outcome' })
  })

  test('when the answer is larger than allowed', async () => {
    const { url } = await serve((_, outgoing) => outgoing.end(Buffer.alloc(200_000)))
    expect((await send({ url, maxResponseBytes: 200_000 })).body).toHaveLength(200_000)
    expect(await failure(send({ url, maxResponseBytes: 199_999 }))).toMatchObject({
      code: 'TEST_INGEN_SVAR',
      disposition: 'unknown-outcome',
    })
  })

  test('when the body fails after its first piece, and the server never has a complete request', async () => {
    const ended: boolean[] = []
    const { url } = await serve((incoming) => {
      incoming.resume().on('error', () => ended.push(incoming.complete))
    })
    async function* half(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('first')
      throw new HubError('PAYLOAD_ODELAGT', 'permanent', 'does not verify')
    }
    const error = await failure(send({ url, body: half }))
    expect(error).toMatchObject({ code: 'TEST_INGEN_SVAR', disposition: 'unknown-outcome' })
    expect((error as HubError).cause).toMatchObject({ code: 'PAYLOAD_ODELAGT' })
    await vi.waitFor(() => expect(ended).toEqual([false]))
  })
})

test('a client library that wants to send the same request again is stopped, and the first one stays a question', async () => {
  const start = vi.fn()
  class Repeating extends Dispatcher {
    override dispatch(_options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
      const controller = {
        aborted: false,
        paused: false,
        reason: null,
        abort: vi.fn(),
        pause: vi.fn(),
        resume: vi.fn(),
      }
      handler.onRequestStart?.(controller, {})
      try {
        handler.onRequestStart?.(controller, {})
      } catch (error) {
        handler.onResponseError?.(controller, error as Error)
      }
      return true
    }
  }
  const sent = request(
    { dispatcher: new Repeating(), time },
    { method: 'POST', url: 'http://a.test', system: 'TEST', timeoutMs: 1000, start },
  )
  expect(await failure(sent)).toMatchObject({ code: 'TEST_INGEN_SVAR', disposition: 'unknown-outcome' })
  expect(start).toHaveBeenCalledTimes(1)
})

describe('large bodies', () => {
  test('50 MB go up as they are read, with little of it in memory', async () => {
    const total = 50 * 1024 * 1024
    const piece = Buffer.alloc(64 * 1024, 7)
    let made = 0
    let received = 0
    let furthestAhead = 0
    const { url } = await serve(async (incoming, outgoing) => {
      for await (const part of incoming) received += part.length
      outgoing.end()
    })
    async function* big(): AsyncGenerator<Uint8Array> {
      for (; made < total; made += piece.byteLength) {
        furthestAhead = Math.max(furthestAhead, made - received)
        yield piece
      }
    }
    expect((await send({ url, body: big })).status).toBe(200)
    expect(received).toBe(total)
    // What lies between: two socket buffers of the operating system and the streams' own.
    expect(furthestAhead).toBeLessThan(16 * 1024 * 1024)
  })

  test('come down only as fast as they are read', async () => {
    const total = 50 * 1024 * 1024
    let handedOver = 0
    const { url } = await serve(async (_, outgoing) => {
      outgoing.on('error', () => undefined)
      for (; handedOver < total; handedOver += 65_536) {
        if (!outgoing.write(Buffer.alloc(65_536))) await once(outgoing, 'drain')
      }
      outgoing.end()
    })
    const { body } = await openResponse({ dispatcher, time }, { method: 'GET', url, system: 'TEST', timeoutMs: 1000 })
    let read = 0
    let furthestAhead = 0
    for await (const piece of body) {
      read += piece.byteLength
      furthestAhead = Math.max(furthestAhead, handedOver - read)
    }
    expect(read).toBe(total)
    expect(furthestAhead).toBeLessThan(16 * 1024 * 1024)
  })

  test('a reader that leaves early ends the exchange', async () => {
    const closed = Promise.withResolvers<void>()
    const { url } = await serve((incoming, outgoing) => {
      incoming.socket.on('close', () => closed.resolve())
      outgoing.write('begin')
    })
    const { body } = await openResponse({ dispatcher, time }, { method: 'GET', url, system: 'TEST', timeoutMs: 1000 })
    for await (const _ of body) break
    await closed.promise
    expect(time.pending()).toBe(0)
  })

  test('an answer before the whole body went up is the answer, and the source is closed', async () => {
    const { url } = await serve((_, outgoing) => outgoing.writeHead(413).end('too much'))
    const closed = Promise.withResolvers<void>()
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield Buffer.alloc(65_536)
      } finally {
        closed.resolve()
      }
    }
    const outcome = await send({ url, body: endless })
    expect(outcome.status).toBe(413)
    await closed.promise
  })
})
