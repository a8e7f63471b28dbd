import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import fastify, { type FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  FaultDesk,
  type FaultOrder,
  installFaultDesk,
  type Listening,
  listenAlone,
  type SimulatorTime,
} from './index.ts'

/** Time that stands still until it is moved. */
function fakeTime(): SimulatorTime & { move(ms: number): void; pending(): number } {
  let nowMs = 1_000_000
  const timers = new Set<{ atMs: number; run: () => void }>()
  return {
    nowMs: () => nowMs,
    after: (ms, run) => {
      const timer = { atMs: nowMs + ms, run }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    move: (ms) => {
      nowMs += ms
      for (const timer of [...timers]) {
        if (timer.atMs > nowMs) continue
        timers.delete(timer)
        timer.run()
      }
    },
    pending: () => timers.size,
  }
}

interface Bench {
  app: FastifyInstance
  faults: FaultDesk
  made: string[]
  lags: number[]
  time: ReturnType<typeof fakeTime>
}

/** A system with one operation, `make`, that notes the text it is given. */
function bench(): Bench {
  const time = fakeTime()
  const faults = new FaultDesk({
    time,
    errorAnswer: (status, fault, request) => ({
      status,
      headers: { 'x-of': 'the-system' },
      body: { fault, path: request.url },
    }),
  })
  const app = fastify()
  const made: string[] = []
  const lags: number[] = []
  installFaultDesk(app, faults, () => made.map((text) => ({ text })))
  app.post<{ Body: { text: string } }>('/make', { config: { operation: 'make' } }, (request, reply) =>
    faults.around(request, reply, 'make', [request.body.text], ({ lookupLagMs }) => {
      made.push(request.body.text)
      lags.push(lookupLagMs)
      return { status: 201, body: { number: made.length } }
    }),
  )
  return { app, faults, made, lags, time }
}

interface Seen {
  status?: number
  body?: unknown
  lost?: true
}

const ways = {
  'app.inject': async (b: Bench) => ({
    post: async (text: string): Promise<Seen> => {
      try {
        const answer = await b.app.inject({ method: 'POST', url: '/make', payload: { text } })
        return { status: answer.statusCode, body: answer.json() }
      } catch {
        return { lost: true }
      }
    },
    end: () => b.app.close(),
  }),
  'a socket': async (b: Bench) => {
    const listening = await listenAlone(b.app)
    return {
      post: async (text: string): Promise<Seen> => {
        try {
          const answer = await fetch(`${listening.url}/make`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ text }),
          })
          return { status: answer.status, body: await answer.json() }
        } catch {
          return { lost: true }
        }
      },
      end: () => b.app.close(),
    }
  },
}

describe.each(Object.entries(ways))('through %s', (_name, open) => {
  let b: Bench
  let client: Awaited<ReturnType<typeof open>>
  beforeEach(async () => {
    b = bench()
    client = await open(b)
  })
  afterEach(() => client.end())

  const cases: [FaultOrder['fault'], Partial<FaultOrder>, Seen, number][] = [
    ['down', {}, { lost: true }, 0],
    ['refuse', {}, { status: 400, body: { fault: 'refuse', path: '/make' } }, 0],
    ['unauthorized', {}, { status: 401, body: { fault: 'unauthorized', path: '/make' } }, 0],
    ['not-found', {}, { status: 404, body: { fault: 'not-found', path: '/make' } }, 0],
    ['conflict', {}, { status: 409, body: { fault: 'conflict', path: '/make' } }, 0],
    ['server-error', { status: 503, body: { own: true } }, { status: 503, body: { own: true } }, 0],
    ['lookup-error', {}, { status: 500, body: { fault: 'lookup-error', path: '/make' } }, 0],
    ['error-under-200', {}, { status: 200, body: { fault: 'error-under-200', path: '/make' } }, 0],
    ['error-after-effect', { status: 502 }, { status: 502, body: { fault: 'error-after-effect', path: '/make' } }, 1],
    ['wrong-schema', {}, { status: 201, body: { resultat: ['ok'] } }, 1],
    ['answer-lost', {}, { lost: true }, 1],
    ['answer-twice', {}, { status: 201, body: { number: 2 } }, 2],
    ['lookup-lag', { delayMs: 7000 }, { status: 201, body: { number: 1 } }, 1],
  ]
  test.each(cases)('%s', async (fault, more, seen, effects) => {
    b.faults.order({ operation: 'make', fault, ...more })
    expect(await client.post('letter')).toEqual(seen)
    expect(b.made).toHaveLength(effects)
    expect(b.faults.used()).toEqual([{ fault, operation: 'make', count: 1 }])
    if (fault === 'lookup-lag') expect(b.lags).toEqual([7000])
    b.faults.clear()
    expect(await client.post('next')).toMatchObject({ status: 201 })
  })

  test('slow waits before anything is processed', async () => {
    b.faults.order({ operation: '*', fault: 'slow', delayMs: 5000 })
    const answer = client.post('letter')
    await waitFor(() => b.time.pending() === 1)
    expect(b.made).toEqual([])
    b.time.move(5000)
    expect(await answer).toEqual({ status: 201, body: { number: 1 } })
  })

  test('accept-late loses the connection and does the work later', async () => {
    b.faults.order({ operation: 'make', fault: 'accept-late', delayMs: 60_000 })
    expect(await client.post('letter')).toEqual({ lost: true })
    expect(b.made).toEqual([])
    b.time.move(60_000)
    expect(b.made).toEqual(['letter'])
  })

  test('accept-then-hang does the work, never answers, and lets go when the app closes', async () => {
    b.faults.order({ operation: 'make', fault: 'accept-then-hang' })
    const answer = client.post('letter')
    await waitFor(() => b.made.length === 1)
    await b.app.close()
    expect(await answer).toEqual({ lost: true })
  })

  test('closing frees a request that is slow, and what was to happen later does not happen', async () => {
    b.faults.order({ operation: 'make', fault: 'slow', delayMs: 5000 })
    b.faults.order({ operation: 'make', fault: 'accept-late', delayMs: 5000, mark: 'late' })
    await Promise.all([
      client.post('letter').then(() => undefined),
      waitFor(() => b.time.pending() === 1).then(() => b.app.close()),
    ])
    b.time.move(5000)
    expect(b.made).toEqual([])
  })

  test('a mark limits an order to the requests that contain it, and times to so many of them', async () => {
    b.faults.order({ operation: 'make', fault: 'refuse', mark: 'case-17', times: 2 })
    b.faults.order({ operation: 'make', fault: 'down', mark: 'case-18' })
    const seen = []
    for (const text of ['a', 'case-17 x', 'case-18', 'b', 'case-17', 'case-17', 'case-18'])
      seen.push(await client.post(text))
    expect(seen.map(({ status }) => status ?? 'lost')).toEqual([201, 400, 'lost', 201, 400, 201, 'lost'])
    expect(b.made).toEqual(['a', 'b', 'case-17'])
  })
})

