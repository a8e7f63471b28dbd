import { createAccess, registerTokenEndpoint } from '@samband/access'
import { runService } from '@samband/process/run'
import { createOperations } from './service.ts'

await runService({
  name: 'operations',
  env: process.env,
  create: (ports) => createOperations(ports),
  // The command line fetches its token where it speaks to the API.
  alone: (app, { tenants, tokenKey, time, ids, log }) => {
    const access = createAccess({ tenants, operators: () => tenants.operators(), tokenKey, clock: time.clock })
    registerTokenEndpoint(app, { access, ids, log })
  },
  hasHealth: true,
  verbs: 'ordered',
})
