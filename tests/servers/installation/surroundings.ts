import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ChildProgram, startProgram } from '../../../deploy/local/installation/program.ts'
import { type Servers, startServers } from '../../../deploy/local/installation/servers.ts'
import { operator } from '../../resilience/crash/clients.ts'
import type { Letter } from '../../resilience/crash/letters.ts'
import { HubClient } from '../../support/hub-client.ts'
import { letterForm } from '../../support/letter-form.ts'
import { type Simulators, startSimulators } from '../../support/simulators.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { makeClientKeys, TEST_ORGNR, testTenant, writeTenantFiles } from '../../support/tenant-files.ts'

/** D, W and G of both destinations; an open question is answered after seven seconds. */
const TIMING = { startWithinMs: 4_000, inFlightMs: 2_500, lookUpLagMs: 500 }
const SVARUT_LIMIT_MS = 2_000
const WITHIN_MS = 90_000
const COMMAND_ENDS_WITHIN_MS = 120_000
const ANSWER_WITHIN_MS = 20_000

const fromRoot = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url))
const PLANS = fromRoot('deploy/kafka/topics.json')

/** How a command ended, and all it wrote. */
export interface CommandEnd {
  readonly code: number | null
  readonly text: string
}

/** Everything around an installation: simulators, servers, tenants' files. */
export interface Surroundings {
  readonly folder: string
  readonly simulators: Simulators
  readonly servers: Servers
  /** Of hubs and services: servers, tenants, secrets. */
  readonly env: Readonly<Record<string, string>>
  readonly operator: HubClient
  /** `npm run samband -- …` in that environment. */
  samband(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<CommandEnd>
  /** Makes the topics as the plan says, but for the number of replicas: there is one broker. */
  makeTopics(): Promise<void>
  /** To be called before everything else is closed. */
  onClose(closer: () => Promise<unknown> | unknown): void
  close(): Promise<void>
}

/** Starts simulators and servers. @throws Error when a server cannot be had */
async function openSurroundings(name: string): Promise<Surroundings> {
  const folder = temporaryFolder(name)
  const closers: (() => Promise<unknown> | unknown)[] = [folder.remove]
  const close = async () => {
    for (const closer of closers.splice(0)) await closer()
  }
  try {
    const keys = makeClientKeys()
    const simulators = await startSimulators({
      tenants: TEST_ORGNR,
      publicKeyPem: keys.publicKeyPem,
      inFlightLimitMs: SVARUT_LIMIT_MS,
      journey: [
        { status: 'MOTTATT', afterMs: 0 },
        { status: 'AKSEPTERT', afterMs: 300 },
      ],
    })
    closers.unshift(() => simulators.program.stop(2_000))
    const servers = await startServers()
    closers.unshift(() => servers.close())
    const tenantsFolder = join(folder.path, 'tenants')
    const tuning = { timing: TIMING, statusPollMs: 1_000, ceiling: 6 }
    const secrets = writeTenantFiles(tenantsFolder, TEST_ORGNR.map(testTenant), simulators.urls, tuning, keys)
    const env = {
      ...servers.env,
      ...secrets,
      SAMBAND_TENANTS: tenantsFolder,
      SAMBAND_TOKEN_KEY: Buffer.alloc(32, 3).toString('base64'),
    }
    return {
      folder: folder.path,
      simulators,
      servers,
      env,
      operator: operator(),
      samband: (args, more = {}) =>
        command([fromRoot('services/operations/src/cli/main.ts'), ...args], { ...env, ...more }),
      async makeTopics() {
        const plans = JSON.parse(readFileSync(PLANS, 'utf8')) as { topics: object[] }
        const alone = plans.topics.map((plan) => ({ ...plan, partitions: 3, replicas: 1, minInsyncReplicas: 1 }))
        const file = join(folder.path, 'topics.json')
        writeFileSync(file, JSON.stringify({ topics: alone }))
        const { code, text } = await command([fromRoot('services/platform/bus/src/kafka/topics/main.ts'), file], env)
        if (code !== 0) throw new Error(text)
      },
      onClose: (closer) => void closers.unshift(closer),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/**
 * The same for a test that is skipped, loudly, where a server cannot be had, and fails there with SAMBAND_TEST_SERVERS=required.
 * @param skip of the test's context; does not return
 */
export async function surroundingsOrSkip(name: string, skip: (why: string) => never): Promise<Surroundings> {
  try {
    return await openSurroundings(name)
  } catch (error) {
    if (process.env['SAMBAND_TEST_SERVERS'] === 'required') throw error
    const why = error instanceof Error ? error.message : String(error)
    console.warn(`\n*** NOT RUN: ${name}. A server it needs cannot be had on this machine: ${why} ***\n`)
    return skip(why)
  }
}

/** Starts the embedded hub on a folder. Resolves with its address when it listens. */
export async function startHub(
  { env, onClose }: Surroundings,
  dataFolder: string,
): Promise<{ readonly program: ChildProgram; readonly url: string }> {
  const program = startProgram({
    file: fromRoot('services/hub/src/main.ts'),
    env: { ...env, ...hubEnv(dataFolder) },
  })
  onClose(() => program.signal('SIGKILL'))
  return { program, url: ((await program.ready) as { listening: string }).listening }
}

/** Runs a hub that is expected to refuse its folder. */
export function hubThatEnds({ env }: Surroundings, dataFolder: string): Promise<CommandEnd> {
  return command([fromRoot('services/hub/src/main.ts')], { ...env, ...hubEnv(dataFolder) })
}

/** What a hub is told beside what services are. */
export function hubEnv(dataFolder: string): Readonly<Record<string, string>> {
  return {
    SAMBAND_DATA: dataFolder,
    SAMBAND_PORT: '0',
    SAMBAND_LOG_LEVEL: 'error',
    SAMBAND_STATUS_ROUND_MS: '400',
    SAMBAND_DRAIN_MS: '3000',
  }
}

/** A program of the tree, until it ends, or is killed after two minutes. `onText` sees what it writes as it comes. */
export function command(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  onText: (text: string, kill: () => void) => void = () => {},
): Promise<CommandEnd> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { env: { PATH: process.env['PATH'], ...env } })
    const late = setTimeout(() => child.kill('SIGKILL'), COMMAND_ENDS_WITHIN_MS)
    let text = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (piece) => {
        text += piece
        onText(text, () => child.kill('SIGKILL'))
      })
    child.on('error', reject)
    child.on('close', (code) => {
      clearTimeout(late)
      resolve({ code, text })
    })
  })
}

