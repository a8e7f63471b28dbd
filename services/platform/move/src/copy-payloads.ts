import { asHubError, type PayloadFacts, type Payloads } from '@samband/kernel'

/** How much a municipality has. */
export interface PayloadSizes {
  readonly count: number
  /** Bytes of the contents in clear. */
  readonly sizeBytes: number
}

/** Reads the verified end of every content: how many there are, and how large. @throws HubError of the payloads, such as for a key that does not fit */
export async function sizesOf(payloads: Payloads, tenant: string): Promise<PayloadSizes> {
  let [count, sizeBytes] = [0, 0]
  for await (const ref of payloads.list(tenant)) {
    count += 1
    sizeBytes += (await payloads.facts(tenant, ref)).sizeBytes
  }
  return { count, sizeBytes }
}

/**
 * Puts every content of a municipality into the target, decrypted, verified and encrypted anew on the way; nothing of it is written in clear. What is
 * there already with the same size and SHA-256 is left as it is, so a copy that was broken off goes on. Returns what the target then has.
 * @throws Error when the target holds, or ends up with, anything else under a ref
 */
export async function copyPayloads(source: Payloads, target: Payloads, tenant: string): Promise<PayloadSizes> {
  let [count, sizeBytes] = [0, 0]
  for await (const ref of source.list(tenant)) {
    const wanted = await source.facts(tenant, ref)
    if (!isSame(wanted, await factsIfThere(target, tenant, ref)))
      await target.put(tenant, ref, await source.open(tenant, ref))
    if (!isSame(wanted, await target.facts(tenant, ref)))
      throw new Error(`payload ${ref} of tenant ${tenant} is another one in the target than in the folder`)
    count += 1
    sizeBytes += wanted.sizeBytes
  }
  return { count, sizeBytes }
}

/** Refs in the target that the source does not have: of another installation, which must not be mixed with this one. */
export async function strangersIn(source: Payloads, target: Payloads, tenant: string): Promise<number> {
  const own = new Set<string>()
  for await (const ref of source.list(tenant)) own.add(ref)
  let strangers = 0
  for await (const ref of target.list(tenant)) if (!own.has(ref)) strangers += 1
  return strangers
}

function isSame(wanted: PayloadFacts, found: PayloadFacts | undefined): boolean {
  return found?.sha256 === wanted.sha256 && found.sizeBytes === wanted.sizeBytes
}

/** What was cut off, or is of another key, counts as not there. */
async function factsIfThere(payloads: Payloads, tenant: string, ref: string): Promise<PayloadFacts | undefined> {
  try {
    return await payloads.facts(tenant, ref)
  } catch (error) {
    if (['PAYLOAD_FINNES_IKKE', 'PAYLOAD_ODELAGT'].includes(asHubError(error)?.code ?? '')) return undefined
    throw error
  }
}
