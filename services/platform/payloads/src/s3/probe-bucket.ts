import type { S3Client } from '@aws-sdk/client-s3'
import type { HubError } from '@samband/kernel'
import { asHubError } from '@samband/kernel'
import { ObjectStore } from './object-store.ts'

/** What payloads need of a bucket, each tried once. */
export type BucketStep = 'list' | 'put' | 'read' | 'upload' | 'uploads' | 'remove'

/** A step that was tried, and what the store had against it. */
export interface BucketAnswer {
  readonly step: BucketStep
  readonly error?: HubError
}

/**
 * Tries what payloads need with two small objects of its own, which it removes again; their names are no payload's. What rests on a failed step is
 * left out. Safe beside running services and safe to repeat: an object that could not be removed is put again by none.
 * @param name part of the objects' names, another one for each run
 */
export async function probeBucket(
  client: S3Client,
  options: { readonly bucket: string; readonly prefix: string; readonly name: string },
): Promise<readonly BucketAnswer[]> {
  const objects = new ObjectStore(client, options.bucket, 2)
  const small = `${options.prefix}samband-doctor-${options.name}-whole`
  const large = `${options.prefix}samband-doctor-${options.name}-parts`
  const content = Buffer.from('samband doctor')
  const answers: BucketAnswer[] = []
  const attempt = async (step: BucketStep, work: () => Promise<void>): Promise<boolean> => {
    try {
      await work()
      answers.push({ step })
      return true
    } catch (error) {
      const known = asHubError(error)
      if (known === undefined) throw error
      answers.push({ step, error: known })
      return false
    }
  }
  const upload = async () => {
    const begun = await objects.beginUpload(large)
    try {
      const part = await objects.uploadPart(begun, 1, content, new AbortController().signal)
      await objects.completeUpload(begun, [part])
    } catch (error) {
      await objects.abortUpload(begun).catch(() => {})
      throw error
    }
  }
  if (!(await attempt('list', () => first(objects.keys(small))))) return answers
  if (!(await attempt('put', () => objects.put(small, content)))) return answers
  await attempt('read', async () => {
    const range = await objects.read(small, 0, content.length)
    if (range === undefined || !content.equals(range.bytes)) throw objects.unlike('GetObject')
  })
  await attempt('upload', upload)
  await attempt('uploads', () => first(objects.uploads(large)))
  await attempt('remove', async () => {
    await objects.remove(small)
    await objects.remove(large)
  })
  return answers
}

/** Asks for the first page. */
async function first(pages: AsyncIterable<unknown>): Promise<void> {
  for await (const _one of pages) return
}
