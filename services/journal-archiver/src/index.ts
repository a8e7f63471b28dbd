export { createEkspederHandler } from './handlers/ekspeder-journalpost.ts'
export { createReserverHandler } from './handlers/reserver-journalpost.ts'
export { createJournalArchiver } from './service.ts'
