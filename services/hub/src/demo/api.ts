import type { LetterView } from '@samband/forsendelse-intake'
import type { AccountAnswer, FailuresAnswer, ReplayAnswer } from '@samband/operations'
import type { Dispatcher } from 'undici'

/** Somebody with a secret at the hub. */
export interface Credentials {
  readonly klientId: string
  readonly secret: string
}

/** The hub's HTTP API as a case-archive system and an operator's client use it; one token per client, fetched when needed. */
export interface DemoApi {
  /** Rejects when the hub does not take the letter; the message holds its problem document. */
  post(by: Credentials, contentType: string, body: Buffer): Promise<{ readonly id: string }>
  letter(by: Credentials, id: string): Promise<LetterView>
  failures(): Promise<FailuresAnswer>
  planReplay(fingerprint: string, reason: string): Promise<ReplayAnswer>
  startReplay(id: string): Promise<ReplayAnswer>
  replay(id: string): Promise<ReplayAnswer>
  account(): Promise<AccountAnswer>
}

/** Shown in the audit as whoever acted. */
const PERSON = 'Driftsvakt i demoen'
/** Tokens last ten minutes; a new one in time. */
const TOKEN_KEPT_MS = 480_000

/** Speaks to a hub on its address. `now` is any stopwatch, milliseconds. */
export function createDemoApi(
  hubUrl: string,
  operator: Credentials,
  dispatcher: Dispatcher,
  now: () => number,
): DemoApi {
  const tokens = new Map<string, { readonly token: string; readonly untilMs: number }>()

  async function call(
    method: 'GET' | 'POST',
    path: string,
    headers: Record<string, string>,
    body?: Buffer | string,
  ): Promise<unknown> {
    const answer = await dispatcher.request({ origin: hubUrl, path, method, headers, body: body ?? null })
    const text = await answer.body.text()
    if (answer.statusCode >= 300) throw new Error(`${method} ${path} ble besvart med ${answer.statusCode}: ${text}`)
    return JSON.parse(text)
  }

  async function bearer(by: Credentials): Promise<string> {
    const known = tokens.get(by.klientId)
    if (known !== undefined && known.untilMs > now()) return known.token
    const authorization = `Basic ${Buffer.from(`${by.klientId}:${by.secret}`).toString('base64')}`
    const form = { authorization, 'content-type': 'application/x-www-form-urlencoded' }
    const { access_token } = (await call('POST', '/oauth/token', form, 'grant_type=client_credentials')) as {
      access_token: string
    }
    tokens.set(by.klientId, { token: `Bearer ${access_token}`, untilMs: now() + TOKEN_KEPT_MS })
    return `Bearer ${access_token}`
  }

  const get = async (by: Credentials, path: string) => call('GET', path, { authorization: await bearer(by) })
  const act = async (path: string, body: object) =>
    call(
      'POST',
      `/api/v1/drift${path}`,
      { authorization: await bearer(operator), operator: PERSON, 'content-type': 'application/json' },
      JSON.stringify(body),
    )

  return {
    post: async (by, contentType, body) =>
      (await call(
        'POST',
        '/api/v1/forsendelser',
        { authorization: await bearer(by), 'content-type': contentType },
        body,
      )) as { id: string },
    letter: async (by, id) => (await get(by, `/api/v1/forsendelser/${id}`)) as LetterView,
    failures: async () => (await get(operator, '/api/v1/drift/feil')) as FailuresAnswer,
    planReplay: async (fingerprint, reason) =>
      (await act('/omkjoringer', { utvalg: { fingerprint }, arsak: reason })) as ReplayAnswer,
    startReplay: async (id) => (await act(`/omkjoringer/${id}/start`, {})) as ReplayAnswer,
    replay: async (id) => (await get(operator, `/api/v1/drift/omkjoringer/${id}`)) as ReplayAnswer,
    account: async () => (await get(operator, '/api/v1/drift/regnskap?dag=alle')) as AccountAnswer,
  }
}
