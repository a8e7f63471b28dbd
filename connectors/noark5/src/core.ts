import type { HttpDependencies, HttpRequest, HttpResponse, HttpResponseStream } from '@samband/connector-kit'
import { jsonOf, openResponse, request, retryAfterMs } from '@samband/connector-kit'
import type { Attempt, BoundDestination, Payloads, Time, TokenSource } from '@samband/kernel'
import { CodeLists } from './code-lists.ts'
import { Discovery } from './discovery.ts'
import { failed, nothing, SYSTEM } from './errors.ts'
import { ExpiringCache } from './expiring-cache.ts'
import type { Links } from './links.ts'
import type { Noark5Login } from './login.ts'
import { basicAuthorization, createTokens } from './login.ts'
import type { NoarkProfile } from './profile.ts'
import { STANDARD_PROFILE } from './profile.ts'
import type { CoreReading, Seen } from './reading.ts'
import { seen } from './reading.ts'
import { isErrorBody, Wire } from './wire.ts'

/** Media type of everything in the interface (TG 1.1, chapter 5). */
export const NOARK_JSON = 'application/vnd.noark5+json'

/** How a destination is entered: its login, and in what its core differs. */
export interface Noark5Access {
  readonly login: Noark5Login
  /** Default `STANDARD_PROFILE`. */
  readonly profile?: NoarkProfile
}

/** What the connector needs from outside. */
export interface Noark5Dependencies {
  readonly http: HttpDependencies
  readonly payloads: Pick<Payloads, 'read' | 'open' | 'facts'>
  readonly time: Time
  /** Asked at each use, so that a changed secret counts at once. @throws HubError (paused) when there is none */
  access(to: BoundDestination): Noark5Access
  /** Makes an `Innhold` out of the JSON that lies in the payload store. Default: it is one already. */
  innholdOf?(stored: unknown): unknown
}

const READ_TIMEOUT_MS = 30_000
const MOST_ANSWER_BYTES = 8 * 1024 * 1024
/** How long the links of something just made are trusted without asking again. */
const RECENT_MS = 120_000
/** How long it is remembered that an upload left no session behind; forgotten means that one may be there. */
const NO_SESSION_MS = 24 * 60 * 60 * 1000

/** One core as one of our users sees it: login, links, code lists, and what was made lately. Lives as long as the process. */
export class Core implements CoreReading {
  readonly to: BoundDestination
  readonly http: HttpDependencies
  readonly discovery: Discovery
  readonly codes: CodeLists
  /** Links of objects just made, by `self`: the next step needs no GET. */
  readonly recent: ExpiringCache<Links>
  /** The last object of each kind that the core kept under our systemID: the control of a look-up (protocol rule R13). */
  readonly lastMade = new Map<string, string>()
  /** What has been seen of the systemID we send: kept, or replaced by the core's own. Look-ups by ours then tell nothing. */
  ids: 'unknown' | 'kept' | 'replaced' = 'unknown'
  /** Per upload, the last attempt that certainly opened no session: only after it may another one be opened. */
  readonly noSession: ExpiringCache<number>
  /** `put` or `patch` where the core has refused the profile's way with 405 or 501. */
  updateBy: 'patch' | 'put' | undefined
  readonly #deps: Noark5Dependencies
  #tokens: TokenSource

  constructor(deps: Noark5Dependencies, to: BoundDestination) {
    this.to = to
    this.http = deps.http
    this.#deps = deps
    this.discovery = new Discovery(this, deps.time.clock)
    this.codes = new CodeLists(this, this.discovery, deps.time.clock)
    this.recent = new ExpiringCache(deps.time.clock, RECENT_MS)
    this.noSession = new ExpiringCache(deps.time.clock, NO_SESSION_MS)
    this.#tokens = this.#newTokens()
  }

