import type { z } from 'zod'
import type { Fault } from './faults.ts'
import { faultsOf } from './faults.ts'
import { isOrgnr } from './orgnr.ts'
import type { Operator } from './schema/klienter.ts'
import { OperatorsFile } from './schema/klienter.ts'
import { SVARUT_SAFE_IN_FLIGHT_MS } from './schema/svarut.ts'
import type { Tenant } from './schema/tenant-file.ts'
import { TenantFile } from './schema/tenant-file.ts'
import type { SecretResolver } from './secret.ts'
import { digestOf, fetchSecrets, fillSecrets, keysFingerprint } from './secret-checks.ts'
import { parseYaml } from './yaml-text.ts'

/** What is to be said of one file by itself. */
export interface CheckedFile<Value> {
  /** All of them; none means that the file may come into force as far as it alone can tell. */
  readonly faults: readonly Fault[]
  /** Allowed, but dangerous with a real destination. */
  readonly warnings: readonly Fault[]
  /** Only without faults. */
  readonly value?: Value
  /** The orgnr where one can be read, also from a faulty file. */
  readonly orgnr?: string
  /** Every klientId that can be read, also from a faulty file. */
  readonly klientIds: readonly string[]
  /** Another text when a secret has another value. Not for storing. */
  readonly secretsDigest: string
  /** Fingerprints of the keys that may never change; empty where there are none. */
  readonly keys: string
}

/** Checks the text of a tenant's file and fetches its secrets. Names all faults together. Never rejects. */
export async function checkTenantFile(text: string, secrets: SecretResolver): Promise<CheckedFile<Tenant>> {
  const checked = await check(text, TenantFile, secrets)
  const orgnr = orgnrOf(checked.raw)
  return {
    ...checked.result,
    ...(orgnr === undefined ? {} : { orgnr }),
    warnings: checked.result.value === undefined ? [] : warningsOf(checked.result.value),
    klientIds: klientIdsOf(memberOf(checked.raw, 'klienter')),
    keys: checked.keys,
  }
}

/** Checks the form of a tenant's file alone, for whoever plans: no secret is fetched, and those of `value` cannot be read. */
export function checkTenantForm(text: string): { readonly faults: readonly Fault[]; readonly value?: Tenant } {
  const { raw, faults } = parseYaml(text)
  if (faults.length > 0) return { faults }
  const parsed = TenantFile.safeParse(raw)
  return parsed.success ? { faults, value: parsed.data } : { faults: faultsOf(parsed.error.issues, raw) }
}

/** Checks the text of operators.yaml and fetches its secrets. Names all faults together. Never rejects. */
export async function checkOperatorsFile(
  text: string,
  secrets: SecretResolver,
): Promise<CheckedFile<readonly Operator[]>> {
  const { result, raw } = await check(text, OperatorsFile, secrets)
  return { ...result, warnings: [], klientIds: klientIdsOf(raw), keys: '' }
}

async function check<Value>(text: string, schema: z.ZodType<Value>, resolver: SecretResolver) {
  const { raw, faults: yamlFaults } = parseYaml(text)
  const secrets = await fetchSecrets(raw, resolver)
  const parsed = schema.safeParse(raw)
  // Without YAML every setting would be missing as well, which helps nobody.
  const shapeFaults = yamlFaults.length > 0 || parsed.success ? [] : faultsOf(parsed.error.issues, raw)
  const faults = [...yamlFaults, ...shapeFaults, ...secrets.faults]
  const sound = parsed.success && faults.length === 0
  if (sound) fillSecrets(parsed.data, secrets)
  const result = { faults, secretsDigest: digestOf(secrets), ...(sound ? { value: parsed.data } : {}) }
  return { result, raw, keys: keysFingerprint(secrets) }
}

function warningsOf({ connectors: { svarut } }: Tenant): Fault[] {
  if (svarut.timing.inFlightMs >= SVARUT_SAFE_IN_FLIGHT_MS) return []
  return [
    {
      path: 'connectors.svarut.timing.inFlightMs',
      expected: `at least ${SVARUT_SAFE_IN_FLIGHT_MS}: SvarUt itself gives up after 15 minutes`,
      came: 'less',
      todo: 'Raise it before real letters are sent: a letter might go twice.',
    },
  ]
}

function orgnrOf(raw: unknown): string | undefined {
  const orgnr = String(memberOf(raw, 'orgnr'))
  return isOrgnr(orgnr) ? orgnr : undefined
}

function klientIdsOf(list: unknown): string[] {
  if (!Array.isArray(list)) return []
  return list.map((entry: unknown) => memberOf(entry, 'klientId')).filter((id) => typeof id === 'string')
}

function memberOf(raw: unknown, name: string): unknown {
  if (raw === null || typeof raw !== 'object') return undefined
  return Object.entries(raw).find(([member]) => member === name)?.[1]
}
