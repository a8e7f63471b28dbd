import { runService } from '@samband/process/run'
import { createJournalArchiver } from './service.ts'

await runService({ name: 'journal-archiver', env: process.env, create: createJournalArchiver, verbs: 'own' })
