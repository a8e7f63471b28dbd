import type { S3Client } from '@aws-sdk/client-s3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { S3Server } from '../../support/servers/s3.ts'
import { describeWithS3 } from '../../support/servers/s3.ts'
import type { Bucket } from './bucket.ts'
import { clientOf, makeBucket, stopBefore } from './bucket.ts'
import { payloadsIn } from './bucket-world.ts'

const TENANT = '314758625'
const OTHER_TENANT = '311094688'
const MB = 1_000_000

let bucket: Bucket
let client: S3Client

/** A bucket and a client of its own for every test of the suite. */
function eachWithBucket(server: S3Server): void {
  beforeEach(async () => {
    bucket = await makeBucket(server)
    client = clientOf(server, bucket.name)
    bucket.watch(client)
  })
  afterEach(async () => {
    client.destroy()
    await bucket.remove()
  })
}

await describeWithS3('payloads on S3', [], (server) => {
  eachWithBucket(server)

  test('the name of an object tells tenant and ref, below the prefix', async () => {
    const payloads = payloadsIn(bucket, client, { prefix: 'samband/prod/' })
    await payloads.put(TENANT, 'brev-1', [Buffer.from('x')])
    expect([...(await bucket.raw()).keys()]).toEqual([`samband/prod/${TENANT}/brev-1.payload`])
    expect(await Array.fromAsync(payloads.list(TENANT))).toEqual(['brev-1'])
  })

  test('lists over many pages, and only what is a payload of the tenant', async () => {
    const payloads = payloadsIn(bucket, client, { pageSize: 3 })
    const refs = Array.from({ length: 11 }, (_, index) => `brev-${String(index).padStart(2, '0')}`)
    for (const ref of refs) await payloads.put(TENANT, ref, [])
    await payloads.put(OTHER_TENANT, 'annet', [])
    await bucket.put(`${TENANT}/notat.txt`, Buffer.from('x'))
    await bucket.put(`${TENANT}/under/brev-99.payload`, Buffer.from('x'))
    const pages: string[] = []
    stopBefore(client, (operation) => pages.push(operation))
    expect((await Array.fromAsync(payloads.list(TENANT))).sort()).toEqual(refs)
    expect(pages.length).toBeGreaterThanOrEqual(5)
  })

  test('holds few bytes at any moment of a put of 100 MB, however slow the store is', {
    timeout: 120_000,
  }, async () => {
    let given = 0
    let arrived = 0
    let mostHeld = 0
    let travelling = 0
    let mostTravelling = 0
    client.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          if (commandName !== 'UploadPartCommand') return next(args)
          travelling += 1
          mostTravelling = Math.max(mostTravelling, travelling)
          const answer = await next(args)
          travelling -= 1
          arrived += (args.input as unknown as { readonly Body: Uint8Array }).Body.length
          return answer
        },
      { step: 'initialize' },
    )
    const piece = Buffer.alloc(100_000, 7)
    const source = function* () {
      for (let count = 0; count < 1000; count += 1) {
        yield piece
        given += piece.length
        mostHeld = Math.max(mostHeld, given - arrived)
      }
    }
    expect(await payloadsIn(bucket, client).put(TENANT, 'stor', source())).toMatchObject({ sizeBytes: 100 * MB })
    expect(mostTravelling).toBe(1)
    expect(mostHeld).toBeGreaterThan(5 * MB)
    expect(mostHeld).toBeLessThan(12 * MB)
  })

  test('a process that ends ahead of any request of a large put leaves the former content, or the new', async () => {
    const former = await payloadsIn(bucket, client).put(TENANT, 'x', [Buffer.alloc(10, 1)])
    const content = Buffer.alloc(12 * MB, 2)
    for (let stopAt = 1; ; stopAt += 1) {
      const stopping = clientOf(server, bucket.name)
      bucket.watch(stopping)
      let requests = 0
      stopBefore(stopping, () => {
        requests += 1
        if (requests >= stopAt) throw new Error('the process was stopped')
      })
      const facts = await payloadsIn(bucket, stopping)
        .put(TENANT, 'x', [content])
        .catch(() => undefined)
      stopping.destroy()
      const found = await payloadsIn(bucket, client).facts(TENANT, 'x')
      if (facts !== undefined) {
        expect(found).toEqual(facts)
        break
      }
      expect([former.sizeBytes, content.length]).toContain(found.sizeBytes)
      expect((await payloadsIn(bucket, client).read(TENANT, 'x', content.length)).length).toBe(found.sizeBytes)
      await payloadsIn(bucket, client).put(TENANT, 'x', [Buffer.alloc(10, 1)])
    }
  })

  test.each([100, 12 * MB])(
    'a lost answer to the last request of a put of %i bytes is looked up',
    async (sizeBytes) => {
      const lost = (commandName: string | undefined) =>
        commandName === 'PutObjectCommand' || commandName === 'CompleteMultipartUploadCommand'
      client.middlewareStack.add(
        (next, { commandName }) =>
          async (args) => {
            const answer = await next(args)
            if (lost(commandName)) throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })
            return answer
          },
        { step: 'initialize' },
      )
      const payloads = payloadsIn(bucket, client)
      expect(await payloads.put(TENANT, 'x', [Buffer.alloc(sizeBytes, 1)])).toMatchObject({ sizeBytes })
      expect((await payloads.read(TENANT, 'x', sizeBytes)).length).toBe(sizeBytes)
      expect(await bucket.uploadsUnderWay()).toEqual([])
    },
  )

  test('an acknowledgement that the store then contradicts is not believed', async () => {
    client.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          const answer = await next(args)
          if (commandName === 'PutObjectCommand') {
            const [[key, bytes] = ['', new Uint8Array()]] = [...(await bucket.raw())]
            await bucket.put(key, bytes.subarray(0, -1))
          }
          return answer
        },
      { step: 'initialize' },
    )
    const put = payloadsIn(bucket, client).put(TENANT, 'x', [Buffer.alloc(100)])
    await expect(put).rejects.toMatchObject({ code: 'PAYLOAD_UTILGJENGELIG', disposition: 'transient' })
  })

  test('a bit that flipped in the middle of a large object is found ahead of its piece', async () => {
    const payloads = payloadsIn(bucket, client)
    await payloads.put(TENANT, 'x', [Buffer.alloc(3 * MB, 5)])
    const [[key, bytes] = ['', new Uint8Array()]] = [...(await bucket.raw())]
    const damaged = Uint8Array.from(bytes)
    damaged[2 * MB] = (damaged[2 * MB] ?? 0) ^ 1
    await bucket.put(key, damaged)
    let read = 0
    const reading = async () => {
      for await (const piece of await payloads.open(TENANT, 'x')) {
        expect(piece.every((byte) => byte === 5)).toBe(true)
        read += piece.length
      }
    }
    await expect(reading()).rejects.toMatchObject({ code: 'PAYLOAD_ODELAGT', disposition: 'permanent' })
    expect(read).toBeGreaterThan(1.9 * MB)
    expect(await payloads.facts(TENANT, 'x')).toMatchObject({ sizeBytes: 3 * MB })
  })

  test('a secret that is not there pauses and names its reference', async () => {
    const without = clientOf(server, bucket.name, { secretKey: 'env:BORTE' })
    const error = await payloadsIn(bucket, without)
      .facts(TENANT, 'x')
      .catch((refused: unknown) => refused)
    without.destroy()
    expect(error).toMatchObject({ code: 'PAYLOAD_TILGANG_AVVIST', disposition: 'paused' })
    expect(String(error)).toContain('env:BORTE')
  })
})

