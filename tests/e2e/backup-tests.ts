import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { HubClient } from '../support/hub-client.ts'
import { letterForm } from '../support/letter-form.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts'

const EXAMPLES = fileURLToPath(new URL('../../deploy/tenants/', import.meta.url))
const KEY = Buffer.alloc(32, 3).toString('base64')
/** Of every client and system in the example files. */
export const SECRET = 'hemmelighet-til-proven'
const ANSWER_WITHIN_MS = 30_000
/** Starting Node a few times on a busy machine. */
const LIMIT_MS = 240_000

/** A hub, or one service of it, that takes letters. */
export interface RunningHub {
  readonly url: string
  log(): string
  /** SIGTERM. @returns the exit code */
  stop(): Promise<number | null | undefined>
}

/** How a hub is started, copied and put back. Every step is the one that operators take. */
export interface BackupWorld {
  /** @param folder of the test, for whatever has to be kept */
  start(folder: string, env: Readonly<Record<string, string>>): Promise<RunningHub>
  copy(folder: string, running: RunningHub): Promise<void>
  /** With nothing running. */
  putBack(folder: string): Promise<void>
  /** What is logged by a hub that finds itself put back. */
  readonly saysRestored: string
}

/** Defines what holds for a copy of a running hub that is put back. */
export function backupTests(world: BackupWorld): void {
  let folder: TemporaryFolder
  beforeEach(() => {
    folder = temporaryFolder('backup-test')
    writeTenants(join(folder.path, 'tenants'))
  })
  afterEach(() => folder.remove())

  test('a copy of a running hub is put back: what came before it is there, what came after is taken in again under its own id', {
    timeout: LIMIT_MS,
  }, async () => {
    const env = {
      SAMBAND_TENANTS: join(folder.path, 'tenants'),
      SAMBAND_PORT: '0',
      SAMBAND_TOKEN_KEY: KEY,
      SAMBAND_DRAIN_MS: '1000',
      KEY,
      SECRET,
      JWK: aJwk(),
    }
    const first = await world.start(folder.path, env)
    const before = await sender(first.url).send('for-kopien')
    expect(before.status).toBe(202)
    await world.copy(folder.path, first)
    const after = await sender(first.url).send('etter-kopien')
    expect(after.status).toBe(202)
    expect(await first.stop()).toBe(0)
    await world.putBack(folder.path)

    const second = await world.start(folder.path, env)
    expect(second.log()).toContain(world.saysRestored)
    const again = sender(second.url)
    expect([await again.knows(before.id), await again.knows(after.id)]).toEqual([true, false])
    expect(await again.send('etter-kopien')).toEqual(after)
    expect(await again.send('for-kopien')).toEqual({ status: 200, id: before.id })
    expect(await second.stop()).toBe(0)
  })
}

/** Midsund files nothing, and its SvarUt is a closed port: letters are taken in and wait. */
function writeTenants(to: string): void {
  mkdirSync(to)
  for (const name of ['midsund.yaml', 'operators.yaml']) {
    const text = readFileSync(join(EXAMPLES, name), 'utf8')
      .replaceAll(/https:\/\/test\.(?:svarut\.ks|maskinporten)\.no/g, 'http://127.0.0.1:1')
      .replaceAll(/file:\/etc\/samband\/secrets\/(\S+)/g, (_whole, secret: string) =>
        secret.endsWith('key') ? 'env:KEY' : secret.endsWith('pem') ? 'env:JWK' : 'env:SECRET',
      )
    writeFileSync(join(to, name), text)
  }
}

/** Any RSA key as a JWK, which fits one line of the environment. */
function aJwk(): string {
  return JSON.stringify(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }))
}

function sender(url: string) {
  const client = new HubClient('sak-midsund', SECRET)
  const within = () => AbortSignal.timeout(ANSWER_WITHIN_MS)
  return {
    async send(eksternReferanse: string): Promise<{ readonly status: number; readonly id: string }> {
      const content = Buffer.from('%PDF-1.7')
      const documents = [{ filnavn: 'brev.pdf', mimeType: 'application/pdf', content }]
      const { status, text } = await client.send(url, letterForm({ eksternReferanse, documents }), within())
      return { status, id: (JSON.parse(text) as { id: string }).id }
    },
    knows: (id: string) =>
      client.get(url, `/api/v1/forsendelser/${id}`, within()).then(
        () => true,
        (error: unknown) => {
          if (error instanceof Error && error.message.includes(': 404 ')) return false
          throw error
        },
      ),
  }
}
