import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { NothingHappened } from '@samband/kernel'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createDispatcher, type DispatcherOptions, goesAroundProxy } from './dispatcher.ts'
import { request } from './http.ts'
import { createTestAuthority } from './testing/certificates.ts'
import { type ProxyBehaviour, startTestProxy } from './testing/connect-proxy.ts'
import { manualTime } from './testing/manual-time.ts'

const authority = createTestAuthority(Date.now())
const foreign = createTestAuthority(Date.now(), 'Another CA')

/** A destination that counts what it was sent, and from where. */
async function destination(tls?: 'trusted' | 'foreign' | 'expired' | 'other-name', { answers = true } = {}) {
  const received: string[] = []
  const from: string[] = []
  const answer: RequestListener = (incoming, outgoing) => {
    from.push(String(incoming.socket.remoteAddress))
    let body = ''
    incoming.on('data', (piece) => {
      body += piece
    })
    incoming.on('end', () => {
      received.push(body)
      if (answers) outgoing.end('taken')
    })
  }
  const server: Server =
    tls === undefined ? createServer(answer) : (createTlsServer(certificateOf(tls), answer) as unknown as Server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http${tls === undefined ? '' : 's'}://127.0.0.1:${port}/thing`,
    host: `127.0.0.1:${port}`,
    received,
    from,
  }
}

function certificateOf(tls: 'trusted' | 'foreign' | 'expired' | 'other-name') {
  if (tls === 'foreign') return foreign.issue('127.0.0.1')
  if (tls === 'expired') return authority.issue('127.0.0.1', { fromMs: 0, untilMs: Date.now() - 1000 })
  return authority.issue(tls === 'other-name' ? 'elsewhere.example' : '127.0.0.1')
}

async function proxy(behaviour: ProxyBehaviour = {}) {
  const started = await startTestProxy(behaviour)
  onTestFinished(() => started.close())
  return started
}

/** Sends one POST and gives its status, or what was thrown. */
async function send(url: string, options: DispatcherOptions): Promise<{ status?: number; error?: unknown }> {
  const dispatcher = createDispatcher({ ca: [authority.ca], ...options })
  onTestFinished(() => dispatcher.destroy())
  try {
    const http = { dispatcher, time: manualTime() }
    const { status } = await request(http, { method: 'POST', url, body: 'letter', system: 'TEST', timeoutMs: 60_000 })
    return { status }
  } catch (error) {
    return { error }
  }
}

describe('through a proxy', () => {
  test.each([['with TLS', 'trusted'] as const, ['without TLS', undefined] as const])(
    'a request goes %s to the destination once, in a tunnel',
    async (_how, tls) => {
      const there = await destination(tls)
      const between = await proxy()
      expect(await send(there.url, { proxy: { url: between.url } })).toEqual({ status: 200 })
      expect([between.asked, between.forwarded, there.received]).toEqual([[there.host], [], ['letter']])
    },
  )

  test.each([['with TLS', 'trusted'] as const, ['without TLS', undefined] as const])(
    'a connection that the proxy cuts after the request %s went out is an open question, and nothing is sent again',
    async (_how, tls) => {
      const there = await destination(tls, { answers: false })
      const between = await proxy()
      const sent = send(there.url, { proxy: { url: between.url } })
      await expect.poll(() => there.received).toEqual(['letter'])
      await between.close()
      const { error } = await sent
      expect(error).toMatchObject({ code: 'TEST_INGEN_SVAR', disposition: 'unknown-outcome' })
      expect(error).not.toBeInstanceOf(NothingHappened)
      expect([between.asked.length, between.forwarded, there.received]).toEqual([1, [], ['letter']])
    },
  )

  test.each([
    ['refuses its user', { refuseWith: 407 }, 'the proxy answered 407'],
    ['cannot reach the destination', { refuseWith: 502 }, 'the proxy answered 502'],
    ['answers as if it were the destination', { refuseWith: 404 }, 'the proxy answered 404'],
    ['hangs up', { hangUp: true }, 'the proxy closed the connection'],
    ['says nothing', { silent: true }, 'the connection failed'],
  ])('a proxy that %s: certainly nothing was sent, and it is told why', async (_what, behaviour, reason) => {
    const there = await destination('trusted')
    const between = await proxy(behaviour)
    const { error } = await send(there.url, { proxy: { url: between.url }, connectTimeoutMs: 300 })
    expect(error).toBeInstanceOf(NothingHappened)
    expect(error).toMatchObject({ code: 'TEST_UTILGJENGELIG', message: expect.stringContaining(reason) })
    expect([between.asked.length, there.received]).toEqual([1, []])
  })

  test('a user and password let it in, and stand in no error when they do not', async () => {
    const there = await destination('trusted')
    const between = await proxy({ authorization: `Basic ${Buffer.from('samband:blåbær').toString('base64')}` })
    const login = { user: 'samband', password: 'blåbær' }
    expect(await send(there.url, { proxy: { url: between.url, login } })).toEqual({ status: 200 })
    const wrong = await send(there.url, { proxy: { url: between.url, login: { ...login, password: 'hunter2' } } })
    expect(wrong.error).toMatchObject({ message: expect.stringContaining('407') })
    expect(String(wrong.error)).not.toContain('hunter2')
    expect(there.received).toEqual(['letter'])
  })

  test('a host inside is reached without it, and so is every name below one', async () => {
    const there = await destination('trusted')
    const between = await proxy()
    expect(await send(there.url, { proxy: { url: between.url, except: ['.kommune.example', '127.0.0.1'] } })).toEqual({
      status: 200,
    })
    expect(between.asked).toEqual([])
    await send(there.url, { proxy: { url: between.url, except: ['kommune.example', '0.0.1'] } })
    expect(between.asked).toEqual([there.host])
    const except = ['.kommune.example', '10.0.0.1', '::1']
    const hosts = ['arkiv.kommune.example', 'KOMMUNE.example', '10.0.0.1', '[::1]', 'enkommune.example', '110.0.0.1']
    expect(hosts.map((host) => goesAroundProxy(host, except))).toEqual([true, true, true, true, false, false])
  })

  test('connections to the proxy begin at the source address', async () => {
    const there = await destination()
    const between = await proxy()
    expect(await send(there.url, { proxy: { url: between.url }, sourceAddress: '127.0.0.2' })).toEqual({ status: 200 })
    expect(between.from).toEqual(['127.0.0.2'])
  })
})

test('without a proxy the destination sees the source address', async () => {
  const there = await destination()
  await send(there.url, { sourceAddress: '127.0.0.2' })
  expect(there.from).toEqual(['127.0.0.2'])
})

describe('an authority of its own', () => {
  test('is trusted where it is named', async () => {
    const there = await destination('trusted')
    expect(await send(there.url, {})).toEqual({ status: 200 })
  })

  test.each([
    ['of an authority that is not named', 'foreign', 'not trusted here'],
    ['that has expired', 'expired', 'has expired'],
    ['for another name', 'other-name', 'is for another name'],
  ] as const)('a certificate %s: nothing was sent, directly and through a proxy', async (_what, tls, reason) => {
    const there = await destination(tls)
    const between = await proxy()
    for (const options of [{}, { proxy: { url: between.url } }]) {
      const { error } = await send(there.url, options)
      expect(error).toBeInstanceOf(NothingHappened)
      expect(error).toMatchObject({ message: expect.stringContaining(reason) })
    }
    expect(there.received).toEqual([])
  })
})
