import { z } from 'zod'
import type { KafkaEnvironment } from './settings.ts'

export type { KafkaEnvironment, KafkaSettings } from './settings.ts'

const text = z.string().min(1)
const MECHANISMS = ['scram-sha-512', 'scram-sha-256', 'oauthbearer'] as const

const KafkaEnv = z
  .object({
    SAMBAND_KAFKA_BROKERS: z
      .string()
      .transform((brokers) => brokers.split(',').map((one) => one.trim()))
      .pipe(z.array(z.string().regex(/^[^\s:]+:\d{1,5}$/, 'Expected host:port, several with commas between')).min(1)),
    SAMBAND_KAFKA_CLIENT_ID: text.default('samband'),
    SAMBAND_KAFKA_TLS: z.enum(['true', 'false']).default('false'),
    SAMBAND_KAFKA_CA_FILE: text.optional(),
    SAMBAND_KAFKA_LOGIN: z.enum(MECHANISMS, `Expected one of ${MECHANISMS.join(', ')}`).optional(),
    SAMBAND_KAFKA_USER: text.optional(),
    SAMBAND_KAFKA_PASSWORD: text.optional(),
    SAMBAND_KAFKA_TOKEN_URL: z.url('Expected an address').optional(),
    SAMBAND_KAFKA_TOKEN_CLIENT: text.optional(),
    SAMBAND_KAFKA_TOKEN_SECRET: text.optional(),
    SAMBAND_KAFKA_TOKEN_SCOPE: text.optional(),
  })
  .check(({ value, issues }) => {
    for (const [name, message] of halves(value))
      issues.push({ code: 'custom', input: value, path: [name], message: message })
  })

type KafkaVariables = z.output<typeof KafkaEnv>
type Name = keyof KafkaVariables

const SCRAM: readonly Name[] = ['SAMBAND_KAFKA_USER', 'SAMBAND_KAFKA_PASSWORD']
const TOKEN: readonly Name[] = ['SAMBAND_KAFKA_TOKEN_URL', 'SAMBAND_KAFKA_TOKEN_CLIENT', 'SAMBAND_KAFKA_TOKEN_SECRET']

/** Combinations that are half of a login or half of encryption: the variable at fault, and what was expected. */
function* halves(env: KafkaVariables): Generator<readonly [Name, string]> {
  const mechanism = env.SAMBAND_KAFKA_LOGIN
  const isSet = (name: Name) => env[name] !== undefined
  const byToken = mechanism === 'oauthbearer'
  const needed = byToken ? TOKEN : mechanism !== undefined || SCRAM.some(isSet) ? SCRAM : []
  const foreign: readonly Name[] = byToken ? SCRAM : [...TOKEN, 'SAMBAND_KAFKA_TOKEN_SCOPE']
  for (const name of needed)
    if (!isSet(name)) yield [name, `Expected with ${needed.filter(isSet)[0] ?? 'SAMBAND_KAFKA_LOGIN'}`]
  for (const name of foreign)
    if (isSet(name))
      yield [name, byToken ? 'Expected none with oauthbearer' : 'Expected SAMBAND_KAFKA_LOGIN=oauthbearer with it']
  if (env.SAMBAND_KAFKA_CA_FILE !== undefined && env.SAMBAND_KAFKA_TLS !== 'true')
    yield ['SAMBAND_KAFKA_CA_FILE', 'Expected SAMBAND_KAFKA_TLS=true with it']
}

/**
 * The settings from the environment, or its faults by name of variable; values are never repeated. `withTokens` makes a source of tokens out of a
 * client for them.
 */
export function readKafkaEnv(
  env: Readonly<Record<string, string | undefined>>,
): { readonly settings: KafkaEnvironment } | { readonly faults: readonly string[] } {
  const read = KafkaEnv.safeParse(env)
  if (!read.success)
    return { faults: read.error.issues.map(({ path, message }) => `${path.slice(0, 1).join()}: ${message}`) }
  const { SAMBAND_KAFKA_CA_FILE: caFile } = read.data
  const login = loginOf(read.data)
  return {
    settings: {
      brokers: read.data.SAMBAND_KAFKA_BROKERS,
      clientId: read.data.SAMBAND_KAFKA_CLIENT_ID,
      ...(read.data.SAMBAND_KAFKA_TLS === 'true' && { tls: caFile === undefined ? {} : { caFile } }),
      ...(login !== undefined && { login }),
    },
  }
}

function loginOf(env: KafkaVariables): KafkaEnvironment['login'] {
  const { SAMBAND_KAFKA_LOGIN: mechanism = 'scram-sha-512' } = env
  const { SAMBAND_KAFKA_USER: username, SAMBAND_KAFKA_PASSWORD: password } = env
  const { SAMBAND_KAFKA_TOKEN_URL: tokenUrl, SAMBAND_KAFKA_TOKEN_CLIENT: clientId } = env
  const { SAMBAND_KAFKA_TOKEN_SECRET: clientSecret, SAMBAND_KAFKA_TOKEN_SCOPE: scope } = env
  if (mechanism !== 'oauthbearer')
    return username === undefined || password === undefined ? undefined : { mechanism, username, password }
  if (tokenUrl === undefined || clientId === undefined || clientSecret === undefined) return undefined
  return { mechanism, tokenUrl, clientId, clientSecret, ...(scope === undefined ? {} : { scope }) }
}
