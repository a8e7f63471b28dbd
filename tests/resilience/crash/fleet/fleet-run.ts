import { type Servers, startServers } from '../../../../deploy/local/installation/servers.ts'
import { Random } from '../../../histories/random.ts'
import type { Simulators } from '../../../support/simulators.ts'
import { openSurroundings } from '../../../support/surroundings.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'
import { TEST_ORGNR } from '../../../support/tenant-files.ts'
import { Clients, operator } from '../clients.ts'
import { type Findings, judge, unfinished } from '../judge.ts'
import { LetterMaker } from '../letters.ts'
import { settle } from '../settle.ts'
import { orderTrouble } from '../trouble.ts'
import { Fleet, LEASE_MS } from './fleet.ts'
import { judgeOrder, readPlaces } from './order.ts'

/** D, W and G of both destinations. D leaves room for nine processes on two cores. */
const TIMING = { startWithinMs: 4_000, inFlightMs: 2_500, lookUpLagMs: 500 }

/** What is done to the installation. */
export const KINDS = [
  'service',
  'frozen',
  /** Longer than the lease and than the other replica needs to do the same anew. */
  'frozen-long',
  'broker',
  'database',
  'database-restart',
  /** The database is put back to what it was seconds ago; clients hand in again what was accepted since. */
  'restore',
] as const
export type Kind = (typeof KINDS)[number]
/** How often each comes, beside the others of a run. The first of each are ordered, so that every kind comes. */
const WEIGHTS: Readonly<Record<Kind, number>> = {
  service: 54,
  frozen: 13,
  'frozen-long': 4,
  broker: 12,
  database: 12,
  'database-restart': 5,
  restore: 0,
}

/** What a run ends with. */
export interface FleetOutcome {
  readonly kills: number
  readonly byKind: Readonly<Record<Kind, number>>
  readonly accepted: number
  readonly findings: Findings & { readonly outOfOrder: readonly string[]; readonly stuck: readonly string[] }
  /** What else is wrong. */
  readonly faults: readonly string[]
  /** How often a process ended by itself and was started again. */
  readonly ownEnds: number
}

/** How a run is ordered. */
export interface FleetOptions {
  readonly kills: number
  readonly seed: string
  /** Left out: all that have a weight. */
  readonly kinds?: readonly Kind[]
  readonly tell: (line: string) => void
  readonly signal: AbortSignal
}

/** Kills services, broker and database of an installation under load, then compares what clients were told with what arrived. */
export async function runFleetCrashes(options: FleetOptions): Promise<FleetOutcome> {
  const folder = temporaryFolder('crash-fleet')
  const closers: (() => unknown)[] = [folder.remove]
  const interrupted = new Promise<never>((_, reject) =>
    options.signal.addEventListener('abort', () => reject(new Error('interrupted')), { once: true }),
  )
  // It may come before anything waits for it.
  interrupted.catch(() => {})
  try {
    const { simulators, tenantsFolder, secrets, close } = await openSurroundings(folder.path, TIMING)
    closers.unshift(close)
    const servers = await startServers()
    closers.unshift(() => servers.close())
    options.tell('broker, database and object store are up')
    const random = new Random(options.seed)
    const fleet = new Fleet(
      folder.path,
      {
        ...servers.env,
        ...secrets,
        SAMBAND_TENANTS: tenantsFolder,
        SAMBAND_TOKEN_KEY: Buffer.alloc(32, 3).toString('base64'),
      },
      new Random(`${options.seed} fleet`),
    )
    closers.unshift(() => fleet.close())
    const playing = play(options, random, simulators, servers, fleet)
    return await Promise.race([playing, interrupted]).catch((error: unknown) => {
      options.tell(fleet.lastLog(40))
      throw error
    })
  } finally {
    for (const close of closers) await close()
  }
}

const FIRST_LETTERS = 8
const FIRST_WITHIN_MS = 240_000
/** The longest is long enough for an open question to be answered (D + W + G), and for a lease to lapse. */
const BETWEEN_MS = [500, 8_000] as const
const OUTAGE_MS = [200, 6_000] as const
const SINCE_BACKUP_MS = [3_000, 7_000] as const
/** Whoever takes a letter over asks first, and believes "not there" so late (R14). */
const ANEW_MS = TIMING.startWithinMs + TIMING.inFlightMs + TIMING.lookUpLagMs

