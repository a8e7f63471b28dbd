/** Error codes of RFC 6749 §5.2 that a token endpoint for client credentials can give. */
export type OAuthErrorCode = 'invalid_request' | 'invalid_client' | 'invalid_scope' | 'unsupported_grant_type'

/** A token that is not given. The description is ASCII without quotes, as RFC 6749 §5.2 wants it, and names no secret. */
export class OAuthRefusal extends Error {
  override readonly name = 'OAuthRefusal'
  readonly error: OAuthErrorCode
  /** 401 for `invalid_client`, which also has to carry `WWW-Authenticate`; 400 for all others. */
  readonly status: 400 | 401

  constructor(error: OAuthErrorCode, description: string) {
    super(description)
    this.error = error
    this.status = error === 'invalid_client' ? 401 : 400
  }
}
