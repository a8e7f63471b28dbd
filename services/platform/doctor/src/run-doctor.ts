import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { readTopicPlans } from '@samband/bus/kafka'
import { asHubError } from '@samband/kernel'
import { type DefaultWayOut, wayOutOf } from '@samband/outbound'
import { openWayOut } from '@samband/process'
import type { WayOutSettings } from '@samband/tenants'
import { checkDestinations, destinationsOf } from './checks/destinations.ts'
import { checkFolders } from './checks/folders.ts'
import { checkKafka } from './checks/kafka.ts'
import { checkObjectStore } from './checks/object-store.ts'
import { checkPostgres } from './checks/postgres.ts'
import { checkTenants, readTenantForms } from './checks/tenants.ts'
import { checkTokens } from './checks/tokens.ts'
import { type Finding, fault } from './finding.ts'
import { type Installation, readInstallation } from './installation.ts'
import { openingsOf } from './openings.ts'
import { openingsText, reportText } from './report.ts'
import type { DoctorWorld } from './world.ts'

const EXIT = { ok: 0, fault: 1, usage: 2 } as const
const TOPICS_FILE = new URL('../../../../deploy/kafka/topics.json', import.meta.url)
/** Two replicas of each of the four services. */
const USUAL_PROCESSES = 8

const USAGE = `Bruk: npm run samband -- doctor [valg]

  sjekker oppsettet, og at alt installasjonen hviler på kan nås og brukes; med samme miljøvariabler som navet eller tjenestene

  --token          hent også ett token fra Maskinporten for hver klient
  --nett           vis i stedet åpningene som skal bestilles i nettverket
  --processes <n>  prosesser som deler databasen (${USUAL_PROCESSES} om det ikke er sagt)
  --json           som JSON

Sluttkoder: 0 ingen feil (advarsler kan finnes), 1 feil, 2 feil bruk.`

/** Where the doctor writes. */
export interface DoctorTerminal {
  out(text: string): void
  err(text: string): void
}

interface Options {
  readonly token: boolean
  readonly nett: boolean
  readonly json: boolean
  readonly processes: number
}

/**
 * Looks at everything the installation of this environment rests on. Changes nothing that lasts: two small objects are put in the object store and
 * removed again. Safe beside a running installation and safe to repeat; takes half a minute at most where something does not answer.
 * Returns the exit code.
 */
export async function runDoctor(
  args: readonly string[],
  world: DoctorWorld,
  terminal: DoctorTerminal,
): Promise<number> {
  const options = optionsOf(args)
  if (options === 'help') {
    terminal.out(USAGE)
    return EXIT.ok
  }
  if (options === undefined) {
    terminal.err(`Valgene ble ikke forstått.\n\n${USAGE}`)
    return EXIT.usage
  }
  if (options.nett) return showOpenings(options, world, terminal)
  const findings = await examine(options, world)
  const isSound = findings.every(({ grade }) => grade !== 'fault')
  terminal.out(options.json ? JSON.stringify({ iOrden: isSound, funn: findings }, null, 2) : reportText(findings))
  return isSound ? EXIT.ok : EXIT.fault
}

function optionsOf(args: readonly string[]): Options | 'help' | undefined {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        token: { type: 'boolean', default: false },
        nett: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        processes: { type: 'string', default: String(USUAL_PROCESSES) },
        help: { type: 'boolean', short: 'h' },
      },
    })
    if (values.help === true) return 'help'
    const { token, nett, json } = values
    return /^[1-9]\d{0,3}$/.test(values.processes)
      ? { token, nett, json, processes: Number(values.processes) }
      : undefined
  } catch {
    return undefined
  }
}

async function examine(options: Options, world: DoctorWorld): Promise<readonly Finding[]> {
  const { installation, findings } = readInstallation(world.env)
  if (installation === undefined) return findings
  const way = wayOf(installation)
  const byDefault = 'finding' in way ? {} : way
  const wayBy = (settings: WayOutSettings | undefined) =>
    settings === undefined ? byDefault : wayOutOf(settings, byDefault)
  const { tenants, findings: ofTenants } = await checkTenants(installation.config.tenantsFolder, world)
  const parts = await Promise.all([
    ...ofStores(installation, options, world),
    careful('mottakersystemene', () => checkDestinations(destinationsOf(tenants, wayBy), world)),
    careful('Maskinporten', async () => (options.token ? checkTokens(tenants, byDefault, world) : [])),
  ])
  return [...findings, ...('finding' in way ? [way.finding] : []), ...ofTenants, ...parts.flat()]
}

function ofStores(installation: Installation, { processes }: Options, world: DoctorWorld) {
  if (installation.kind === 'hub') return [careful('mappene', async () => checkFolders(installation.config, world))]
  const { kafka, postgres, s3 } = installation.config
  return [
    careful('Kafka', () => checkKafka(kafka, readTopicPlans(readFileSync(TOPICS_FILE, 'utf8')), world)),
    careful('databasen', () => checkPostgres(postgres, processes, world)),
    careful('objektlageret', () => checkObjectStore(s3, world)),
  ]
}

/** A check that breaks hides none of the others. What it threw is told by its kind alone, since it may hold anything. */
async function careful(what: string, check: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  try {
    return await check()
  } catch (error) {
    const known = asHubError(error)
    const kind = error instanceof Error ? ('code' in error ? String(error.code) : error.name) : 'ukjent'
    return [
      fault(
        what,
        `Sjekken kunne ikke fullføres (${kind})${known === undefined ? '' : `: ${known.message}`}.`,
        'Se på linjene over; rett dem, og kjør på nytt.',
      ),
    ]
  }
}

function showOpenings({ json }: Options, { env }: DoctorWorld, terminal: DoctorTerminal): number {
  const { installation, findings } = readInstallation(env)
  if (installation === undefined) {
    terminal.err(reportText(findings))
    return EXIT.fault
  }
  const { tenants, findings: refused } = readTenantForms(installation.config.tenantsFolder)
  const openings = openingsOf(installation, tenants)
  terminal.out(json ? JSON.stringify(openings, null, 2) : openingsText(openings))
  if (refused.length === 0) return EXIT.ok
  // The openings of a file that is refused are missing in the list.
  terminal.err(reportText(refused))
  return EXIT.fault
}

function wayOf({ config }: Installation): DefaultWayOut | { readonly finding: Finding } {
  try {
    return openWayOut(config.wayOut)
  } catch (error) {
    const message = error instanceof Error ? error.message : 'ukjent feil'
    return {
      finding: fault('SAMBAND_OUT_CA_FILE', `Oppstarten nekter: ${message}`, 'Legg sertifikatene der, som PEM.'),
    }
  }
}
