import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { countingIds } from '@samband/connector-kit/testing'
import { createFilePayloads, nodeFileSystem } from '@samband/payloads'
import type { Tenant } from '@samband/tenants'
import { expect, onTestFinished, test } from 'vitest'
import { payloadKey } from './payload-key.ts'

test('documents of a municipality whose file is gone wait for it, and are no defect of the hub', async () => {
  const root = mkdtempSync(join(tmpdir(), 'samband-key-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  let inForce = true
  const tenant = { payloadKey: { bytes: () => Buffer.alloc(32, 1) } } as unknown as Tenant
  const tenants = { get: () => (inForce ? tenant : undefined) }
  const keys = { wrappingKey: (orgnr: string) => payloadKey(tenants, orgnr) }
  const payloads = createFilePayloads({ root, fs: nodeFileSystem(), keys, ids: countingIds() })
  await payloads.put('314758625', 'brev-1', [Buffer.from('text')])
  inForce = false

  const waits = { code: 'TENANT_UKJENT', disposition: 'paused' }
  await expect(payloads.read('314758625', 'brev-1', 100)).rejects.toMatchObject(waits)
  await expect(payloads.facts('314758625', 'brev-1')).rejects.toMatchObject(waits)
  await expect(payloads.put('314758625', 'brev-2', [])).rejects.toMatchObject(waits)
})
