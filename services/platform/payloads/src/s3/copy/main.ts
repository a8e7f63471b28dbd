import { createWriteStream, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3'
import { createS3Client } from '../s3-client.ts'

/**
 * `main.ts pull <folder>` copies the bucket of SAMBAND_S3_* into a folder, `main.ts push <folder>` a folder into the bucket. Objects are copied as they are,
 * encrypted. What is there with the same size is left: contents are never changed, so a copy can be topped up. Prints how many were copied.
 */
const WHOLE = '.payload'
const { env } = process
const [verb, folder] = process.argv.slice(2)
const bucket = env['SAMBAND_S3_BUCKET']
const isComplete = bucket && env['SAMBAND_S3_KEY'] && env['SAMBAND_S3_SECRET']
if ((verb !== 'pull' && verb !== 'push') || !folder || !isComplete) {
  process.stderr.write(
    'main.ts pull|push <folder>; SAMBAND_S3_BUCKET, SAMBAND_S3_KEY and SAMBAND_S3_SECRET must be set\n',
  )
  process.exit(78)
}
const prefix = env['SAMBAND_S3_PREFIX'] ?? ''
const endpoint = env['SAMBAND_S3_ENDPOINT'] || undefined
const caFile = env['SAMBAND_S3_CA_FILE'] || undefined
const client = createS3Client({
  settings: {
    ...(endpoint === undefined ? {} : { endpoint }),
    region: env['SAMBAND_S3_REGION'] || 'no',
    bucket,
    forcePathStyle: endpoint !== undefined,
    prefix,
    accessKey: 'SAMBAND_S3_KEY',
    secretKey: 'SAMBAND_S3_SECRET',
    ...(caFile === undefined ? {} : { caFile }),
  },
  secrets: { resolve: async (name) => env[name] },
  clock: { now: () => Date.now() },
})
const there = await sizesInBucket(bucket)
const copied = verb === 'pull' ? await pull(bucket, folder) : await push(bucket, folder)
process.stdout.write(`${JSON.stringify({ copied })}\n`)
client.destroy()

async function sizesInBucket(name: string): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>()
  for (let token: string | undefined; ; ) {
    const page = await client.send(
      new ListObjectsV2Command({
        Bucket: name,
        Prefix: prefix,
        ...(token === undefined ? {} : { ContinuationToken: token }),
      }),
    )
    for (const { Key, Size } of page.Contents ?? []) if (Key?.endsWith(WHOLE)) sizes.set(Key, Size ?? 0)
    token = page.NextContinuationToken
    if (token === undefined) return sizes
  }
}

async function pull(from: string, to: string): Promise<number> {
  let count = 0
  for (const [key, size] of there) {
    const file = join(to, key.slice(prefix.length))
    if (existsSync(file) && statSync(file).size === size) continue
    const { Body } = await client.send(new GetObjectCommand({ Bucket: from, Key: key }))
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    await pipeline(Body as Readable, createWriteStream(`${file}.half`, { mode: 0o600, flush: true }))
    renameSync(`${file}.half`, file)
    count += 1
  }
  return count
}

/** One content in memory at a time. */
async function push(to: string, from: string): Promise<number> {
  let count = 0
  for (const entry of readdirSync(from, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith(WHOLE)) continue
    const file = join(entry.parentPath, entry.name)
    const key = `${prefix}${relative(from, file).split(sep).join('/')}`
    if (there.get(key) === statSync(file).size) continue
    await client.send(new PutObjectCommand({ Bucket: to, Key: key, Body: readFileSync(file) }))
    count += 1
  }
  return count
}
