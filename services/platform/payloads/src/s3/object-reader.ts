import { HubError } from '@samband/kernel'
import type { SealedBytes } from '../sealed/open-content.ts'
import type { Owner } from '../sealed/owner.ts'
import { missing } from '../sealed/owner.ts'
import type { ObjectStore } from './object-store.ts'

/** What is fetched first: all of a payload that fits into one frame, and the header of the others. */
const START_BYTES = 128 * 1024
/** Sixteen frames a request: large enough that the way there and back does not count, small enough to be held. */
const WINDOW_BYTES = 16 * 65_552

interface Window {
  readonly position: number
  readonly bytes: Uint8Array
}

/**
 * An object read in bounded requests, each of which may be repeated; no connection waits for a slow reader.
 * An object that is replaced meanwhile is told as such, and never mixed with its successor.
 * @throws HubError PAYLOAD_FINNES_IKKE (permanent)
 */
export async function openObject(objects: ObjectStore, key: string, owner: Owner): Promise<SealedBytes> {
  const first = await objects.read(key, 0, START_BYTES)
  if (first === undefined) throw missing(owner)
  const start: Window = { position: 0, bytes: first.bytes }
  let window = start
  const fetch = async (position: number, lengthBytes: number): Promise<Window> => {
    const range = await objects.read(key, position, Math.max(lengthBytes, WINDOW_BYTES))
    if (range === undefined) throw missing(owner)
    if (range.version !== first.version || range.objectBytes !== first.objectBytes) throw replaced(owner)
    return { position, bytes: range.bytes }
  }
  return {
    sizeBytes: first.objectBytes,
    read: async (position, lengthBytes) => {
      const end = Math.min(position + lengthBytes, first.objectBytes)
      const inside = ({ position: from, bytes }: Window) => from <= position && end <= from + bytes.length
      const holds = [start, window].find(inside) ?? (await fetch(position, lengthBytes))
      if (holds !== start) window = holds
      return holds.bytes.subarray(position - holds.position, end - holds.position)
    },
  }
}

function replaced({ tenant, ref }: Owner): HubError {
  const message = `Expected payload ${ref} of tenant ${tenant} to stay while it was read, it was replaced. Read it again.`
  return new HubError('PAYLOAD_UTILGJENGELIG', 'transient', message)
}
