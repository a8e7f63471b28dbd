import { type KafkaEnvironment, readKafkaEnv } from '@samband/bus/kafka/env'
import { z } from 'zod'
import { environmentFaults, setVariables } from './environment.ts'
import { refuseHalfAWay, wayOutShape, wayOutVariables } from './way-out-env.ts'

const port = z.coerce.number().int().min(0).max(65_535)
const text = z.string().min(1)

/** The environment of one service in a process of its own. Everything about municipalities stands in their files instead. */
export const ServiceEnv = z
  .object({
    SAMBAND_TENANTS: text.describe('Folder of the tenants’ YAML files and operators.yaml.'),
    SAMBAND_TOKEN_KEY: z
      .string()
      .refine((value) => Buffer.from(value, 'base64').length >= 32, 'expected 32 random bytes or more in base64')
      .describe('Signs access tokens: 32 random bytes or more, base64; the same in every process.'),
    SAMBAND_HOST: text.default('127.0.0.1').describe('Address to listen on.'),
    SAMBAND_PORT: port.default(8080).describe('Port to listen on; 0 takes a free one.'),
    SAMBAND_LOG_LEVEL: z
      .enum(['debug', 'info', 'warn', 'error', 'silent'])
      .default('info')
      .describe('What is written to the log, on standard error.'),
    SAMBAND_DRAIN_MS: z.coerce
      .number()
      .int()
      .min(0)
      .max(3_600_000)
      .default(20_000)
      .describe('How long what is under way may take after SIGTERM.'),
    SAMBAND_STOP_DELAY_MS: z.coerce
      .number()
      .int()
      .min(0)
      .max(600_000)
      .default(0)
      .describe('How long requests are still taken after SIGTERM while /readyz says no: until nobody sends more.'),
    SAMBAND_LEASE_MS: z.coerce
      .number()
      .int()
      .min(1_000)
      .default(60_000)
      .describe('A replica that has not been heard of for so long loses the rows it had taken.'),
    SAMBAND_REREAD_MS: z.coerce
      .number()
      .int()
      .min(100)
      .default(5_000)
      .describe('How often the tenants’ files are looked at.'),
    SAMBAND_STATUS_ROUND_MS: z.coerce
      .number()
      .int()
      .min(50)
      .default(5_000)
      .describe('How often letters whose status is due are asked for.'),
    SAMBAND_KAFKA_BROKERS: text.describe('Brokers to begin with: `host:port`, separated by commas.'),
    SAMBAND_KAFKA_TLS: text.default('false').describe('Whether brokers are spoken to over TLS.'),
    SAMBAND_KAFKA_CA_FILE: text.optional().describe('Authorities to trust for the brokers (PEM).'),
    SAMBAND_KAFKA_LOGIN: text
      .optional()
      .describe(
        'How to log in: `scram-sha-512` (taken when only user and password are set), `scram-sha-256`, `oauthbearer`.',
      ),
    SAMBAND_KAFKA_USER: text.optional().describe('User for SCRAM; none when left out.'),
    SAMBAND_KAFKA_PASSWORD: text.optional().describe('Its password.'),
    SAMBAND_KAFKA_TOKEN_URL: text
      .optional()
      .describe('With oauthbearer: the token endpoint (client credentials), trusted by SAMBAND_KAFKA_CA_FILE too.'),
    SAMBAND_KAFKA_TOKEN_CLIENT: text.optional().describe('With oauthbearer: the client’s id there.'),
    SAMBAND_KAFKA_TOKEN_SECRET: text.optional().describe('With oauthbearer: its secret.'),
    SAMBAND_KAFKA_TOKEN_SCOPE: text.optional().describe('With oauthbearer: the scopes to ask for.'),
    SAMBAND_POSTGRES_URL: text.describe('`postgresql://user@host:port/database`.'),
    SAMBAND_POSTGRES_SCHEMA: text.default('samband').describe('Schema of this installation.'),
    SAMBAND_POSTGRES_POOL: z.coerce
      .number()
      .int()
      .min(2)
      .max(100)
      .default(10)
      .describe('Most connections of this process.'),
    SAMBAND_S3_ENDPOINT: z.url().optional().describe('The object store; AWS’ own when left out.'),
    SAMBAND_S3_REGION: text.default('no').describe('Its region.'),
    SAMBAND_S3_BUCKET: text.describe('The bucket of payloads; it must exist.'),
    SAMBAND_S3_PREFIX: z.string().default('').describe('Ahead of every key; empty, or ends in `/`.'),
    SAMBAND_S3_CA_FILE: text.optional().describe('Authorities to trust for the object store (PEM).'),
    SAMBAND_S3_KEY: text.describe('Its access key.'),
    SAMBAND_S3_SECRET: text.describe('The secret of that key.'),
    ...wayOutShape,
    SAMBAND_OTLP_URL: z.url().optional().describe('Where traces go (OTLP over HTTP); none when left out.'),
  })
  .check(refuseHalfAWay)
  .transform((env) => ({
    tenantsFolder: env.SAMBAND_TENANTS,
    tokenKey: Buffer.from(env.SAMBAND_TOKEN_KEY, 'base64'),
    host: env.SAMBAND_HOST,
    port: env.SAMBAND_PORT,
    logLevel: env.SAMBAND_LOG_LEVEL,
    drainMs: env.SAMBAND_DRAIN_MS,
    stopDelayMs: env.SAMBAND_STOP_DELAY_MS,
    leaseMs: env.SAMBAND_LEASE_MS,
    rereadMs: env.SAMBAND_REREAD_MS,
    statusRoundMs: env.SAMBAND_STATUS_ROUND_MS,
    otlpUrl: env.SAMBAND_OTLP_URL,
    wayOut: wayOutVariables(env),
    postgres: {
      url: env.SAMBAND_POSTGRES_URL,
      schema: env.SAMBAND_POSTGRES_SCHEMA,
      poolSize: env.SAMBAND_POSTGRES_POOL,
    },
    s3: {
      ...(env.SAMBAND_S3_ENDPOINT === undefined ? {} : { endpoint: env.SAMBAND_S3_ENDPOINT }),
      region: env.SAMBAND_S3_REGION,
      bucket: env.SAMBAND_S3_BUCKET,
      forcePathStyle: env.SAMBAND_S3_ENDPOINT !== undefined,
      prefix: env.SAMBAND_S3_PREFIX,
      accessKey: 'env:SAMBAND_S3_KEY',
      secretKey: 'env:SAMBAND_S3_SECRET',
      ...(env.SAMBAND_S3_CA_FILE === undefined ? {} : { caFile: env.SAMBAND_S3_CA_FILE }),
    },
  }))

/** What a service's process is told. */
export type ServiceConfig = z.infer<typeof ServiceEnv> & { readonly kafka: KafkaEnvironment }

/** Reads the environment once. Returns every fault together, by name of the variable, without any value. */
export function readServiceConfig(
  env: Readonly<Record<string, string | undefined>>,
): { readonly config: ServiceConfig } | { readonly faults: readonly string[] } {
  const set = setVariables(env)
  const parsed = ServiceEnv.safeParse(set)
  const kafka = readKafkaEnv(set)
  if (parsed.success && 'settings' in kafka) return { config: { ...parsed.data, kafka: kafka.settings } }
  const faults = parsed.success ? [] : environmentFaults(parsed.error, ServiceEnv.in.shape, set)
  const missing = 'SAMBAND_KAFKA_BROKERS' in set ? [] : ['SAMBAND_KAFKA_BROKERS:']
  const ofKafka =
    'faults' in kafka ? kafka.faults.filter((fault) => !missing.some((name) => fault.startsWith(name))) : []
  return { faults: [...faults, ...ofKafka] }
}
