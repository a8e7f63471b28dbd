import { Logger, makeWorkerUtils, type Runner, run } from 'graphile-worker'
import pg from 'pg'
import { endWithParent, onGo, variable } from './process-of-a-course.ts'

/**
 * The same work on graphile-worker: each job that is handled adds one. Unbatched: every job is taken, and marked as done, by a statement of
 * its own. Nobody handles the jobs that are added. Pool and concurrency as the hub's own.
 */
const CONCURRENT_JOBS = 64
const POOL = 10
const schema = variable('BENCH_SCHEMA')
const logger = new Logger(() => () => {})
const pgPool = new pg.Pool({ connectionString: variable('BENCH_POSTGRES'), max: POOL })
pgPool.on('error', () => {})
pgPool.on('connect', (client) => void client.on('error', () => {}))
const utils = await makeWorkerUtils({ pgPool, schema, logger })
await utils.migrate()
let runner: Runner | undefined

onGo(async () => {
  runner = await run({
    pgPool,
    schema,
    logger,
    concurrency: CONCURRENT_JOBS,
    noHandleSignals: true,
    taskList: {
      fed: async (payload, { addJob }) => {
        await addJob('arrived', payload)
      },
    },
  })
})
endWithParent(async () => {
  await runner?.stop()
  await utils.release()
  await pgPool.end()
})
