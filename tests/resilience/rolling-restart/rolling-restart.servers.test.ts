import { openSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { type FrontDoor, openFrontDoor } from '../../../deploy/local/installation/front-door.ts'
import { allListening, Replica, SERVICES } from '../../../deploy/local/installation/replica.ts'
import { Random } from '../../histories/random.ts'
import { withServers } from '../../support/servers/installation.ts'
import { openSurroundings } from '../../support/surroundings.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { TEST_ORGNR } from '../../support/tenant-files.ts'
import { operator } from '../crash/clients.ts'
import { judge } from '../crash/judge.ts'
import { LetterMaker } from '../crash/letters.ts'
import { settle } from '../crash/settle.ts'
import { SteadyClients } from './steady-clients.ts'

const TIMING = { startWithinMs: 4_000, inFlightMs: 2_500, lookUpLagMs: 500 }
const STOP_DELAY_MS = 1_000
const DRAIN_MS = 3_000
/** What the README of the process promises beside delay and drain. */
const MARGIN_MS = 15_000
/** A minute and a half on a quiet machine. */
const LIMIT_MS = 400_000
/** Of each round: whatever a restart does to a request, some request has met it. */
const ANSWERS = 40

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** Stops replicas with SIGTERM and starts them again, while the others go on. Resolves when all are back behind the door. */
async function restart(replicas: readonly Replica[], door: FrontDoor, clients: SteadyClients) {
  const toldMs = performance.now()
  const ends = await Promise.all(
    replicas.map(async (replica) => {
      const end = await replica.stop(STOP_DELAY_MS + DRAIN_MS + MARGIN_MS * 2)
      const isInTime = performance.now() - toldMs <= STOP_DELAY_MS + DRAIN_MS + MARGIN_MS
      replica.start()
      return { service: replica.service, code: end?.code, isInTime }
    }),
  )
  await allListening(replicas)
  await door.ready(2)
  await clients.answers(ANSWERS)
  return ends
}

await withServers('rolling restart under load', (servers) => {
  test('every replica of every service is restarted in turn under load, and no request fails', {
    timeout: LIMIT_MS,
  }, async () => {
    const folder = temporaryFolder('rolling')
    closers.push(folder.remove)
    const { simulators, tenantsFolder, secrets, close } = await openSurroundings(folder.path, TIMING)
    closers.push(close)
    const errorsTo = openSync(join(folder.path, 'services.log'), 'a')
    const env = {
      ...servers.env,
      ...secrets,
      SAMBAND_TENANTS: tenantsFolder,
      SAMBAND_TOKEN_KEY: Buffer.alloc(32, 3).toString('base64'),
      SAMBAND_LOG_LEVEL: 'warn',
      SAMBAND_DRAIN_MS: String(DRAIN_MS),
      SAMBAND_STOP_DELAY_MS: String(STOP_DELAY_MS),
      SAMBAND_STATUS_ROUND_MS: '400',
      SAMBAND_POSTGRES_POOL: '6',
    }
    const replicas = SERVICES.flatMap((service) => [1, 2].map(() => new Replica(service, env, errorsTo)))
    closers.push(() => Promise.all(replicas.map((replica) => replica.kill())))
    for (const replica of replicas) replica.start()
    await allListening(replicas)
    const door = await openFrontDoor(replicas)
    closers.push(() => door.close())
    await door.ready(2)

    const letters = new LetterMaker(new Random('rolling'), TEST_ORGNR)
    const clients = new SteadyClients(door.url, letters, TEST_ORGNR)
    clients.start()
    const ends = []
    // As deployments are rolled out: one replica of every service at a time.
    for (const place of [0, 1])
      ends.push(
        ...(await restart(
          replicas.filter((_, index) => index % 2 === place),
          door,
          clients,
        )),
      )
    const accepted = await clients.finish()

    expect(clients.failures).toEqual([])
    expect(ends).toEqual([...SERVICES, ...SERVICES].map((service) => ({ service, code: 0, isInTime: true })))
    expect(await settle(operator(), door.url, accepted.length)).toEqual([])
    const findings = judge(accepted, await simulators.letters(), await simulators.archive())
    expect(findings).toEqual({ lost: [], twice: [] })
    expect(accepted.length).toBeGreaterThan(replicas.length)
  })
})
