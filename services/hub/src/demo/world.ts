import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { IdSource } from '@samband/kernel'
import type { Noark5Simulator } from '@samband/noark5/simulator'
import type { Listening } from '@samband/simulator-kit'
import type { SvarUtSimulator } from '@samband/svarut/simulator'
import type { DemoHub, DemoPorts, StartDemoHub } from './demo-hub.ts'
import { DEMO_KOMMUNER, type DemoKommune } from './letters.ts'
import { type Outside, startOutside } from './outside.ts'
import { asDemoFile, environmentName, secretNamesIn, settingOf } from './tenant-files.ts'

const TENANTS_FOLDER = fileURLToPath(new URL('../../../../deploy/tenants/', import.meta.url))
const SECRET_BYTES = 32

/** A municipality of the demo with its own core, and the client of its case-archive system. */
export interface DemoTenant {
  readonly kommune: DemoKommune
  readonly navn: string
  readonly orgnr: string
  readonly klientId: string
  readonly klientSecret: string
  readonly core: Noark5Simulator
  readonly coreSocket: Listening
}

/** A hub and the world around it, on free ports of 127.0.0.1. */
export interface DemoWorld {
  readonly hub: DemoHub
  readonly svarut: SvarUtSimulator
  readonly tenants: readonly DemoTenant[]
  readonly operator: { readonly klientId: string; readonly secret: string }
  /** Everything the demo wrote; removed by `close`. */
  readonly folder: string
  readonly logFile: string
  /** Stops the hub and the simulators and removes the folder. Safe to repeat. */
  close(): Promise<void>
}

/** Starts the simulators in this process, writes the tenants' files, and starts a hub on them. */
export async function openDemoWorld(ports: DemoPorts, startHub: StartDemoHub): Promise<DemoWorld> {
  const closers: Closers = []
  const folder = mkdtempSync(join(tmpdir(), 'samband-demo-'))
  closers.push(async () => rmSync(folder, { recursive: true, force: true }))
  let closing: Promise<void> | undefined
  const close = () => {
    closing ??= closeAll(closers)
    return closing
  }
  try {
    return { ...(await open(ports, startHub, folder, closers)), folder, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function closeAll(closers: Closers): Promise<void> {
  for (const one of closers.splice(0).reverse()) await one()
}

type Closers = (() => Promise<unknown>)[]

async function open(
  ports: DemoPorts,
  startHub: StartDemoHub,
  folder: string,
  closers: Closers,
): Promise<Omit<DemoWorld, 'folder' | 'close'>> {
  const files = readExampleFiles()
  const env = secretsFor(Object.values(files), ports.ids)
  const outside = await startOutside(
    {
      privateKeyPem: secretOf(env, 'maskinporten.pem'),
      integrasjoner: DEMO_KOMMUNER.map((kommune) => ({
        file: files[kommune],
        passord: secretOf(env, `${kommune}-svarut-passord`),
      })),
      cores: DEMO_KOMMUNER.map((kommune) => ({ kommune, file: files[kommune], secret: archiveSecret(env, kommune) })),
    },
    (app) => closers.push(() => app.close()),
  )
  const tenants = DEMO_KOMMUNER.map((kommune) => tenantOf(kommune, files[kommune], env, outside))
  const tenantsFolder = join(folder, 'tenants')
  writeTenantFiles(tenantsFolder, files, tenants, outside)
  const logFile = join(folder, 'hub.log')
  const tokenKey = ports.ids.bytes(SECRET_BYTES)
  const hub = await startHub({ folder, tenantsFolder, logFile, secrets: env, tokenKey, ports })
  closers.push(() => hub.stop())
  const operator = { klientId: settingOf(files.operators, 'klientId'), secret: secretOf(env, 'drift-hemmelighet') }
  return { hub, svarut: outside.svarut, tenants, operator, logFile }
}

function tenantOf(
  kommune: DemoKommune,
  file: string,
  env: Readonly<Record<string, string>>,
  outside: Outside,
): DemoTenant {
  const own = outside.cores.get(kommune)
  if (own === undefined) throw new Error(`no core was started for ${kommune}`)
  return {
    kommune,
    navn: settingOf(file, 'navn'),
    orgnr: settingOf(file, 'orgnr'),
    klientId: settingOf(file, 'klientId'),
    klientSecret: secretOf(env, `${kommune}-sak-hemmelighet`),
    core: own.core,
    coreSocket: own.socket,
  }
}

function writeTenantFiles(folder: string, files: ExampleFiles, tenants: readonly DemoTenant[], outside: Outside): void {
  mkdirSync(folder)
  for (const { kommune, coreSocket } of tenants) {
    const addresses = { svarut: outside.svarutUrl, maskinporten: outside.maskinportenUrl, noark5: coreSocket.url }
    writeFileSync(join(folder, `${kommune}.yaml`), asDemoFile(files[kommune], addresses))
  }
  const nowhere = { svarut: '', maskinporten: '', noark5: '' }
  // The other operators are about municipalities that do not take part.
  const [comment = '', first = ''] = files.operators.split(/^(?=- )/m)
  writeFileSync(join(folder, 'operators.yaml'), asDemoFile(comment + first, nowhere))
}

type ExampleFiles = Readonly<Record<DemoKommune | 'operators', string>>

function readExampleFiles(): ExampleFiles {
  const read = (name: string) => readFileSync(join(TENANTS_FOLDER, `${name}.yaml`), 'utf8')
  return { aukra: read('aukra'), molde: read('molde'), vestnes: read('vestnes'), operators: read('operators') }
}

/** A new secret for every name, except the one key that has to be an RSA key. */
function secretsFor(texts: readonly string[], ids: IdSource): Record<string, string> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const names = new Set(texts.flatMap(secretNamesIn))
  return Object.fromEntries(
    [...names].map((name) => [
      environmentName(name),
      name.endsWith('.pem')
        ? privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
        : name.endsWith('-key')
          ? Buffer.from(ids.bytes(SECRET_BYTES)).toString('base64')
          : Buffer.from(ids.bytes(12)).toString('hex'),
    ]),
  )
}

function secretOf(env: Readonly<Record<string, string>>, name: string): string {
  const value = env[environmentName(name)]
  if (value === undefined) throw new Error(`an example file of deploy/tenants refers to no secret ${name}`)
  return value
}

/** Two of the cores know a client, one knows a user. */
function archiveSecret(env: Readonly<Record<string, string>>, kommune: DemoKommune): string {
  const [client, user] = ['hemmelighet', 'passord'].map((what) => env[environmentName(`${kommune}-arkiv-${what}`)])
  const secret = client ?? user
  if (secret === undefined) throw new Error(`the example file of ${kommune} has no secret for its core`)
  return secret
}
