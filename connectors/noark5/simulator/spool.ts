import { Readable } from 'node:stream'

/** Where uploaded bytes wait to be downloaded again. Names are the simulator's own and never repeat. */
export interface Spool {
  /** Adds bytes to an entry, which the first call makes. The chunk may be kept. */
  write(name: string, chunk: Uint8Array): void | Promise<void>
  /** The bytes of an entry from the start; empty when nothing was written. */
  read(name: string): Readable
  /** Lets an entry go. Safe to repeat. */
  remove(name: string): void
}

/** A file that reached the core whole. `sha256` is lower-case hex; `marks` the tokens of its marks. */
export interface StoredFile {
  readonly spooled: string
  readonly sizeBytes: number
  readonly sha256: string
  readonly marks: readonly string[]
  readonly mimeType: string
  readonly receivedAtMs: number
}

/** Keeps the bytes in memory: for histories, whose documents are small. */
export function memorySpool(): Spool {
  const entries = new Map<string, Uint8Array[]>()
  return {
    write: (name, chunk) => {
      const chunks = entries.get(name)
      if (chunks === undefined) entries.set(name, [chunk])
      else chunks.push(chunk)
    },
    read: (name) => Readable.from(entries.get(name) ?? []),
    remove: (name) => {
      entries.delete(name)
    },
  }
}
