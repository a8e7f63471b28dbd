import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { request } from 'node:http'
import { Readable } from 'node:stream'
import { listenAlone, systemRandom, systemTime } from '@samband/simulator-kit'
import { describe, expect, test } from 'vitest'
import { fileSpool } from './file-spool.ts'
import { createNoark5Simulator } from './simulator.ts'
import { aCore, fileLetter, link, sha256, TestClient, type Wire } from './test-support.ts'

const PDF = '%PDF-1.7 SAMBAND-MARK:opplasting slutt'

async function objectFor(client: TestClient, fields: Record<string, unknown> = {}): Promise<Wire> {
  const { dokument } = await fileLetter(client, PDF)
  return client.make(dokument, 'arkivstruktur/ny-dokumentobjekt', fields)
}

describe('in one request', () => {
  test('what was declared is checked against what came: type, size and checksum', async () => {
    const { sim, client } = await aCore()
    const { objekt } = await fileLetter(client, PDF)
    expect((await client.upload(objekt, PDF, 'text/plain')).statusCode).toBe(400)
    expect((await client.upload(objekt, `${PDF}!`)).json().feil.beskrivelse).toMatch(/filstoerrelse/)
    expect((await client.upload(objekt, PDF.toUpperCase())).json().feil.beskrivelse).toMatch(/sjekksum/)
    expect((await client.request('GET', link(objekt, 'arkivstruktur/fil'))).statusCode).toBe(404)
    expect(sim.received().filer).toEqual([])
    expect((await client.upload(objekt, PDF)).statusCode).toBe(201)
  })

  test('what was not declared is filled in, and an unknown format is av/0', async () => {
    const { client } = await aCore()
    const objekt = await objectFor(client)
    const answer = await client.upload(objekt, 'abc', 'text/plain; charset=utf-8')
    expect(answer.json()).toMatchObject({
      format: { kode: 'av/0' },
      mimeType: 'text/plain',
      filstoerrelse: 3,
      sjekksum: sha256('abc'),
      variantformat: { kode: 'P' },
    })
  })

  test('a second file is refused, and the first stays', async () => {
    const { sim, client } = await aCore()
    const { objekt } = await fileLetter(client, PDF)
    await client.upload(objekt, PDF)
    expect((await client.upload(objekt, PDF)).statusCode).toBe(409)
    expect(sim.received().filer).toHaveLength(1)
  })

  test('more than bulkgrense is refused with 403, whether the length was told or not', async () => {
    const { client } = await aCore({ bulkgrense: 10 })
    const objekt = await objectFor(client)
    const told = await client.upload(objekt, 'elleve tegn')
    expect(told.statusCode).toBe(403)
    const untold = await client.request('POST', link(objekt, 'arkivstruktur/fil'), {
      payload: Readable.from([Buffer.from('elleve tegn')]),
      headers: { 'content-type': 'application/pdf', 'transfer-encoding': 'chunked' },
    })
    expect(untold.statusCode).toBe(403)
    expect((await client.upload(objekt, 'ti tegn !!')).statusCode).toBe(201)
  })

  test('a file put on the dokumentbeskrivelse gets a dokumentobjekt made for it', async () => {
    const { sim, client } = await aCore()
    const { dokument } = await fileLetter(client, PDF)
    const answer = await client.upload(dokument, PDF)
    expect(answer.statusCode).toBe(201)
    expect(sim.received().filer).toMatchObject([{ dokumentobjekt: answer.json().systemID, marks: ['opplasting'] }])
  })

  test('a download refuses with 406 when Accept excludes the type', async () => {
    const { client } = await aCore()
    const { objekt } = await fileLetter(client, PDF)
    await client.upload(objekt, PDF)
    const get = (accept: string): Promise<number> =>
      client
        .request('GET', link(objekt, 'arkivstruktur/fil'), { headers: { accept } })
        .then(({ statusCode }) => statusCode)
    expect(await get('image/png')).toBe(406)
    expect(await get('application/*;q=0.5')).toBe(200)
  })

  test('a connection that is lost in the middle leaves nothing behind in the standard profile', async () => {
    const { sim, client } = await aCore()
    const { objekt } = await fileLetter(client, PDF, { post: 'Vedtak som ryker' })
    sim.breakNextUpload({ afterBytes: 5, mark: 'som ryker' })
    await expect(client.upload(objekt, PDF)).rejects.toThrow(/destroyed/)
    expect(sim.received().filer).toEqual([])
    expect((await client.upload(objekt, PDF)).statusCode).toBe(201)
  })
})

