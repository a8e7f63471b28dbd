/** What is known of a stored payload. */
export interface PayloadFacts {
  readonly ref: string
  /** Bytes of the content in clear. */
  readonly sizeBytes: number
  /** SHA-256 of the content in clear, 64 lower-case hex digits. */
  readonly sha256: string
}

/**
 * Where documents and personal content lie, encrypted with a key per item that the tenant's key wraps.
 * `tenant` is the organisasjonsnummer; `ref` is chosen by the caller, matches `^[a-z0-9-]{1,80}$` and is never reused for other content.
 */
export interface Payloads {
  /**
   * Streams the content in. Resolves only when content and name are durable (protocol rule R1). A failure or an abort leaves nothing behind,
   * as far as the storage can still be reached; putting the same ref again replaces the former content as a whole.
   * @throws HubError PAYLOAD_FOR_STOR (permanent) when `maxBytes` is passed; PAYLOAD_DISK_FULL (transient) when there is no room; what the source throws
   */
  put(
    tenant: string,
    ref: string,
    source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    options?: { readonly maxBytes?: number; readonly signal?: AbortSignal },
  ): Promise<PayloadFacts>
  /**
   * Streams the content out, each piece verified before it is handed over. A stream that ends without an error was complete.
   * @throws HubError PAYLOAD_FINNES_IKKE (permanent) when there is none; PAYLOAD_ODELAGT (permanent) when it does not verify
   */
  open(tenant: string, ref: string): Promise<AsyncIterable<Uint8Array>>
  /** Whole content at once; for small items such as the JSON of a forsendelse. @throws as `open`, and PAYLOAD_FOR_STOR above `maxBytes` */
  read(tenant: string, ref: string, maxBytes: number): Promise<Uint8Array>
  /** Size and SHA-256 in clear, from the verified header and trailer. @throws as `open` */
  facts(tenant: string, ref: string): Promise<PayloadFacts>
  /** Really deletes; durable on return. True when there was one. Safe to repeat. */
  remove(tenant: string, ref: string): Promise<boolean>
  /** Refs that exist for a tenant, in no order. */
  list(tenant: string): AsyncIterable<string>
}
