import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { HubConfig } from '@samband/process'
import { inspectInstallation } from '@samband/store'
import { type Finding, fault, ok, warning } from '../finding.ts'
import type { DoctorWorld } from '../world.ts'

const GIB = 1024 ** 3
const ALMOST_FULL_BYTES = GIB / 2
const SOON_FULL_BYTES = 5 * GIB

/** The folders and the store of the embedded hub. Takes no lock of the store, so that a hub may run or start meanwhile. */
export function checkFolders(config: HubConfig, world: DoctorWorld): readonly Finding[] {
  const { dataFolder, backupsFolder } = config
  return [
    ...checkFolder('SAMBAND_DATA', dataFolder, world),
    ...(existsSync(dataFolder) ? checkStore(dataFolder) : []),
    ...(backupsFolder === undefined
      ? [
          warning(
            'SAMBAND_BACKUPS',
            'Ikke satt: det kan ikke tas sikkerhetskopi mens navet går.',
            'Sett den til en mappe på en annen disk.',
          ),
        ]
      : checkBackups(backupsFolder, dataFolder, world)),
  ]
}

function checkBackups(folder: string, dataFolder: string, world: DoctorWorld): readonly Finding[] {
  const findings = checkFolder('SAMBAND_BACKUPS', folder, world)
  const [here, there] = [folder, dataFolder].map((one) => statSync(one, { throwIfNoEntry: false })?.dev)
  if (here === undefined || here !== there) return findings
  return [
    ...findings,
    warning(
      'SAMBAND_BACKUPS',
      'Mappen ligger på samme disk som SAMBAND_DATA: ryker disken, er kopiene også borte.',
      'Flytt kopiene til en annen disk eller maskin.',
    ),
  ]
}

function checkFolder(variable: string, folder: string, world: DoctorWorld): readonly Finding[] {
  const isThere = existsSync(folder)
  const nearest = isThere ? folder : firstThatExists(folder)
  if (!mayWrite(nearest))
    return [
      fault(
        variable,
        isThere
          ? `Denne brukeren får ikke skrive i ${folder}.`
          : `${folder} finnes ikke, og får ikke lages i ${nearest}.`,
        'Lag mappen, eid av navets bruker, med rettighetene 0700.',
      ),
    ]
  const free = world.freeBytes(nearest)
  const room = `${(free / GIB).toFixed(1)} GiB ledig`
  if (free < ALMOST_FULL_BYTES)
    return [fault(variable, `Disken til ${folder} er nesten full: ${room}.`, 'Gjør plass, ellers avvises nye brev.')]
  const findings =
    free < SOON_FULL_BYTES
      ? [
          warning(
            variable,
            `Disken til ${folder} blir snart full: ${room}.`,
            'Gjør plass, eller flytt til en større disk.',
          ),
        ]
      : []
  if (isThere && (statSync(folder).mode & 0o077) !== 0)
    findings.push(warning(variable, `Andre brukere på maskinen har tilgang til ${folder}.`, `chmod 700 ${folder}`))
  if (findings.length > 0) return findings
  return [ok(variable, isThere ? `Mappen kan skrives i; ${room}.` : `Mappen lages ved første start; ${room}.`)]
}

function checkStore(folder: string): readonly Finding[] {
  const store = inspectInstallation(folder)
  const subject = 'SAMBAND_DATA'
  switch (store.state) {
    case 'none':
      return [ok(subject, 'Det er ikke noe lager i mappen ennå; det lages ved første start.')]
    case 'missing':
      return [
        fault(
          subject,
          `Lageret er borte eller tomt, men ${store.witness} viser at det har vært der. Navet nekter å starte.`,
          'Legg filen tilbake, eller en sikkerhetskopi: npm run samband -- restore.',
        ),
      ]
    case 'held':
      return [ok(subject, `Lageret er i bruk av prosess ${store.pid}; det ses ikke nærmere på.`)]
    case 'log-left':
      return [
        warning(
          subject,
          'Et nav kjører på lageret, eller forrige prosess ble ikke stoppet ordentlig.',
          'Ingenting å gjøre: neste start sjekker lageret og går videre der det slapp.',
        ),
      ]
    case 'unreadable':
      return [
        fault(
          subject,
          `Lageret kan ikke leses (${store.code}).`,
          'Se på rettighetene og disken. Er filen skadet: ta vare på den, og legg tilbake den nyeste kopien.',
        ),
      ]
    case 'at-rest':
      return aboutStore(store)
  }
}

function aboutStore(store: Extract<ReturnType<typeof inspectInstallation>, { state: 'at-rest' }>): readonly Finding[] {
  const subject = 'SAMBAND_DATA'
  const findings: Finding[] = []
  if (store.unknownSteps.length > 0)
    findings.push(
      fault(
        subject,
        `Lageret er skrevet av en nyere utgave (${store.unknownSteps.join(', ')}).`,
        'Start den nyere utgaven; denne nekter å starte.',
      ),
    )
  if (store.isDistrusted)
    findings.push(
      warning(
        subject,
        'Lageret er gjenopprettet: navet spør mottakersystemene før det sender.',
        'Når alt er sammenlignet: npm run samband -- trust, og start navet på nytt.',
      ),
    )
  return findings.length > 0 ? findings : [ok(subject, 'Lageret kan åpnes, og er i ro.')]
}

function firstThatExists(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : firstThatExists(dirname(folder))
}

function mayWrite(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK)
    return true
  } catch {
    return false
  }
}
