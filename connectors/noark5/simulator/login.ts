import type { Answer } from '@samband/simulator-kit'
import type { User } from './archive.ts'
import { Refusal } from './refusal.ts'

/** Who may log in, and for how long. */
export interface LoginOptions {
  readonly nikita: boolean
  readonly users: readonly { readonly navn: string; readonly passord: string }[]
  readonly clients: readonly { readonly id: string; readonly secret: string }[]
  readonly tokenLifetimeS: number
  readonly nowMs: () => number
  readonly uuid: () => string
}

interface Token {
  readonly user: User
  readonly token: string
  readonly goodUntilMs: number
}

function pair(authorization: string | undefined): readonly [name: string, secret: string] | undefined {
  const encoded = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(authorization ?? '')?.[1]
  if (encoded === undefined) return undefined
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon === -1 ? undefined : [text.slice(0, colon), text.slice(colon + 1)]
}

function tokenJson(status: number, body: unknown): Answer {
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' }
  return { status, headers, body: JSON.stringify(body) }
}

/** Passwords, OAuth2 clients and the tokens given out. */
export class Login {
  readonly #options: LoginOptions
  readonly #users = new Map<string, User>()
  readonly #tokens = new Map<string, Token>()

  constructor(options: LoginOptions) {
    this.#options = options
  }

  /**
   * Who sends this request; undefined for one without credentials.
   * @throws Refusal 401 for credentials that are wrong or have run out
   */
  user(authorization: string | undefined): User | undefined {
    if (authorization === undefined) return undefined
    const bearer = /^Bearer (.+)$/i.exec(authorization)?.[1]
    if (bearer !== undefined) {
      const token = this.#tokens.get(bearer)
      if (token !== undefined && token.goodUntilMs > this.#options.nowMs()) return token.user
      throw new Refusal(401, 'The access token is not valid or has expired.')
    }
    const given = pair(authorization)
    // Nikita announces no login by password.
    if (given !== undefined && !this.#options.nikita && this.#knowsPassword(given[0], given[1]))
      return this.named(given[0])
    throw new Refusal(401, 'The credentials are not valid.')
  }

  /** The user of a name, known or new. */
  named(navn: string): User {
    const known = this.#users.get(navn)
    if (known !== undefined) return known
    const user = { navn, systemID: this.#options.uuid() }
    this.#users.set(navn, user)
    return user
  }

  /** Every token given out so far is refused from now on. */
  forgetTokens(): void {
    this.#tokens.clear()
  }

  /** The token endpoint: client_credentials and password in the standard profile, only password on Nikita. */
  token(authorization: string | undefined, form: URLSearchParams): Answer {
    const given = pair(authorization) ?? this.#inBody(form)
    const client = this.#options.clients.find((one) => one.id === given?.[0] && one.secret === given[1])
    if (client === undefined)
      return tokenJson(401, { error: 'invalid_client', error_description: 'Unknown client or secret.' })
    const grant = form.get('grant_type')
    if (grant === 'password') {
      const [navn, passord] = [form.get('username') ?? '', form.get('password') ?? '']
      if (this.#knowsPassword(navn, passord)) return this.#grant(this.named(navn))
      return tokenJson(400, { error: 'invalid_grant', error_description: 'Bad credentials' })
    }
    if (this.#options.nikita)
      return tokenJson(401, { error: 'invalid_client', error_description: `Unauthorized grant type: ${grant}` })
    if (grant === 'client_credentials') return this.#grant(this.named(client.id))
    return tokenJson(400, { error: 'unsupported_grant_type' })
  }

  #inBody(form: URLSearchParams): readonly [string, string] | undefined {
    const [id, secret] = [form.get('client_id'), form.get('client_secret')]
    return id === null || secret === null || this.#options.nikita ? undefined : [id, secret]
  }

  #knowsPassword(navn: string, passord: string): boolean {
    return this.#options.users.some((one) => one.navn === navn && one.passord === passord)
  }

  #grant(user: User): Answer {
    const nowMs = this.#options.nowMs()
    // Nikita gives the same user the same token until it runs out.
    const standing = [...this.#tokens.values()].find((one) => one.user === user && one.goodUntilMs > nowMs)
    const reused = this.#options.nikita ? standing : undefined
    const token = reused ?? {
      user,
      token: this.#options.uuid(),
      goodUntilMs: nowMs + this.#options.tokenLifetimeS * 1000,
    }
    this.#tokens.set(token.token, token)
    const expires_in = Math.floor((token.goodUntilMs - nowMs) / 1000)
    return tokenJson(200, { access_token: token.token, token_type: 'bearer', expires_in, scope: 'read write' })
  }
}
