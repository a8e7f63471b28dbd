import { createHash } from 'node:crypto'
import type { IdSource, PayloadFacts, Payloads } from '@samband/kernel'
import { HubError } from '@samband/kernel'
import type { EnvelopeOwner, Layout } from './envelope.ts'
import {
  damaged,
  FRAME_BYTES,
  frameAt,
  HEADER_BYTES,
  layoutOf,
  openFrame,
  openHeader,
  openTrailer,
  sealFrame,
  sealHeader,
  sealTrailer,
  TRAILER_BYTES,
} from './envelope.ts'
import { withHubErrors } from './file-errors.ts'
import type { PayloadFileSystem, ReadableFile, WritableFile } from './file-system.ts'
import { piecesOf } from './source-pieces.ts'
import type { Turns } from './turns.ts'
import { createTurns } from './turns.ts'

/** Where the tenants' keys come from. */
export interface TenantKeys {
  /** 32 bytes; the same for as long as a payload of the tenant shall be readable. What it throws, the payload call throws. */
  wrappingKey(tenant: string): Uint8Array
}

/** What file payloads are made of. */
export interface FilePayloadsOptions {
  /** The folder that holds all of it, and nothing else; made when missing. One process at a time may use it. */
  readonly root: string
  readonly fs: PayloadFileSystem
  readonly keys: TenantKeys
  readonly ids: IdSource
}

/** Payloads as files, and what a start has to do first. */
export interface FilePayloads extends Payloads {
  /**
   * Removes what a former process left half written, and makes every name that is there durable: until then a name may be
   * seen that a power loss would still take. To be awaited at start before anything else; safe to repeat at any time.
   * @returns how many half files were removed
   * @throws HubError PAYLOAD_UTILGJENGELIG (transient)
   */
  sweepHalfFiles(): Promise<number>
}

const TENANT = /^[0-9]{9}$/
const REF = /^[a-z0-9-]{1,80}$/
const FAN_OUT = /^[0-9a-f]{2}$/
const WHOLE = '.payload'
const HALF = '.half'

type PutOptions = NonNullable<Parameters<Payloads['put']>[3]>
type Source = Parameters<Payloads['put']>[2]

/**
 * Payloads as encrypted files: `<root>/<tenant>/<two hex digits>/<ref>.payload`. The README describes the format.
 * Beside the errors of the port, all calls throw PAYLOAD_UTILGJENGELIG (transient) when the disk does not answer,
 * PAYLOAD_UGYLDIG_REF (permanent) for a tenant or ref of another form, PAYLOAD_UGYLDIG_NOKKEL (paused) for a key that is no key.
 */
export function createFilePayloads(options: FilePayloadsOptions): FilePayloads {
  return new EncryptedFiles(options)
}

interface Place {
  readonly owner: EnvelopeOwner
  readonly folder: string
  readonly path: string
}

interface OpenedFile {
  readonly file: ReadableFile
  readonly dataKey: Uint8Array
  readonly layout: Layout
  readonly facts: PayloadFacts
}

class EncryptedFiles implements FilePayloads {
  readonly #root: string
  readonly #fs: PayloadFileSystem
  readonly #keys: TenantKeys
  readonly #ids: IdSource
  readonly #turns: Turns = createTurns()
  /** Folders this process has made durable. */
  readonly #folders = new Set<string>()
  /** Half files that are being written right now, which a sweep must leave alone. */
  readonly #underWay = new Set<string>()

  constructor({ root, fs, keys, ids }: FilePayloadsOptions) {
    this.#root = root
    this.#fs = withHubErrors(fs)
    this.#keys = keys
    this.#ids = ids
  }

