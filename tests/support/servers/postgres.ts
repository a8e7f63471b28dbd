import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GenericContainer, Wait } from 'testcontainers'
import { afterAll } from 'vitest'
import { findPrograms, LocalPostgres } from '../../../deploy/local/postgres/local-postgres.ts'
import { notRun } from './missing.ts'

/** A PostgreSQL server for the tests of one file. */
export interface PostgresForTests {
  readonly url: string
  /** Of a server that belongs to this test file alone: SIGKILL of all its processes, and the start on what is on disk. */
  readonly power?: { readonly dataFolder: string; off(): Promise<void>; on(): Promise<void> }
  stop(): Promise<void>
}

/** What a test may ask of a server. */
export interface WantedPostgres {
  /** Settings such as `fsync=off`, used where the server is started for this. */
  readonly settings?: readonly string[]
  /** The server is to be killed: only one of our own will do. */
  readonly own?: boolean
}

/** Files may be read and named by the server's own account, which is not the one that runs the tests. */
const OPEN_FOLDER = join(tmpdir(), 'samband-postgres-')

/**
 * Defines tests that need PostgreSQL. The server is the one that SAMBAND_TEST_POSTGRES names, else one in a container where Docker
 * answers, else one from the distribution's packages. Where none can be had the suite is skipped by name, loudly; with
 * SAMBAND_TEST_SERVERS=required the file fails instead.
 */
export async function withPostgres(
  suite: string,
  define: (server: PostgresForTests) => void | Promise<void>,
  wanted: WantedPostgres = {},
): Promise<void> {
  const found = await startPostgres(wanted)
  if ('why' in found) {
    notRun(suite, found.why)
    return
  }
  afterAll(() => found.stop())
  await define(found)
}

/** A name that no other test uses, fit for a schema. */
export function schemaForTest(): string {
  return `test_${randomUUID().replaceAll('-', '')}`
}

async function startPostgres(wanted: WantedPostgres): Promise<PostgresForTests | { readonly why: string }> {
  const named = process.env['SAMBAND_TEST_POSTGRES']
  if (named !== undefined && wanted.own !== true) return { url: named, stop: async () => {} }
  if (wanted.own !== true) {
    const container = await startContainer(wanted.settings ?? [])
    if (container !== undefined) return container
  }
  if (findPrograms() === undefined)
    return { why: 'no SAMBAND_TEST_POSTGRES, no Docker, and the package postgresql is not installed' }
  return startLocal(wanted.settings ?? [])
}

async function startLocal(settings: readonly string[]): Promise<PostgresForTests> {
  const folder = mkdtempSync(OPEN_FOLDER)
  const server = new LocalPostgres(folder)
  const url = await server.start({ settings })
  const lastResort = () => {
    const pid = server.runningPid()
    if (pid !== undefined) process.kill(pid, 'SIGQUIT')
  }
  process.once('exit', lastResort)
  return {
    url,
    power: {
      dataFolder: join(folder, 'data'),
      off: () => server.kill(),
      on: async () => void (await server.start({ settings })),
    },
    async stop() {
      await server.stop()
      process.removeListener('exit', lastResort)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function startContainer(settings: readonly string[]): Promise<PostgresForTests | undefined> {
  try {
    const container = await new GenericContainer('postgres:17-alpine')
      .withEnvironment({ POSTGRES_USER: 'samband', POSTGRES_DB: 'samband', POSTGRES_HOST_AUTH_METHOD: 'trust' })
      .withCommand(['postgres', ...settings.flatMap((setting) => ['-c', setting])])
      .withExposedPorts(5432)
      .withWaitStrategy(Wait.forLogMessage(/database system is ready to accept connections/, 2))
      .start()
    return {
      url: `postgresql://samband@${container.getHost()}:${container.getMappedPort(5432)}/samband`,
      stop: async () => void (await container.stop()),
    }
  } catch {
    return undefined
  }
}
