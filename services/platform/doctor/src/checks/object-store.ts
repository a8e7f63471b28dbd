import { type BucketAnswer, type BucketStep, createS3Client, probeBucket } from '@samband/payloads/s3'
import type { ServiceConfig } from '@samband/process'
import { nodeSecrets } from '@samband/tenants'
import { type Finding, fault, ok, warning } from '../finding.ts'
import type { DoctorWorld } from '../world.ts'

const BUCKET = 'SAMBAND_S3_BUCKET'

const DOING: Readonly<Record<BucketStep, string>> = {
  list: 'liste opp',
  put: 'skrive',
  read: 'lese tilbake',
  upload: 'skrive i deler',
  uploads: 'liste halve opplastinger',
  remove: 'slette',
}

/** Whether payloads can be stored, read and removed: tried with two small objects that are removed again. */
export async function checkObjectStore(settings: ServiceConfig['s3'], world: DoctorWorld): Promise<readonly Finding[]> {
  const { clock } = world.time
  let client: ReturnType<typeof createS3Client>
  try {
    client = createS3Client({ settings, secrets: nodeSecrets(world.env), clock })
  } catch (error) {
    if (settings.caFile === undefined || !(error instanceof Error && 'code' in error)) throw error
    return [
      fault(
        'SAMBAND_S3_CA_FILE',
        `Filen kan ikke leses (${String(error.code)}).`,
        'Legg den der, lesbar for denne brukeren.',
      ),
    ]
  }
  try {
    const { bucket, prefix } = settings
    const answers = await probeBucket(client, { bucket, prefix, name: world.ids.uuid() })
    const failed = answers.filter(({ error }) => error !== undefined)
    if (failed.length > 0) return failed.map((answer) => finding(answer, bucket))
    return [ok(BUCKET, `Vi får ${answers.map(({ step }) => DOING[step]).join(', ')} i ${bucket}.`)]
  } finally {
    client.destroy()
  }
}

function finding({ step, error }: BucketAnswer, bucket: string): Finding {
  const code = error?.code ?? ''
  const message = `Vi får ikke ${DOING[step]} i ${bucket} (${code}): ${error?.message}`
  // Payloads are stored and read without it; only leftovers of dead processes stay.
  if (step === 'uploads')
    return warning(BUCKET, message, 'Gi ListBucketMultipartUploads, eller sett bøttens regel for halve opplastinger.')
  if (/NoSuchBucket/.test(message))
    return fault(BUCKET, message, `Bøtten finnes ikke: lag ${bucket}, eller rett ${BUCKET}.`)
  if (code === 'PAYLOAD_TILGANG_AVVIST')
    return fault(
      BUCKET,
      message,
      'Se på SAMBAND_S3_KEY, SAMBAND_S3_SECRET og SAMBAND_S3_REGION; rettighetene står i services/platform/payloads/README.md.',
    )
  if (code === 'PAYLOAD_DISK_FULL') return fault(BUCKET, message, 'Gjør plass i objektlageret, eller øk kvoten.')
  return fault(
    'SAMBAND_S3_ENDPOINT',
    message,
    'Se på SAMBAND_S3_ENDPOINT og SAMBAND_S3_CA_FILE, og be om åpning om porten er stengt.',
  )
}
