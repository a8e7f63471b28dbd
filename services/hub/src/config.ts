import { z } from 'zod'

const port = z.coerce.number().int().min(0).max(65_535)

/** The environment of a hub. Everything about municipalities stands in their files instead. */
export const HubEnv = z
  .object({
    SAMBAND_DATA: z.string().min(1).describe('Folder of store and payloads; made when missing.'),
    SAMBAND_TENANTS: z.string().min(1).describe('Folder of the tenants’ YAML files and operators.yaml.'),
    SAMBAND_HOST: z.string().min(1).default('127.0.0.1').describe('Address to listen on.'),
    SAMBAND_PORT: port.default(8080).describe('Port to listen on; 0 takes a free one.'),
    SAMBAND_TOKEN_KEY: z
      .string()
      .refine((value) => Buffer.from(value, 'base64').length >= 32, 'expected 32 random bytes or more in base64')
      .describe('Signs access tokens: 32 random bytes or more, base64.'),
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
    SAMBAND_BACKUPS: z
      .string()
      .min(1)
      .optional()
      .describe('Folder that copies of the store are written to; without it none can be taken.'),
    SAMBAND_OTLP_URL: z.url().optional().describe('Where traces go (OTLP over HTTP); none when left out.'),
  })
  .transform((env) => ({
    dataFolder: env.SAMBAND_DATA,
    tenantsFolder: env.SAMBAND_TENANTS,
    host: env.SAMBAND_HOST,
    port: env.SAMBAND_PORT,
    tokenKey: Buffer.from(env.SAMBAND_TOKEN_KEY, 'base64'),
    logLevel: env.SAMBAND_LOG_LEVEL,
    drainMs: env.SAMBAND_DRAIN_MS,
    rereadMs: env.SAMBAND_REREAD_MS,
    statusRoundMs: env.SAMBAND_STATUS_ROUND_MS,
    backupsFolder: env.SAMBAND_BACKUPS,
    otlpUrl: env.SAMBAND_OTLP_URL,
  }))

/** What a hub process is told. */
export type HubConfig = z.infer<typeof HubEnv>

/** Reads the environment once. Returns every fault together, by name of the variable, without any value. */
export function readHubConfig(
  env: Readonly<Record<string, string | undefined>>,
): { readonly config: HubConfig } | { readonly faults: readonly string[] } {
  const parsed = HubEnv.safeParse(env)
  if (parsed.success) return { config: parsed.data }
  return {
    faults: parsed.error.issues.map((issue) => {
      const name = String(issue.path[0])
      const { description = '' } = HubEnv.in.shape[name as keyof typeof HubEnv.in.shape]
      return `${name} ${env[name] === undefined ? 'is not set' : `does not fit (${issue.message})`}. ${description}`
    }),
  }
}
