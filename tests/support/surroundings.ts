import { join } from 'node:path'
import { type Simulators, startSimulators } from './simulators.ts'
import { makeClientKeys, TEST_ORGNR, type TenantTuning, testTenant, writeTenantFiles } from './tenant-files.ts'

/** Within W: what SvarUt has not taken by then it never takes. */
const SVARUT_LIMIT_MS = 2_000
/** Ways of letters from the moment SvarUt has them: short, since runs are. */
const JOURNEY = [
  { status: 'MOTTATT', afterMs: 0 },
  { status: 'AKSEPTERT', afterMs: 300 },
  { status: 'LEST', afterMs: 1_500 },
]
const STATUS_POLL_MS = 1_000
const CEILING = 6

/** What stands around the hub of a run: simulators in a process of their own, and the files of synthetic municipalities. */
export interface Surroundings {
  readonly simulators: Simulators
  readonly tenantsFolder: string
  /** What tenants' files refer to, for the environment of a hub. */
  readonly secrets: Readonly<Record<string, string>>
  close(): Promise<void>
}

/**
 * Starts the simulators and writes the files.
 * @param folder takes the files
 * @param timing D, W and G of both destinations; W is longer than two seconds
 */
export async function openSurroundings(folder: string, timing: TenantTuning['timing']): Promise<Surroundings> {
  const keys = makeClientKeys()
  const simulators = await startSimulators({
    tenants: TEST_ORGNR,
    publicKeyPem: keys.publicKeyPem,
    inFlightLimitMs: SVARUT_LIMIT_MS,
    journey: JOURNEY,
  })
  const tenantsFolder = join(folder, 'tenants')
  const tuning = { timing, statusPollMs: STATUS_POLL_MS, ceiling: CEILING }
  const secrets = writeTenantFiles(tenantsFolder, TEST_ORGNR.map(testTenant), simulators.urls, tuning, keys)
  return { simulators, tenantsFolder, secrets, close: async () => void (await simulators.program.stop(2_000)) }
}
