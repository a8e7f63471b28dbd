import { HubError } from '@samband/kernel'
import { HEADER_BYTES } from '../sealed/envelope.ts'
import type { ObjectStore, Upload, UploadedPart } from './object-store.ts'

/** Content of this size or more goes in parts. S3 takes 10 000 of them, so at most 48 GiB, and none but the last that is smaller. */
export const PART_BYTES = 5 * 1024 * 1024

/** What lies under the key: our object, whole or cut, that of another put, or nothing. */
type Found = 'whole' | 'cut' | 'other' | 'none'

/**
 * One object on its way into the store. Holds at most one part that travels, one that fills, and a frame; small
 * content is held whole and goes in one request.
 */
export class ObjectUpload {
  readonly #objects: ObjectStore
  readonly #key: string
  readonly #signal: AbortSignal | undefined
  readonly #given = new AbortController()
  /** Tells this object from every other put of the same ref: its nonce and its data key are random. */
  #header: Buffer = Buffer.alloc(0)
  #filling: Buffer[] = []
  #fillingBytes = 0
  #objectBytes = 0
  #upload: Upload | undefined
  #parts: UploadedPart[] = []
  #travelling: Promise<UploadedPart> | undefined

  constructor(objects: ObjectStore, key: string, signal: AbortSignal | undefined) {
    this.#objects = objects
    this.#key = key
    this.#signal = signal
  }

  /** The upload that a sweep must leave alone. */
  get uploadId(): string | undefined {
    return this.#upload?.uploadId
  }

  /** Takes the next sealed piece; the first is the header. */
  async write(piece: Buffer): Promise<void> {
    if (this.#objectBytes === 0) this.#header = piece
    this.#filling.push(piece)
    this.#fillingBytes += piece.length
    this.#objectBytes += piece.length
    if (this.#fillingBytes >= PART_BYTES) await this.#sendPart()
  }

  /**
   * Gives the object its name, in one step, and looks whether it stands there. From the last request on an abort comes too
   * late. Nothing is deleted here when that request fails: another process may have put the same ref meanwhile and be
   * answered for.
   */
  async publish(): Promise<void> {
    if (this.#upload !== undefined) await this.#sendRest()
    this.#signal?.throwIfAborted()
    try {
      if (this.#upload === undefined) await this.#objects.put(this.#key, this.#takeFilling())
      else await this.#objects.completeUpload(this.#upload, this.#parts)
    } catch (error) {
      // The answer may be lost, or a repetition have met its own success. An aborted upload can no longer be completed
      // late, so what is seen after it is the outcome.
      await this.discard()
      if ((await this.#look().catch(() => undefined)) === 'whole') return
      throw error
    }
    this.#upload = undefined
    await this.#confirm()
  }

  /** Ends the upload, if there is one. Never throws: what could not be aborted is left to the sweep. Safe to repeat. */
  async discard(): Promise<void> {
    this.#given.abort(new Error('the upload was given up'))
    // A part that arrives after the abort would be kept, and paid for.
    await this.#travelling?.catch(() => undefined)
    const upload = this.#upload
    this.#upload = undefined
    if (upload === undefined) return
    try {
      await this.#objects.abortUpload(upload)
    } catch {
      // The put's own error is the one to tell.
    }
  }

  async #sendPart(): Promise<void> {
    // Before the copy below, so that no more than two parts are ever held.
    await this.#arrived()
    this.#upload ??= await this.#objects.beginUpload(this.#key)
    const number = this.#parts.length + 1
    const signal = this.#signal === undefined ? this.#given.signal : AbortSignal.any([this.#signal, this.#given.signal])
    this.#travelling = this.#objects.uploadPart(this.#upload, number, this.#takeFilling(), signal)
    // Its failure is met when the next part is sent, or the object is published.
    this.#travelling.catch(() => undefined)
  }

  async #sendRest(): Promise<void> {
    if (this.#fillingBytes > 0) await this.#sendPart()
    await this.#arrived()
  }

  async #arrived(): Promise<void> {
    if (this.#travelling === undefined) return
    this.#parts.push(await this.#travelling)
    this.#travelling = undefined
  }

  #takeFilling(): Buffer {
    const bytes = Buffer.concat(this.#filling)
    this.#filling = []
    this.#fillingBytes = 0
    return bytes
  }

  /**
   * The store has acknowledged; what it shows must not contradict that. A store that cannot be asked any more contradicts
   * nothing: its acknowledgement stands, as that of a disk does.
   */
  async #confirm(): Promise<void> {
    let found: Found
    try {
      found = await this.#look()
    } catch (error) {
      if (error instanceof HubError && error.disposition === 'transient') return
      throw error
    }
    if (found === 'whole' || found === 'other') return
    const message = `Expected the object store to hold what it had acknowledged, it is ${found === 'cut' ? 'cut short' : 'not there'}. Look at its consistency.`
    throw new HubError('PAYLOAD_UTILGJENGELIG', 'transient', message)
  }

  async #look(): Promise<Found> {
    const found = await this.#objects.read(this.#key, 0, HEADER_BYTES)
    if (found === undefined) return 'none'
    if (!this.#header.equals(found.bytes)) return 'other'
    return found.objectBytes === this.#objectBytes ? 'whole' : 'cut'
  }
}
