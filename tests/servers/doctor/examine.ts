import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type DoctorWorld, runDoctor } from '@samband/doctor'
import { realIds, realTime } from '@samband/process'
import { onTestFinished } from 'vitest'
import { temporaryFolder } from '../../support/temporary-folder.ts'

/** A port of this machine that nothing listens on: what is not under test answers at once that it is not there. */
const NOBODY = '127.0.0.1:1'

/**
 * Runs the doctor for services with this environment, whose other stores are not there, and returns what it finds about the subjects that
 * begin with `about`, as `grade subject: message`.
 */
export async function examine(
  about: RegExp,
  env: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): Promise<readonly string[]> {
  const folder = temporaryFolder('doctor')
  onTestFinished(() => folder.remove())
  const tenants = join(folder.path, 'tenants')
  mkdirSync(tenants)
  const world: DoctorWorld = {
    env: {
      SAMBAND_TENANTS: tenants,
      SAMBAND_TOKEN_KEY: Buffer.from('a key of a test, which is long enough').toString('base64'),
      SAMBAND_KAFKA_BROKERS: NOBODY,
      SAMBAND_POSTGRES_URL: `postgresql://samband@${NOBODY}/samband`,
      SAMBAND_S3_ENDPOINT: `http://${NOBODY}`,
      SAMBAND_S3_BUCKET: 'samband',
      SAMBAND_S3_KEY: 'key',
      SAMBAND_S3_SECRET: 'hunter2',
      ...env,
    },
    time: realTime(),
    ids: realIds(),
    freeBytes: () => 1e12,
  }
  writeFileSync(join(tenants, 'operators.yaml'), '[]')
  let text = ''
  await runDoctor(['--json', ...args], world, {
    out: (written) => {
      text += written
    },
    err: (written) => {
      throw new Error(written)
    },
  })
  if (text.includes('hunter2')) throw new Error('the doctor told a secret')
  const { funn } = JSON.parse(text) as { funn: { grade: string; subject: string; message: string }[] }
  return funn
    .filter(({ subject }) => about.test(subject))
    .map(({ grade, subject, message }) => `${grade} ${subject}: ${message}`)
}
