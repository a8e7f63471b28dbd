/** The key that signs. `kid` names a key registered on the client; `x5c` is a business certificate's chain, base64 DER, leaf first. Never both. */
export type MaskinportenKey =
  | { readonly privateKeyPem: string; readonly kid: string }
  | { readonly privateKeyPem: string; readonly x5c: readonly string[] }

/** One client in one environment, and what it asks for. Test and production share neither client, key nor scopes. */
export interface MaskinportenConfig {
  /** `aud` of the grant, with the slash at its end: `https://test.maskinporten.no/`. */
  readonly issuer: string
  /** From the metadata or the configuration: `https://test.maskinporten.no/token`. */
  readonly tokenEndpoint: string
  readonly clientId: string
  readonly key: MaskinportenKey
  /** E.g. `ks:fiks`. */
  readonly scopes: readonly string[]
  /** organisasjonsnummer on whose behalf a supplier asks; never the client's own. */
  readonly consumerOrg?: string
  /** Requested audience (RFC 8707). */
  readonly resource?: readonly string[]
  /** For one request; default 10 000. */
  readonly timeoutMs?: number
  /** A token with less time left is not handed out again; default 30 000. */
  readonly marginMs?: number
}
