import { closeSync, openSync, readSync, statfsSync, statSync } from 'node:fs'
import type { MoveSettings } from '@samband/move'
import { restoreBackup } from '@samband/store'
import { EXIT } from './exit-codes.ts'
import { runCli } from './run-cli.ts'

/** The command line: reads the environment, talks HTTP, writes to the terminal. Everything else is in `run-cli.ts`. */

const TIMEOUT_MS = 60_000
const WIDTH_WITHOUT_TERMINAL = 160

const { env, argv, stdout, stderr } = process
// What restore writes is for its own user alone, as what the hub writes.
process.umask(0o077)
/** An empty variable is one that is not set. */
const given = (name: string): string | undefined => env[name] || undefined

const out = (text: string): void => void stdout.write(`${text}\n`)
const err = (text: string): void => void stderr.write(`${text}\n`)

process.exitCode = await runCli({
  args: argv.slice(2),
  settings: {
    url: given('SAMBAND_URL'),
    klientId: given('SAMBAND_KLIENT_ID'),
    klientSecret: given('SAMBAND_KLIENT_SECRET'),
    operator: given('SAMBAND_OPERATOR'),
  },
  async transport({ url, method, headers, body }) {
    const answer = await fetch(url, {
      method,
      headers,
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body === undefined ? {} : { body }),
    })
    return { status: answer.status, body: await answer.text() }
  },
  files: {
    isFolder: (path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true,
    head: headOf,
    restore: (from, folder) => restoreBackup({ backupFile: from, folder, clock: { now: () => Date.now() } }),
  },
  async doctor(args) {
    // They bring the clients of every store with them, which no other verb needs.
    const [{ runDoctor }, { realIds, realTime }] = await Promise.all([
      import('@samband/doctor'),
      import('@samband/process'),
    ])
    const freeBytes = (folder: string) => {
      const { bavail, bsize } = statfsSync(folder)
      return bavail * bsize
    }
    return runDoctor(args, { env, time: realTime(), ids: realIds(), freeBytes }, { out, err })
  },
  // Loaded when they are wanted: the clients of Kafka and S3 take longer to load than most commands take to run.
  homes: {
    async environmentFaults() {
      const read = (await import('@samband/process')).readServiceConfig(env)
      return 'faults' in read ? read.faults : []
    },
    plan: async (dataFolder) => (await import('@samband/move')).planMove(await moveSettings(dataFolder)),
    move: async (dataFolder, tell) => (await import('@samband/move')).move(await moveSettings(dataFolder), tell),
  },
  database: {
    environmentFaults: async () => (given('SAMBAND_POSTGRES_URL') ? [] : ['SAMBAND_POSTGRES_URL is not set.']),
    stamp: async (newLog) =>
      (await import('@samband/store/postgres')).stampPostgres(
        { url: given('SAMBAND_POSTGRES_URL') ?? '', schema: given('SAMBAND_POSTGRES_SCHEMA') ?? 'samband' },
        { clock: { now: () => Date.now() }, newLog },
      ),
  },
  width: stdout.isTTY ? stdout.columns : WIDTH_WITHOUT_TERMINAL,
  out,
  err,
}).catch((error: unknown) => {
  stderr.write(`Det er en feil i kommandolinjen: ${error instanceof Error ? error.stack : String(error)}\n`)
  return EXIT.refused
})

/** @throws Error when the environment has faults; they are told before */
async function moveSettings(dataFolder: string): Promise<MoveSettings> {
  const { readServiceConfig, realIds, realTime } = await import('@samband/process')
  const read = readServiceConfig(env)
  if ('faults' in read) throw new Error('the environment has faults')
  return { dataFolder, config: read.config, env, time: realTime(), ids: realIds() }
}

/** The first bytes of a file; `undefined` when there is none that can be read. */
function headOf(path: string, bytes: number): Uint8Array | undefined {
  let handle: number | undefined
  try {
    handle = openSync(path, 'r')
    const head = new Uint8Array(bytes)
    return head.subarray(0, readSync(handle, head, 0, bytes, 0))
  } catch {
    return undefined
  } finally {
    if (handle !== undefined) closeSync(handle)
  }
}
