import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { SERVICES } from '../../deploy/local/installation/replica.ts'
import { withServers } from '../support/servers/installation.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { start, startTests } from './start-tests.ts'

const fileOf = (service: string) => join(import.meta.dirname, `../../services/${service}/src/main.ts`)

let removeFolder: () => void = () => {}
afterEach(() => removeFolder())

// What the embedded hub makes on its disk, and a second one on the same folder, have no counterpart: replicas share a database.
await withServers('start of the services', (servers) => {
  function surroundings() {
    const { path: folder, remove } = temporaryFolder('start')
    removeFolder = remove
    const tenants = join(folder, 'tenants')
    mkdirSync(tenants)
    return {
      folder,
      env: {
        ...servers.env,
        SAMBAND_TENANTS: tenants,
        SAMBAND_PORT: '0',
        SAMBAND_TOKEN_KEY: Buffer.alloc(32, 1).toString('base64'),
        SAMBAND_LOG_LEVEL: 'silent',
      },
    }
  }

  for (const service of SERVICES) startTests({ name: service, file: fileOf(service), surroundings })

  test('a second replica on the same database starts beside the first', async () => {
    const { env } = surroundings()
    const [first, second] = [start(fileOf('operations'), env), start(fileOf('operations'), env)]
    await Promise.all([first.first, second.first])
    first.stop()
    second.stop()
    expect([(await first.ended).code, (await second.ended).code]).toEqual([0, 0])
  })

  test('a database that is not there is told as that, and the start ends with 1', async () => {
    const { env } = surroundings()
    const nobody = { ...env, SAMBAND_POSTGRES_URL: 'postgresql://samband@127.0.0.1:1/samband' }
    const { code, errors } = await start(fileOf('operations'), nobody).ended
    expect(code).toBe(1)
    expect(errors).toMatch(/^operations cannot start: .*database/i)
  })
})