  async put(tenant: string, ref: string, source: Source, options: PutOptions = {}): Promise<PayloadFacts> {
    const { signal } = options
    signal?.throwIfAborted()
    const place = this.#place(tenant, ref)
    const wrappingKey = this.#wrappingKey(tenant)
    const half = `${place.folder}/${ref}.${this.#ids.uuid()}${HALF}`
    this.#underWay.add(half)
    try {
      await this.#makeFolder(place.folder)
      const file = await this.#fs.createTemporary(half)
      const facts = await closing(file, () => this.#write(file, place.owner, wrappingKey, source, options))
      await this.#turns.take(place.path, () => this.#publish(half, place, signal))
      return facts
    } catch (error) {
      // The next attempt makes the folder anew, should that have been the reason.
      this.#folders.delete(place.folder)
      await this.#discard(half)
      throw error
    } finally {
      this.#underWay.delete(half)
    }
  }

  async open(tenant: string, ref: string): Promise<AsyncIterable<Uint8Array>> {
    await this.facts(tenant, ref)
    // The file is opened again by whoever reads, so that a stream nobody reads holds nothing open.
    return { [Symbol.asyncIterator]: () => this.#content(this.#place(tenant, ref)) }
  }

  async read(tenant: string, ref: string, maxBytes: number): Promise<Uint8Array> {
    const { sizeBytes } = await this.facts(tenant, ref)
    if (sizeBytes > maxBytes) throw tooLarge({ tenant, ref }, maxBytes)
    const pieces: Uint8Array[] = []
    for await (const piece of this.#content(this.#place(tenant, ref))) pieces.push(piece)
    return Buffer.concat(pieces)
  }

  async facts(tenant: string, ref: string): Promise<PayloadFacts> {
    const place = this.#place(tenant, ref)
    const { file, facts } = await this.#openFile(place)
    await file.close()
    return facts
  }

  async remove(tenant: string, ref: string): Promise<boolean> {
    const { folder, path } = this.#place(tenant, ref)
    return this.#turns.take(path, async () => {
      const wasThere = await this.#fs.remove(path)
      // Also when it was not there: a former process may have removed it and died before this line.
      await this.#fs.syncDirectory(folder)
      return wasThere
    })
  }

  async *list(tenant: string): AsyncGenerator<string, void, undefined> {
    const folder = this.#tenantFolder(tenant)
    for (const fan of await this.#fs.list(folder)) {
      if (!FAN_OUT.test(fan)) continue
      for (const name of await this.#fs.list(`${folder}/${fan}`)) {
        const ref = name.slice(0, -WHOLE.length)
        if (name.endsWith(WHOLE) && REF.test(ref)) yield ref
      }
    }
  }

  async sweepHalfFiles(): Promise<number> {
    let removed = 0
    await this.#fs.makeDirectory(this.#root)
    for (const tenant of await this.#fs.list(this.#root)) {
      if (!TENANT.test(tenant)) continue
      for (const fan of await this.#fs.list(`${this.#root}/${tenant}`)) {
        if (FAN_OUT.test(fan)) removed += await this.#sweepFolder(`${this.#root}/${tenant}/${fan}`)
      }
      await this.#fs.syncDirectory(`${this.#root}/${tenant}`)
    }
    await this.#fs.syncDirectory(this.#root)
    return removed
  }

  async #sweepFolder(folder: string): Promise<number> {
    let removed = 0
    for (const name of await this.#fs.list(folder)) {
      const path = `${folder}/${name}`
      if (!name.endsWith(HALF) || this.#underWay.has(path)) continue
      if (await this.#fs.remove(path)) removed += 1
    }
    await this.#fs.syncDirectory(folder)
    return removed
  }

  async #write(
    file: WritableFile,
    owner: EnvelopeOwner,
    wrappingKey: Uint8Array,
    source: Source,
    { maxBytes = Number.POSITIVE_INFINITY, signal }: PutOptions,
  ): Promise<PayloadFacts> {
    const dataKey = this.#ids.bytes(32)
    const hash = createHash('sha256')
    const frame = Buffer.alloc(FRAME_BYTES)
    let filled = 0
    let frames = 0
    let sizeBytes = 0
    await file.write(sealHeader(owner, wrappingKey, dataKey, this.#ids.bytes(12)))
    for await (const piece of piecesOf(source, signal)) {
      sizeBytes += piece.length
      if (sizeBytes > maxBytes) throw tooLarge(owner, maxBytes)
      hash.update(piece)
      for (let at = 0; at < piece.length; ) {
        const part = piece.subarray(at, at + FRAME_BYTES - filled)
        frame.set(part, filled)
        filled += part.length
        at += part.length
        if (filled < FRAME_BYTES) continue
        await file.write(sealFrame(dataKey, frames, frame))
        frames += 1
        filled = 0
      }
    }
    if (filled > 0) {
      await file.write(sealFrame(dataKey, frames, frame.subarray(0, filled)))
      frames += 1
    }
    const sha256 = hash.digest()
    await file.write(sealTrailer(dataKey, frames, { sizeBytes, sha256 }))
    signal?.throwIfAborted()
    await file.sync()
    return { ref: owner.ref, sizeBytes, sha256: sha256.toString('hex') }
  }

  /** Gives the whole file its name; from the rename on an abort comes too late. */
  async #publish(half: string, { folder, path }: Place, signal: AbortSignal | undefined): Promise<void> {
    const replaces = (await this.#fs.size(path)) !== undefined
    signal?.throwIfAborted()
    await this.#fs.rename(half, path)
    try {
      await this.#fs.syncDirectory(folder)
    } catch (error) {
      // Nothing may stay of a failed put. But where a former put of the same content has been answered for, a row may rest
      // on it already, and a file too many is better than a letter lost.
      if (!replaces) await this.#discard(path)
      throw error
    }
  }

  async #discard(path: string): Promise<void> {
    try {
      await this.#fs.remove(path)
    } catch {
      // The put's own error is the one to tell; the next start sweeps what could not be removed.
    }
  }

  async #openFile(place: Place): Promise<OpenedFile> {
    const { owner, path } = place
    const wrappingKey = this.#wrappingKey(owner.tenant)
    // A name that is just being published is not durable yet, and nobody may rest anything on it.
    await this.#turns.quiet(path)
    const file = await this.#fs.openRead(path)
    if (file === undefined) throw missing(owner)
    try {
      const layout = layoutOf(owner, file.sizeBytes)
      const dataKey = openHeader(owner, wrappingKey, await file.read(0, HEADER_BYTES))
      const sealed = await file.read(layout.trailerAt, TRAILER_BYTES)
      const { sizeBytes, sha256 } = openTrailer(owner, dataKey, layout.frames, sealed)
      if (sizeBytes !== layout.contentBytes) throw damaged(owner, 'its size is not the one its end tells')
      const facts = { ref: owner.ref, sizeBytes, sha256: Buffer.from(sha256).toString('hex') }
      return { file, dataKey, layout, facts }
    } catch (error) {
      await file.close()
      throw error
    }
  }

  async *#content(place: Place): AsyncGenerator<Uint8Array, void, undefined> {
    const { file, dataKey, layout, facts } = await this.#openFile(place)
    try {
      const hash = createHash('sha256')
      for (let index = 0; index < layout.frames; index += 1) {
        const { position, lengthBytes } = frameAt(layout, index)
        const content = openFrame(place.owner, dataKey, index, await file.read(position, lengthBytes))
        hash.update(content)
        yield content
      }
      if (hash.digest('hex') !== facts.sha256) throw damaged(place.owner, 'its SHA-256 is not the one its end tells')
    } finally {
      await file.close()
    }
  }

