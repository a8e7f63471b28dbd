import { runService } from '@samband/process/run'
import { createForsendelseIntake } from './service.ts'

await runService({ name: 'forsendelse-intake', env: process.env, create: createForsendelseIntake, verbs: 'own' })
