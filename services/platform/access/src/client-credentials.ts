import { OAuthRefusal } from './oauth-refusal.ts'

/** What stands in an `Authorization: Basic` header: each part as form-urlencoding says (RFC 6749 §2.3.1), and as it was sent. */
export interface BasicCredentials {
  readonly klientId: string
  /** Ways the secret can be meant. Most clients, curl among them, do not encode it, although the RFC asks for it. */
  readonly secrets: readonly string[]
}

const MOST_CHARACTERS = 2_000

/**
 * Reads `client_secret_basic`.
 * @throws OAuthRefusal invalid_client
 */
export function readBasic(authorization: string | undefined): BasicCredentials {
  const encoded = /^Basic +([A-Za-z0-9+/_-]+=*) *$/i.exec(authorization ?? '')?.[1]
  if (encoded === undefined || encoded.length > MOST_CHARACTERS) {
    throw new OAuthRefusal(
      'invalid_client',
      'Expected client_secret_basic: an Authorization header of the scheme Basic.',
    )
  }
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon < 1) throw new OAuthRefusal('invalid_client', 'Expected client id and secret with a colon between them.')
  const secret = text.slice(colon + 1)
  return {
    klientId: formDecoded(text.slice(0, colon)) ?? text.slice(0, colon),
    secrets: [secret, formDecoded(secret) ?? secret],
  }
}

function formDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}

/**
 * The scopes that the form of a client credentials request asks for; `undefined` when it leaves that open (RFC 6749 §4.4.2).
 * @throws OAuthRefusal invalid_request, unsupported_grant_type
 */
export function readTokenForm(form: string, klientId: string): readonly string[] | undefined {
  const parameters = new URLSearchParams(form)
  for (const name of new Set(parameters.keys())) {
    if (parameters.getAll(name).length > 1)
      throw new OAuthRefusal('invalid_request', 'A parameter came more than once.')
  }
  if (parameters.has('client_secret') || parameters.has('client_assertion')) {
    const sentence = 'Only client_secret_basic is supported: send the secret in the Authorization header alone.'
    throw new OAuthRefusal('invalid_request', sentence)
  }
  const named = parameters.get('client_id')
  if (named !== null && named !== klientId) {
    throw new OAuthRefusal('invalid_request', 'client_id differs from the one in the Authorization header.')
  }
  const grantType = parameters.get('grant_type')
  if (grantType === null || grantType === '')
    throw new OAuthRefusal('invalid_request', 'The parameter grant_type is missing.')
  if (grantType !== 'client_credentials') {
    throw new OAuthRefusal('unsupported_grant_type', 'Only the grant type client_credentials is supported.')
  }
  const scopes = (parameters.get('scope') ?? '').split(' ').filter((scope) => scope !== '')
  return scopes.length === 0 ? undefined : [...new Set(scopes)]
}
