import { fileURLToPath } from 'node:url'
import { afterEach } from 'vitest'
import { withServers } from '../support/servers/installation.ts'
import { backupTests } from './backup-tests.ts'
import { start } from './start-tests.ts'

const INTAKE = fileURLToPath(new URL('../../services/forsendelse-intake/src/main.ts', import.meta.url))

const running: (() => void)[] = []
afterEach(() => {
  for (const stop of running.splice(0)) stop()
})

// The copy is PostgreSQL's own: `samband backup` and `restore` copy the embedded hub's file, and have no counterpart here. What the other services do
// after a restore, and that nothing is sent again, the crash test of several processes shows.
await withServers('backup and restore of PostgreSQL', (servers) => {
  backupTests({
    async start(_folder, env) {
      const intake = start(INTAKE, { ...env, ...servers.env })
      running.push(intake.stop)
      const { listening } = await intake.first
      return {
        url: listening,
        log: intake.errors,
        async stop() {
          intake.stop()
          return (await intake.ended).code
        },
      }
    },
    copy: () => servers.database.backup('natt'),
    putBack: () => servers.database.restore('natt'),
    saysRestored: 'the database was restored or has failed over',
  })
})
