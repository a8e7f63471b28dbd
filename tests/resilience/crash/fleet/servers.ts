import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { LocalPostgres } from '../../../../deploy/local/postgres/local-postgres.ts'
import { ownKafka } from '../../../support/servers/kafka.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

/** The servers a fleet of services stands on, started for one run. */
export interface Servers {
  /** Of every service. */
  readonly env: Readonly<Record<string, string>>
  readonly broker: Power
  readonly database: Power & { /** An ordinary stop and start. */ restart(): Promise<void> }
  close(): Promise<void>
}

/** A server that can lose its power. */
export interface Power {
  kill(): Promise<void>
  start(): Promise<void>
}

const BUCKET = 'payloads'
const S3_PROGRAM = fileURLToPath(new URL('../../../../deploy/local/s3/main.ts', import.meta.url))
const run = promisify(execFile)

/** A broker, a database and an object store. @throws Error when one of them cannot be had */
export async function startServers(): Promise<Servers> {
  const folder = temporaryFolder('fleet-s3')
  // PostgreSQL runs as another user where this is root, and gets a folder of its own.
  const database = mkdtempSync(join(tmpdir(), 'samband-postgres-'))
  const closers: (() => Promise<unknown> | unknown)[] = [
    folder.remove,
    () => rmSync(database, { recursive: true, force: true }),
  ]
  const close = async () => {
    for (const closer of closers.splice(0)) await closer()
  }
  try {
    const kafka = await ownKafka()
    if (kafka === undefined) throw new Error('no broker can be started here: Java 17 and Maven are needed')
    closers.unshift(() => kafka.release())
    const postgres = new LocalPostgres(database)
    const url = await postgres.start()
    closers.unshift(() => postgres.stop())
    const s3 = await startS3(folder.path)
    closers.unshift(() => run(process.execPath, [S3_PROGRAM, 'stop', '--dir', folder.path]))
    await makeBucket(s3)
    return {
      env: {
        SAMBAND_KAFKA_BROKERS: kafka.address,
        SAMBAND_POSTGRES_URL: url,
        SAMBAND_S3_ENDPOINT: s3.endpoint,
        SAMBAND_S3_BUCKET: BUCKET,
        SAMBAND_S3_KEY: s3.accessKey,
        SAMBAND_S3_SECRET: s3.secretKey,
      },
      broker: { kill: () => kafka.kill(), start: () => kafka.start() },
      database: {
        kill: () => postgres.kill(),
        start: async () => void (await postgres.start()),
        async restart() {
          await postgres.stop()
          await postgres.start()
        },
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

interface LocalS3 {
  readonly endpoint: string
  readonly accessKey: string
  readonly secretKey: string
}

async function startS3(folder: string): Promise<LocalS3> {
  const { stdout } = await run(process.execPath, [S3_PROGRAM, 'start', '--dir', folder])
  return JSON.parse(stdout) as LocalS3
}

async function makeBucket({ endpoint, accessKey, secretKey }: LocalS3): Promise<void> {
  const client = new S3Client({
    endpoint,
    region: 'no',
    forcePathStyle: true,
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
  })
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }))
  client.destroy()
}
