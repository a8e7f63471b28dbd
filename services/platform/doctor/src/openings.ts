import { goesAroundProxy } from '@samband/connector-kit'
import type { DefaultWayOut } from '@samband/outbound'
import type { Tenant, WayOutSettings } from '@samband/tenants'
import { type Destination, destinationsOf, portOf } from './checks/destinations.ts'
import type { Installation } from './installation.ts'

/** Where a process stands: the open zone is reached from outside, the secure one by nobody or from inside alone. */
export type Zone = 'åpen' | 'sikker' | ''

/** One opening to order from a network department. */
export interface Opening {
  readonly fra: string
  readonly sone: Zone
  readonly retning: 'ut' | 'inn'
  readonly vert: string
  readonly port: number
  readonly protokoll: string
  readonly formal: string
  /** The proxy between, as host and port; empty where there is none. */
  readonly gjennom: string
}

/** The process behind each name, and its zone as the Helm chart has it. */
const SERVICES = {
  intake: { fra: 'forsendelse-intake', sone: 'åpen' },
  archiver: { fra: 'journal-archiver', sone: 'sikker' },
  dispatcher: { fra: 'forsendelse-dispatcher', sone: 'sikker' },
  operations: { fra: 'operations', sone: 'sikker' },
} as const
const HUB = { fra: 'hub', sone: '' } as const

type Process = { readonly fra: string; readonly sone: Zone }

/** Every opening the installation needs, each once, in the order of process, direction, host and port. */
export function openingsOf(installation: Installation, tenants: readonly Tenant[]): readonly Opening[] {
  const usual = installation.config.wayOut.proxy
  const all = [
    ...(installation.kind === 'services' ? storeOpenings(installation.config) : []),
    ...traceOpenings(installation),
    ...destinationsOf(tenants, (settings) => proxyOf(settings, usual)).flatMap((destination) =>
      wayOpenings(processOf(installation, destination), destination),
    ),
    ...inwardOpenings(installation),
  ]
  const once = new Map(all.map((opening) => [JSON.stringify(opening), opening]))
  return [...once.values()].sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1))
}

/** The proxy alone: its password, and authorities, open nothing. */
function proxyOf(settings: WayOutSettings | undefined, usual: DefaultWayOut['proxy']): DefaultWayOut {
  const own = settings?.proxy
  if (own !== undefined) return own === 'none' ? {} : { proxy: { url: own } }
  return usual === undefined ? {} : { proxy: usual }
}

function orderOf({ fra, retning, vert, port, protokoll, gjennom, formal }: Opening): string {
  return JSON.stringify([
    fra,
    retning === 'ut' ? 0 : 1,
    vert,
    String(port).padStart(5, '0'),
    protokoll,
    gjennom,
    formal,
  ])
}

function processOf({ kind }: Installation, { system }: Destination): Process {
  if (kind === 'hub') return HUB
  return system === 'SvarUt' || system === 'Maskinporten' ? SERVICES.dispatcher : SERVICES.archiver
}

function out(
  process: Process,
  address: { vert: string; port: number; protokoll: string; formal: string; gjennom?: string },
): Opening {
  return { ...process, retning: 'ut', gjennom: '', ...address }
}

/** To the proxy and from there on, where one lies between. */
function wayOpenings(process: Process, { system, url, way }: Destination): readonly Opening[] {
  const target = {
    vert: url.hostname,
    port: portOf(url),
    protokoll: url.protocol === 'https:' ? 'HTTPS' : 'HTTP',
    formal: system,
  }
  const { proxy } = way
  if (proxy === undefined || goesAroundProxy(url.hostname, proxy.except ?? [])) return [out(process, target)]
  const between = new URL(proxy.url)
  const gjennom = `${between.hostname}:${portOf(between)}`
  const toProxy = { vert: between.hostname, port: portOf(between), protokoll: 'HTTP CONNECT', formal: 'proxy' }
  return [out(process, toProxy), out(process, { ...target, gjennom })]
}

function storeOpenings({
  kafka,
  postgres,
  s3,
}: Extract<Installation, { kind: 'services' }>['config']): readonly Opening[] {
  const addresses = [
    ...kafka.brokers.map((broker) => {
      const [, vert = '', port = ''] = /^(.*):(\d+)$/.exec(broker) ?? []
      return {
        vert,
        port: Number(port),
        protokoll: kafka.tls === undefined ? 'Kafka' : 'Kafka over TLS',
        formal: 'Kafka',
      }
    }),
    ...(kafka.login?.mechanism === 'oauthbearer' ? [addressOf(new URL(kafka.login.tokenUrl), 'token til Kafka')] : []),
    databaseAddress(postgres.url),
    s3.endpoint === undefined
      ? { vert: `s3.${s3.region}.amazonaws.com`, port: 443, protokoll: 'HTTPS', formal: 'objektlager' }
      : addressOf(new URL(s3.endpoint), 'objektlager'),
  ]
  return Object.values(SERVICES).flatMap((process) => addresses.map((address) => out(process, address)))
}

const POSTGRES_PORT = 5432

function databaseAddress(address: string) {
  const url = URL.canParse(address) ? new URL(address) : undefined
  const vert = url?.searchParams.get('host') ?? url?.hostname ?? ''
  return { vert, port: Number(url?.port || POSTGRES_PORT), protokoll: 'PostgreSQL', formal: 'database' }
}

function traceOpenings({ kind, config }: Installation): readonly Opening[] {
  if (config.otlpUrl === undefined) return []
  const address = addressOf(new URL(config.otlpUrl), 'sporing (OTLP)')
  return (kind === 'hub' ? [HUB] : Object.values(SERVICES)).map((process) => out(process, address))
}

function addressOf(url: URL, formal: string) {
  return { vert: url.hostname, port: portOf(url), protokoll: url.protocol === 'https:' ? 'HTTPS' : 'HTTP', formal }
}

/** Who calls the processes; each listens on the port of its own environment. */
function inwardOpenings({ kind, config }: Installation): readonly Opening[] {
  const { port } = config
  const into = (process: Process, vert: string, formal: string): Opening => ({
    ...process,
    retning: 'inn',
    vert,
    port,
    protokoll: 'HTTP',
    formal,
    gjennom: '',
  })
  const [door, drift] = kind === 'hub' ? [HUB, HUB] : [SERVICES.intake, SERVICES.operations]
  const watched = kind === 'hub' ? [HUB] : Object.values(SERVICES)
  return [
    into(door, 'fagsystemene', 'brev inn, status ut; TLS avsluttes foran'),
    into(drift, 'driftsmaskinene', 'drift og konsoll; TLS avsluttes foran'),
    ...watched.map((process) => into(process, 'overvåkingen', 'helse og målinger (/healthz, /readyz, /metrics)')),
  ]
}