  async #makeFolder(folder: string): Promise<void> {
    if (this.#folders.has(folder)) return
    await this.#fs.makeDirectory(this.#root)
    await this.#fs.makeDirectory(folder.slice(0, folder.lastIndexOf('/')))
    await this.#fs.makeDirectory(folder)
    this.#folders.add(folder)
  }

  #place(tenant: string, ref: string): Place {
    if (!REF.test(ref)) throw invalidName('ref', 'matches ^[a-z0-9-]{1,80}$', ref)
    // By hash: refs that begin alike would otherwise all lie in one folder.
    const fan = createHash('sha256').update(ref).digest('hex').slice(0, 2)
    const folder = `${this.#tenantFolder(tenant)}/${fan}`
    return { owner: { tenant, ref }, folder, path: `${folder}/${ref}${WHOLE}` }
  }

  #tenantFolder(tenant: string): string {
    if (!TENANT.test(tenant)) throw invalidName('tenant', 'is an organisasjonsnummer of nine digits', tenant)
    return `${this.#root}/${tenant}`
  }

  #wrappingKey(tenant: string): Uint8Array {
    const key = this.#keys.wrappingKey(tenant)
    if (key.length === 32) return key
    const message = `Expected a payload key of 32 bytes for tenant ${tenant}, came ${key.length} bytes. Correct payloadKey.`
    throw new HubError('PAYLOAD_UGYLDIG_NOKKEL', 'paused', message, { path: 'payloadKey' })
  }
}

/** Closes the file whatever `work` does; a close that fails after good work is a failure too. */
async function closing<T>(file: WritableFile, work: () => Promise<T>): Promise<T> {
  let result: T
  try {
    result = await work()
  } catch (error) {
    // The first error tells why.
    await file.close().catch(() => undefined)
    throw error
  }
  await file.close()
  return result
}

function missing({ tenant, ref }: EnvelopeOwner): HubError {
  const message = `Expected payload ${ref} of tenant ${tenant}, there is none. It was removed, or never put.`
  return new HubError('PAYLOAD_FINNES_IKKE', 'permanent', message)
}

function tooLarge({ tenant, ref }: EnvelopeOwner, maxBytes: number): HubError {
  const message = `Expected at most ${maxBytes} bytes for payload ${ref} of tenant ${tenant}, there are more.`
  return new HubError('PAYLOAD_FOR_STOR', 'permanent', message)
}

/** Never repeats the value: whoever mixes up arguments may have handed over anything. */
function invalidName(path: string, expected: string, came: string): HubError {
  const message = `Expected a payload ${path} that ${expected}, came ${came.length} characters that do not.`
  return new HubError('PAYLOAD_UGYLDIG_REF', 'permanent', message, { path })
}
