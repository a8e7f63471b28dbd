import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { aLetter, MULTIPART_TYPE, multipart, partsOf } from './testing/letters.ts'
import { startWorld, type World } from './testing/world.ts'

let world: World
let port: number
const sockets: Socket[] = []

beforeEach(async () => {
  world = await startWorld({ limits: { maxBodyBytes: 3_000_000 } })
  await world.app.listen({ host: '127.0.0.1', port: 0 })
  const address = world.app.server.address()
  port = typeof address === 'object' && address !== null ? address.port : 0
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await world.stop()
})

/** A connection on which a chunked send has begun, as KS's client sends. */
async function sending(): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  sockets.push(socket)
  const lines = ['POST /api/v1/forsendelser HTTP/1.1', 'Host: samband', `Authorization: Bearer ${await world.token()}`]
  socket.write(`${[...lines, `Content-Type: ${MULTIPART_TYPE}`, 'Transfer-Encoding: chunked'].join('\r\n')}\r\n\r\n`)
  return socket
}

function chunk(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])
}

async function answerOn(socket: Socket): Promise<string> {
  const [bytes] = await once(socket, 'data')
  return String(bytes)
}

const END = Buffer.from('0\r\n\r\n')

test('a chunked send is accepted, and the connection serves the next one', async () => {
  const socket = await sending()
  socket.write(Buffer.concat([chunk(multipart(partsOf(aLetter()))), END]))
  expect(await answerOn(socket)).toMatch(/^HTTP\/1.1 202 /)
  socket.write(`GET /api/v1/forsendelser/17 HTTP/1.1\r\nHost: samband\r\n\r\n`)
  expect(await answerOn(socket)).toMatch(/^HTTP\/1.1 401 /)
})

test('a faulty letter is answered when the client has sent all of it', async () => {
  const socket = await sending()
  const body = multipart(partsOf(aLetter({ tittel: 17 }), [Buffer.alloc(2_000_000, 'x')]))
  for (let at = 0; at < body.length; at += 100_000) socket.write(chunk(body.subarray(at, at + 100_000)))
  socket.write(END)
  expect(await answerOn(socket)).toMatch(/^HTTP\/1.1 400 /)
})

test('a letter above the limit is answered with 413 and the end of the connection', async () => {
  const socket = await sending()
  socket.write(chunk(multipart(partsOf(aLetter(), [Buffer.alloc(3_000_000, 'x')]))))
  expect(await answerOn(socket)).toMatch(/^HTTP\/1.1 413 .*connection: close/is)
  expect(await world.refs()).toEqual([])
})

test('a client that breaks the connection leaves nothing behind', async () => {
  const socket = await sending()
  const body = multipart(partsOf(aLetter(), [Buffer.alloc(1_000_000, 'x')]))
  socket.write(chunk(body.subarray(0, 900_000)))
  await vi.waitFor(() => expect(socket.bytesWritten).toBeGreaterThan(900_000))
  socket.destroy()
  await vi.waitFor(() => expect(world.log.lines.map(({ sentence }) => sentence).join()).toContain('the client left'))
  expect(await world.refs()).toEqual([])
  expect(await world.accepted()).toBe(0)
})
