import { readdirSync } from 'node:fs'
import { createPostgresDisk, openSyncSession } from '@samband/store/conformance/postgres'
import { schemaForTest, withPostgres } from '@samband/tests/servers/postgres'
import { afterAll } from 'vitest'
import { standStillFor } from '../testing/index.ts'
import { playOn } from './disk.ts'

/** Every test of the runtime's conformance once more, with the store on PostgreSQL. */
const SUITES = readdirSync(import.meta.dirname).filter((file) => /^[a-z-]+\.test\.ts$/.test(file))

/** A process that is alone is woken by its own commits, so it need not look often: a day of tests is full of looks that find nothing. */
const ALONE_POLL_MS = 10_000

await withPostgres(
  'the runtime over PostgreSQL',
  async ({ url }) => {
    const session = openSyncSession(url)
    afterAll(() => session.end())
    playOn((shared) => ({
      ...createPostgresDisk({ url, session, watch: standStillFor, newSchema: schemaForTest }),
      ...(shared ? {} : { pollMs: ALONE_POLL_MS }),
    }))
    for (const suite of SUITES) await import(`./${suite.replace('.test.ts', '')}.test.ts`)
  },
  { settings: ['fsync=off'] },
)
