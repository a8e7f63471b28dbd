import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe } from 'vitest'
import type { S3Abilities } from '../../../deploy/local/s3/stand-ins.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { notRun } from './missing.ts'

/** An S3 server that tests may fill; every test brings its own bucket. */
export interface S3Server {
  readonly endpoint: string
  readonly accessKey: string
  readonly secretKey: string
  /** What it is, for whoever reads the output. */
  readonly name: string
  readonly can: S3Abilities
  /** Only where the server is ours alone: ends it with SIGKILL, and starts it again at the same address. */
  readonly own?: { kill(): Promise<void>; start(): Promise<void> }
  /** Gives it back. */
  stop(): Promise<void>
}

/** What a suite cannot do without. */
export type Need = keyof S3Abilities | 'own'

const run = promisify(execFile)
const mainFile = join(import.meta.dirname, '../../../deploy/local/s3/main.ts')
const MINIO = 'minio/minio:RELEASE.2025-09-07T16-13-09Z'

/**
 * A suite that needs an S3 server: the one of SAMBAND_TEST_S3 (with SAMBAND_TEST_S3_KEY and SAMBAND_TEST_S3_SECRET), else a
 * container where a Docker engine answers, else the local one of `deploy/local/s3`. Where none has what the suite needs it is skipped
 * by name and with the reasons, or fails when SAMBAND_TEST_SERVERS is `required`. To be awaited at the top of a test file; the
 * first time the local server is built, which takes minutes.
 */
export async function describeWithS3(
  name: string,
  needs: readonly Need[],
  suite: (server: S3Server) => void,
): Promise<void> {
  const found = await findS3(needs)
  if ('endpoint' in found) {
    console.log(`${name}: on ${found.name}`)
    describe(name, () => {
      afterAll(() => found.stop())
      suite(found)
    })
    return
  }
  notRun(name, found.reasons.join('; '))
}

async function findS3(needs: readonly Need[]): Promise<S3Server | { readonly reasons: readonly string[] }> {
  const reasons: string[] = []
  for (const [what, find] of ways) {
    try {
      const server = await find()
      const lacks = needs.filter((need) => (need === 'own' ? server.own === undefined : !server.can[need]))
      if (lacks.length === 0) return server
      await server.stop()
      reasons.push(`${what}: ${server.name} lacks ${lacks.join(', ')}`)
    } catch (error) {
      reasons.push(`${what}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  return { reasons }
}

const ways: readonly (readonly [string, () => Promise<S3Server>])[] = [
  ['SAMBAND_TEST_S3', ofEnvironment],
  ['Docker', inContainer],
  ['deploy/local/s3', () => local()],
  ['deploy/local/s3 with moto', () => local('moto')],
]

async function ofEnvironment(): Promise<S3Server> {
  const { SAMBAND_TEST_S3: endpoint, SAMBAND_TEST_S3_KEY: accessKey, SAMBAND_TEST_S3_SECRET: secretKey } = process.env
  if (endpoint === undefined) throw new Error('is not set')
  if (accessKey === undefined || secretKey === undefined)
    throw new Error('is set, but not SAMBAND_TEST_S3_KEY and SAMBAND_TEST_S3_SECRET')
  // It is taken for what S3 is; what it cannot do, its suite shows.
  const can = {
    checksKeys: true,
    refusesUnknownBuckets: true,
    listsUploads: true,
    keepsVersions: true,
    survivesKill: true,
  }
  return { endpoint, accessKey, secretKey, name: 'the server of SAMBAND_TEST_S3', can, stop: async () => {} }
}

async function inContainer(): Promise<S3Server> {
  if (process.env['DOCKER_HOST'] === undefined && !existsSync('/var/run/docker.sock'))
    throw new Error('no engine: neither DOCKER_HOST nor /var/run/docker.sock')
  const { GenericContainer, Wait } = await import('testcontainers')
  const [accessKey, secretKey] = ['samband', 'samband-secret']
  const container = await new GenericContainer(MINIO)
    .withCommand(['server', '/data'])
    .withEnvironment({ MINIO_ROOT_USER: accessKey, MINIO_ROOT_PASSWORD: secretKey })
    .withExposedPorts(9000)
    .withWaitStrategy(Wait.forHttp('/minio/health/ready', 9000))
    .start()
  return {
    endpoint: `http://${container.getHost()}:${container.getMappedPort(9000)}`,
    accessKey,
    secretKey,
    name: `a container of ${MINIO}`,
    // It lists the uploads of one whole key only, and not those below a prefix.
    can: {
      checksKeys: true,
      refusesUnknownBuckets: true,
      listsUploads: false,
      keepsVersions: true,
      survivesKill: true,
    },
    stop: async () => void (await container.stop()),
  }
}

async function local(standIn?: string): Promise<S3Server> {
  const folder = temporaryFolder('s3')
  const call = (verb: string, ...args: string[]) =>
    run(process.execPath, [mainFile, verb, '--dir', folder.path, ...args])
  const start = async () => {
    const { stdout } = await call('start', ...(standIn === undefined ? [] : ['--with', standIn]))
    return JSON.parse(stdout) as Omit<S3Server, 'name' | 'stop'> & { readonly standIn: string }
  }
  try {
    const { endpoint, accessKey, secretKey, can, standIn: name } = await start()
    return {
      endpoint,
      accessKey,
      secretKey,
      can,
      name: `${name}, which stands in for S3`,
      own: { kill: async () => void (await call('kill')), start: async () => void (await start()) },
      stop: async () => {
        await call('stop')
        folder.remove()
      },
    }
  } catch (error) {
    folder.remove()
    throw error
  }
}
