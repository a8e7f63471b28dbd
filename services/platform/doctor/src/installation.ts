import {
  folderFaults,
  type HubConfig,
  kindOfFolder,
  readHubConfig,
  readServiceConfig,
  type ServiceConfig,
  tenantsFolderFaults,
} from '@samband/process'
import { type Finding, fault, ok, warning } from './finding.ts'

/** What the environment describes: the embedded hub, or services as processes. */
export type Installation =
  | { readonly kind: 'hub'; readonly config: HubConfig }
  | { readonly kind: 'services'; readonly config: ServiceConfig }

/** The environment as the processes read it; without `installation` they would not start. */
export interface InstallationReading {
  readonly installation?: Installation
  readonly findings: readonly Finding[]
}

type Env = Readonly<Record<string, string | undefined>>

/** Reads the environment as the processes do, and looks at what they do not refuse but ought to be otherwise. */
export function readInstallation(env: Env): InstallationReading {
  const kind = kindOf(env)
  if (kind === undefined)
    return {
      findings: [
        fault(
          'SAMBAND_DATA',
          'Verken SAMBAND_DATA eller SAMBAND_POSTGRES_URL er satt: det er ikke sagt hva som skal sjekkes.',
          'Kjør kommandoen med samme miljøvariabler som navet eller tjenestene har.',
        ),
      ],
    }
  const installation = kind === 'hub' ? readHub(env) : readServices(env)
  if (!('kind' in installation)) return { findings: installation.faults.map(refusal) }
  const what = kind === 'hub' ? 'det innebygde navet' : 'tjenester som egne prosesser'
  return {
    installation,
    findings: [ok('miljøvariablene', `Alle er på plass, for ${what}.`), ...careless(installation)],
  }
}

function kindOf(env: Env): Installation['kind'] | undefined {
  if (env['SAMBAND_POSTGRES_URL'] || env['SAMBAND_KAFKA_BROKERS']) return 'services'
  return env['SAMBAND_DATA'] ? 'hub' : undefined
}

type Refused = { readonly faults: readonly string[] }

function readHub(env: Env): Installation | Refused {
  const read = readHubConfig(env)
  if ('faults' in read) return read
  const faults = folderFaults(read.config, kindOfFolder)
  return faults.length > 0 ? { faults } : { kind: 'hub', config: read.config }
}

function readServices(env: Env): Installation | Refused {
  const read = readServiceConfig(env)
  if ('faults' in read) return read
  const faults = tenantsFolderFaults(kindOfFolder(read.config.tenantsFolder), '')
  return faults.length > 0 ? { faults } : { kind: 'services', config: read.config }
}

/** A sentence of the start, which begins with the name of the variable. */
function refusal(sentence: string): Finding {
  const subject = /^\w+/.exec(sentence)?.[0] ?? 'miljøvariablene'
  return fault(subject, `Oppstarten nekter: ${sentence.trim()}`, `Sett ${subject} riktig, og kjør på nytt.`)
}

/** What starts all the same. */
function careless({ kind, config }: Installation): readonly Finding[] {
  const findings: Finding[] = []
  if (new Set(config.tokenKey).size < config.tokenKey.length / 4)
    findings.push(
      warning(
        'SAMBAND_TOKEN_KEY',
        'Nøkkelen er ikke tilfeldig.',
        'Lag en ny: openssl rand -base64 32. Alle prosesser må ha den samme.',
      ),
    )
  if (kind !== 'services') return findings
  if (config.kafka.tls === undefined && config.kafka.login !== undefined)
    findings.push(
      warning(
        'SAMBAND_KAFKA_TLS',
        'Passord eller token til Kafka går ukryptert over nettet.',
        'Sett SAMBAND_KAFKA_TLS=true og pek SAMBAND_KAFKA_BROKERS på portene med TLS.',
      ),
    )
  if (config.s3.endpoint?.startsWith('http:') === true)
    findings.push(
      warning(
        'SAMBAND_S3_ENDPOINT',
        'Objektlageret nås uten TLS. Innholdet er kryptert, men hvem som helst imellom kan avvise eller slette.',
        'Bruk en adresse med https://, eller la lageret stå på samme maskin.',
      ),
    )
  return findings
}
