import type { S3Client } from '@aws-sdk/client-s3'
import type { Clock, IdSource, PayloadFacts, Payloads } from '@samband/kernel'
import type { OpenedContent } from '../sealed/open-content.ts'
import { openContent } from '../sealed/open-content.ts'
import type { Owner, TenantKeys } from '../sealed/owner.ts'
import { checkedOwner, checkedTenant, isRef, isTenant, tooLarge, wrappingKeyOf } from '../sealed/owner.ts'
import type { PutOptions, Source } from '../sealed/seal-content.ts'
import { sealContent } from '../sealed/seal-content.ts'
import { openObject } from './object-reader.ts'
import { ObjectStore } from './object-store.ts'
import { ObjectUpload } from './object-upload.ts'

/** What S3 payloads are made of. */
export interface S3PayloadsOptions {
  /** From `createS3Client`; whoever made it destroys it. */
  readonly client: S3Client
  readonly bucket: string
  /** Ahead of every key; empty, or ends in `/`. */
  readonly prefix: string
  readonly keys: TenantKeys
  readonly ids: IdSource
  readonly clock: Clock
  /** Most entries in one answer of a listing; left out: 1000, which is also S3's own ceiling. */
  readonly pageSize?: number
}

/** Payloads as objects, and what has to be done now and then. */
export interface S3Payloads extends Payloads {
  /**
   * Aborts multipart uploads that began more than `olderThanMs` ago by the store's time and are not this process's own: what
   * processes left that ended in the middle. Let the age be longer than any put may take, since other processes' uploads are
   * not told from abandoned ones. Safe to repeat, and from several processes at once.
   * @returns how many were aborted
   * @throws HubError PAYLOAD_UTILGJENGELIG (transient), PAYLOAD_TILGANG_AVVIST (paused)
   */
  sweepStaleUploads(olderThanMs: number): Promise<number>
}

const WHOLE = '.payload'

/**
 * Payloads as encrypted objects: `<prefix><tenant>/<ref>.payload`, in the format that the README describes. Any number of
 * processes may use one bucket. Beside the errors of the port, all calls throw PAYLOAD_UTILGJENGELIG (transient) when the store is
 * out of reach, overloaded or answers otherwise than expected, PAYLOAD_TILGANG_AVVIST (paused) when it refuses our key, rights,
 * bucket or region, PAYLOAD_UGYLDIG_REF (permanent) and PAYLOAD_UGYLDIG_NOKKEL (paused).
 */
export function createS3Payloads(options: S3PayloadsOptions): S3Payloads {
  return new EncryptedObjects(options)
}

class EncryptedObjects implements S3Payloads {
  readonly #objects: ObjectStore
  readonly #prefix: string
  readonly #keys: TenantKeys
  readonly #ids: IdSource
  readonly #clock: Clock
  /** Puts of this process that are under way, which a sweep must leave alone. */
  readonly #underWay = new Set<ObjectUpload>()

  constructor({ client, bucket, prefix, keys, ids, clock, pageSize = 1000 }: S3PayloadsOptions) {
    this.#objects = new ObjectStore(client, bucket, pageSize)
    this.#prefix = prefix
    this.#keys = keys
    this.#ids = ids
    this.#clock = clock
  }

  async put(tenant: string, ref: string, source: Source, options: PutOptions = {}): Promise<PayloadFacts> {
    options.signal?.throwIfAborted()
    const owner = checkedOwner(tenant, ref)
    const wrappingKey = wrappingKeyOf(this.#keys, tenant)
    const upload = new ObjectUpload(this.#objects, this.#keyOf(owner), options.signal)
    this.#underWay.add(upload)
    try {
      const content = { owner, wrappingKey, source, ids: this.#ids, ...options }
      const facts = await sealContent(content, (piece) => upload.write(piece))
      await upload.publish()
      return facts
    } catch (error) {
      await upload.discard()
      throw error
    } finally {
      this.#underWay.delete(upload)
    }
  }

  async open(tenant: string, ref: string): Promise<AsyncIterable<Uint8Array>> {
    const owner = checkedOwner(tenant, ref)
    await this.#openContent(owner)
    return { [Symbol.asyncIterator]: () => this.#content(owner) }
  }

  async read(tenant: string, ref: string, maxBytes: number): Promise<Uint8Array> {
    const owner = checkedOwner(tenant, ref)
    const content = await this.#openContent(owner)
    if (content.facts.sizeBytes > maxBytes) throw tooLarge(owner, maxBytes)
    const pieces: Uint8Array[] = []
    for await (const piece of content.frames()) pieces.push(piece)
    return Buffer.concat(pieces)
  }

  async facts(tenant: string, ref: string): Promise<PayloadFacts> {
    return (await this.#openContent(checkedOwner(tenant, ref))).facts
  }

  async remove(tenant: string, ref: string): Promise<boolean> {
    const key = this.#keyOf(checkedOwner(tenant, ref))
    const wasThere = (await this.#objects.read(key, 0, 1)) !== undefined
    // Also when it was not there: in a bucket with versions a former process may have hidden it and died before the rest.
    await this.#objects.remove(key)
    return wasThere
  }

  async *list(tenant: string): AsyncGenerator<string, void, undefined> {
    const prefix = `${this.#prefix}${checkedTenant(tenant)}/`
    for await (const key of this.#objects.keys(prefix)) {
      const ref = key.slice(prefix.length, -WHOLE.length)
      if (key.endsWith(WHOLE) && isRef(ref)) yield ref
    }
  }

  async sweepStaleUploads(olderThanMs: number): Promise<number> {
    let aborted = 0
    for await (const { begunAtMs, ...upload } of this.#objects.uploads(this.#prefix)) {
      const isOurs = [...this.#underWay].some(({ uploadId }) => uploadId === upload.uploadId)
      if (isOurs || !this.#isPayloadKey(upload.key) || begunAtMs > this.#clock.now() - olderThanMs) continue
      await this.#objects.abortUpload(upload)
      aborted += 1
    }
    return aborted
  }

  async *#content(owner: Owner): AsyncGenerator<Uint8Array, void, undefined> {
    yield* (await this.#openContent(owner)).frames()
  }

  async #openContent(owner: Owner): Promise<OpenedContent> {
    const wrappingKey = wrappingKeyOf(this.#keys, owner.tenant)
    return openContent(owner, wrappingKey, await openObject(this.#objects, this.#keyOf(owner), owner))
  }

  #keyOf({ tenant, ref }: Owner): string {
    return `${this.#prefix}${tenant}/${ref}${WHOLE}`
  }

  #isPayloadKey(key: string): boolean {
    const [tenant = '', name = '', ...more] = key.slice(this.#prefix.length).split('/')
    return more.length === 0 && isTenant(tenant) && name.endsWith(WHOLE) && isRef(name.slice(0, -WHOLE.length))
  }
}
