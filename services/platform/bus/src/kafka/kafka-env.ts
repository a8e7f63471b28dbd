import { z } from 'zod'
import type { KafkaSettings } from './settings.ts'

export type { KafkaSettings } from './settings.ts'

const KafkaEnv = z
  .object({
    SAMBAND_KAFKA_BROKERS: z
      .string()
      .transform((text) => text.split(',').map((one) => one.trim()))
      .pipe(z.array(z.string().regex(/^[^\s:]+:\d{1,5}$/, 'Expected host:port, several with commas between')).min(1)),
    SAMBAND_KAFKA_CLIENT_ID: z.string().min(1).default('samband'),
    SAMBAND_KAFKA_TLS: z.enum(['true', 'false']).default('false'),
    SAMBAND_KAFKA_CA_FILE: z.string().min(1).optional(),
    SAMBAND_KAFKA_USER: z.string().min(1).optional(),
    SAMBAND_KAFKA_PASSWORD: z.string().min(1).optional(),
  })
  .refine((env) => (env.SAMBAND_KAFKA_USER === undefined) === (env.SAMBAND_KAFKA_PASSWORD === undefined), {
    path: ['SAMBAND_KAFKA_PASSWORD'],
    message: 'Expected user and password together',
  })
  .refine((env) => env.SAMBAND_KAFKA_CA_FILE === undefined || env.SAMBAND_KAFKA_TLS === 'true', {
    path: ['SAMBAND_KAFKA_CA_FILE'],
    message: 'Expected SAMBAND_KAFKA_TLS=true with it',
  })

/** The settings from the environment, or its faults by name of variable; values are never repeated. A token source is the composition root's. */
export function readKafkaEnv(
  env: Readonly<Record<string, string | undefined>>,
): { readonly settings: KafkaSettings } | { readonly faults: readonly string[] } {
  const read = KafkaEnv.safeParse(env)
  if (!read.success)
    return { faults: read.error.issues.map(({ path, message }) => `${path.slice(0, 1).join()}: ${message}`) }
  const { SAMBAND_KAFKA_CA_FILE: caFile, SAMBAND_KAFKA_USER: username, SAMBAND_KAFKA_PASSWORD: password } = read.data
  return {
    settings: {
      brokers: read.data.SAMBAND_KAFKA_BROKERS,
      clientId: read.data.SAMBAND_KAFKA_CLIENT_ID,
      ...(read.data.SAMBAND_KAFKA_TLS === 'true' && { tls: caFile === undefined ? {} : { caFile } }),
      ...(username !== undefined &&
        password !== undefined && { login: { mechanism: 'scram-sha-512', username, password } }),
    },
  }
}
