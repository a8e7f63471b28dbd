import { z } from 'zod'
import { environmentFaults, type FolderKind, setVariables, tenantsFolderFaults } from './environment.ts'
import { refuseHalfAWay, wayOutShape, wayOutVariables } from './way-out-env.ts'

/** A number as text; the fault says what is expected and repeats no value. */
function whole(least: number, most: number) {
  const expected = `expected a whole number from ${least} to ${most}`
  return z.coerce.number(expected).int(expected).min(least, expected).max(most, expected)
}

const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
/** Longer delays overflow the machine's timers. */
const LONGEST_MS = 2 ** 31 - 1

/** The environment of a hub. Everything about municipalities stands in their files instead. */
export const HubEnv = z
  .object({
    SAMBAND_DATA: z.string().min(1).describe('Folder of store and payloads; made when missing.'),
    SAMBAND_TENANTS: z.string().min(1).describe('Folder of the tenants’ YAML files and operators.yaml.'),
    SAMBAND_HOST: z.string().min(1).default('127.0.0.1').describe('Address to listen on.'),
    SAMBAND_PORT: whole(0, 65_535).default(8080).describe('Port to listen on; 0 takes a free one.'),
    SAMBAND_TOKEN_KEY: z
      .string()
      .refine((value) => Buffer.from(value, 'base64').length >= 32, 'expected 32 random bytes or more in base64')
      .describe('Signs access tokens: 32 random bytes or more, base64.'),
    SAMBAND_LOG_LEVEL: z
      .enum(LOG_LEVELS, `expected one of ${LOG_LEVELS.join(', ')}`)
      .default('info')
      .describe('What is written to the log, on standard error.'),
    SAMBAND_DRAIN_MS: whole(0, 3_600_000)
      .default(20_000)
      .describe('How long what is under way may take after SIGTERM.'),
    SAMBAND_REREAD_MS: whole(100, LONGEST_MS).default(5_000).describe('How often the tenants’ files are looked at.'),
    SAMBAND_STATUS_ROUND_MS: whole(50, LONGEST_MS)
      .default(5_000)
      .describe('How often letters whose status is due are asked for.'),
    SAMBAND_BACKUPS: z
      .string()
      .min(1)
      .optional()
      .describe('Folder that copies of the store are written to; without it none can be taken.'),
    ...wayOutShape,
    SAMBAND_OTLP_URL: z
      .url('expected an address')
      .optional()
      .describe('Where traces go (OTLP over HTTP); none when left out.'),
  })
  .check(refuseHalfAWay)
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
    wayOut: wayOutVariables(env),
  }))

/** What a hub process is told. */
export type HubConfig = z.infer<typeof HubEnv>

/** Reads the environment once; an empty variable counts as unset. Returns every fault together, by name of the variable, without any value. */
export function readHubConfig(
  env: Readonly<Record<string, string | undefined>>,
): { readonly config: HubConfig } | { readonly faults: readonly string[] } {
  const set = setVariables(env)
  const parsed = HubEnv.safeParse(set)
  if (parsed.success) return { config: parsed.data }
  return { faults: environmentFaults(parsed.error, HubEnv.in.shape, set) }
}

/** What is wrong with the folders the environment names, as `readHubConfig` tells faults. */
export function folderFaults(
  config: Pick<HubConfig, 'dataFolder' | 'tenantsFolder' | 'backupsFolder'>,
  kindOf: (path: string) => FolderKind,
): readonly string[] {
  const mayBeMade = [
    ['SAMBAND_DATA', config.dataFolder],
    ['SAMBAND_BACKUPS', config.backupsFolder],
  ] as const
  const files = mayBeMade.filter(([, path]) => path !== undefined && kindOf(path) === 'file')
  return [
    ...files.map(([name]) => `${name} names a file (expected a folder). ${purposeOf(name)}`),
    ...tenantsFolderFaults(kindOf(config.tenantsFolder), purposeOf('SAMBAND_TENANTS')),
  ]
}

function purposeOf(name: string): string {
  return HubEnv.in.shape[name as keyof typeof HubEnv.in.shape].description ?? ''
}
