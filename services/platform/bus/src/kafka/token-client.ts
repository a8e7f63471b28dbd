import { readFileSync } from 'node:fs'
import { createCachedTokenSource, createDispatcher, type HttpResponse, request } from '@samband/connector-kit'
import { HubError, type Time } from '@samband/kernel'
import { z } from 'zod'
import type { KafkaEnvironment, KafkaSettings, KafkaTokenClient } from './settings.ts'

const TokenAnswer = z.object({ access_token: z.string().min(1), expires_in: z.number().positive().default(60) })

const TIMEOUT_MS = 10_000
/** A token has to last for the login; the broker asks for a new one when it ends. */
const MARGIN_MS = 20_000

/**
 * Settings with a source of tokens where the environment has a client for them: one token at a time, kept until shortly before it expires.
 * The token endpoint is trusted by the file of the brokers' authorities too, beside the usual ones. Reads that file at once.
 */
export function withTokens({ login, ...settings }: KafkaEnvironment, time: Time): KafkaSettings {
  if (login === undefined) return settings
  if (login.mechanism !== 'oauthbearer') return { ...settings, login }
  const caFile = settings.tls?.caFile
  const ca = caFile === undefined ? {} : { ca: [readFileSync(caFile, 'utf8')] }
  const http = { dispatcher: createDispatcher(ca), time }
  const source = createCachedTokenSource(time.stopwatch, {
    system: 'BUS',
    marginMs: MARGIN_MS,
    fetch: async (signal) => tokenOf(await ask(http, login, signal)),
  })
  const token = () => source.token(new AbortController().signal)
  return { ...settings, login: { mechanism: 'oauthbearer', token } }
}

/** RFC 6749, client credentials; the client names itself as its §2.3.1 says. */
async function ask(
  http: Parameters<typeof request>[0],
  { tokenUrl, clientId, clientSecret, scope }: KafkaTokenClient,
  signal: AbortSignal,
): Promise<HttpResponse> {
  const client = [clientId, clientSecret].map(encodeURIComponent).join(':')
  try {
    return await request(http, {
      system: 'BUS',
      method: 'POST',
      url: tokenUrl,
      headers: {
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
        authorization: `Basic ${Buffer.from(client).toString('base64')}`,
      },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        ...(scope === undefined ? {} : { scope }),
      }).toString(),
      reads: true, // a token that nobody takes changes nothing
      timeoutMs: TIMEOUT_MS,
      signal,
    })
  } catch (cause) {
    throw unavailable('cannot be reached', cause)
  }
}

function tokenOf({ status, body }: HttpResponse) {
  if (status === 429 || status >= 500) throw unavailable(`answered ${status}`)
  if (status !== 200) {
    const message = `The token endpoint (SAMBAND_KAFKA_TOKEN_URL) answered ${status}: check SAMBAND_KAFKA_TOKEN_CLIENT, its secret and its scope.`
    throw new HubError('BUS_INNLOGGING_AVVIST', 'paused', message)
  }
  const answer = TokenAnswer.safeParse(jsonOf(body))
  if (!answer.success) throw unavailable('answered with something else than a token')
  return { token: answer.data.access_token, expiresInMs: answer.data.expires_in * 1000 }
}

function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'))
  } catch {
    return undefined
  }
}

function unavailable(what: string, cause?: unknown): HubError {
  const message = `The token endpoint (SAMBAND_KAFKA_TOKEN_URL) ${what}; it is tried again.`
  return new HubError('BUS_UTILGJENGELIG', 'transient', message, { cause })
}
