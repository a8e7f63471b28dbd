import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Bucket, makeBucket } from '../../integration/s3/bucket.ts'
import { describeWithS3, type S3Server } from '../../support/servers/s3.ts'
import { examine } from './examine.ts'

let bucket: Bucket

/** A bucket of its own for every test, and what the doctor finds about it. */
function eachWithBucket(server: S3Server) {
  beforeEach(async () => {
    bucket = await makeBucket(server)
  })
  afterEach(() => bucket.remove())
  return async (env: Record<string, string> = {}) => {
    const told = await examine(/^(SAMBAND_S3|objektlageret)/, {
      SAMBAND_S3_ENDPOINT: server.endpoint,
      SAMBAND_S3_REGION: 'eu-north-1',
      SAMBAND_S3_BUCKET: bucket.name,
      SAMBAND_S3_KEY: server.accessKey,
      SAMBAND_S3_SECRET: server.secretKey,
      ...env,
    })
    return told.filter((line) => !line.includes('uten TLS'))
  }
}

await describeWithS3('the doctor and a bucket', ['refusesUnknownBuckets', 'listsUploads'], (server) => {
  const found = eachWithBucket(server)

  test('in which all is allowed: it is in order, and nothing is left in it', async () => {
    await bucket.put('314758625/brev-1.payload', Buffer.from('x'))
    expect(await found({ SAMBAND_S3_PREFIX: 'samband/' })).toEqual([
      `ok SAMBAND_S3_BUCKET: Vi får liste opp, skrive, lese tilbake, skrive i deler, liste halve opplastinger, slette i ${bucket.name}.`,
    ])
    expect([...(await bucket.raw()).keys()]).toEqual(['314758625/brev-1.payload'])
  })

  test('that nobody has made: it is a fault', async () => {
    expect(await found({ SAMBAND_S3_BUCKET: 'nobody-made-this' })).toEqual([
      expect.stringMatching(/^fault SAMBAND_S3_BUCKET: .*NoSuchBucket/),
    ])
  })
})

await describeWithS3('the doctor and a key', ['checksKeys'], (server) => {
  const found = eachWithBucket(server)

  test('that is refused: it is a fault, told without the key', async () => {
    expect(await found({ SAMBAND_S3_SECRET: 'hunter2' })).toEqual([
      expect.stringMatching(/^fault SAMBAND_S3_BUCKET: .*PAYLOAD_TILGANG_AVVIST/),
    ])
  })
})
