import type { PayloadFacts, Payloads } from '@samband/kernel'

/**
 * Reads a document from end to end, piece by piece, and keeps none of it: for `prepare`, so that damage on the disk is found, under its own code,
 * before anything leaves. It costs about two milliseconds of processor time for each megabyte.
 * @throws HubError PAYLOAD_ODELAGT, PAYLOAD_FINNES_IKKE (permanent); the reason of an abort
 */
export async function readThrough(
  payloads: Pick<Payloads, 'open' | 'facts'>,
  tenant: string,
  ref: string,
  signal: AbortSignal,
): Promise<PayloadFacts> {
  for await (const _piece of await payloads.open(tenant, ref)) signal.throwIfAborted()
  return payloads.facts(tenant, ref)
}
