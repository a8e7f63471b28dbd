import { canonicalJson, sha256Hex } from '@samband/kernel'
import type { DefaultWayOut } from '@samband/outbound'
import type { Tenant, WayOutSettings } from '@samband/tenants'
import { clockFindings } from '../clock-skew.ts'
import { type Finding, fault, ok, warning } from '../finding.ts'
import { type DestinationAnswer, probeDestination, type Step } from '../probe-destination.ts'
import type { DoctorWorld } from '../world.ts'

/** An address that tenants' files send letters or ask tokens at. */
export interface Destination {
  readonly system: 'SvarUt' | 'Maskinporten' | 'arkivkjernen' | 'innlogging til arkivkjernen'
  readonly url: URL
  readonly way: DefaultWayOut
  /** Where it stands: path in the file, and whose. */
  readonly setting: string
  readonly kommuner: readonly string[]
}

/**
 * Every address of every tenant once: those with the same host and way out share one. In the order of system and host.
 * @param wayOf the way out of a destination, by what its tenant's file says of it
 */
export function destinationsOf(
  tenants: readonly Tenant[],
  wayOf: (settings: WayOutSettings | undefined) => DefaultWayOut,
): readonly Destination[] {
  const found = new Map<string, Destination>()
  const add = (
    orgnr: string,
    setting: string,
    system: Destination['system'],
    address: string,
    settings: WayOutSettings | undefined,
  ) => {
    const url = new URL(address)
    const way = wayOf(settings)
    const name = `${system} ${url.origin} ${sha256Hex(canonicalJson(way))}`
    const known = found.get(name)
    found.set(name, { system, url, way, setting, ...known, kommuner: [...(known?.kommuner ?? []), orgnr] })
  }
  for (const { orgnr, connectors } of tenants) {
    const { svarut, noark5 } = connectors
    add(orgnr, 'connectors.svarut.baseUrl', 'SvarUt', svarut.baseUrl, svarut.wayOut)
    const { maskinporten } = svarut
    add(orgnr, 'connectors.svarut.maskinporten.tokenUrl', 'Maskinporten', maskinporten.tokenUrl, maskinporten.wayOut)
    if (noark5 === undefined) continue
    add(orgnr, 'connectors.noark5.baseUrl', 'arkivkjernen', noark5.baseUrl, noark5.wayOut)
    if (noark5.login.type !== 'oauth2' || noark5.login.tokenUrl === undefined) continue
    const { tokenUrl } = noark5.login
    if (new URL(tokenUrl).origin === new URL(noark5.baseUrl).origin) continue
    add(orgnr, 'connectors.noark5.login.tokenUrl', 'innlogging til arkivkjernen', tokenUrl, noark5.wayOut)
  }
  return [...found.values()].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
}

function keyOf({ system, url, kommuner }: Destination): string {
  return `${system} ${url.origin} ${kommuner.join()}`
}

/** Port of an address, also where it is left out. */
export function portOf(url: URL): number {
  return Number(url.port) || (url.protocol === 'https:' ? 443 : 80)
}

const TIMEOUT_MS = 15_000
const DAY_MS = 86_400_000
const ENDS_SOON_DAYS = 30
/** The Date header has whole seconds. */
const DATE_SPREAD_MS = 1_000

/** Reaches every address as a connector would, and asks without login. Several at a time. */
export async function checkDestinations(
  destinations: readonly Destination[],
  world: DoctorWorld,
  timeoutMs = TIMEOUT_MS,
): Promise<readonly Finding[]> {
  const findings = await Promise.all(
    destinations.map(async (destination) => {
      const { url, way } = destination
      const answer = await probeDestination({
        host: url.hostname,
        port: portOf(url),
        tls: url.protocol === 'https:',
        path: url.pathname,
        way,
        time: world.time,
        timeoutMs,
      })
      return findingsOf(destination, answer, world)
    }),
  )
  return findings.flat()
}

