import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startProgram } from '../../deploy/local/installation/program.ts'
import { HubClient } from '../support/hub-client.ts'
import { startSimulators } from '../support/simulators.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { makeClientKeys, TEST_ORGNR, testTenant, writeTenantFiles } from '../support/tenant-files.ts'

/** The product's hub in a process of its own, the systems it talks to in another; the bench is the clients. */
export interface HubUnderLoad {
  readonly url: string
  /** A client of each municipality. */
  readonly clients: readonly { readonly orgnr: string; readonly client: HubClient }[]
  /** On the same disk as the hub's store. */
  readonly folder: string
  /** CPU of the hub's process so far, with all its threads, milliseconds. */
  cpuMs(): Promise<number>
  /** How many letters SvarUt has. */
  sentCount(): Promise<number>
  /** Resolves when SvarUt has this many letters. @throws when it has not within two minutes */
  sent(count: number): Promise<void>
  /** Resolves when the hub has nothing more to do: it has hardly used the CPU for a while. */
  atRest(): Promise<void>
  stop(): Promise<void>
}

/** As the tenant file's own defaults. */
const TIMING = { startWithinMs: 5_000, inFlightMs: 960_000, lookUpLagMs: 300_000 }
const CEILING = 8
/** Out of the way: following a letter is not part of sending it. */
const NEVER_MS = 3_600_000
const SENT_WITHIN_MS = 120_000

/** Starts all of it in a new folder. Whoever starts it stops it. */
export async function startHubUnderLoad(profileFolder: string | undefined): Promise<HubUnderLoad> {
  const folder = temporaryFolder('bench')
  const keys = makeClientKeys()
  const simulators = await startSimulators({
    tenants: TEST_ORGNR,
    publicKeyPem: keys.publicKeyPem,
    inFlightLimitMs: TIMING.inFlightMs,
    journey: [{ status: 'MOTTATT', afterMs: 0 }],
  })
  const tenantsFolder = join(folder.path, 'tenants')
  const secrets = writeTenantFiles(
    tenantsFolder,
    TEST_ORGNR.map(testTenant),
    simulators.urls,
    { timing: TIMING, statusPollMs: NEVER_MS, ceiling: CEILING },
    keys,
  )
  const answers: ((cpuMs: number) => void)[] = []
  const log = openSync(join(folder.path, 'hub.log'), 'a')
  const profiling = profileFolder === undefined ? '' : ` --cpu-prof --cpu-prof-dir=${profileFolder}`
  const hub = startProgram({
    file: fileURLToPath(new URL('../../services/hub/src/main.ts', import.meta.url)),
    env: {
      ...secrets,
      NODE_OPTIONS: `--import=${new URL('usage-reporter.ts', import.meta.url).href}${profiling}`,
      SAMBAND_DATA: join(folder.path, 'data'),
      SAMBAND_TENANTS: tenantsFolder,
      SAMBAND_PORT: '0',
      SAMBAND_TOKEN_KEY: Buffer.alloc(32, 3).toString('base64'),
      SAMBAND_STATUS_ROUND_MS: String(NEVER_MS),
    },
    errorsTo: log,
    onNote: (line) => answers.shift()?.((JSON.parse(line) as { cpuMs: number }).cpuMs),
  })
  const { listening } = (await hub.ready) as { listening: string }
  const cpuMs = () =>
    new Promise<number>((resolve) => {
      answers.push(resolve)
      hub.tell({ ask: 'usage' })
    })
  const sentCount = async () => (await simulators.letters()).length
  return {
    url: listening,
    clients: TEST_ORGNR.map((orgnr) => ({
      orgnr,
      client: new HubClient(testTenant(orgnr).klientId, testTenant(orgnr).klientSecret),
    })),
    folder: folder.path,
    cpuMs,
    sentCount,
    async sent(count) {
      const untilMs = Date.now() + SENT_WITHIN_MS
      while ((await sentCount()) < count) {
        if (Date.now() > untilMs)
          throw new Error(`of ${count} letters ${await sentCount()} were sent within ${SENT_WITHIN_MS} ms`)
        await pause(20)
      }
    },
    atRest: () => restOf(cpuMs, profileFolder === undefined ? QUIET_MS : QUIET_WHILE_PROFILED_MS),
    async stop() {
      await hub.stop(10_000)
      await simulators.program.stop(2_000)
      closeSync(log)
      folder.remove()
    },
  }
}

const LOOK_EVERY_MS = 150
const QUIET_LOOKS = 4
/** Milliseconds of CPU between two looks: timers of the hub, and the look itself. */
const QUIET_MS = 5
/** V8's sampling works on while nothing else does. */
const QUIET_WHILE_PROFILED_MS = 60

async function restOf(cpuMs: () => Promise<number>, quietMs: number): Promise<void> {
  let before = await cpuMs()
  for (let quiet = 0; quiet < QUIET_LOOKS; ) {
    await pause(LOOK_EVERY_MS)
    const now = await cpuMs()
    quiet = now - before < quietMs ? quiet + 1 : 0
    before = now
  }
}

/** Lets some time go by. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
