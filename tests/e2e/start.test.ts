import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { start, startTests } from './start-tests.ts'

const MAIN = join(import.meta.dirname, '../../services/hub/src/main.ts')

let removeFolder: () => void = () => {}
afterEach(() => removeFolder())

function surroundings() {
  const { path: folder, remove } = temporaryFolder('start')
  removeFolder = remove
  const tenants = join(folder, 'tenants')
  mkdirSync(tenants)
  return {
    folder,
    env: {
      SAMBAND_DATA: join(folder, 'data'),
      SAMBAND_TENANTS: tenants,
      SAMBAND_PORT: '0',
      SAMBAND_TOKEN_KEY: Buffer.alloc(32, 1).toString('base64'),
      SAMBAND_LOG_LEVEL: 'silent',
    },
  }
}

startTests({ name: 'The hub', file: MAIN, surroundings })

test('what the hub makes is for its own user alone, and a second hub on the same folder is told why it may not', async () => {
  const { env } = surroundings()
  const hub = start(MAIN, env)
  await hub.first
  const modes = [env.SAMBAND_DATA, join(env.SAMBAND_DATA, 'samband.db')].map((path) => statSync(path).mode & 0o777)
  expect(modes).toEqual([0o700, 0o600])

  const second = await start(MAIN, env).ended
  expect(second).toEqual({ code: 1, errors: expect.stringContaining('another process holds SAMBAND_DATA') })
  hub.stop()
  expect(await hub.ended).toMatchObject({ code: 0 })
})

test('folders that cannot be what they are meant for end the start with 78, each by the name of its variable', async () => {
  const { folder, env } = surroundings()
  const file = join(folder, 'a-file')
  writeFileSync(file, '')
  const { code, errors } = await start(MAIN, { ...env, SAMBAND_DATA: file, SAMBAND_TENANTS: join(folder, 'tenant') })
    .ended
  expect(code).toBe(78)
  expect(errors).toContain('SAMBAND_DATA names a file')
  expect(errors).toContain('SAMBAND_TENANTS names no folder that is there')
})
