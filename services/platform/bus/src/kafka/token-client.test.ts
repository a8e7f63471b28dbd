import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { manualTime } from '@samband/connector-kit/testing'
import { expect, onTestFinished, test } from 'vitest'
import { toBusError } from './errors.ts'
import { withTokens } from './token-client.ts'

/** A token endpoint that gives these answers, one after the other, and keeps what it was asked. */
async function endpoint(...answers: readonly { readonly status: number; readonly body: string }[]) {
  const asked: { readonly headers: IncomingHttpHeaders; readonly form: string }[] = []
  const server = createServer((incoming, outgoing) => {
    let form = ''
    incoming.on('data', (piece) => {
      form += piece
    })
    incoming.on('end', () => {
      const { status, body } = answers[asked.length] ?? { status: 500, body: '' }
      asked.push({ headers: incoming.headers, form })
      outgoing.writeHead(status).end(body)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`, asked }
}

function tokens(tokenUrl: string) {
  const time = manualTime()
  const client = {
    mechanism: 'oauthbearer',
    clientId: 'sam:band',
    clientSecret: 'hunter2',
    scope: 'kafka',
    tokenUrl,
  } as const
  const { login } = withTokens({ brokers: [], clientId: 'samband', login: client }, time)
  if (login?.mechanism !== 'oauthbearer') throw new Error('no tokens')
  return { time, token: () => login.token() }
}

const token = (value: string) => ({ status: 200, body: JSON.stringify({ access_token: value, expires_in: 300 }) })

test('a token is asked for with the client’s own name and scope, kept, and fetched anew shortly before it ends', async () => {
  const there = await endpoint(token('one'), token('two'))
  const { time, token: next } = tokens(there.url)
  expect([await next(), await next()]).toEqual(['one', 'one'])
  time.advance(281_000)
  expect(await next()).toBe('two')
  expect(there.asked.map(({ form }) => form)).toEqual(Array(2).fill('grant_type=client_credentials&scope=kafka'))
  const client = Buffer.from('sam%3Aband:hunter2').toString('base64')
  expect(there.asked[0]?.headers.authorization).toBe(`Basic ${client}`)
})

test.each([
  ['refuses the client', { status: 401, body: 'hunter2' }, 'BUS_INNLOGGING_AVVIST', 'paused'],
  ['is down', { status: 503, body: 'hunter2' }, 'BUS_UTILGJENGELIG', 'transient'],
  ['answers with something else', { status: 200, body: '<html>hunter2' }, 'BUS_UTILGJENGELIG', 'transient'],
])(
  'an endpoint that %s is told by its variable, also when kafkajs has wrapped it',
  async (_what, answer, code, disposition) => {
    const { url } = await endpoint(answer)
    const error: unknown = await tokens(url)
      .token()
      .catch((thrown: unknown) => thrown)
    const wrapped = toBusError(new Error('KafkaJSNonRetriableError', { cause: error }), 'testing')
    expect(wrapped).toMatchObject({ code, disposition, message: expect.stringContaining('SAMBAND_KAFKA_TOKEN_URL') })
    expect(String(wrapped)).not.toContain('hunter2')
  },
)