/** A letter of the first municipality whose mark is `mark`. With `filed` it gets a saksmappe of its own. */
export function aLetterMarked(mark: string, { filed = false }: { readonly filed?: boolean } = {}): Letter {
  const tenant = TEST_ORGNR[0]
  const content = Buffer.from(`Vedtak SAMBAND-MARK:${mark} slutt. ${'x'.repeat(70_000)}`)
  const saksmappe = filed ? `Sak ${mark}` : undefined
  return {
    tenant,
    eksternReferanse: `sak-${mark}`,
    mark,
    documents: [createHash('sha256').update(content).digest('hex')],
    saksmappe,
    form: letterForm({
      eksternReferanse: `sak-${mark}`,
      documents: [{ filnavn: 'vedtak.txt', mimeType: 'text/plain', content }],
      ...(saksmappe === undefined
        ? {}
        : {
            arkiv: {
              noekkel: mark,
              saksmappeTittel: saksmappe,
              journalpostTittel: `Vedtak SAMBAND-MARK:${mark}`,
            },
          }),
    }),
    forsendelseId: undefined,
  }
}

/** Hands a letter in once. @returns the status and the id of the forsendelse */
export async function handIn(url: string, letter: Letter): Promise<{ readonly status: number; readonly id: string }> {
  const { klientId, klientSecret } = testTenant(letter.tenant)
  const client = new HubClient(klientId, klientSecret)
  const { status, text } = await client.send(url, letter.form, AbortSignal.timeout(ANSWER_WITHIN_MS))
  if (status !== 200 && status !== 202) throw new Error(`${letter.eksternReferanse}: ${status} ${text}`)
  const { id } = JSON.parse(text) as { id: string }
  letter.forsendelseId ??= id
  return { status, id }
}

/** How many letters stand in each class of the account, over all days and municipalities; only those that are not empty. */
export async function accountOf(
  { operator: asks }: Surroundings,
  url: string,
): Promise<Readonly<Record<string, number>>> {
  const { linjer } = await asks.get<{ linjer: readonly { antall: Readonly<Record<string, number>> }[] }>(
    url,
    '/api/v1/drift/regnskap?dag=alle',
    AbortSignal.timeout(ANSWER_WITHIN_MS),
  )
  const sums: Record<string, number> = {}
  for (const { antall } of linjer)
    for (const [name, count] of Object.entries(antall)) if (count > 0) sums[name] = (sums[name] ?? 0) + count
  return sums
}

/** Waits until `look` gives what `isThere` wants. @throws Error with what it last gave */
export async function until<T>(what: string, look: () => Promise<T>, isThere: (seen: T) => boolean): Promise<T> {
  const endMs = Date.now() + WITHIN_MS
  for (;;) {
    const seen = await look()
    if (isThere(seen)) return seen
    if (Date.now() > endMs) throw new Error(`${what} did not come: ${JSON.stringify(seen)}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
