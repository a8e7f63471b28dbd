import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { LocalPostgres } from '../../../deploy/local/postgres/local-postgres.ts'
import { findKafka } from '../../support/servers/kafka.ts'

/** The servers that a bench measures on. */
export interface BenchServers {
  /** `host:port` of a broker. */
  readonly kafka: string
  readonly postgres: string
  /** Runs statements on the database and gives the rows of the last one. */
  sql(statement: string, ...params: readonly unknown[]): Promise<readonly Record<string, unknown>[]>
  /** Stops what was started for the bench. */
  close(): Promise<void>
}

/** As an operations department would set them; everything else, `fsync` above all, is PostgreSQL's own default. */
const SETTINGS = ['shared_buffers=512MB', 'max_wal_size=4GB', 'checkpoint_timeout=15min']

/**
 * The servers that SAMBAND_TEST_KAFKA and SAMBAND_TEST_POSTGRES name; what is not named is started.
 * @throws Error when one of them cannot be had
 */
export async function startBenchServers(): Promise<BenchServers> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
  const closers: (() => Promise<unknown> | unknown)[] = []
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer()
  }
  try {
    const kafka = await findKafka()
    if (kafka === undefined)
      throw new Error('no broker: name one in SAMBAND_TEST_KAFKA, or install Java 17 and Maven to start one')
    closers.push(() => kafka.release())
    const postgres = process.env['SAMBAND_TEST_POSTGRES'] ?? (await startPostgres(closers))
    const pool = new pg.Pool({ connectionString: postgres, max: 2 })
    pool.on('error', () => {})
    closers.push(() => pool.end())
    return {
      kafka: kafka.address,
      postgres,
      sql: async (statement, ...params) => (await pool.query(statement, [...params])).rows,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** PostgreSQL runs as another user where this is root, and gets a folder of its own. */
async function startPostgres(closers: (() => Promise<unknown> | unknown)[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'samband-postgres-'))
  closers.push(() => rmSync(folder, { recursive: true, force: true }))
  const server = new LocalPostgres(folder)
  // A run that is interrupted leaves no server behind.
  const endAtExit = () => {
    const pid = server.runningPid()
    if (pid !== undefined) process.kill(pid, 'SIGQUIT')
  }
  process.once('exit', endAtExit)
  closers.push(async () => {
    await server.stop()
    process.off('exit', endAtExit)
  })
  return server.start({ settings: SETTINGS })
}
