import type { Payloads } from '@samband/kernel'
import { HubError, sha256Hex } from '@samband/kernel'

/** For tests: payloads in memory, in clear. `open` hands them out in pieces of 64 KiB. */
export function memoryPayloads(): Payloads {
  const stored = new Map<string, Buffer>()
  const nameOf = (tenant: string, ref: string) => `${tenant}/${ref}`
  const get = (tenant: string, ref: string): Buffer => {
    const bytes = stored.get(nameOf(tenant, ref))
    if (!bytes) throw new HubError('PAYLOAD_FINNES_IKKE', 'permanent', `There is no payload ${ref}.`)
    return bytes
  }
  const factsOf = (ref: string, bytes: Buffer) => ({ ref, sizeBytes: bytes.byteLength, sha256: sha256Hex(bytes) })
  return {
    async put(tenant, ref, source, { maxBytes = Number.POSITIVE_INFINITY } = {}) {
      const pieces: Uint8Array[] = []
      for await (const piece of source) pieces.push(piece)
      const bytes = Buffer.concat(pieces)
      if (bytes.byteLength > maxBytes) throw new HubError('PAYLOAD_FOR_STOR', 'permanent', `${ref} is too large.`)
      stored.set(nameOf(tenant, ref), bytes)
      return factsOf(ref, bytes)
    },
    async open(tenant, ref) {
      const bytes = get(tenant, ref)
      return (async function* () {
        for (let from = 0; from < bytes.byteLength; from += 65_536) yield bytes.subarray(from, from + 65_536)
      })()
    },
    async read(tenant, ref, maxBytes) {
      const bytes = get(tenant, ref)
      if (bytes.byteLength > maxBytes) throw new HubError('PAYLOAD_FOR_STOR', 'permanent', `${ref} is too large.`)
      return bytes
    },
    async facts(tenant, ref) {
      return factsOf(ref, get(tenant, ref))
    },
    async remove(tenant, ref) {
      return stored.delete(nameOf(tenant, ref))
    },
    async *list(tenant) {
      for (const name of [...stored.keys()]) {
        if (name.startsWith(`${tenant}/`)) yield name.slice(tenant.length + 1)
      }
    },
  }
}

/** A stored document whose first piece verifies and whose second does not. */
export async function* damagedDocument(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('%PDF-1.7')
  throw new HubError('PAYLOAD_ODELAGT', 'permanent', 'The payload does not verify.')
}
