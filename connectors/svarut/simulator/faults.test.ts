import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { Readable } from 'node:stream'
import { type Listening, listenAlone } from '@samband/simulator-kit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { SvarUtSimulator } from './index.ts'
import {
  aLetter,
  aSvarUt,
  credentials,
  type FakeTime,
  fakeTime,
  kontoId,
  multipart,
  multipartType,
  partsOf,
  waitFor,
} from './letters-for-tests.ts'

interface Seen {
  readonly status?: number
  readonly json?: unknown
  readonly lost?: true
}

interface Call {
  readonly method?: 'GET' | 'POST'
  readonly url: string
  readonly headers: Record<string, string>
  readonly payload?: Buffer
}

const sendPath = `/api/v3/kontoer/${kontoId}/forsendelser/person`
const sendHeaders = { ...credentials, 'content-type': multipartType }
const ways = ['app.inject', 'app.inject with a stream', 'a socket'] as const

describe.each(ways)('through %s', (way) => {
  let time: FakeTime
  let svarut: SvarUtSimulator
  let listening: Listening | undefined
  beforeEach(async () => {
    time = fakeTime()
    svarut = aSvarUt(time)
    listening = way === 'a socket' ? await listenAlone(svarut.app) : undefined
  })
  afterEach(() => svarut.app.close())

  async function call({ method = 'GET', url, headers, payload }: Call): Promise<Seen> {
    try {
      if (listening !== undefined) {
        const answer = await fetch(listening.url + url, { method, headers, body: payload ?? null })
        const text = await answer.text()
        return { status: answer.status, json: text.startsWith('{') ? JSON.parse(text) : text }
      }
      const body =
        way === 'app.inject' || payload === undefined
          ? payload
          : Readable.from([payload.subarray(0, 150), payload.subarray(150)])
      const answer = await svarut.app.inject({ method, url, headers, ...(body === undefined ? {} : { payload: body }) })
      return { status: answer.statusCode, json: answer.body.startsWith('{') ? answer.json() : answer.body }
    } catch {
      return { lost: true }
    }
  }
  const send = (eksternReferanse = 'sak-17', parts = partsOf(aLetter({ eksternReferanse }))): Promise<Seen> =>
    call({ method: 'POST', url: sendPath, headers: sendHeaders, payload: multipart(parts) })
  const lookUp = async (): Promise<Seen> =>
    call({ url: `/api/v2/kontoer/${kontoId}/forsendelser?eksternRef=sak-17`, headers: credentials })

  test.each([
    ['down', { lost: true }, 0],
    [
      'refuse',
      { status: 400, json: expect.objectContaining({ message: expect.stringContaining('Ugyldig innhold') }) },
      0,
    ],
    [
      'unauthorized',
      { status: 401, json: expect.objectContaining({ message: 'Klarte ikke å validere access_token' }) },
      0,
    ],
    ['not-found', { status: 404, json: expect.objectContaining({ status: 404 }) }, 0],
    ['conflict', { status: 409, json: expect.objectContaining({ status: 409 }) }, 0],
    ['server-error', { status: 500, json: expect.objectContaining({ errorId: expect.any(String) }) }, 0],
    ['error-under-200', { status: 200, json: expect.objectContaining({ status: 500 }) }, 0],
    ['error-after-effect', { status: 500, json: expect.objectContaining({ status: 500 }) }, 1],
    ['wrong-schema', { status: 200, json: { resultat: ['ok'] } }, 1],
    ['answer-lost', { lost: true }, 1],
    ['answer-twice', { status: 200, json: expect.anything() }, 2],
  ] as const)('a send meets %s', async (fault, seen, received) => {
    svarut.faults.order({ operation: 'send', fault })
    expect(await send()).toEqual(seen)
    expect(svarut.received()).toHaveLength(received)
    expect(svarut.faults.used()).toEqual([{ fault, operation: 'send', count: 1 }])
  })

  test('a gateway in front of it answers 503 without the error body of Fiks', async () => {
    svarut.faults.order({ operation: 'send', fault: 'server-error', status: 503 })
    expect(await send()).toEqual({ status: 503, json: expect.stringContaining('<html>') })
  })

  test('a send that hangs has taken effect, and ends when the simulator closes', async () => {
    svarut.faults.order({ operation: 'send', fault: 'accept-then-hang' })
    const seen = send()
    await waitFor(() => svarut.received().length === 1)
    await svarut.app.close()
    expect(await seen).toEqual({ lost: true })
  })

  test('a send whose connection was lost takes effect later', async () => {
    svarut.faults.order({ operation: 'send', fault: 'accept-late', delayMs: 300_000 })
    expect(await send()).toEqual({ lost: true })
    expect((await lookUp()).json).toEqual({ forsendelseIds: [] })
    time.move(300_000)
    expect(svarut.received()).toHaveLength(1)
  })

  test('no send takes effect after the time in flight, however late it is processed', async () => {
    svarut.faults.order({ operation: 'send', fault: 'slow', delayMs: 900_000 })
    const slow = send()
    await waitFor(() => time.pending() === 2)
    time.move(900_000)
    expect(await slow).toEqual({ lost: true })
    svarut.faults.order({ operation: 'send', fault: 'accept-late', delayMs: 900_000 })
    expect(await send()).toEqual({ lost: true })
    time.move(900_000)
    expect(svarut.received()).toEqual([])
    await waitFor(() => time.pending() === 0)
  })

  test('a send that is slow is answered when its time has come', async () => {
    svarut.faults.order({ operation: 'send', fault: 'slow', delayMs: 60_000 })
    const seen = send()
    await waitFor(() => time.pending() === 2)
    expect(svarut.received()).toEqual([])
    time.move(60_000)
    expect(await seen).toMatchObject({ status: 200 })
    await waitFor(() => time.pending() === 0)
  })

  test('look-ups lag for one letter, fail, or answer an error under 200', async () => {
    svarut.faults.order({ operation: 'send', fault: 'lookup-lag', delayMs: 5000 })
    await send()
    expect((await lookUp()).json).toEqual({ forsendelseIds: [] })
    time.move(5000)
    expect((await lookUp()).json).toEqual({ forsendelseIds: [svarut.received()[0]!.id] })
    svarut.faults.order({ operation: 'lookup', fault: 'lookup-lag', delayMs: 6000 })
    expect((await lookUp()).json).toEqual({ forsendelseIds: [] })
    svarut.faults.order({ operation: 'lookup', fault: 'lookup-error', mark: 'sak-17' })
    expect(await lookUp()).toMatchObject({ status: 500 })
    svarut.faults.order({ operation: 'lookup', fault: 'error-under-200' })
    expect(await lookUp()).toMatchObject({ status: 200, json: { status: 500 } })
  })

  test('an order with a mark hits the letter that carries it, and its status', async () => {
    svarut.faults.order({ operation: 'send', fault: 'refuse', mark: 'm-2' })
    svarut.faults.order({ operation: 'status', fault: 'server-error', mark: 'sak-17' })
    const first = await send()
    expect(await send('sak-18', partsOf(aLetter(), 'SAMBAND-MARK:m-2'))).toMatchObject({ status: 400 })
    const search = (id: string) =>
      call({
        method: 'POST',
        url: `/api/v3/kontoer/${kontoId}/forsendelser/status/sok`,
        headers: { ...credentials, 'content-type': 'application/json' },
        payload: Buffer.from(JSON.stringify({ id: [id] })),
      })
    expect(first).toMatchObject({ status: 200 })
    const { id } = first.json as { id: string }
    expect(await search('dddddddd-dddd-4ddd-8ddd-dddddddddddd')).toMatchObject({ status: 200 })
    expect(await search(id)).toMatchObject({ status: 500 })
    expect(await search(id)).toMatchObject({ status: 200 })
  })

  test('down and up', async () => {
    svarut.faults.order({ operation: '*', fault: 'down' })
    for (let i = 0; i < 3; i += 1) expect(await send()).toEqual({ lost: true })
    svarut.faults.clear()
    expect(await send()).toMatchObject({ status: 200 })
    if (listening === undefined) return
    await listening.down()
    expect(await send()).toEqual({ lost: true })
    await listening.up()
    expect(await send()).toMatchObject({ status: 200 })
    expect(svarut.received()).toHaveLength(2)
  })
})

