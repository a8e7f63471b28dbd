import type { IncomingMessage, ServerResponse } from 'node:http'
import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { aLetter, multipart, multipartType, partsOf } from './letters-for-tests.ts'
import { readSendBody } from './multipart.ts'

function read(chunks: readonly Buffer[]) {
  const request = Object.assign(new PassThrough(), { headers: { 'content-type': multipartType } })
  for (const chunk of chunks) request.write(chunk)
  request.end()
  return readSendBody(request as unknown as IncomingMessage, new PassThrough() as unknown as ServerResponse)
}

test('reads the same send wherever the network has cut it in two', async () => {
  const dokumenter = ['a.pdf', 'b.pdf'].map((filnavn) => ({ filnavn, mimeType: 'application/pdf' }))
  const whole = multipart(partsOf(aLetter({ dokumenter })))
  const expected = await read([whole])
  expect(expected.documents).toHaveLength(2)
  for (let at = 1; at < whole.length; at += 1)
    expect(await read([whole.subarray(0, at), whole.subarray(at)]), `cut at ${at}`).toEqual(expected)
})

test('reads a send that comes byte by byte', async () => {
  const whole = multipart(partsOf(aLetter()))
  expect(await read([...whole].map((byte) => Buffer.from([byte])))).toEqual(await read([whole]))
})

test('says that a send cut short is faulty, wherever that was', async () => {
  const whole = multipart(partsOf(aLetter()))
  for (let length = 1; length < whole.length - 4; length += 1)
    await expect(read([whole.subarray(0, length)]), `${length} bytes`).rejects.toThrow(
      'Unexpected end of multipart data',
    )
})
