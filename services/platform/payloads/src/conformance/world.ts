import { createHash } from 'node:crypto'
import type { Payloads } from '@samband/kernel'

/** Where payloads lie in a test: one storage that outlives the adapters started on it. */
export interface PayloadsWorld {
  /** An adapter as a new process starts it: what a former one left half written is swept. */
  start(options?: {
    /** Called ahead of every step on the storage; what it throws happens instead. Not during the start itself. */
    readonly before?: (operation: string, path: string) => void
    /** The tenants' keys; left out: one fixed key per tenant. */
    readonly wrappingKey?: (tenant: string) => Uint8Array
  }): Promise<Payloads>
  /** All that lies on the storage, half files included: path to bytes as they are on disk. */
  raw(): Promise<ReadonlyMap<string, Uint8Array>>
  /** Puts other bytes in place of a raw file. */
  overwrite(path: string, bytes: Uint8Array): Promise<void>
  /**
   * Ends the adapters that were started. `process`: what they wrote stands. `power`: what was not durable is lost, or stands
   * where `survives` says so; a storage that cannot lose anything at will treats it as `process`.
   */
  end(how: 'process' | 'power', survives?: () => boolean): Promise<void>
  /** The operations that give content its name, as `before` is told of them. */
  readonly publishing: ReadonlySet<string>
  /** True where memory can be measured: the storage does not keep its content in this process. */
  readonly contentOutsideMemory: boolean
  /** Removes the storage. */
  close(): Promise<void>
}

/** The tenant that most tests are about. */
export const TENANT = '314758625'
/** Another one. */
export const OTHER_TENANT = '311094688'
/** Content bytes of a frame: the places where an adapter may go wrong lie around its multiples. */
export const FRAME = 65_536

/** Bytes that do not repeat within a frame, the same for the same arguments. */
export function someBytes(count: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(count)
  let state = seed
  for (let index = 0; index < count; index += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    bytes[index] = state >>> 16
  }
  return bytes
}

/** The content in pieces of `pieceBytes`. */
export async function* inPieces(content: Uint8Array, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += pieceBytes) yield content.subarray(at, at + pieceBytes)
}

/** All of a stream. */
export async function collect(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for await (const piece of stream) pieces.push(piece)
  return Buffer.concat(pieces)
}

/** All refs of a tenant. */
export async function refs(payloads: Payloads, tenant: string): Promise<string[]> {
  const found: string[] = []
  for await (const ref of payloads.list(tenant)) found.push(ref)
  return found
}

/** Lower-case hex. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** The code of an error that has one, else the thrown value itself. */
export function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : error
}