function findingsOf(destination: Destination, answer: DestinationAnswer, world: DoctorWorld): readonly Finding[] {
  const { system, url, way, setting, kommuner } = destination
  const place = `${url.hostname}:${portOf(url)}`
  const subject = `${setting} (${kommuner.join(', ')})`
  if (answer.kind === 'failed') {
    const [what, next] = explain(answer.step, answer.code, way, place)
    return [fault(subject, `${system} (${place}) kan ikke nås: ${what}.`, next)]
  }
  const ours = world.time.clock.now()
  const findings: Finding[] = []
  const { certificateEndsMs: ends, dateMs, status } = answer
  if (ends !== undefined && ends - ours < ENDS_SOON_DAYS * DAY_MS)
    findings.push(
      warning(
        subject,
        `Sertifikatet til ${system} (${place}) går ut ${new Date(ends).toISOString().slice(0, 10)}.`,
        'Si fra til den som drifter det, i god tid.',
      ),
    )
  if (status !== undefined && status >= 500)
    findings.push(
      warning(
        subject,
        `${system} (${place}) svarer, men med ${status}.`,
        'Se driftsmeldingene deres; prøv igjen om litt.',
      ),
    )
  if (dateMs !== undefined)
    findings.push(...clockFindings(`klokken, mot ${place}`, dateMs, ours, DATE_SPREAD_MS + answer.tookMs))
  if (findings.length > 0) return findings
  const until = ends === undefined ? '' : `; sertifikatet gjelder til ${new Date(ends).toISOString().slice(0, 10)}`
  return [ok(subject, `${system} (${place}) kan nås${until}.`)]
}

/** What is wrong, and what to do, by the step that failed. */
export function explain(
  step: Step,
  code: string,
  way: DefaultWayOut,
  place: string,
): readonly [what: string, next: string] {
  const proxy = way.proxy === undefined ? '' : new URL(way.proxy.url).host
  const settings = 'wayOut i kommunens fil, eller SAMBAND_OUT_PROXY'
  switch (step) {
    case 'proxy-dns':
      return [`navnet på proxyen ${proxy} finnes ikke i DNS (${code})`, `Rett ${settings}.`]
    case 'proxy-tcp':
      return [`proxyen ${proxy} svarer ikke (${code})`, `Se på ${settings}, og om brannmuren åpner for ${proxy}.`]
    case 'proxy-tls':
      return [
        `sertifikatet til proxyen ${proxy} godtas ikke (${code})`,
        'Oppgi utstederen i SAMBAND_OUT_CA_FILE eller wayOut.ca.',
      ]
    case 'proxy':
      return code === '407'
        ? [`proxyen ${proxy} godtar ikke brukeren (407)`, `Se på bruker og passord i ${settings}.`]
        : [`proxyen ${proxy} slipper oss ikke gjennom (${code})`, `Be nettverksavdelingen åpne for ${place} i proxyen.`]
    case 'dns':
      return [`navnet finnes ikke i DNS (${code})`, 'Se etter skrivefeil i adressen, og om maskinen har riktig DNS.']
    case 'tcp':
      return code === 'EADDRNOTAVAIL'
        ? ['avsenderadressen er ikke denne maskinens', 'Rett SAMBAND_OUT_ADDRESS eller wayOut.sourceAddress.']
        : [
            `ingen svarer på porten (${code})`,
            `Be nettverksavdelingen åpne for ${place}; npm run samband -- doctor --nett viser alle åpningene.`,
          ]
    case 'tls':
      return certificate(code)
    case 'http':
      return [`det kom ikke noe svar på HTTP (${code})`, 'Se etter om adressen og porten er riktige.']
  }
}

function certificate(code: string): readonly [string, string] {
  if (code === 'CERT_HAS_EXPIRED') return [`sertifikatet er utløpt (${code})`, 'Si fra til den som drifter det.']
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return [
      `sertifikatet er for et annet navn (${code})`,
      'Bruk navnet som står i sertifikatet, eller si fra til den som drifter det.',
    ]
  if (/SELF_SIGNED|UNABLE_TO/.test(code))
    return [
      `utstederen av sertifikatet er ikke kjent her (${code})`,
      'Er utstederen kommunens egen: oppgi den i SAMBAND_OUT_CA_FILE eller wayOut.ca.',
    ]
  return [`TLS mislyktes (${code})`, 'Se etter om det er TLS på porten, og om noe imellom bryter den.']
}