async function play(
  options: FleetOptions,
  random: Random,
  simulators: Simulators,
  servers: Servers,
  fleet: Fleet,
): Promise<FleetOutcome> {
  const clients = new Clients(
    fleet,
    new Random(`${options.seed} clients`),
    new LetterMaker(new Random(`${options.seed} letters`), TEST_ORGNR),
    TEST_ORGNR,
  )
  const look = async () =>
    unfinished([...clients.accepted], await simulators.letters(), await simulators.archive()).length
  let open = 0
  await fleet.start()
  options.tell('every service is up')
  clients.start(() => open)
  const untilMs = Date.now() + FIRST_WITHIN_MS
  while (clients.accepted.length - (await look()) < FIRST_LETTERS) {
    if (Date.now() > untilMs) throw new Error('the first letters do not arrive')
    await rest(200)
  }
  const kinds = options.kinds ?? KINDS.filter((kind) => WEIGHTS[kind] > 0)
  const byKind = Object.fromEntries(KINDS.map((kind) => [kind, 0])) as Record<Kind, number>
  let kills = 0
  for (let strikes = 0; kills < options.kills; strikes++) {
    if (strikes > options.kills * 2 + 20) throw new Error(`only ${kills} of ${strikes} kills met a letter in flight`)
    await orderTrouble(simulators, random)
    await rest(random.between(...BETWEEN_MS))
    const inFlight = clients.underWay + (await look())
    const kind = kinds[strikes] ?? chosen(kinds, random)
    await strike(kind, random, servers, fleet, clients)
    open = await look()
    if (inFlight === 0) continue
    kills += 1
    byKind[kind] += 1
    options.tell(`${kills} kills, the last one ${kind}; ${clients.accepted.length} letters accepted, ${open} under way`)
  }
  options.tell(`${kills} kills done, ${clients.accepted.length} letters accepted; now everything has to arrive`)
  await simulators.clearFaults()
  await fleet.whole()
  await clients.finish()
  const stuck = await settle(operator(), await fleet.operations(), clients.accepted.length)
  const archive = await simulators.archive()
  // A restored inbox gives places anew.
  const places = byKind.restore > 0 ? [] : await readPlaces(servers.env['SAMBAND_POSTGRES_URL'] ?? '')
  const faults = [...(await fleet.stop()), ...clients.faults, ...fleet.defects()]
  const findings = {
    ...judge(clients.accepted, await simulators.letters(), archive),
    outOfOrder: judgeOrder(places, clients.accepted, archive),
    stuck,
  }
  return { kills, byKind, accepted: clients.accepted.length, findings, faults, ownEnds: fleet.ownEnds }
}

function chosen(kinds: readonly Kind[], random: Random): Kind {
  // Those that come in no ordinary run are all alike where they are asked for.
  const weightOf = (kind: Kind) => WEIGHTS[kind] || 10
  let left = random.between(0, kinds.reduce((sum, kind) => sum + weightOf(kind), 0) - 1)
  const found = kinds.find((kind) => {
    left -= weightOf(kind)
    return left < 0
  })
  return found ?? 'service'
}

async function strike(kind: Kind, random: Random, servers: Servers, fleet: Fleet, clients: Clients): Promise<void> {
  switch (kind) {
    case 'service':
      await fleet.killOne()
      return
    case 'frozen':
      await fleet.freezeOne(LEASE_MS + random.between(1_500, 4_000))
      return
    case 'frozen-long':
      await fleet.freezeOne(LEASE_MS + ANEW_MS + random.between(4_000, 6_000), 'forsendelse-dispatcher')
      return
    case 'broker':
    case 'database': {
      const server = kind === 'broker' ? servers.broker : servers.database
      await server.kill()
      await rest(random.between(...OUTAGE_MS))
      await server.start()
      return
    }
    case 'database-restart':
      await servers.database.restart()
      return
    case 'restore': {
      const known = clients.accepted.length
      await servers.database.backup('before')
      await rest(random.between(...SINCE_BACKUP_MS))
      await servers.database.restore('before')
      await clients.repeatFrom(known)
      return
    }
  }
}

async function rest(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms))
}
