import { z } from 'zod'
import { EXIT, UsageError } from './exit-codes.ts'

/** One HTTP request of the command line. */
export interface CliRequest {
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

/** Sends one request; rejects when no answer came. */
export type Transport = (request: CliRequest) => Promise<{ readonly status: number; readonly body: string }>

/** Where the hub is and who asks; `undefined` for what the environment does not say. */
export interface CliSettings {
  readonly url: string | undefined
  readonly klientId: string | undefined
  readonly klientSecret: string | undefined
  /** The person, for the audit. */
  readonly operator: string | undefined
}

/** A call to the operations API. */
export interface ApiCall {
  readonly method: 'GET' | 'POST'
  /** Below `/api/v1/drift`, encoded. */
  readonly path: string
  readonly query?: Readonly<Record<string, string | undefined>>
  readonly body?: unknown
}

/** The hub said no, or nothing. The message is Norwegian; `body` is the problem document where there is one. */
export class CallFailed extends Error {
  override readonly name = 'CallFailed'
  readonly exitCode: number
  readonly body: unknown

  constructor(message: string, { exitCode, body, cause }: { exitCode: number; body: unknown } & ErrorOptions) {
    super(message, cause === undefined ? undefined : { cause })
    this.exitCode = exitCode
    this.body = body
  }
}

const Token = z.object({ access_token: z.string().min(1) })
const ProblemAnswer = z.object({
  title: z.string(),
  detail: z.string(),
  code: z.string().optional(),
  errors: z.array(z.object({ path: z.string(), detail: z.string() })).optional(),
})

/**
 * Fetches a token, makes the call, and returns the parsed body.
 * @throws UsageError when the environment lacks something; CallFailed for everything else
 */
export async function callApi(transport: Transport, settings: CliSettings, call: ApiCall): Promise<unknown> {
  const { url, klientId, klientSecret, operator } = complete(settings, call.method === 'POST')
  const token = await fetchToken(transport, url, klientId, klientSecret)
  const query = new URLSearchParams(
    Object.entries(call.query ?? {}).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
  const answer = await send(transport, {
    method: call.method,
    url: `${url}/api/v1/drift${call.path}${query.size > 0 ? `?${query}` : ''}`,
    headers: {
      accept: 'application/json',
      authorization: `Bearer ${token}`,
      // Header values are bytes; the hub reads them as UTF-8.
      ...(operator === undefined ? {} : { operator: Buffer.from(operator, 'utf8').toString('latin1') }),
      ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
  })
  if (answer.status >= 200 && answer.status < 300) return answer.body
  throw failed(answer.status, answer.body)
}

function complete(settings: CliSettings, isChange: boolean) {
  const { url, klientId, klientSecret, operator } = settings
  const missing = [
    url === undefined && 'SAMBAND_URL (adressen til navet)',
    klientId === undefined && 'SAMBAND_KLIENT_ID (klienten i operators.yaml)',
    klientSecret === undefined && 'SAMBAND_KLIENT_SECRET (hemmeligheten dens)',
    isChange && operator === undefined && 'SAMBAND_OPERATOR (navnet ditt; det står i revisjonen)',
  ].filter((one) => one !== false)
  if (missing.length > 0 || url === undefined || klientId === undefined || klientSecret === undefined) {
    throw new UsageError(`Disse miljøvariablene mangler:\n  ${missing.join('\n  ')}`)
  }
  if (!/^https?:\/\/[^/?#]+/.test(url))
    throw new UsageError('SAMBAND_URL skal være en adresse som begynner med http:// eller https://.')
  return { url: url.replace(/\/+$/, ''), klientId, klientSecret, operator: isChange ? operator : undefined }
}

async function fetchToken(transport: Transport, url: string, klientId: string, secret: string): Promise<string> {
  const basic = Buffer.from(`${encodeURIComponent(klientId)}:${encodeURIComponent(secret)}`).toString('base64')
  const { status, body } = await send(transport, {
    method: 'POST',
    url: `${url}/oauth/token`,
    headers: {
      authorization: `Basic ${basic}`,
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
    },
    body: 'grant_type=client_credentials',
  })
  const token = Token.safeParse(body)
  if (status === 200 && token.success) return token.data.access_token
  if (status === 400 || status === 401 || status === 403) {
    throw new CallFailed(
      'Navet godtar ikke klienten. Se på SAMBAND_KLIENT_ID og SAMBAND_KLIENT_SECRET, og om klienten står i operators.yaml.',
      { exitCode: EXIT.notAllowed, body: null },
    )
  }
  throw new CallFailed(`Uventet svar (${status}) fra ${url}/oauth/token. Er SAMBAND_URL riktig?`, {
    exitCode: EXIT.unavailable,
    body: null,
  })
}

async function send(
  transport: Transport,
  request: CliRequest,
): Promise<{ readonly status: number; readonly body: unknown }> {
  try {
    const { status, body } = await transport(request)
    return { status, body: parsed(body) }
  } catch (error) {
    throw new CallFailed(`Fikk ikke svar fra ${new URL(request.url).origin}. Er SAMBAND_URL riktig, og kjører navet?`, {
      exitCode: EXIT.unavailable,
      body: null,
      cause: error,
    })
  }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return null
  }
}

function failed(status: number, body: unknown): CallFailed {
  const problem = ProblemAnswer.safeParse(body)
  const fields = problem.success
    ? (problem.data.errors ?? []).filter(({ path }) => path !== '').map(({ path }) => path)
    : []
  const where = fields.length > 0 ? ` (felt: ${fields.join(', ')})` : ''
  const message = problem.success
    ? `${problem.data.title}${where}. ${problem.data.detail}`
    : `Navet svarte ${status} uten forklaring.`
  return new CallFailed(message, { exitCode: exitCodeOf(status), body })
}

function exitCodeOf(status: number): number {
  if (status === 404) return EXIT.notFound
  if (status === 401 || status === 403) return EXIT.notAllowed
  return status >= 500 ? EXIT.unavailable : EXIT.refused
}
