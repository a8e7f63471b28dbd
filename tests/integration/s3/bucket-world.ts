import { createHash, randomBytes, randomUUID } from 'node:crypto'
import type { S3Client } from '@aws-sdk/client-s3'
import type { PayloadsWorld } from '@samband/payloads/conformance'
import type { S3Payloads, S3PayloadsOptions } from '@samband/payloads/s3'
import { createS3Payloads } from '@samband/payloads/s3'
import type { S3Server } from '../../support/servers/s3.ts'
import type { Bucket } from './bucket.ts'
import { clientOf, makeBucket, stopBefore } from './bucket.ts'

/** Payloads in a bucket, as a hub has them; one fixed key per tenant. */
export function payloadsIn(
  bucket: Bucket,
  client: S3Client,
  other: Partial<Pick<S3PayloadsOptions, 'keys' | 'pageSize' | 'prefix' | 'clock'>> = {},
): S3Payloads {
  return createS3Payloads({
    client,
    bucket: bucket.name,
    prefix: '',
    keys: { wrappingKey: (tenant) => createHash('sha256').update(`key of ${tenant}`).digest() },
    ids: { uuid: randomUUID, bytes: (count) => Uint8Array.from(randomBytes(count)), fraction: Math.random },
    clock: { now: () => Date.now() },
    ...other,
  })
}

/** A storage for the conformance suite: a bucket of its own. Power cannot be taken from a server at will. */
export async function bucketWorld(server: S3Server): Promise<PayloadsWorld> {
  const bucket = await makeBucket(server)
  const clients: S3Client[] = []
  return {
    start: async ({ before, wrappingKey } = {}) => {
      // The sweep of a start. Told apart from the adapter's own, which not every server can serve.
      for (const upload of await bucket.uploadsUnderWay()) await bucket.abort(upload)
      const client = clientOf(server, bucket.name)
      clients.push(client)
      bucket.watch(client)
      if (before !== undefined) stopBefore(client, (operation, key) => asTheServer(() => before(operation, key)))
      return payloadsIn(bucket, client, wrappingKey === undefined ? {} : { keys: { wrappingKey } })
    },
    raw: () => bucket.raw(),
    overwrite: (path, bytes) => bucket.put(path, bytes),
    end: async () => {
      for (const client of clients.splice(0)) client.destroy()
    },
    publishing: new Set(['PutObjectCommand', 'CompleteMultipartUploadCommand']),
    contentOutsideMemory: true,
    close: async () => {
      for (const client of clients) client.destroy()
      await bucket.remove()
    },
  }
}

/** The suite speaks of a full disk as a disk does; a server says it with its status. */
function asTheServer(before: () => void): void {
  try {
    before()
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'ENOSPC') throw error
    throw Object.assign(new Error('storage full'), {
      name: 'InsufficientStorage',
      $metadata: { httpStatusCode: 507, attempts: 1, totalRetryDelay: 0 },
    })
  }
}
