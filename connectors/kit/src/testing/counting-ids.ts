import type { IdSource } from '@samband/kernel'

/** For tests: ids that count from 1, bytes that count too, and a fraction of one half. */
export function countingIds(): IdSource {
  let count = 0
  return {
    uuid: () => `00000000-0000-4000-8000-${String(++count).padStart(12, '0')}`,
    bytes: (length) => new Uint8Array(length).fill(++count),
    fraction: () => 0.5,
  }
}
