import type { S3Client } from '@aws-sdk/client-s3'
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import type { S3Settings } from '@samband/payloads/s3'
import { createS3Client } from '@samband/payloads/s3'
import type { S3Server } from '../../support/servers/s3.ts'

/** A client as the hub has it, for a bucket on the server of the tests. */
export function clientOf(server: S3Server, bucket: string, other: Partial<S3Settings> = {}): S3Client {
  const settings: S3Settings = {
    endpoint: server.endpoint,
    region: 'eu-north-1',
    bucket,
    forcePathStyle: true,
    prefix: '',
    accessKey: 'env:KEY',
    secretKey: 'env:SECRET',
    ...other,
  }
  const values: Readonly<Record<string, string>> = { 'env:KEY': server.accessKey, 'env:SECRET': server.secretKey }
  return createS3Client({
    settings,
    secrets: { resolve: async (reference) => values[reference] },
    clock: { now: () => Date.now() },
  })
}

/** A bucket of one test, seen from outside the adapter. */
export interface Bucket {
  readonly name: string
  readonly client: S3Client
  /** Whole objects by key, and under `<key> <upload id>` what was uploaded in part. */
  raw(): Promise<Map<string, Uint8Array>>
  put(key: string, bytes: Uint8Array): Promise<void>
  /** Uploads that somebody has begun and nobody has ended. */
  uploadsUnderWay(): Promise<readonly BegunUpload[]>
  /** When the newest of them began by the server's time. */
  newestUploadAtMs(): Promise<number>
  abort(upload: BegunUpload): Promise<void>
  keepVersions(): Promise<void>
  /** How many versions of a key there are, markers of removal included. */
  versionsOf(key: string): Promise<number>
  /** Has the uploads noted that this client begins: not every server can list them. */
  watch(client: S3Client): void
  remove(): Promise<void>
}

interface BegunUpload {
  readonly Key: string
  readonly UploadId: string
}

let bucketsMade = 0

/** Makes an empty bucket. */
export async function makeBucket(server: S3Server): Promise<Bucket> {
  bucketsMade += 1
  const name = `samband-${process.pid}-${bucketsMade}-${Date.now().toString(36)}`
  const Bucket = name
  const client = clientOf(server, name)
  await client.send(new CreateBucketCommand({ Bucket }))
  const begun: BegunUpload[] = []
  const keys = async () => {
    const found: string[] = []
    for await (const page of paginateListObjectsV2({ client }, { Bucket })) {
      for (const { Key } of page.Contents ?? []) if (Key !== undefined) found.push(Key)
    }
    return found
  }
  // By a part more, since s3s-fs lists the parts of any upload id, also of none that it knows.
  const isUnderWay = async (upload: BegunUpload) =>
    client.send(new UploadPartCommand({ Bucket, ...upload, PartNumber: 9999, Body: new Uint8Array(1) })).then(
      () => true,
      () => false,
    )
  const bucket: Bucket = {
    name,
    client,
    raw: async () => {
      const found = new Map<string, Uint8Array>()
      for (const Key of await keys()) {
        const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }))
        found.set(Key, (await Body?.transformToByteArray()) ?? new Uint8Array())
      }
      for (const { Key, UploadId } of await bucket.uploadsUnderWay()) found.set(`${Key} ${UploadId}`, new Uint8Array())
      return found
    },
    put: async (Key, Body) => void (await client.send(new PutObjectCommand({ Bucket, Key, Body }))),
    uploadsUnderWay: async () => {
      const asked = await Promise.all(begun.map(async (upload) => ({ upload, isThere: await isUnderWay(upload) })))
      return asked.filter(({ isThere }) => isThere).map(({ upload }) => upload)
    },
    newestUploadAtMs: async () => {
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }))
      return Math.max(...Uploads.map(({ Initiated }) => Initiated?.getTime() ?? 0))
    },
    abort: async (upload) => void (await client.send(new AbortMultipartUploadCommand({ Bucket, ...upload }))),
    keepVersions: async () => {
      const VersioningConfiguration = { Status: 'Enabled' } as const
      await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }))
    },
    versionsOf: async (key) => {
      const listing = await client.send(new ListObjectVersionsCommand({ Bucket, Prefix: key }))
      return [...(listing.Versions ?? []), ...(listing.DeleteMarkers ?? [])].length
    },
    watch: (watched) =>
      watched.middlewareStack.add(
        (next, { commandName }) =>
          async (args) => {
            const answer = await next(args)
            if (commandName === 'CreateMultipartUploadCommand') {
              const { Key, UploadId } = answer.output as unknown as BegunUpload
              begun.push({ Key, UploadId })
            }
            return answer
          },
        { step: 'initialize' },
      ),
    remove: async () => {
      for (const upload of await bucket.uploadsUnderWay()) await bucket.abort(upload)
      for (const Key of await keys()) await client.send(new DeleteObjectCommand({ Bucket, Key }))
      await client.send(new DeleteBucketCommand({ Bucket }))
      client.destroy()
    },
  }
  return bucket
}

/** Has `before` called ahead of every request of the client, with the name of its command; what it throws happens instead. */
export function stopBefore(client: S3Client, before: (operation: string, key: string) => void): void {
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const { Key } = args.input as { readonly Key?: string }
        before(commandName ?? '', Key ?? '')
        return next(args)
      },
    { step: 'initialize', priority: 'high' },
  )
}
