import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { temporaryFolder } from '../support/temporary-folder.ts'

const MAIN = join(import.meta.dirname, '../../services/hub/src/main.ts')

/** Starts the hub as `npm start` does. `first` resolves with its first line; `ended` with its exit code and what it wrote to standard error. */
function start(env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [MAIN], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  const first = once(child.stdout, 'data').then(([line]) => JSON.parse(String(line)) as { listening: string })
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, errors }))
  return { first, ended, stop: () => child.kill('SIGTERM') }
}

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

test('what the hub makes is for its own user alone, and a second hub on the same folder is told why it may not', async () => {
  const { env } = surroundings()
  const hub = start(env)
  await hub.first
  const modes = [env.SAMBAND_DATA, join(env.SAMBAND_DATA, 'samband.db')].map((path) => statSync(path).mode & 0o777)
  expect(modes).toEqual([0o700, 0o600])

  const second = await start(env).ended
  expect(second).toEqual({ code: 1, errors: expect.stringContaining('another process holds SAMBAND_DATA') })
  hub.stop()
  expect(await hub.ended).toMatchObject({ code: 0 })
})

test('a port that is taken is named, and the store is closed as after a stop', async () => {
  const { env } = surroundings()
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const address = taken.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  const refused = await start({ ...env, SAMBAND_PORT: String(address.port) }).ended
  taken.close()
  expect(refused).toEqual({
    code: 1,
    errors: expect.stringMatching(/^The hub cannot start: the port of SAMBAND_PORT is taken/),
  })

  const hub = start({ ...env, SAMBAND_LOG_LEVEL: 'warn' })
  await hub.first
  hub.stop()
  expect((await hub.ended).errors).not.toContain('did not stop properly')
})

test('folders that cannot be what they are meant for end the start with 78, each by the name of its variable', async () => {
  const { folder, env } = surroundings()
  const file = join(folder, 'a-file')
  writeFileSync(file, '')
  const { code, errors } = await start({ ...env, SAMBAND_DATA: file, SAMBAND_TENANTS: join(folder, 'tenant') }).ended
  expect(code).toBe(78)
  expect(errors).toContain('SAMBAND_DATA names a file')
  expect(errors).toContain('SAMBAND_TENANTS names no folder that is there')
})
