import type { S3Client } from '@aws-sdk/client-s3'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { HubError } from '@samband/kernel'
import { asking, saysBeyondItsEnd, saysNoSuchKey } from './s3-errors.ts'

/** A multipart upload that has begun and is neither complete nor aborted. */
export interface Upload {
  readonly key: string
  readonly uploadId: string
}

/** A part that the store has acknowledged. */
export interface UploadedPart {
  readonly number: number
  readonly etag: string
  readonly crc32: string | undefined
}

/** A piece of an object. */
export interface ObjectRange {
  readonly bytes: Uint8Array
  /** Of the whole object. */
  readonly objectBytes: number
  /** Another one when the object has been replaced. */
  readonly version: string | undefined
}

/** A bucket, with the requests that payloads need. All throw the HubErrors of `asPayloadError`. */
export class ObjectStore {
  readonly #client: S3Client
  readonly #bucket: string
  readonly #pageSize: number

  /** @param pageSize most keys or uploads in one answer of a listing; the store may give fewer */
  constructor(client: S3Client, bucket: string, pageSize: number) {
    this.#client = client
    this.#bucket = bucket
    this.#pageSize = pageSize
  }

  /** Puts a whole object, in place of a former one. */
  async put(key: string, bytes: Uint8Array): Promise<void> {
    const command = new PutObjectCommand({ Bucket: this.#bucket, Key: key, Body: bytes, ChecksumAlgorithm: 'CRC32' })
    acknowledged(await asking('PutObject', () => this.#client.send(command)), 'PutObject')
  }

  /** Begins a multipart upload. Nothing is to be seen of it under the key before it is complete. */
  async beginUpload(key: string): Promise<Upload> {
    // The algorithm is named for the upload as for its parts: AWS refuses parts with another one than the upload began with.
    const command = new CreateMultipartUploadCommand({ Bucket: this.#bucket, Key: key, ChecksumAlgorithm: 'CRC32' })
    const { UploadId: uploadId } = await asking('CreateMultipartUpload', () => this.#client.send(command))
    if (uploadId === undefined) throw unexpected('an upload id', 'CreateMultipartUpload')
    return { key, uploadId }
  }

  /** Sends one part; 5 MiB or more unless it is the last. An abort ends the request with the signal's reason. */
  async uploadPart(upload: Upload, number: number, bytes: Uint8Array, signal: AbortSignal): Promise<UploadedPart> {
    const command = new UploadPartCommand({
      ...this.#of(upload),
      PartNumber: number,
      Body: bytes,
      ChecksumAlgorithm: 'CRC32',
    })
    const answer = await asking('UploadPart', async () => {
      try {
        return await this.#client.send(command, { abortSignal: signal })
      } catch (error) {
        signal.throwIfAborted()
        throw error
      }
    })
    return { number, etag: acknowledged(answer, 'UploadPart'), crc32: answer.ChecksumCRC32 }
  }

  /** Makes the object of all its parts, in place of a former one. */
  async completeUpload(upload: Upload, parts: readonly UploadedPart[]): Promise<void> {
    const command = new CompleteMultipartUploadCommand({
      ...this.#of(upload),
      MultipartUpload: {
        Parts: parts.map(({ number, etag, crc32 }) => ({ PartNumber: number, ETag: etag, ChecksumCRC32: crc32 })),
      },
    })
    acknowledged(await asking('CompleteMultipartUpload', () => this.#client.send(command)), 'CompleteMultipartUpload')
  }

  /** Ends an upload and frees what it holds. */
  async abortUpload(upload: Upload): Promise<void> {
    const command = new AbortMultipartUploadCommand(this.#of(upload))
    await asking('AbortMultipartUpload', () => this.#client.send(command))
  }

  /** At most `lengthBytes` from `position`; `undefined` when there is no such object. */
  async read(key: string, position: number, lengthBytes: number): Promise<ObjectRange | undefined> {
    const command = new GetObjectCommand({
      Bucket: this.#bucket,
      Key: key,
      Range: `bytes=${position}-${position + lengthBytes - 1}`,
    })
    return asking('GetObject', async () => {
      try {
        const { Body: body, ContentRange: range, ETag: version } = await this.#client.send(command)
        const objectBytes = Number(/^bytes \d+-\d+\/(\d+)$/.exec(range ?? '')?.[1])
        if (body === undefined || Number.isNaN(objectBytes)) throw unexpected('the range asked for', 'GetObject')
        return { bytes: await body.transformToByteArray(), objectBytes, version }
      } catch (error) {
        if (saysNoSuchKey(error)) return undefined
        if (saysBeyondItsEnd(error)) return { bytes: new Uint8Array(), objectBytes: 0, version: undefined }
        throw error
      }
    })
  }

  /** Removes an object, with all versions of it where the bucket keeps versions. Safe to repeat. */
  async remove(key: string): Promise<void> {
    const command = new DeleteObjectCommand({ Bucket: this.#bucket, Key: key })
    const { DeleteMarker: hidden } = await asking('DeleteObject', () => this.#client.send(command))
    // A marker only hides what was there; the marker itself is one of the versions.
    if (hidden === true) await this.#removeVersions(key)
  }

  /** The error of a store that gives back something else than was put. */
  unlike(operation: string): HubError {
    return unexpected('what was put', operation)
  }

  /** Keys that begin with `prefix`, page by page. */
  async *keys(prefix: string): AsyncGenerator<string, void, undefined> {
    let ContinuationToken: string | undefined
    do {
      const command = new ListObjectsV2Command({
        Bucket: this.#bucket,
        Prefix: prefix,
        MaxKeys: this.#pageSize,
        ContinuationToken,
      })
      const page = listed(await asking('ListObjectsV2', () => this.#client.send(command)), 'ListObjectsV2')
      for (const { Key: key } of page.Contents ?? []) if (key !== undefined) yield key
      ContinuationToken = nextOf(page.IsTruncated, page.NextContinuationToken, 'ListObjectsV2')
    } while (ContinuationToken !== undefined)
  }

  /** Uploads under way whose keys begin with `prefix`, with the store's own time of their beginning. */
  async *uploads(prefix: string): AsyncGenerator<Upload & { readonly begunAtMs: number }, void, undefined> {
    let marker: { readonly KeyMarker?: string; readonly UploadIdMarker?: string | undefined } = {}
    while (true) {
      const command = new ListMultipartUploadsCommand({
        Bucket: this.#bucket,
        Prefix: prefix,
        MaxUploads: this.#pageSize,
        ...marker,
      })
      const page = listed(
        await asking('ListMultipartUploads', () => this.#client.send(command)),
        'ListMultipartUploads',
      )
      for (const { Key: key, UploadId: uploadId, Initiated: begun } of page.Uploads ?? []) {
        if (key !== undefined && uploadId !== undefined && begun !== undefined)
          yield { key, uploadId, begunAtMs: begun.getTime() }
      }
      const KeyMarker = nextOf(page.IsTruncated, page.NextKeyMarker, 'ListMultipartUploads')
      if (KeyMarker === undefined) return
      marker = { KeyMarker, UploadIdMarker: page.NextUploadIdMarker }
    }
  }

  async #removeVersions(key: string): Promise<void> {
    // Removing changes the listing, so it is read from its beginning until the key no longer comes.
    while (true) {
      const listing = new ListObjectVersionsCommand({ Bucket: this.#bucket, Prefix: key, MaxKeys: this.#pageSize })
      const page = await asking('ListObjectVersions', () => this.#client.send(listing))
      const { Versions = [], DeleteMarkers = [] } = listed(page, 'ListObjectVersions')
      const ids = [...Versions, ...DeleteMarkers].filter(({ Key }) => Key === key).map(({ VersionId }) => VersionId)
      if (ids.length === 0) return
      for (const VersionId of ids) {
        const command = new DeleteObjectCommand({ Bucket: this.#bucket, Key: key, VersionId })
        await asking('DeleteObject', () => this.#client.send(command))
      }
    }
  }

  #of({ key, uploadId }: Upload) {
    return { Bucket: this.#bucket, Key: key, UploadId: uploadId }
  }
}

/** The ETag, which every acknowledgement of S3 has: a proxy that answers 200 by itself has not stored anything. */
function acknowledged({ ETag: etag }: { readonly ETag?: string | undefined }, operation: string): string {
  if (etag === undefined) throw unexpected('an ETag', operation)
  return etag
}

/** Every listing of S3 says whether it goes on: a page of something else must not pass for an empty one. */
function listed<Page extends { readonly IsTruncated?: boolean | undefined }>(page: Page, operation: string): Page {
  if (page.IsTruncated === undefined) throw unexpected('whether the listing goes on', operation)
  return page
}

/** Where a listing goes on. A store that says there is more but not where would otherwise hide the rest. */
function nextOf(isTruncated: boolean | undefined, next: string | undefined, operation: string): string | undefined {
  if (isTruncated !== true) return undefined
  if (next === undefined || next === '') throw unexpected('where the listing goes on', operation)
  return next
}

function unexpected(what: string, operation: string): HubError {
  const message = `Expected the object store to tell ${what} at ${operation}, it did not. Look at the store and what stands before it.`
  return new HubError('PAYLOAD_UTILGJENGELIG', 'transient', message)
}