  #newTokens(): TokenSource {
    return createTokens(
      this.http,
      () => this.#oauth2(),
      (signal) => this.discovery.oidc(signal),
    )
  }

  get profile(): NoarkProfile {
    return this.#deps.access(this.to).profile ?? STANDARD_PROFILE
  }

  /** True as long as the core is said to keep our systemID, and to refuse a second object with it, and has not been seen to do otherwise. */
  get keepsIds(): boolean {
    return this.ids !== 'replaced' && this.profile.systemIdKept
  }

  /** An object with our systemID has been seen there. One that was replaced outweighs it. */
  keptId(): void {
    if (this.ids === 'unknown') this.ids = 'kept'
  }

  /** How long a changing request may take in all, in milliseconds. */
  get sendTimeoutMs(): number {
    return this.to.timing.startWithinMs + this.to.timing.inFlightMs
  }

  #oauth2() {
    const { login } = this.#deps.access(this.to)
    if (login.type === 'oauth2') return login
    throw failed('NOARK5_INNLOGGING_AVVIST', 'paused', 'The login of this core was changed from OAuth2 to Basic.')
  }

  /** The value of `Authorization`; fetches a token where there is none. For `prepare`: slow, changes nothing. */
  async authorization(signal: AbortSignal): Promise<string> {
    const { login } = this.#deps.access(this.to)
    if (login.type === 'basic') return basicAuthorization(login.user, login.password)
    return `Bearer ${await this.#tokens.token(signal)}`
  }

  /**
   * The core refused our login: token, links and what was seen with it are not trusted any longer. The token is forgotten and not banned, since
   * Nikita gives a user the same one until it expires, and a single stray 401 would stop the tenant till then.
   */
  refused(): void {
    this.#tokens = this.#newTokens()
    this.discovery.drop()
    this.recent.clear()
  }

  anonymous(url: string, signal: AbortSignal): Promise<HttpResponse> {
    return request(this.http, { ...this.#get(url, signal), headers: { accept: NOARK_JSON } })
  }

  async get(url: string, signal: AbortSignal): Promise<HttpResponse> {
    const read = (authorization: string) =>
      request(this.http, { ...this.#get(url, signal), headers: { accept: NOARK_JSON, authorization } })
    return this.#loggedIn(url, signal, read)
  }

  /** As `get`, with the body as a stream and any media type: for files. */
  async download(url: string, signal: AbortSignal): Promise<HttpResponseStream> {
    const read = (authorization: string) => {
      const { maxResponseBytes: _, ...get } = this.#get(url, signal)
      return openResponse(this.http, {
        ...get,
        timeoutMs: this.sendTimeoutMs,
        headers: { accept: '*/*', authorization },
      })
    }
    return this.#loggedIn(url, signal, read)
  }

  async #loggedIn<Answer extends { readonly status: number }>(
    url: string,
    signal: AbortSignal,
    read: (authorization: string) => Promise<Answer>,
  ): Promise<Answer> {
    this.assertOurs(url)
    for (let left = 1; ; left -= 1) {
      const authorization = await this.authorization(signal)
      const answer = await read(authorization)
      if (answer.status !== 401) return answer
      this.refused()
      // Basic has nothing to renew.
      if (left === 0 || authorization.startsWith('Basic ')) throw loginRefused()
    }
  }

  async find(url: string, signal: AbortSignal): Promise<Seen | undefined> {
    const answer = await this.get(url, signal)
    if (answer.status === 404 || answer.status === 410) return undefined
    const json = jsonOf(answer)
    if (answer.status !== 200 || isErrorBody(json)) throw this.readFailed(answer)
    return seen(Wire.parse(json), url, answer.headers)
  }

  /** What a read that gave neither an object nor "not there" means. Nothing of the body is repeated. */
  readFailed(answer: Pick<HttpResponse, 'status' | 'headers'>): Error {
    const { status } = answer
    if (status === 403) {
      return failed('NOARK5_INGEN_TILGANG', 'permanent', 'The core answered 403 to a read. Give the user access.')
    }
    if (status === 429 || status >= 500) {
      const wait = retryAfterMs(answer.headers, this.http.time.clock)
      const message = `The core answered ${status} to a read.`
      return failed('NOARK5_FORBIGAENDE_FEIL', 'transient', message, { retryAfterMs: wait })
    }
    const message = `The core answered ${status} to a read with neither an object nor a list.`
    return failed('NOARK5_UVENTET_SVAR', 'transient', message)
  }

  /** The one changing request of an attempt. Any complete answer is returned. */
  send(
    attempt: Attempt,
    to: Pick<HttpRequest, 'method' | 'url' | 'body'> & { readonly headers: Readonly<Record<string, string>> },
    start: () => void = () => attempt.start(),
  ): Promise<HttpResponse> {
    this.assertOurs(to.url)
    return request(this.http, {
      system: SYSTEM,
      ...to,
      timeoutMs: this.sendTimeoutMs,
      maxResponseBytes: MOST_ANSWER_BYTES,
      signal: attempt.signal,
      start,
    })
  }

  assertOurs(url: string): void {
    if (this.isOurs(url)) return
    const message = 'A link of the core leads to another host than its root, and the login is not sent there.'
    throw nothing('NOARK5_FREMMED_ADRESSE', 'paused', message)
  }

  /** Whether an address lies at the host of the root. */
  isOurs(url: string): boolean {
    return new URL(url).origin === new URL(this.to.baseUrl).origin
  }

  #get(url: string, signal: AbortSignal) {
    return {
      system: SYSTEM,
      method: 'GET',
      url,
      timeoutMs: READ_TIMEOUT_MS,
      maxResponseBytes: MOST_ANSWER_BYTES,
      signal,
    } as const
  }
}

/** Our credentials were refused: nobody's fault in the message. */
export function loginRefused() {
  return nothing('NOARK5_INNLOGGING_AVVIST', 'paused', 'The core answered 401. Check user and secret.')
}
