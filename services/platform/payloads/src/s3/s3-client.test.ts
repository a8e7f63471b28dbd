import { spawnSync } from 'node:child_process'
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterEach, expect, test } from 'vitest'
import { createS3Client } from './s3-client.ts'
import type { S3Payloads } from './s3-payloads.ts'
import { createS3Payloads } from './s3-payloads.ts'

const TENANT = '314758625'
const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

interface StoreOptions {
  readonly accessKey?: () => string
  readonly tls?: { readonly key: string; readonly cert: string }
  readonly caFile?: string
}

interface Asked {
  readonly method: string | undefined
  readonly accessKey: string | undefined
  readonly body: string
}

/** A store that answers as told, and payloads on it. */
async function storeThatAnswers(
  answer: (request: IncomingMessage, response: ServerResponse, count: number) => void,
  { accessKey = () => 'key', tls, caFile }: StoreOptions = {},
): Promise<{ readonly payloads: S3Payloads; readonly asked: readonly Asked[] }> {
  const asked: Asked[] = []
  const onRequest = async (request: IncomingMessage, response: ServerResponse) => {
    const body = createHash('sha256')
      .update(await buffer(request))
      .digest('hex')
    const signedBy = /Credential=([^/]+)/.exec(request.headers.authorization ?? '')?.[1]
    asked.push({ method: request.method, accessKey: signedBy, body })
    answer(request, response, asked.length)
  }
  const server = tls === undefined ? createServer(onRequest) : createTlsServer(tls, onRequest)
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  const clock = { now: () => Date.now() }
  const client = createS3Client({
    settings: {
      endpoint: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${address.port}`,
      region: 'eu-north-1',
      bucket: 'b',
      forcePathStyle: true,
      prefix: '',
      accessKey: 'env:KEY',
      secretKey: 'env:SECRET',
      ...(caFile === undefined ? {} : { caFile }),
    },
    secrets: { resolve: async (reference) => (reference === 'env:KEY' ? accessKey() : 'secret') },
    clock,
  })
  closers.push(async () => {
    client.destroy()
    server.closeAllConnections()
    await new Promise((closed) => server.close(closed))
  })
  const payloads = createS3Payloads({
    client,
    bucket: 'b',
    prefix: '',
    keys: { wrappingKey: () => new Uint8Array(32).fill(1) },
    ids: { uuid: randomUUID, bytes: (count) => Uint8Array.from(randomBytes(count)), fraction: () => 0.5 },
    clock,
  })
  return { payloads, asked }
}

const xml = (response: ServerResponse, status: number, code: string) =>
  response
    .writeHead(status, { 'content-type': 'application/xml' })
    .end(`<?xml version="1.0"?><Error><Code>${code}</Code></Error>`)

test('a put that meets an overloaded store is sent again with all of its bytes', async () => {
  const { payloads, asked } = await storeThatAnswers((request, response, count) => {
    if (count === 1) xml(response, 503, 'SlowDown')
    else if (request.method === 'PUT') response.setHeader('etag', '"1"').end()
    else xml(response, 503, 'SlowDown')
  })
  await payloads.put(TENANT, 'x', [Buffer.alloc(1000, 7)])
  const puts = asked.filter(({ method }) => method === 'PUT')
  expect(puts.map(({ body }) => body)).toEqual([puts[0]?.body, puts[0]?.body])
})

test('a store that goes on being overloaded is given up after three attempts', async () => {
  const { payloads, asked } = await storeThatAnswers((_, response) => xml(response, 500, 'InternalError'))
  const overloaded = { code: 'PAYLOAD_UTILGJENGELIG', disposition: 'transient' }
  await expect(payloads.facts(TENANT, 'x')).rejects.toMatchObject(overloaded)
  expect(asked).toHaveLength(3)
})

test('a page of a proxy in place of the store is neither content nor the lack of it', async () => {
  const proxy = { code: 'PAYLOAD_UTILGJENGELIG', disposition: 'transient' }
  for (const status of [200, 404]) {
    const { payloads } = await storeThatAnswers((_, response) =>
      response.writeHead(status, { 'content-type': 'text/html' }).end('<html><body>Sign in</body></html>'),
    )
    await expect(payloads.put(TENANT, 'x', [Buffer.alloc(10)])).rejects.toMatchObject(proxy)
    await expect(payloads.put(TENANT, 'x', [Buffer.alloc(12_000_000)])).rejects.toMatchObject(proxy)
    await expect(payloads.facts(TENANT, 'x')).rejects.toMatchObject(proxy)
    await expect(payloads.remove(TENANT, 'x')).rejects.toMatchObject(proxy)
    await expect(Array.fromAsync(payloads.list(TENANT))).rejects.toMatchObject(proxy)
  }
})

test('an answer that is cut is told as transient', async () => {
  const { payloads } = await storeThatAnswers((_, response) => {
    response.writeHead(206, { 'content-range': 'bytes 0-9999/10000', 'content-length': '10000' }).write('abc')
    response.destroy()
  })
  const cut = { code: 'PAYLOAD_UTILGJENGELIG', disposition: 'transient' }
  await expect(payloads.facts(TENANT, 'x')).rejects.toMatchObject(cut)
})

test('a rotated key is taken up with the next request', async () => {
  let key = 'old'
  const { payloads, asked } = await storeThatAnswers((_, response) => xml(response, 404, 'NoSuchKey'), {
    accessKey: () => key,
  })
  const missing = { code: 'PAYLOAD_FINNES_IKKE', disposition: 'permanent' }
  await expect(payloads.facts(TENANT, 'x')).rejects.toMatchObject(missing)
  key = 'new'
  await expect(payloads.facts(TENANT, 'x')).rejects.toMatchObject(missing)
  expect(asked.map(({ accessKey }) => accessKey)).toEqual(['old', 'new'])
})

test('a certificate is believed when the CA file has it, and else told as transient', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'samband-s3-tls-'))
  closers.push(async () => rmSync(folder, { recursive: true }))
  const [keyFile, caFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2']
  const made = spawnSync('openssl', [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    keyFile,
    '-out',
    caFile,
    ...subject,
  ])
  if (made.status !== 0) context.skip('openssl is not there, or too old, to make a certificate')
  const tls = { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(caFile, 'utf8') }
  const none = (_: IncomingMessage, response: ServerResponse) => xml(response, 404, 'NoSuchKey')

  const known = await storeThatAnswers(none, { tls, caFile })
  await expect(known.payloads.facts(TENANT, 'x')).rejects.toMatchObject({ code: 'PAYLOAD_FINNES_IKKE' })
  const unknown = await storeThatAnswers(none, { tls })
  const refused = { code: 'PAYLOAD_UTILGJENGELIG', disposition: 'transient' }
  await expect(unknown.payloads.facts(TENANT, 'x')).rejects.toMatchObject(refused)
})
