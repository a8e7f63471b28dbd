import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { LocalPostgres } from './local-postgres.ts'

const USAGE = `usage: npm run local:postgres -- <start|stop|kill|status> --dir FOLDER [--port N] [--set name=value]... [--programs FOLDER]
  start   prints the URL once the server answers; a free port unless --port says which; the same one after a restart
  stop    fast shutdown: open transactions are rolled back
  kill    SIGKILL of the server and all its children, as a power cut for its processes
  status  prints the URL, or ends with 3 when nothing runs
  --programs  folder of PostgreSQL's programs; the newest below /usr/lib/postgresql unless given`

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    dir: { type: 'string' },
    port: { type: 'string' },
    programs: { type: 'string' },
    set: { type: 'string', multiple: true },
  },
})
const [verb] = positionals
if (values.dir === undefined || !['start', 'stop', 'kill', 'status'].includes(verb ?? '')) {
  console.error(USAGE)
  process.exit(2)
}
const folder = resolve(values.dir)
mkdirSync(folder, { recursive: true })
const server = new LocalPostgres(folder, values.programs)
try {
  if (verb === 'start')
    console.log(
      await server.start({
        settings: values.set ?? [],
        ...(values.port === undefined ? {} : { port: Number(values.port) }),
      }),
    )
  else if (verb === 'stop') await server.stop()
  else if (verb === 'kill') await server.kill()
  else if (server.runningPid() === undefined) process.exitCode = 3
  else console.log(server.url)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
