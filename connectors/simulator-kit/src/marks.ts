import { createHash } from 'node:crypto'

const prefix = Buffer.from('SAMBAND-MARK:')
const longestToken = 64

function isTokenByte(byte: number | undefined): boolean {
  if (byte === undefined) return false
  return (byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122) || byte === 45
}

/**
 * Finds `SAMBAND-MARK:<token>` (token: 1 to 64 of `A-Z a-z 0-9 -`) in a stream of chunks, also where a border between
 * chunks splits it. Keeps less than 80 bytes between chunks.
 */
export class MarkFinder {
  readonly #found = new Set<string>()
  #carry: Buffer = Buffer.alloc(0)

  /** Looks through the next chunk. The chunk may be reused by the caller afterwards. */
  push(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    this.#search(this.#carry.length === 0 ? bytes : Buffer.concat([this.#carry, bytes]), false)
  }

  /** Ends the stream and returns the tokens found, each once, in the order they were first seen. Safe to repeat. */
  finish(): string[] {
    this.#search(this.#carry, true)
    this.#carry = Buffer.alloc(0)
    return [...this.#found]
  }

  #search(bytes: Buffer, last: boolean): void {
    let from = 0
    for (let at = bytes.indexOf(prefix, from); at !== -1; at = bytes.indexOf(prefix, from)) {
      const start = at + prefix.length
      let end = start
      while (end - start < longestToken && isTokenByte(bytes[end])) end += 1
      if (end === bytes.length && end - start < longestToken && !last) {
        this.#carry = Buffer.from(bytes.subarray(at)) // the token may go on in the next chunk
        return
      }
      if (end > start) this.#found.add(bytes.toString('latin1', start, end))
      from = end
    }
    this.#carry = Buffer.from(bytes.subarray(Math.max(from, bytes.length - prefix.length + 1)))
  }
}

/** What is kept of a document: never its bytes. `sha256` is lower-case hex, `marks` the tokens of its marks. */
export interface DocumentSeen {
  readonly sizeBytes: number
  readonly sha256: string
  readonly marks: string[]
}

/** Counts, hashes and searches one document chunk by chunk, so that a gigabyte needs no memory. */
export class DocumentMeter {
  readonly #hash = createHash('sha256')
  readonly #finder = new MarkFinder()
  #sizeBytes = 0

  /** Takes the next chunk, in order. */
  push(chunk: Uint8Array): void {
    this.#sizeBytes += chunk.byteLength
    this.#hash.update(chunk)
    this.#finder.push(chunk)
  }

  /** Ends the document. To be called once. */
  finish(): DocumentSeen {
    return { sizeBytes: this.#sizeBytes, sha256: this.#hash.digest('hex'), marks: this.#finder.finish() }
  }
}
