import { createHash } from 'node:crypto'
import type { IdSource, PayloadFacts, Payloads } from '@samband/kernel'
import type { OpenedContent } from '../sealed/open-content.ts'
import { openContent } from '../sealed/open-content.ts'
import type { Owner, TenantKeys } from '../sealed/owner.ts'
import { checkedOwner, checkedTenant, isRef, isTenant, missing, tooLarge, wrappingKeyOf } from '../sealed/owner.ts'
import type { PutOptions, Source } from '../sealed/seal-content.ts'
import { sealContent } from '../sealed/seal-content.ts'
import { withHubErrors } from './file-errors.ts'
import type { PayloadFileSystem, ReadableFile, WritableFile } from './file-system.ts'
import type { Turns } from './turns.ts'
import { createTurns } from './turns.ts'

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

const FAN_OUT = /^[0-9a-f]{2}$/
const WHOLE = '.payload'
const HALF = '.half'

/**
 * Payloads as encrypted files: `<root>/<tenant>/<two hex digits>/<ref>.payload`. The README describes the format.
 * Beside the errors of the port, all calls throw PAYLOAD_UTILGJENGELIG (transient) when the disk does not answer,
 * PAYLOAD_UGYLDIG_REF (permanent) for a tenant or ref of another form, PAYLOAD_UGYLDIG_NOKKEL (paused) for a key that is no key.
 */
export function createFilePayloads(options: FilePayloadsOptions): FilePayloads {
  return new EncryptedFiles(options)
}

interface Place {
  readonly owner: Owner
  readonly folder: string
  readonly path: string
}

interface OpenedFile {
  readonly file: ReadableFile
  readonly content: OpenedContent
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
    const wrappingKey = wrappingKeyOf(this.#keys, tenant)
    const content = { owner: place.owner, wrappingKey, source, ids: this.#ids, ...options }
    const half = `${place.folder}/${ref}.${this.#ids.uuid()}${HALF}`
    this.#underWay.add(half)
    try {
      await this.#makeFolder(place.folder)
      const file = await this.#fs.createTemporary(half)
      const facts = await closing(file, async () => {
        const sealed = await sealContent(content, (piece) => file.write(piece))
        await file.sync()
        return sealed
      })
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
    const { file, content } = await this.#openFile(place)
    await file.close()
    return content.facts
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
        if (name.endsWith(WHOLE) && isRef(ref)) yield ref
      }
    }
  }

  async sweepHalfFiles(): Promise<number> {
    let removed = 0
    await this.#fs.makeDirectory(this.#root)
    for (const tenant of await this.#fs.list(this.#root)) {
      if (!isTenant(tenant)) continue
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
    const wrappingKey = wrappingKeyOf(this.#keys, owner.tenant)
    // A name that is just being published is not durable yet, and nobody may rest anything on it.
    await this.#turns.quiet(path)
    const file = await this.#fs.openRead(path)
    if (file === undefined) throw missing(owner)
    try {
      return { file, content: await openContent(owner, wrappingKey, file) }
    } catch (error) {
      await file.close()
      throw error
    }
  }

  async *#content(place: Place): AsyncGenerator<Uint8Array, void, undefined> {
    const { file, content } = await this.#openFile(place)
    try {
      yield* content.frames()
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
    const owner = checkedOwner(tenant, ref)
    // By hash: refs that begin alike would otherwise all lie in one folder.
    const fan = createHash('sha256').update(ref).digest('hex').slice(0, 2)
    const folder = `${this.#tenantFolder(tenant)}/${fan}`
    return { owner, folder, path: `${folder}/${ref}${WHOLE}` }
  }

  #tenantFolder(tenant: string): string {
    return `${this.#root}/${checkedTenant(tenant)}`
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
