import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { LocalPostgres } from '../postgres/local-postgres.ts'

/** A server that can lose its power. */
export interface Power {
  kill(): Promise<void>
  /** On what is on disk, where it was before. Resolves when it serves. */
  start(): Promise<void>
}

/** The servers an installation stands on, started for it alone. */
export interface Servers {
  /** Where they are, in the variables of a service. */
  readonly env: Readonly<Record<string, string>>
  readonly broker: Power
  readonly database: Power & {
    /** An ordinary stop and start. */
    restart(): Promise<void>
    /** A copy of the running database under a name. */
    backup(name: string): Promise<void>
    /** Puts a copy in the place of the database and starts it. */
    restore(name: string): Promise<void>
  }
  /** Ends the servers and removes what they kept. Safe to repeat. */
  close(): Promise<void>
}

const BUCKET = 'payloads'
/** Of a topic that a service makes. */
const PARTITIONS = 4
const programOf = (server: 'kafka' | 's3') => fileURLToPath(new URL(`../${server}/main.ts`, import.meta.url))
const run = promisify(execFile)

/** What one of the programs beside this folder answers on one line. */
async function ask<Answer>(server: 'kafka' | 's3', verb: string, ...args: readonly string[]): Promise<Answer> {
  const { stdout } = await run(process.execPath, [programOf(server), verb, ...args])
  return (stdout.trim() === '' ? {} : JSON.parse(stdout)) as Answer
}

/**
 * Starts a broker, a database and an object store with a bucket, side by side, on free ports. Takes seconds once they have been fetched.
 * @throws Error when one of them cannot be had; the message says what is missing
 */
export async function startServers(): Promise<Servers> {
  const folders: string[] = []
  const folderOf = (name: string) => {
    const path = mkdtempSync(join(tmpdir(), `samband-${name}-`))
    folders.push(path)
    return path
  }
  const closers: (() => Promise<unknown>)[] = []
  // A process that is ended in the middle leaves no server behind.
  const pids = new Map<string, () => number | undefined>()
  const lastResort = () => {
    for (const pid of pids.values()) {
      const running = pid()
      if (running !== undefined) process.kill(running, 'SIGKILL')
    }
  }
  process.once('exit', lastResort)
  const close = async () => {
    for (const closer of closers.splice(0)) await closer()
    process.off('exit', lastResort)
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }

  async function broker() {
    const dir = ['--dir', folderOf('kafka')]
    let pid: number | undefined
    pids.set('kafka', () => pid)
    const start = async () => {
      // More than one, so that replicas share the work of reading.
      const partitions = ['--set', `num.partitions=${PARTITIONS}`]
      const answer = await ask<{ pid: number; plain: string }>('kafka', 'start', ...dir, ...partitions)
      pid = answer.pid
      return answer.plain
    }
    const kill = async () => {
      await ask('kafka', 'kill', ...dir)
      pid = undefined
    }
    closers.push(kill)
    return { address: await start(), kill, start: async () => void (await start()) }
  }

  async function database() {
    // PostgreSQL runs as another user where this is root, and gets a folder of its own.
    const postgres = new LocalPostgres(folderOf('postgres'))
    pids.set('postgres', () => postgres.runningPid())
    closers.push(() => postgres.stop())
    return { postgres, url: await postgres.start() }
  }

  async function objectStore() {
    const dir = ['--dir', folderOf('s3')]
    closers.push(() => ask('s3', 'stop', ...dir))
    const server = await ask<{ endpoint: string; accessKey: string; secretKey: string; pid: number }>(
      's3',
      'start',
      ...dir,
      '--bucket',
      BUCKET,
    )
    pids.set('s3', () => server.pid)
    return server
  }

  try {
    const started = await Promise.allSettled([broker(), database(), objectStore()])
    const refused = started.find((one) => one.status === 'rejected')
    if (refused !== undefined) throw refused.reason
    const [kafka, { postgres, url }, s3] = started.map((one) => (one as PromiseFulfilledResult<unknown>).value) as [
      Awaited<ReturnType<typeof broker>>,
      Awaited<ReturnType<typeof database>>,
      Awaited<ReturnType<typeof objectStore>>,
    ]
    return {
      env: {
        SAMBAND_KAFKA_BROKERS: kafka.address,
        SAMBAND_POSTGRES_URL: url,
        SAMBAND_S3_ENDPOINT: s3.endpoint,
        SAMBAND_S3_BUCKET: BUCKET,
        SAMBAND_S3_KEY: s3.accessKey,
        SAMBAND_S3_SECRET: s3.secretKey,
      },
      broker: { kill: kafka.kill, start: kafka.start },
      database: {
        kill: () => postgres.kill(),
        start: async () => void (await postgres.start()),
        async restart() {
          await postgres.stop()
          await postgres.start()
        },
        backup: (name) => postgres.backup(name),
        restore: (name) => postgres.restore(name),
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