describe('a body that stalls', () => {
  test('is aborted after 15 minutes on a socket', async () => {
    const time = fakeTime()
    const svarut = aSvarUt(time)
    const { port } = await listenAlone(svarut.app)
    const client = httpRequest({ port, method: 'POST', path: sendPath, headers: sendHeaders })
    client.write(multipart(partsOf(aLetter()), false))
    const lost = once(client, 'error')
    lost.catch(() => undefined)
    await waitFor(() => time.pending() === 1)
    time.move(899_999)
    expect(client.destroyed).toBe(false)
    time.move(1)
    expect(await lost).toMatchObject([{ code: 'ECONNRESET' }])
    expect(svarut.received()).toEqual([])
    await svarut.app.close()
  })

  test('is aborted after 15 minutes through app.inject', async () => {
    const time = fakeTime()
    const svarut = aSvarUt(time)
    const payload = new Readable({ read() {} })
    payload.push(multipart(partsOf(aLetter()), false))
    const answer = svarut.app.inject({ method: 'POST', url: sendPath, headers: sendHeaders, payload })
    const lost = expect(answer).rejects.toThrow('destroyed')
    await waitFor(() => time.pending() === 1)
    time.move(900_000)
    await lost
    expect(svarut.received()).toEqual([])
    await svarut.app.close()
  })

  test('has no effect when its client leaves, and leaves nothing behind', async () => {
    const time = fakeTime()
    const svarut = aSvarUt(time)
    const { port } = await listenAlone(svarut.app)
    const client = httpRequest({ port, method: 'POST', path: sendPath, headers: sendHeaders })
    client.on('error', () => undefined)
    client.write(multipart(partsOf(aLetter()), false))
    await waitFor(() => time.pending() === 1)
    client.destroy()
    await waitFor(() => time.pending() === 0)
    expect(svarut.received()).toEqual([])
    await svarut.app.close()
  })
})

test('a large document is streamed', async () => {
  const svarut = aSvarUt(fakeTime())
  const { url } = await listenAlone(svarut.app)
  const sizeBytes = 200 * 1024 * 1024
  const chunk = Buffer.alloc(1024 * 1024, 'x')
  const [head, tail] = multipart(partsOf(aLetter({ kunDigitalLevering: true }), 'SPLIT'))
    .toString()
    .split('SPLIT')
  const before = process.memoryUsage().arrayBuffers
  let most = 0
  async function* content(): AsyncGenerator<Buffer> {
    yield Buffer.from(head!)
    for (let sent = 0; sent < sizeBytes; sent += chunk.length) {
      most = Math.max(most, process.memoryUsage().arrayBuffers - before)
      yield chunk
    }
    yield Buffer.from(tail!)
  }
  const body = Readable.toWeb(Readable.from(content())) as ReadableStream
  const answer = await fetch(url + sendPath, { method: 'POST', headers: sendHeaders, body, duplex: 'half' })
  expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('id')])
  expect(svarut.received()[0]!.dokumenter).toMatchObject([{ sizeBytes }])
  expect(most).toBeLessThan(100 * 1024 * 1024)
  await svarut.app.close()
}, 30_000)