test('orders are given, listed and taken back over HTTP', async () => {
  const { app, faults } = bench()
  const order = (payload: object) => app.inject({ method: 'POST', url: '/_simulator/faults', payload })
  expect(
    (await order({ operation: 'make', fault: 'refuse', times: 'Infinity', mark: 'm', status: 422 })).json(),
  ).toEqual({ id: 'fault-1' })
  expect((await order({ operation: 'make', fault: 'explode' })).statusCode).toBe(400)
  expect((await order({ operation: 'make', fault: 'slow', times: 'often' })).statusCode).toBe(400)
  expect((await app.inject('/_simulator/faults')).json()).toEqual({
    orders: [
      {
        id: 'fault-1',
        operation: 'make',
        fault: 'refuse',
        mark: 'm',
        status: 422,
        delayMs: 1000,
        timesLeft: 'Infinity',
      },
    ],
    used: [],
  })
  faults.order({ operation: '*', fault: 'down' })
  await expect(app.inject('/elsewhere')).rejects.toThrow('the simulator destroyed the connection')
  expect((await app.inject('/_simulator/received')).json()).toEqual([])
  await app.inject({ method: 'DELETE', url: '/_simulator/faults' })
  expect(faults.orders()).toEqual([])
  expect(faults.used()).toEqual([{ fault: 'down', operation: '*', count: 1 }])
  await app.close()
})

test('a hanging request is let go when its client leaves, and does not keep the app from closing', async () => {
  const { app, faults, made } = bench()
  const listening = await listenAlone(app)
  faults.order({ operation: 'make', fault: 'accept-then-hang', times: 2 })
  const gone = new AbortController()
  const post = (signal?: AbortSignal) =>
    fetch(`${listening.url}/make`, {
      method: 'POST',
      body: '{"text":"a"}',
      headers: { 'content-type': 'application/json' },
      signal: signal ?? null,
    })
  const first = post(gone.signal)
  first.catch(() => undefined)
  await waitFor(() => made.length === 1)
  gone.abort()
  await expect(first).rejects.toThrow('abort')
  const second = post()
  second.catch(() => undefined)
  await waitFor(() => made.length === 2)
  await app.close()
  await expect(second).rejects.toThrow('fetch failed')
})

test('an answer to a client that has left is dropped, and the effect stands', async () => {
  const { app, faults, made, time } = bench()
  const listening = await listenAlone(app)
  faults.order({ operation: 'make', fault: 'slow', delayMs: 5000 })
  const gone = new AbortController()
  const answer = fetch(`${listening.url}/make`, {
    method: 'POST',
    body: '{"text":"a"}',
    headers: { 'content-type': 'application/json' },
    signal: gone.signal,
  })
  answer.catch(() => undefined)
  await waitFor(() => time.pending() === 1)
  gone.abort()
  await expect(answer).rejects.toThrow('abort')
  time.move(5000)
  await waitFor(() => made.length === 1)
  await app.close()
})

describe('down and up', () => {
  let app: FastifyInstance
  let listening: Listening
  beforeEach(async () => {
    const b = bench()
    app = b.app
    await app.inject('/_simulator/received') // has booted before it listens
    listening = await listenAlone(app)
  })
  afterEach(() => app.close())

  test('refuse connections, then take them again on the same port', async () => {
    const { url } = listening
    await listening.down()
    await listening.down()
    await expect(fetch(`${url}/_simulator/received`)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } })
    await listening.up()
    await listening.up()
    expect((await fetch(`${url}/_simulator/received`)).status).toBe(200)
  })

  test('down destroys connections that stand open', async () => {
    const socket = connect(listening.port, '127.0.0.1')
    await once(socket, 'connect')
    socket.write('POST /make HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{')
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.on('error', () => undefined)
    await listening.down()
    await closed
  })

  test('a port taken by another is reported', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    await expect(listenAlone(app, (other.address() as AddressInfo).port)).rejects.toThrow('EADDRINUSE')
    other.close()
  })
})

async function waitFor(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}
