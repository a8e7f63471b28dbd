/** Where a connector gets its bearer token; implemented by `connectors/maskinporten` and by connectors' own logins. */
export interface TokenSource {
  /** A token good for at least a few seconds more. Cached; one refresh at a time. Safe to repeat. */
  token(signal: AbortSignal): Promise<string>
  /** The other side refused this token: never hand it out again. */
  drop(token: string): void
}