describe('in chunks', () => {
  async function begin(client: TestClient, objekt: Wire, bytes: string): Promise<string> {
    const answer = await client.request('POST', link(objekt, 'arkivstruktur/fil'), {
      headers: {
        'content-length': '0',
        'x-upload-content-type': 'application/pdf',
        'x-upload-content-length': String(bytes.length),
      },
    })
    expect(answer.statusCode).toBe(200)
    return String(answer.headers['location'])
  }

  function put(client: TestClient, url: string, bytes: string, first: number, last: number, unit = '') {
    return client.request('PUT', url, {
      payload: bytes.slice(first, last + 1),
      headers: {
        'content-type': 'application/pdf',
        'content-length': String(last - first + 1),
        'content-range': `${unit}${first}-${last}/${bytes.length}`,
      },
    })
  }

  test('a file arrives chunk by chunk at ever new addresses, with and without the unit of Content-Range', async () => {
    const { sim, client } = await aCore({ bulkgrense: 20 })
    const { objekt } = await fileLetter(client, PDF)
    const start = await begin(client, objekt, PDF)
    const first = await put(client, start, PDF, 0, 15)
    expect(first.headers).toMatchObject({ range: '0-15' })
    const next = String(first.headers['location'])
    expect(next).not.toBe(start)
    expect((await put(client, start, PDF, 16, 20)).statusCode).toBe(404)
    expect((await put(client, next, PDF, 17, 20)).statusCode).toBe(400)
    const second = await put(client, next, PDF, 16, 30, 'bytes ')
    const last = await put(client, String(second.headers['location']), PDF, 31, PDF.length - 1)
    expect(last.statusCode).toBe(201)
    expect(sim.received().filer).toMatchObject([{ sha256: sha256(PDF), marks: ['opplasting'] }])
    expect((await client.request('GET', link(objekt, 'arkivstruktur/fil'))).body).toBe(PDF)
  })

  test('a second session on one dokumentobjekt, a chunk above bulkgrense and another declared size are refused', async () => {
    const { client } = await aCore({ bulkgrense: 20 })
    const { objekt } = await fileLetter(client, PDF)
    const url = await begin(client, objekt, PDF)
    const again = await client.request('POST', link(objekt, 'arkivstruktur/fil'), {
      headers: { 'x-upload-content-type': 'application/pdf', 'x-upload-content-length': String(PDF.length) },
    })
    expect(again.statusCode).toBe(409)
    expect((await put(client, url, PDF, 0, 25)).statusCode).toBe(403)
    const wrong = await client.request('POST', link(objekt, 'arkivstruktur/fil'), {
      headers: { 'x-upload-content-type': 'application/pdf', 'x-upload-content-length': '3' },
    })
    expect(wrong.statusCode).toBe(400)
  })

  test('a chunk whose answer is lost counts, its address is dead, and so is that of a chunk answered with an error', async () => {
    const { sim, client } = await aCore()
    const { objekt } = await fileLetter(client, PDF)
    const url = await begin(client, objekt, PDF)
    sim.faults.order({ operation: 'upload', fault: 'answer-lost' })
    await expect(put(client, url, PDF, 0, 9)).rejects.toThrow(/destroyed/)
    expect((await put(client, url, PDF, 0, 9)).statusCode).toBe(404)

    const other = await fileLetter(client, PDF)
    const otherUrl = await begin(client, other.objekt, PDF)
    sim.faults.order({ operation: 'upload', fault: 'server-error', status: 503 })
    expect((await put(client, otherUrl, PDF, 0, 9)).statusCode).toBe(503)
    expect((await put(client, otherUrl, PDF, 0, 9)).statusCode).toBe(404)
  })

  test('a chunk that breaks off ends the session', async () => {
    const { sim, client } = await aCore()
    const { objekt } = await fileLetter(client, PDF)
    const url = await begin(client, objekt, PDF)
    sim.breakNextUpload({ afterBytes: 3 })
    await expect(put(client, url, PDF, 0, 9)).rejects.toThrow(/destroyed/)
    expect((await put(client, url, PDF, 0, 9)).statusCode).toBe(404)
    expect(await begin(client, objekt, PDF)).not.toBe(url)
  })
})

describe('over a real socket', () => {
  test('a large file streams in and out again, and a client that leaves in the middle uploads nothing', async () => {
    const spool = fileSpool()
    const sim = createNoark5Simulator({ time: systemTime(), random: systemRandom(), spool })
    sim.app.addHook('onClose', () => spool.close())
    const { url, port } = await listenAlone(sim.app)
    try {
      const client = new TestClient(sim, `Basic ${btoa('arkivar:arkivar-passord')}`)
      const objekt = await objectFor(client)
      const href = new URL(link(objekt, 'arkivstruktur/fil')).pathname
      const headers = { authorization: client.authorization ?? '', 'content-type': 'application/pdf' }
      const size = 20_000_000

      const broken = request({ port, path: href, method: 'POST', headers: { ...headers, 'content-length': size } })
      broken.on('error', () => {})
      broken.write(randomBytes(100_000))
      await once(broken, 'socket')
      broken.destroy()

      const block = randomBytes(1_000_000)
      const hash = createHash('sha256')
      const pieces = function* (): Generator<Buffer> {
        for (let at = 0; at < 20; at += 1) {
          hash.update(block)
          yield block
        }
      }
      const sent = request({ port, path: href, method: 'POST', headers: { ...headers, 'content-length': size } })
      Readable.from(pieces()).pipe(sent)
      const [answer] = await once(sent, 'response')
      expect(answer.statusCode).toBe(201)
      answer.resume()
      const expected = hash.digest('hex')
      expect(sim.received().filer).toMatchObject([{ sizeBytes: size, sha256: expected }])

      const got = await fetch(`${url}${href}`, { headers: { authorization: headers.authorization } })
      expect(got.headers.get('content-length')).toBe(String(size))
      expect(sha256(Buffer.from(await got.arrayBuffer()))).toBe(expected)
    } finally {
      await sim.app.close()
    }
  })
})
