import { PassThrough, Readable } from 'node:stream'
import { HubError } from '@samband/kernel'
import type { FileOperation } from '@samband/payloads'
import { settle } from '@samband/runtime/testing'
import { afterEach, expect, test, vi } from 'vitest'
import { aLetter, multipart, partsOf } from './testing/letters.ts'
import { startWorld, type World } from './testing/world.ts'

let world: World

afterEach(() => world.stop())

const two = ['vedtak.pdf', 'klage.pdf'].map((filnavn) => ({ filnavn, mimeType: 'application/pdf' }))
const letter = aLetter({ dokumenter: two })
const documents = ['%PDF vedtak', '%PDF klage']

test('a payload store that fails at any step leaves nothing behind, and the repeat is accepted', async () => {
  let left = Number.POSITIVE_INFINITY
  let steps = 0
  const writing = new Set<FileOperation>(['createTemporary', 'write', 'sync', 'rename'])
  world = await startWorld({
    aroundFiles: (operation, _path, run) => {
      if (writing.has(operation)) {
        steps += 1
        left -= 1
        if (left === 0) return Promise.reject(Object.assign(new Error('no room'), { code: 'ENOSPC' }))
      }
      return run()
    },
  })
  await world.send(partsOf(aLetter({ ...letter, eksternReferanse: 'first' }), documents))
  const before = await world.refs()
  for (let step = steps; step >= 1; step -= 1) {
    left = step
    const answer = await world.send(partsOf(letter, documents))
    expect(answer.statusCode, `failing at step ${step}: ${answer.body}`).toBe(503)
    expect(answer.json()).toMatchObject({ code: 'PAYLOAD_DISK_FULL', title: 'Kan ikke svare nå' })
    expect(answer.headers['retry-after']).toBe('30')
    expect(await world.refs()).toEqual(before)
  }
  left = Number.POSITIVE_INFINITY
  expect((await world.send(partsOf(letter, documents))).statusCode).toBe(202)
})

test('a ledger that fails for certain leaves nothing behind', async () => {
  world = await startWorld()
  await settle()
  const full = new HubError('STORE_DISK_FULL', 'transient', 'The disk is full.', { retryAfterMs: 5_000 })
  const transaction = vi.spyOn(world.store, 'transaction').mockRejectedValueOnce(full)
  const answer = await world.send(partsOf(letter, documents))
  transaction.mockRestore()

  expect([answer.statusCode, answer.headers['retry-after'], answer.json().code]).toEqual([503, '5', 'STORE_DISK_FULL'])
  expect(await world.refs()).toEqual([])
})

test('a commit whose answer is lost keeps the payloads of what was accepted, and the repeat finds it', async () => {
  world = await startWorld()
  await settle()
  const { transaction } = world.store
  const lost = vi.spyOn(world.store, 'transaction').mockImplementationOnce(async (place, work) => {
    await transaction(place, work)
    throw new HubError('STORE_UTILGJENGELIG', 'transient', 'The answer was lost.')
  })
  const answer = await world.send(partsOf(letter, documents))
  lost.mockRestore()

  expect(answer.statusCode).toBe(503)
  expect(await world.refs()).toHaveLength(3)
  expect((await world.send(partsOf(letter, documents))).statusCode).toBe(200)
  expect(await world.refs()).toHaveLength(3)
})

test('payloads stay after a commit whose outcome is open, although the store does not show the letter yet', async () => {
  world = await startWorld()
  await settle()
  const open = new HubError('STORE_UTFALL_UKJENT', 'transient', 'The connection broke during the commit.')
  const transaction = vi.spyOn(world.store, 'transaction').mockRejectedValueOnce(open)
  const answer = await world.send(partsOf(letter, documents))
  transaction.mockRestore()

  expect([answer.statusCode, answer.json().code]).toEqual([503, 'STORE_UTFALL_UKJENT'])
  expect(await world.refs()).toHaveLength(3)
  expect(await world.accepted()).toBe(0)
})

test('payloads stay when the store cannot say whether the letter was accepted', async () => {
  world = await startWorld()
  await settle()
  const away = new HubError('STORE_UTILGJENGELIG', 'transient', 'The store is away.')
  const read = vi.spyOn(world.store, 'read').mockImplementationOnce(world.store.read.bind(world.store))
  vi.spyOn(world.store, 'transaction').mockImplementationOnce(async () => {
    read.mockRejectedValueOnce(away)
    throw away
  })
  expect((await world.send(partsOf(letter, documents))).statusCode).toBe(503)
  vi.restoreAllMocks()
  expect(await world.refs()).toHaveLength(3)
  expect(await world.accepted()).toBe(0)
})

test('a defect is answered with an errorId that the log explains without quoting anything', async () => {
  world = await startWorld()
  await settle()
  vi.spyOn(world.store, 'read').mockRejectedValueOnce(new Error('Prøve Testesen 15859099928'))
  const answer = await world.send(partsOf(letter, documents))
  vi.restoreAllMocks()

  expect(answer.statusCode).toBe(500)
  const { errorId } = answer.json()
  const line = world.log.lines.find(({ fields }) => fields['errorId'] === errorId)
  expect(line).toMatchObject({ level: 'error', fields: { route: '/api/v1/forsendelser', code: 'defect' } })
  expect(answer.body + JSON.stringify(world.log.lines)).not.toMatch(/Testesen|15859099928/)
  expect(await world.refs()).toEqual([])
})

test('the body is read no faster than the payload store writes', async () => {
  const held: (() => void)[] = []
  world = await startWorld({
    aroundFiles: async (operation, _path, run) => {
      if (operation === 'write') await new Promise<void>((resolve) => held.push(resolve))
      return run()
    },
  })
  const body = multipart(partsOf(aLetter(), [Buffer.alloc(4_000_000, 'x')]))
  let taken = 0
  const slow = Readable.from(
    pieces(body, (bytes) => (taken += bytes)),
    { objectMode: false },
  )
  const answer = world.send(slow)
  await settle()
  expect(held).toHaveLength(1)
  expect(taken).toBeLessThan(500_000)
  let writes = 0
  for (; held.length > 0; writes += 1) {
    held.shift()?.()
    await settle()
    expect(taken).toBeLessThan((writes + 1) * 65_536 + 500_000)
  }
  expect(writes).toBeGreaterThan(60)
  expect((await answer).statusCode).toBe(202)
})

function* pieces(body: Buffer, tell: (bytes: number) => void): Generator<Buffer> {
  for (let at = 0; at < body.length; at += 16_384) {
    const piece = body.subarray(at, at + 16_384)
    tell(piece.length)
    yield piece
  }
}

test('a client that leaves while the payload store is slow leaves nothing behind', async () => {
  const held: (() => void)[] = []
  world = await startWorld({
    aroundFiles: async (operation, _path, run) => {
      if (operation === 'sync') await new Promise<void>((resolve) => held.push(resolve))
      return run()
    },
  })
  const body = new PassThrough()
  const answer = world.send(body).then(
    ({ statusCode }) => statusCode,
    () => 'gone',
  )
  body.write(multipart(partsOf(letter, documents)))
  await settle()
  body.destroy(new Error('connection reset'))
  await settle()
  for (; held.length > 0; await settle()) held.shift()?.()
  expect(await answer).toBe('gone')
  await settle()
  expect(await world.refs()).toEqual([])
  expect(await world.accepted()).toBe(0)
})
