import { readFileSync } from 'node:fs'
import { S3Client } from '@aws-sdk/client-s3'
import type { Clock } from '@samband/kernel'
import { HubError } from '@samband/kernel'
import type { S3Secrets, S3Settings } from './settings.ts'

/** What a client is made of. */
export interface S3ClientOptions {
  readonly settings: S3Settings
  readonly secrets: S3Secrets
  readonly clock: Clock
}

const CONNECT_WITHIN_MS = 5_000
/** A part of 8 MiB at 0.5 Mbit/s and its answer; without it a silent store would hold a request for ever. */
const ANSWER_WITHIN_MS = 150_000
const ATTEMPTS = 3
/** Well below the five minutes ahead of the end at which the SDK asks anew: it then asks for every request. */
const CREDENTIALS_GOOD_FOR_MS = 60_000

/**
 * A client of the object store; `destroy()` closes its connections. Repeats a request up to twice by itself, with growing
 * pauses, when the store is unreachable, overloaded or answers 5xx. That is safe: no request of this package carries a
 * stream, only bytes that are still there for the repetition, and each means the same when done twice.
 * Reads the CA file at once, and nothing of the environment or of AWS's own configuration files.
 */
export function createS3Client({ settings, secrets, clock }: S3ClientOptions): S3Client {
  const { endpoint, region, forcePathStyle, caFile } = settings
  return new S3Client({
    region,
    forcePathStyle,
    ...(endpoint === undefined ? {} : { endpoint }),
    credentials: async () => ({
      accessKeyId: await secretOf(secrets, settings.accessKey),
      secretAccessKey: await secretOf(secrets, settings.secretKey),
      expiration: new Date(clock.now() + CREDENTIALS_GOOD_FOR_MS),
    }),
    maxAttempts: ATTEMPTS,
    retryMode: 'standard',
    requestChecksumCalculation: 'WHEN_SUPPORTED',
    // What is read is verified by its own tags, piece by piece.
    responseChecksumValidation: 'WHEN_REQUIRED',
    useDualstackEndpoint: false,
    useFipsEndpoint: false,
    requestHandler: {
      connectionTimeout: CONNECT_WITHIN_MS,
      requestTimeout: ANSWER_WITHIN_MS,
      throwOnRequestTimeout: true,
      ...(caFile === undefined ? {} : { httpsAgent: { ca: readFileSync(caFile), keepAlive: true, maxSockets: 50 } }),
    },
  })
}

async function secretOf(secrets: S3Secrets, reference: string): Promise<string> {
  const secret = await secrets.resolve(reference)
  if (secret !== undefined && secret !== '') return secret
  const message = `Expected a secret of the object store behind ${reference}, there is none. Put it there.`
  throw new HubError('PAYLOAD_TILGANG_AVVIST', 'paused', message)
}