await describeWithS3('payloads on an S3 that knows its buckets', ['refusesUnknownBuckets'], (server) => {
  eachWithBucket(server)

  test('a bucket that is not there pauses, and is not taken for a payload that is not there', async () => {
    const elsewhere = payloadsIn({ ...bucket, name: `${bucket.name}-borte` }, client)
    const refused = { code: 'PAYLOAD_TILGANG_AVVIST', disposition: 'paused' }
    await expect(elsewhere.put(TENANT, 'x', [])).rejects.toMatchObject(refused)
    await expect(Array.fromAsync(elsewhere.list(TENANT))).rejects.toMatchObject(refused)
    await expect(elsewhere.facts(TENANT, 'x')).rejects.toMatchObject(refused)
  })
})

await describeWithS3('payloads on an S3 that checks keys', ['checksKeys'], (server) => {
  eachWithBucket(server)

  test('a wrong secret or an unknown key pauses every call, and leaves nothing', async () => {
    for (const wrong of [{ secretKey: server.accessKey }, { accessKey: 'ukjent' }]) {
      const refusedClient = clientOf({ ...server, ...wrong }, bucket.name)
      const payloads = payloadsIn(bucket, refusedClient)
      const refused = { code: 'PAYLOAD_TILGANG_AVVIST', disposition: 'paused' }
      await expect(payloads.put(TENANT, 'x', [Buffer.alloc(1)])).rejects.toMatchObject(refused)
      await expect(payloads.put(TENANT, 'x', [Buffer.alloc(12 * MB)])).rejects.toMatchObject(refused)
      await expect(payloads.facts(TENANT, 'x')).rejects.toMatchObject(refused)
      await expect(payloads.remove(TENANT, 'x')).rejects.toMatchObject(refused)
      await expect(Array.fromAsync(payloads.list(TENANT))).rejects.toMatchObject(refused)
      refusedClient.destroy()
    }
    expect((await bucket.raw()).size).toBe(0)
  })
})

