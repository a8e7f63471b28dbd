import { createHash } from 'node:crypto'
import type { IdSource } from '@samband/kernel'

/** Ids and randomness that are the same on every run with the same `seed`. */
export function createTestIds(seed = 'test'): IdSource {
  let count = 0
  const next = () => {
    count += 1
    return createHash('sha256').update(`${seed} ${count}`).digest()
  }
  return {
    uuid() {
      const bytes = next().subarray(0, 16)
      bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
      bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
      const hex = bytes.toString('hex')
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
    },
    bytes(size) {
      const all = new Uint8Array(size)
      for (let at = 0; at < size; at += 32) all.set(next().subarray(0, Math.min(32, size - at)), at)
      return all
    },
    fraction: () => next().readUInt32BE(0) / 2 ** 32,
  }
}
