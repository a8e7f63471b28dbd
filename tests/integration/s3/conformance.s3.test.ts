import { payloadsConformance } from '@samband/payloads/conformance'
import { describeWithS3 } from '../../support/servers/s3.ts'
import { bucketWorld } from './bucket-world.ts'

await describeWithS3('the payload port on S3', [], (server) => {
  payloadsConformance('encrypted objects', () => bucketWorld(server))
})
