import { asHubError } from '@samband/kernel'
import type { ServiceConfig } from '@samband/process'
import { inspectPostgres, type PostgresFacts } from '@samband/store/postgres'
import { clockFindings } from '../clock-skew.ts'
import { type Finding, fault, ok, warning } from '../finding.ts'
import type { DoctorWorld } from '../world.ts'

const URL_VARIABLE = 'SAMBAND_POSTGRES_URL'
const SCHEMA_VARIABLE = 'SAMBAND_POSTGRES_SCHEMA'
const OLDEST = 150_000
/** A session's own process at the server tells it in microseconds. */
const CLOCK_SPREAD_MS = 50

/**
 * The database: reach, version, rights, settings and room. Reads only.
 * @param processes how many processes share the server, each with a pool of its own
 */
export async function checkPostgres(
  settings: ServiceConfig['postgres'],
  processes: number,
  world: DoctorWorld,
): Promise<readonly Finding[]> {
  let facts: PostgresFacts
  try {
    facts = await inspectPostgres(settings, world.time.stopwatch)
  } catch (error) {
    const known = asHubError(error)
    const message = known?.message ?? (error instanceof Error ? error.message : 'ukjent feil')
    const subject = known === undefined ? SCHEMA_VARIABLE : URL_VARIABLE
    const next = `Se på ${subject}, om serveren går og slipper denne maskinen inn (pg_hba.conf), og be om åpning om porten er stengt.`
    return [fault(subject, `Databasen kan ikke brukes: ${message}`, next)]
  }
  const findings = [
    ...serverFindings(facts),
    ...schemaFindings(facts, settings.schema),
    ...durabilityFindings(facts.settings),
    ...roomFindings(facts, settings.poolSize * processes, processes),
    ...clockFindings(`klokken, mot databasen`, facts.nowMs, world.time.clock.now(), CLOCK_SPREAD_MS + facts.tookMs),
  ]
  return [ok(URL_VARIABLE, `Databasen slipper oss inn; PostgreSQL ${facts.version}.`), ...findings]
}

function serverFindings(facts: PostgresFacts): readonly Finding[] {
  const findings: Finding[] = []
  if (facts.versionNumber < OLDEST)
    findings.push(
      warning(URL_VARIABLE, `PostgreSQL ${facts.version} er ikke prøvd.`, 'Bruk PostgreSQL 15 eller nyere.'),
    )
  if (facts.isStandby || facts.isReadOnly)
    findings.push(
      fault(
        URL_VARIABLE,
        facts.isStandby ? 'Serveren er en kopi (standby) og tar ikke imot skriving.' : 'Sesjonen kan bare lese.',
        'Pek på den som skriver, for eksempel med target_session_attrs=read-write, og se på default_transaction_read_only.',
      ),
    )
  if (!facts.mayReadControl)
    findings.push(
      fault(
        URL_VARIABLE,
        'Brukeren får ikke kalle pg_control_system(), som skiller en gjenopprettet database fra den forrige.',
        'GRANT EXECUTE ON FUNCTION pg_control_system() TO <brukeren>.',
      ),
    )
  if (!facts.isEncrypted)
    findings.push(
      warning(
        URL_VARIABLE,
        'Forbindelsen til databasen er ikke kryptert.',
        'Legg til sslmode=verify-full om databasen står på en annen maskin.',
      ),
    )
  return findings
}

function schemaFindings(facts: PostgresFacts, schema: string): readonly Finding[] {
  const subject = SCHEMA_VARIABLE
  if (facts.schema === 'foreign')
    return [
      fault(
        subject,
        `Skjemaet ${schema} eies av en annen.`,
        `ALTER SCHEMA ${schema} OWNER TO <brukeren>, eller velg et annet navn.`,
      ),
    ]
  if (facts.schema === 'may-not-be-made')
    return [
      fault(
        subject,
        `Skjemaet ${schema} finnes ikke, og brukeren får ikke lage det.`,
        `CREATE SCHEMA ${schema} AUTHORIZATION <brukeren>.`,
      ),
    ]
  if (facts.unknownSteps.length > 0)
    return [
      fault(
        subject,
        `Skjemaet ${schema} er fra en nyere utgave (${facts.unknownSteps.join(', ')}).`,
        'Start den nyere utgaven; denne nekter å starte.',
      ),
    ]
  if (facts.schema === 'may-be-made') return [ok(subject, `Skjemaet ${schema} lages ved første start.`)]
  if (facts.missingSteps.length > 0)
    return [ok(subject, `Skjemaet ${schema} er vårt; neste start legger til ${facts.missingSteps.join(', ')}.`)]
  return [ok(subject, `Skjemaet ${schema} er vårt, og er som denne utgaven vil ha det.`)]
}

function durabilityFindings(settings: PostgresFacts['settings']): readonly Finding[] {
  const wrong = Object.entries(settings).filter(([, value]) => value === 'off')
  return wrong.map(([name]) =>
    fault(name, `${name}=off: det som er kvittert, kan gå tapt.`, `Sett ${name}=on, på serveren og for brukeren.`),
  )
}

function roomFindings({ connections }: PostgresFacts, wanted: number, processes: number): readonly Finding[] {
  const subject = 'SAMBAND_POSTGRES_POOL'
  const { most, inUse } = connections
  const sum = `${processes} prosesser trenger ${wanted} forbindelser, serveren har ${most}`
  if (wanted > most)
    return [fault(subject, `For få forbindelser: ${sum}.`, 'Øk max_connections, eller senk SAMBAND_POSTGRES_POOL.')]
  if (wanted > most - inUse)
    return [
      warning(
        subject,
        `Det kan bli trangt: ${sum}, og ${inUse} er i bruk nå (våre egne medregnet).`,
        'Øk max_connections om andre enn Samband bruker serveren.',
      ),
    ]
  return [ok(subject, `Nok forbindelser: ${sum}.`)]
}