await describeWithS3('payloads on an S3 that is killed', ['own', 'survivesKill'], (server) => {
  eachWithBucket(server)
  const { own } = server

  test('killed in the middle of an upload: told as transient, nothing half is to be seen, and a later put goes well', {
    timeout: 120_000,
  }, async () => {
    const payloads = payloadsIn(bucket, client)
    const kept = await payloads.put(TENANT, 'kept', [Buffer.alloc(12 * MB, 3)])
    const source = async function* () {
      for (let given = 0; given < 30; given += 1) {
        if (given === 14) await own?.kill()
        yield Buffer.alloc(1 * MB, given)
      }
    }
    const unreachable = { code: 'PAYLOAD_UTILGJENGELIG', disposition: 'transient' }
    await expect(payloads.put(TENANT, 'x', source())).rejects.toMatchObject(unreachable)
    await expect(payloads.facts(TENANT, 'kept')).rejects.toMatchObject(unreachable)
    await own?.start()

    expect(await Array.fromAsync(payloads.list(TENANT))).toEqual(['kept'])
    await expect(payloads.facts(TENANT, 'x')).rejects.toMatchObject({ code: 'PAYLOAD_FINNES_IKKE' })
    expect(await payloads.facts(TENANT, 'kept')).toEqual(kept)
    expect((await payloads.read(TENANT, 'kept', 12 * MB)).length).toBe(12 * MB)
    expect(await payloads.put(TENANT, 'x', [Buffer.alloc(12 * MB, 1)])).toMatchObject({ sizeBytes: 12 * MB })
  })

  test('killed while a payload is read: what came was right, and the rest is told as transient', async () => {
    const payloads = payloadsIn(bucket, client)
    await payloads.put(TENANT, 'x', [Buffer.alloc(5 * MB, 5)])
    let read = 0
    const reading = async () => {
      for await (const piece of await payloads.open(TENANT, 'x')) {
        if (read === 0) await own?.kill()
        expect(piece.every((byte) => byte === 5)).toBe(true)
        read += piece.length
      }
    }
    await expect(reading()).rejects.toMatchObject({ code: 'PAYLOAD_UTILGJENGELIG', disposition: 'transient' })
    await own?.start()
    expect((await payloads.read(TENANT, 'x', 5 * MB)).length).toBe(5 * MB)
  })
})

await describeWithS3('payloads on an S3 that lists uploads', ['listsUploads'], (server) => {
  eachWithBucket(server)

  /** Has a process die with a part sent. */
  async function abandonedPut(ref: string): Promise<void> {
    const dying = clientOf(server, bucket.name)
    bucket.watch(dying)
    let parts = 0
    stopBefore(dying, (operation) => {
      if (operation === 'UploadPartCommand') parts += 1
      if (parts > 1) throw new Error('the process was stopped')
    })
    await expect(payloadsIn(bucket, dying).put(TENANT, ref, [Buffer.alloc(12 * MB)])).rejects.toThrow()
    dying.destroy()
  }

  test('a sweep aborts what is older than the age, and leaves alone what is under way', async () => {
    for (const ref of ['a', 'b', 'c']) await abandonedPut(ref)
    expect(await bucket.uploadsUnderWay()).toHaveLength(3)
    const hourMs = 3_600_000
    let hours = 0
    const begunAtMs = await bucket.newestUploadAtMs()
    const clock = { now: () => begunAtMs + hours * hourMs }
    const payloads = payloadsIn(bucket, client, { clock })
    expect(await payloads.sweepStaleUploads(2 * hourMs)).toBe(0)

    const source = async function* () {
      yield Buffer.alloc(12 * MB)
      hours = 3
      expect(await payloads.sweepStaleUploads(2 * hourMs)).toBe(3)
      yield Buffer.alloc(1 * MB)
    }
    expect(await payloads.put(TENANT, 'x', source())).toMatchObject({ sizeBytes: 13 * MB })
    expect(await bucket.uploadsUnderWay()).toEqual([])
    expect(await payloads.sweepStaleUploads(2 * hourMs)).toBe(0)
    expect((await bucket.raw()).size).toBe(1)
  })
})

await describeWithS3('payloads on an S3 that keeps versions', ['keepsVersions'], (server) => {
  eachWithBucket(server)

  test('removing takes former versions too, also what a removal that was cut off has only hidden', async () => {
    await bucket.keepVersions()
    const payloads = payloadsIn(bucket, client, { pageSize: 2 })
    for (const content of ['en', 'to', 'tre']) await payloads.put(TENANT, 'x', [Buffer.from(content)])
    await payloads.put(TENANT, 'x-2', [Buffer.from('et annet')])
    let cut = true
    stopBefore(client, (operation) => {
      if (cut && operation === 'ListObjectVersionsCommand') throw new Error('the process was stopped')
    })
    await expect(payloads.remove(TENANT, 'x')).rejects.toThrow('the process was stopped')
    await expect(payloads.facts(TENANT, 'x')).rejects.toMatchObject({ code: 'PAYLOAD_FINNES_IKKE' })
    expect(await bucket.versionsOf(`${TENANT}/x.payload`)).toBe(4)

    cut = false
    expect(await payloads.remove(TENANT, 'x')).toBe(false)
    expect(await bucket.versionsOf(`${TENANT}/x.payload`)).toBe(0)
    expect((await payloads.read(TENANT, 'x-2', 100)).length).toBe(8)
    expect(await payloads.remove(TENANT, 'x-2')).toBe(true)
  })
})
