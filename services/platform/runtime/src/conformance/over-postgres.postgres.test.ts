import { readdirSync } from 'node:fs'
import { createPostgresDisk, openSyncSession } from '@samband/store/conformance/postgres'
import { schemaForTest, withPostgres } from '@samband/tests/servers/postgres'
import { afterAll } from 'vitest'
import { standStillFor } from '../testing/index.ts'
import { playOn } from './disk.ts'

/** Every test of the runtime's conformance once more, with the store on PostgreSQL. */
const SUITES = readdirSync(import.meta.dirname).filter((file) => /^[a-z-]+\.test\.ts$/.test(file))

await withPostgres(
  'the runtime over PostgreSQL',
  async ({ url }) => {
    const session = openSyncSession(url)
    afterAll(() => session.end())
    playOn(() => createPostgresDisk({ url, session, watch: standStillFor, newSchema: schemaForTest }))
    for (const suite of SUITES) await import(`./${suite}`)
  },
  { settings: ['fsync=off'] },
)
