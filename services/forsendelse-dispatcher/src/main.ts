import { runService } from '@samband/process/run'
import { createForsendelseDispatcher } from './service.ts'

await runService({
  name: 'forsendelse-dispatcher',
  env: process.env,
  create: createForsendelseDispatcher,
  verbs: 'own',
})
